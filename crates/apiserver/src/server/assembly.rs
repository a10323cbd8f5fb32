//! A configuration becomes a server: files are read, keys made, engines put together.

use crate::allocator::Allocator;
use crate::api::Api;
use crate::audit::Audit;
use crate::authorizers::{Authorizers, LiveNodes, LiveRbac, Rbac};
use crate::config::{Anonymous, AuthorizationMode, Config};
use crate::counts::Counts;
use crate::paths::VersionInfo;
use crate::pki::{self, Authority};
use crate::pod_security::PodSecurity;
use crate::registry::Registry;
use crate::start::RequestHeaderFacts;
use crate::tokens::Tokens;
use anyhow::Context as _;
use arc_swap::ArcSwap;
use ravelin_authn::chain::{Authenticators, Chain};
use ravelin_authn::discovery::Discovery;
use ravelin_authn::keys::{PublicKey, public_keys_from_pem, signing_key_from_pem};
use ravelin_authn::request_header::HeaderNames;
use ravelin_authn::service_account::ServiceAccountTokens;
use ravelin_authn::token_file::TokenFile;
use ravelin_authn::x509::{CertPool, ClientCertificates};
use ravelin_authz::abac::PolicyFile;
use ravelin_authz::bootstrap::{Version, node_rules};
use ravelin_authz::union::{AlwaysAllow, AlwaysDeny, Mode};
use ravelin_podsec::config::PodSecurityConfiguration;
use ravelin_podsec::exemption::Extension;
use ravelin_resource::Table;
use ravelin_server::transport::Traffic;
use ravelin_server::transport::life::Life;
use ravelin_server::transport::tls::{self, Clients, Identity, Tls};
use ravelin_store::{Embedded, Limits, Memory, Store};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};
use tokio::sync::Semaphore;

/// The minor version of Kubernetes that is served.
const MINOR: &str = "36";

/// A server that is ready to run.
pub(super) struct Assembly {
    pub(super) api: Arc<Api>,
    pub(super) tls: Arc<Tls>,
    pub(super) facts: Published,
    pub(super) kubeconfig: Option<PathBuf>,
    pub(super) reload: Reload,
    /// The authority that signed the certificate of the server, for those who have to verify it.
    pub(super) root_authority: String,
}

/// What others are told about who is believed.
pub(super) struct Published {
    pub(super) client_authorities: String,
    pub(super) request_header: Option<RequestHeaderFacts>,
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("reading {}", path.display()))
}

fn read_text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}

impl Assembly {
    pub(super) fn new(config: &Config, address: SocketAddr, life: Life) -> anyhow::Result<Self> {
        let store = store(config.data.as_deref())?;
        let folder = config.data.as_ref().map(|data| data.join("pki"));
        let authority = match &folder {
            Some(folder) => Authority::in_folder(folder)?,
            None => Authority::new()?,
        };
        let (identity, root_authority) = identity(config, address, &authority)?;
        let tls = tls::config(&identity, &Clients::Requested, config.lowest, true)?;
        let keys = Keys::read(config, folder.as_deref())?;
        let audiences = audiences(config);
        let people = People {
            config,
            own_authority: authority.certificate.clone(),
            keys: keys.public.clone(),
            audiences: audiences.clone(),
        };
        let (chain, client_authorities) = people.chain()?;
        let counts = Arc::new(Counts::new());
        let audit = match config.audit.clone() {
            Some(audit) => Audit::new(audit, Arc::clone(&counts))?,
            None => Audit::nothing(),
        };
        let outside = config.external_address.clone().unwrap_or_else(|| address.to_string());
        let api = Api {
            registry: Registry { table: Table::builtin(), store: Arc::clone(&store) },
            authenticators: ArcSwap::from_pointee(chain),
            audiences,
            authorizers: authorizers(config, &store)?,
            admission: admission(config)?,
            validation: ravelin_validation::Settings { allow_privileged: config.allow_privileged },
            audit,
            tokens: tokens(config, keys, &outside),
            makes_accounts: config.controllers.service_account,
            allocator: Allocator::new(config.service_range),
            counts,
            traffic: Arc::new(Traffic::default()),
            life,
            is_started: AtomicBool::new(false),
            reads: Arc::new(Semaphore::new(config.reads_in_flight)),
            writes: Arc::new(Semaphore::new(config.writes_in_flight)),
            impersonations: parking_lot::Mutex::default(),
            request_timeout: config.request_timeout,
            body_limit: config.body_limit,
            schema_index: std::sync::OnceLock::new(),
            version: VersionInfo { minor: MINOR, program: env!("CARGO_PKG_VERSION") },
        };
        let kubeconfig = kubeconfig(config, address, &authority, &root_authority)?;
        let facts = Published { client_authorities, request_header: request_header_facts(config)? };
        let reload = Reload::new(config, people);
        Ok(Self {
            api: Arc::new(api),
            tls: Arc::new(Tls::new(tls)),
            facts,
            kubeconfig,
            reload,
            root_authority,
        })
    }
}

