//! Certificates of a server that brings its own: made, kept, rotated before they expire, announced to clients.
//!
//! Every certificate comes with an authority of its own whose key is thrown away at once: nothing that is kept can
//! sign another certificate. So a rotation is always a rotation of the authority, in two steps that no client notices:
//! first the next authority is announced beside the current one, later the next certificate is served. Several
//! replicas may do this at the same time: the state is kept in one place that refuses a write over a newer state.
//! Start reading at [`rotation::step`], which decides, and [`Keeper::turn`], which acts.

pub mod directory;
pub mod files;
mod issue;
pub mod rotation;

pub use issue::{Issued, facts};
pub use rotation::{Kept, Plan};

use std::collections::BTreeMap;
use std::future::Future;
use zeroize::Zeroizing;

/// What is kept, by name, as in the `data` of a Secret.
pub type Data = BTreeMap<String, Zeroizing<Vec<u8>>>;

/// What was found in a store.
#[derive(Debug)]
pub struct Found {
    /// What is kept.
    pub data: Data,
    /// Which state of it that is; a write names it.
    pub version: String,
}

/// Where certificates are kept.
pub trait Store: Send + Sync {
    /// What is kept; nothing where nothing ever was.
    ///
    /// # Errors
    /// Where it cannot be known.
    fn load(&self) -> impl Future<Output = anyhow::Result<Option<Found>>> + Send;

    /// Keeps `data` if what is kept still is `version`; whether it was.
    ///
    /// # Errors
    /// Where it cannot be kept.
    fn save(&self, data: &Data, version: Option<&str>) -> impl Future<Output = anyhow::Result<bool>> + Send;
}

/// Who has to know the authorities: the configuration of a webhook.
pub trait Audience: Send + Sync {
    /// Makes them known; whether they already were.
    ///
    /// # Errors
    /// Where they cannot be made known.
    fn announce(&self, authorities: &str) -> impl Future<Output = anyhow::Result<bool>> + Send;
}

/// Nobody has to be told.
#[derive(Clone, Copy, Debug)]
pub struct Nobody;

impl Audience for Nobody {
    async fn announce(&self, _: &str) -> anyhow::Result<bool> {
        Ok(true)
    }
}

/// Keeps certificates.
#[derive(Debug)]
pub struct Keeper<S, A> {
    /// Where.
    pub store: S,
    /// For whom.
    pub audience: A,
    /// For which names and how long.
    pub plan: Plan,
}

/// How often a write that came too late is tried again.
const TRIES: usize = 8;

impl<S: Store, A: Audience> Keeper<S, A> {
    /// Looks at what is kept, brings it a step on where it is time, announces it, and returns what is to be served.
    ///
    /// An audience that cannot be told is no failure: what is served goes on, and is returned with the fault.
    ///
    /// # Errors
    /// Where the store cannot be read or written, or no certificate can be made.
    pub async fn turn(&self, now: i64) -> anyhow::Result<(Kept, Option<anyhow::Error>)> {
        for _ in 0..TRIES {
            let found = self.store.load().await?;
            let version = found.as_ref().map(|found| found.version.as_str());
            let kept = found.as_ref().map(|found| Kept::from_data(&found.data)).unwrap_or_default();
            let bundle = kept.bundle();
            let mut told = Ok(false);
            if !bundle.is_empty() {
                told = self.audience.announce(&bundle).await;
            }
            let is_announced = matches!(told, Ok(true));
            let Some(kept_next) = rotation::step(&kept, &self.plan, now, is_announced)? else {
                return Ok((kept, told.err()));
            };
            if self.store.save(&kept_next.to_data(), version).await? {
                tracing::info!(authorities = kept_next.authorities(), "certificates were brought on");
                let told = self.audience.announce(&kept_next.bundle()).await;
                return Ok((kept_next, told.err()));
            }
            // Another replica was quicker: what it did is looked at.
        }
        anyhow::bail!("certificates cannot be kept: other replicas changed them {TRIES} times in a row")
    }
}
