//! The certificate that is shown: where it comes from, and when it changes.

use super::{Certificates, Cluster, Config};
use crate::certificates::directory::Directory;
use crate::certificates::files::{Files, Texts};
use crate::certificates::{Audience, Keeper, Nobody, facts};
use crate::live::configuration::Configuration;
use crate::live::secret::Secret;
use crate::transport::tls::{Clients, Lowest, Tls};
use anyhow::Context as _;
use rustls::ServerConfig;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

/// Where a certificate comes from.
#[derive(Debug)]
pub(super) enum Origin {
    Files(Files),
    Folder(Keeper<Directory, Nobody>),
    Secret(Box<Keeper<Secret, Told>>),
}

/// Who is told of the authorities of a certificate in a Secret.
#[derive(Debug)]
pub(super) enum Told {
    Nobody,
    Configuration(Configuration),
}

impl Audience for Told {
    async fn announce(&self, authorities: &str) -> anyhow::Result<bool> {
        match self {
            Self::Nobody => Ok(true),
            Self::Configuration(configuration) => configuration.announce(authorities).await,
        }
    }
}

/// What is shown, and how it is kept up.
#[derive(Debug)]
pub(super) struct Shown {
    origin: Origin,
    client_authorities: Option<PathBuf>,
    lowest: Lowest,
    with_http2: bool,
    end: Arc<AtomicI64>,
    last: Option<(Texts, Option<Vec<u8>>)>,
}

impl Shown {
    /// What a configuration asks for.
    pub(super) fn new(config: &Config) -> anyhow::Result<Self> {
        let origin = match config.certificates.clone() {
            Certificates::Files(files) => Origin::Files(files),
            Certificates::Folder { folder, plan } => {
                Origin::Folder(Keeper { store: Directory(folder), audience: Nobody, plan })
            }
            Certificates::Secret { namespace, name, configuration, plan } => {
                let Cluster::Live(client) = &config.cluster else {
                    anyhow::bail!("certificates can be kept in a Secret only where there is a cluster");
                };
                let audience = match configuration {
                    None => Told::Nobody,
                    Some(name) => Told::Configuration(Configuration { client: client.clone(), name }),
                };
                let store = Secret { client: client.clone(), namespace, name };
                Origin::Secret(Box::new(Keeper { store, audience, plan }))
            }
        };
        Ok(Self {
            origin,
            client_authorities: config.client_authorities.clone(),
            lowest: config.lowest,
            with_http2: config.with_http2,
            end: Arc::default(),
            last: None,
        })
    }

    /// When what is shown ends, in seconds of Unix time; kept up.
    pub(super) fn end(&self) -> Arc<AtomicI64> {
        Arc::clone(&self.end)
    }

    /// Looks whether something else is to be shown; what, if so.
    pub(super) async fn look(&mut self) -> anyhow::Result<Option<Arc<ServerConfig>>> {
        let texts = self.texts().await?;
        let clients = match &self.client_authorities {
            None => None,
            Some(path) => Some(std::fs::read(path).with_context(|| format!("reading {}", path.display()))?),
        };
        let now = (texts, clients);
        if self.last.as_ref() == Some(&now) {
            return Ok(None);
        }
        let (texts, clients) = &now;
        let asked = clients.clone().map_or(Clients::Unasked, Clients::Verified);
        let config = texts.config(&asked, self.lowest, self.with_http2)?;
        let end = std::str::from_utf8(&texts.chain).ok().and_then(facts).map_or(0, |facts| facts.not_after);
        self.end.store(end, Ordering::Relaxed);
        self.last = Some(now);
        Ok(Some(config))
    }

    async fn texts(&self) -> anyhow::Result<Texts> {
        let turned = match &self.origin {
            Origin::Files(files) => return files.read(),
            Origin::Folder(keeper) => keeper.turn(unix_time()).await,
            Origin::Secret(keeper) => keeper.turn(unix_time()).await,
        };
        let (kept, fault) = turned?;
        if let Some(fault) = fault {
            tracing::warn!(
                error = format!("{fault:#}"),
                "the authorities could not be announced; trying again later"
            );
        }
        let current = kept.current.context("no certificate is kept")?;
        Ok(Texts { chain: current.chain.into_bytes(), key: Zeroizing::new(current.key.as_bytes().to_vec()) })
    }

    /// Looks again and again, for ever. What goes wrong leaves what is shown as it is.
    pub(super) async fn keep_up(mut self, tls: Arc<Tls>, every: Duration) {
        loop {
            tokio::time::sleep(every).await;
            match self.look().await {
                Ok(None) => {}
                Ok(Some(config)) => {
                    tls.replace(config);
                    tracing::info!(
                        end = self.end.load(Ordering::Relaxed),
                        "another certificate is served from now on"
                    );
                }
                Err(error) => tracing::warn!(error = format!("{error:#}"), "certificates stay as they are"),
            }
        }
    }
}

fn unix_time() -> i64 {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    i64::try_from(seconds).unwrap_or(i64::MAX)
}