fn store(data: Option<&Path>) -> anyhow::Result<Arc<dyn Store>> {
    let Some(data) = data else { return Ok(Arc::new(Memory::new(Limits::STANDARD))) };
    pki::make_folder(data)?;
    let path = data.join("store.redb");
    let store = Embedded::open(&path, Limits::STANDARD)
        .with_context(|| format!("opening the store {}", path.display()))?;
    Ok(Arc::new(store))
}

/// The certificate of the server, and the authority that signed it.
fn identity(
    config: &Config,
    address: SocketAddr,
    authority: &Authority,
) -> anyhow::Result<(Identity, String)> {
    if let Some((chain, key)) = &config.certificate {
        let (chain, key) = (read(chain)?, zeroize::Zeroizing::new(read(key)?));
        let identity =
            Identity::from_pem(&chain, &key).context("the certificate of the server cannot be used")?;
        return Ok((identity, String::from_utf8_lossy(&chain).into_owned()));
    }
    let mut names = config.names.clone();
    if !address.ip().is_unspecified() {
        names.push(address.ip().to_string());
    }
    names.push(config.service_range.first().to_string());
    let host = config.external_address.as_deref().unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host).trim_matches(['[', ']']);
    if !host.is_empty() {
        names.push(host.to_owned());
    }
    let pair = authority.server(&names)?;
    let identity = Identity::from_pem(pair.certificate.as_bytes(), pair.key.as_bytes())?;
    Ok((identity, authority.certificate.clone()))
}

/// The keys of tokens.
struct Keys {
    signing: ravelin_authn::keys::SigningKey,
    public: Vec<PublicKey>,
}

impl Keys {
    fn read(config: &Config, folder: Option<&Path>) -> anyhow::Result<Self> {
        let accounts = &config.service_accounts;
        let pem = match &accounts.signing_key {
            Some(path) => zeroize::Zeroizing::new(read(path)?),
            None => pki::signing_key(folder)?,
        };
        let signing = signing_key_from_pem(&pem).context("the key that signs tokens cannot be used")?;
        let mut public = Vec::new();
        for path in &accounts.keys {
            let keys = public_keys_from_pem(&read(path)?);
            public.extend(keys.with_context(|| format!("{} holds no key", path.display()))?);
        }
        if !public.iter().any(|key| key.id() == signing.public().id()) {
            public.push(signing.public().clone());
        }
        Ok(Self { signing, public })
    }
}

fn audiences(config: &Config) -> Vec<String> {
    if !config.authentication.audiences.is_empty() {
        return config.authentication.audiences.clone();
    }
    config.service_accounts.issuers.first().cloned().into_iter().collect()
}

fn tokens(config: &Config, keys: Keys, outside: &str) -> Tokens {
    let accounts = &config.service_accounts;
    let issuer = accounts.issuers.first().cloned().unwrap_or_default();
    let discovery = Discovery::new(&issuer, &accounts.jwks_uri, outside, &keys.public)
        .inspect_err(|error| tracing::warn!(%error, "keys of tokens are not published"))
        .ok();
    Tokens {
        issuer,
        key: Some(keys.signing),
        max_expiration: i64::try_from(accounts.max_expiration.as_secs()).unwrap_or(i64::MAX),
        extend_expiration: accounts.extend_expiration,
        discovery,
    }
}

/// What people are recognised by; it is put together again when files change.
struct People<'c> {
    config: &'c Config,
    own_authority: String,
    keys: Vec<PublicKey>,
    audiences: Vec<String>,
}

