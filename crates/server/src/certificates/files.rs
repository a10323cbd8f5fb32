//! Certificates in files that somebody else brings, such as cert-manager, and renews.

use crate::transport::tls::{self, Clients, Identity, Lowest};
use anyhow::Context as _;
use rustls::ServerConfig;
use std::path::PathBuf;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The files of a listener.
#[derive(Clone, Debug)]
pub struct Files {
    /// The certificates of the server, its own first.
    pub chain: PathBuf,
    /// The key of the first.
    pub key: PathBuf,
}

/// What files held.
#[derive(Clone, PartialEq, Eq)]
pub struct Texts {
    /// The certificates.
    pub chain: Vec<u8>,
    /// The key.
    pub key: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for Texts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Texts").finish_non_exhaustive()
    }
}

impl Files {
    /// Reads the files.
    ///
    /// # Errors
    /// Where one cannot be read.
    pub fn read(&self) -> anyhow::Result<Texts> {
        let read =
            |path: &PathBuf| std::fs::read(path).with_context(|| format!("reading {}", path.display()));
        Ok(Texts { chain: read(&self.chain)?, key: Zeroizing::new(read(&self.key)?) })
    }
}

impl Texts {
    /// The settings of TLS with what was held.
    ///
    /// # Errors
    /// Where it cannot be used.
    pub fn config(
        &self,
        clients: &Clients,
        lowest: Lowest,
        with_http2: bool,
    ) -> anyhow::Result<Arc<ServerConfig>> {
        let identity = Identity::from_pem(&self.chain, &self.key)
            .context("the certificate of the server cannot be used")?;
        Ok(tls::config(&identity, clients, lowest, with_http2)?)
    }
}