impl People<'_> {
    /// The chain of authenticators, and the authorities of clients in it.
    fn chain(&self) -> anyhow::Result<(Chain, String)> {
        chain(self.config, &self.own_authority, &self.keys, &self.audiences)
    }
}

fn chain(
    config: &Config,
    own_authority: &str,
    keys: &[PublicKey],
    audiences: &[String],
) -> anyhow::Result<(Chain, String)> {
    let authentication = &config.authentication;
    let client_authorities = match &authentication.client_authorities {
        Some(path) => read_text(path)?,
        None => own_authority.to_owned(),
    };
    let pool = CertPool::from_pem(client_authorities.as_bytes())
        .context("the authorities of clients cannot be read")?;
    let token_file = match &authentication.token_file {
        None => None,
        Some(path) => {
            let file = TokenFile::parse(&path.display().to_string(), &zeroize::Zeroizing::new(read(path)?))?;
            file.notes().iter().for_each(|note| tracing::warn!(note, "token file"));
            Some(file)
        }
    };
    let request_header = match &authentication.request_header {
        None => None,
        Some(header) => Some(ravelin_authn::request_header::RequestHeader {
            names: HeaderNames {
                user: header.users.clone(),
                uid: header.uids.clone(),
                groups: header.groups.clone(),
                extra_prefixes: header.extra_prefixes.clone(),
            }
            .trimmed()
            .map_err(|why| anyhow::anyhow!(why))?,
            authorities: CertPool::from_pem(&read(&header.authorities)?)
                .context("the authorities of proxies cannot be read")?,
            allowed_names: header.allowed_names.clone(),
        }),
    };
    let accounts = &config.service_accounts;
    let chain = Chain::new(Authenticators {
        api_audiences: audiences.to_vec(),
        // Nobody knows this token: it stands where upstream has the one for requests to itself.
        loopback: Some(TokenFile::single(&crate::random::uuid(), loopback_user())),
        request_header,
        certificates: Some(ClientCertificates { authorities: pool, reads_uid: true }),
        token_file,
        legacy_tokens: Some(ServiceAccountTokens::legacy(keys.to_vec(), audiences.to_vec(), accounts.lookup)),
        bound_tokens: Some(ServiceAccountTokens::bound(
            accounts.issuers.clone(),
            keys.to_vec(),
            audiences.to_vec(),
        )),
        bootstrap_tokens: authentication.bootstrap_tokens,
        further_tokens: Vec::new(),
        anonymous: match &authentication.anonymous {
            Anonymous::Everywhere => Some(ravelin_authn::anonymous::Anonymous::everywhere()),
            Anonymous::At(paths) => Some(ravelin_authn::anonymous::Anonymous::at(paths.clone())),
            Anonymous::Never => None,
        },
    });
    Ok((chain, client_authorities))
}

fn loopback_user() -> ravelin_authn::UserInfo {
    crate::rest::act::Act::of_server().user
}

fn request_header_facts(config: &Config) -> anyhow::Result<Option<RequestHeaderFacts>> {
    let Some(header) = &config.authentication.request_header else { return Ok(None) };
    Ok(Some(RequestHeaderFacts {
        authorities: read_text(&header.authorities)?,
        allowed_names: header.allowed_names.clone(),
        users: header.users.clone(),
        uids: header.uids.clone(),
        groups: header.groups.clone(),
        extra_prefixes: header.extra_prefixes.clone(),
    }))
}

fn authorizers(config: &Config, store: &Arc<dyn Store>) -> anyhow::Result<Authorizers> {
    let mut modes: Vec<Box<dyn Mode + Send + Sync>> = Vec::new();
    let rbac = Arc::new(LiveRbac::new(store));
    let mut has_rbac = false;
    for mode in &config.authorization {
        match mode {
            AuthorizationMode::Node => {
                modes.push(Box::new(LiveNodes::new(store, node_rules(Version::LATEST))));
            }
            AuthorizationMode::Rbac => {
                has_rbac = true;
                modes.push(Box::new(Rbac(Arc::clone(&rbac))));
            }
            AuthorizationMode::Abac(path) => {
                modes.push(Box::new(PolicyFile::load(&path.display().to_string(), &read(path)?)?));
            }
            AuthorizationMode::AlwaysAllow => modes.push(Box::new(AlwaysAllow)),
            AuthorizationMode::AlwaysDeny => modes.push(Box::new(AlwaysDeny)),
        }
    }
    Ok(Authorizers::new(modes, has_rbac.then_some(rbac)))
}

fn admission(config: &Config) -> anyhow::Result<ravelin_admit::Chain> {
    let enabled = ravelin_admit::enabled(&config.enable_plugins, &config.disable_plugins)?;
    let mut configuration = match &config.admission_configuration {
        None => ravelin_admit::config::Configuration::default(),
        Some(path) => {
            let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
            let mut file = |name: &str| {
                let path = folder.join(name);
                std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
            };
            ravelin_admit::config::Configuration::load(&read_text(path)?, &mut file)
                .with_context(|| format!("{} cannot be used", path.display()))?
        }
    };
    configuration.not_ready_toleration_seconds = config.not_ready_toleration_seconds;
    configuration.unreachable_toleration_seconds = config.unreachable_toleration_seconds;
    let pod_security = match configuration.plugins.get("PodSecurity") {
        None => PodSecurityConfiguration::unconfigured(),
        Some(value) => ravelin_podsec::config::read(value).map_err(|errors| {
            let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
            anyhow::anyhow!("the configuration of PodSecurity is not valid: {}", texts.join("; "))
        })?,
    };
    let plugin = PodSecurity {
        configuration: pod_security,
        extension: Extension::default(),
        newest: MINOR.parse().unwrap_or_default(),
    };
    Ok(ravelin_admit::Chain::new(&enabled, &configuration, vec![Box::new(plugin)])?)
}

/// The kubeconfig of an administrator, where clients are recognised by certificates that are made here.
fn kubeconfig(
    config: &Config,
    address: SocketAddr,
    authority: &Authority,
    root_authority: &str,
) -> anyhow::Result<Option<PathBuf>> {
    let Some(path) = config.kubeconfig.clone() else { return Ok(None) };
    if config.authentication.client_authorities.is_some() {
        tracing::info!(
            "no kubeconfig is written: the authority of --client-ca-file signs certificates of clients"
        );
        return Ok(None);
    }
    let client = authority.client("kubernetes-admin", "system:masters")?;
    let host = match &config.external_address {
        Some(address) => address.clone(),
        None if address.ip().is_unspecified() => format!("127.0.0.1:{}", address.port()),
        None => address.to_string(),
    };
    let text = pki::kubeconfig(&format!("https://{host}"), root_authority, &client);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        pki::make_folder(folder)?;
    }
    pki::write_private(&path, text.as_bytes())?;
    Ok(Some(path))
}

/// Files that are read again when they change.
pub(super) struct Reload {
    config: Config,
    own_authority: String,
    keys: Vec<PublicKey>,
    audiences: Vec<String>,
    seen: Vec<Option<SystemTime>>,
}

impl Reload {
    fn new(config: &Config, people: People<'_>) -> Self {
        let mut reload = Self {
            config: config.clone(),
            own_authority: people.own_authority,
            keys: people.keys,
            audiences: people.audiences,
            seen: Vec::new(),
        };
        reload.seen = reload.look();
        reload
    }

    fn files(&self) -> impl Iterator<Item = &PathBuf> {
        let authentication = &self.config.authentication;
        let header = authentication.request_header.as_ref().map(|header| &header.authorities);
        authentication.client_authorities.iter().chain(header)
    }

    fn look(&self) -> Vec<Option<SystemTime>> {
        let changed = |path: &PathBuf| std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
        self.files().map(changed).collect()
    }

    /// Looks from time to time. A file that cannot be used changes nothing, and is told.
    pub(super) async fn run(mut self, api: Arc<Api>, every: Duration) {
        let mut tick = tokio::time::interval(every);
        loop {
            tick.tick().await;
            let now = self.look();
            if now == self.seen {
                continue;
            }
            self.seen = now;
            match chain(&self.config, &self.own_authority, &self.keys, &self.audiences) {
                Ok((chain, _)) => {
                    api.authenticators.store(Arc::new(chain));
                    tracing::info!("the authorities of clients were read again");
                }
                Err(error) => {
                    tracing::error!(%error, "the authorities of clients cannot be read; the old ones hold")
                }
            }
        }
    }
}
