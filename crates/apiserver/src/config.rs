//! Everything that is to be said of a server before it runs. The names are those of kube-apiserver's flags.

use crate::allocator::Cidr;
use crate::audit;
use ravelin_server::transport::tls::Lowest;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// A server that does not run yet.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens. Port 0 takes any that is free.
    pub address: SocketAddr,
    /// The address it tells others; the one it listens at where nothing is said.
    pub external_address: Option<String>,
    /// Further names of the certificate that is made here.
    pub names: Vec<String>,
    /// Where objects, keys and certificates are kept; nothing keeps everything in memory.
    pub data: Option<PathBuf>,
    /// Where the kubeconfig of an administrator is written; nothing writes none.
    pub kubeconfig: Option<PathBuf>,
    /// The certificate of the server and its key; nothing makes one.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// The lowest version of TLS.
    pub lowest: Lowest,
    /// Who is who.
    pub authentication: Authentication,
    /// Who may do what, in this order.
    pub authorization: Vec<AuthorizationMode>,
    /// The tokens of service accounts.
    pub service_accounts: ServiceAccounts,
    /// Admission plugins that are on besides those that always are.
    pub enable_plugins: Vec<String>,
    /// Admission plugins that are off.
    pub disable_plugins: Vec<String>,
    /// The configuration of admission plugins.
    pub admission_configuration: Option<PathBuf>,
    /// How long a pod stays on a node that is not ready, in seconds.
    pub not_ready_toleration_seconds: i64,
    /// How long a pod stays on a node that cannot be reached, in seconds.
    pub unreachable_toleration_seconds: i64,
    /// Whether containers may be privileged.
    pub allow_privileged: bool,
    /// What is recorded, and where.
    pub audit: Option<audit::Config>,
    /// The addresses of services.
    pub service_range: Cidr,
    /// Which loops run.
    pub controllers: Controllers,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// Requests that read, at a time.
    pub reads_in_flight: usize,
    /// Requests that write, at a time.
    pub writes_in_flight: usize,
    /// The most bytes of a body.
    pub body_limit: usize,
    /// How long everything is served on after the end was asked for, while `/readyz` fails.
    pub drain: Duration,
    /// How long requests may take after that.
    pub grace: Duration,
}

/// Who is who.
#[derive(Clone, Debug)]
pub struct Authentication {
    /// The authorities of clients; nothing takes the one that is made here.
    pub client_authorities: Option<PathBuf>,
    /// The file of tokens.
    pub token_file: Option<PathBuf>,
    /// Whether bootstrap tokens count.
    pub bootstrap_tokens: bool,
    /// A proxy in front.
    pub request_header: Option<RequestHeader>,
    /// Who has no credentials.
    pub anonymous: Anonymous,
    /// What tokens must be for; the issuer where nothing is said.
    pub audiences: Vec<String>,
}

/// Whether requests without credentials are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Anonymous {
    /// They are.
    Everywhere,
    /// Only for these paths.
    At(Vec<String>),
    /// They are not.
    Never,
}

/// A proxy in front that says who asks.
#[derive(Clone, Debug)]
pub struct RequestHeader {
    /// The authorities of proxies.
    pub authorities: PathBuf,
    /// The common names of proxies; any where there are none.
    pub allowed_names: Vec<String>,
    /// The headers of the user.
    pub users: Vec<String>,
    /// The headers of the uid.
    pub uids: Vec<String>,
    /// The headers of groups.
    pub groups: Vec<String>,
    /// What headers of further attributes begin with.
    pub extra_prefixes: Vec<String>,
}

/// A way to decide who may do what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthorizationMode {
    /// Nodes reach what their pods refer to.
    Node,
    /// Roles and bindings.
    Rbac,
    /// A file of policies.
    Abac(PathBuf),
    /// Everything is allowed.
    AlwaysAllow,
    /// Nothing is.
    AlwaysDeny,
}

/// The tokens of service accounts.
#[derive(Clone, Debug)]
pub struct ServiceAccounts {
    /// The issuers; the first one issues.
    pub issuers: Vec<String>,
    /// The keys that verify tokens; those that sign verify too.
    pub keys: Vec<PathBuf>,
    /// The key that signs; nothing makes one.
    pub signing_key: Option<PathBuf>,
    /// Where the keys are published.
    pub jwks_uri: String,
    /// The longest a token lives; zero for as long as asked for.
    pub max_expiration: Duration,
    /// Whether tokens of pods live longer than asked for.
    pub extend_expiration: bool,
    /// Whether a token of a secret has to be in it still.
    pub lookup: bool,
}

/// The loops there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Controllers {
    /// Every namespace has a service account `default`.
    pub service_account: bool,
    /// Every namespace has the config map `kube-root-ca.crt`.
    pub root_ca: bool,
    /// Namespaces that are deleted are emptied.
    pub namespace: bool,
    /// What has lost its owners goes.
    pub garbage_collector: bool,
    /// Aggregated roles have the rules of those they select.
    pub role_aggregation: bool,
    /// Quotas know what is used.
    pub resource_quota: bool,
}

impl Controllers {
    /// All of them, by name.
    pub const NAMES: [&'static str; 6] = [
        "serviceaccount-controller",
        "root-ca-certificate-publisher-controller",
        "namespace-controller",
        "garbage-collector-controller",
        "clusterrole-aggregation-controller",
        "resourcequota-controller",
    ];
    /// All of them run.
    pub const ALL: Self = Self {
        service_account: true,
        root_ca: true,
        namespace: true,
        garbage_collector: true,
        role_aggregation: true,
        resource_quota: true,
    };
    /// None runs.
    pub const NONE: Self = Self {
        service_account: false,
        root_ca: false,
        namespace: false,
        garbage_collector: false,
        role_aggregation: false,
        resource_quota: false,
    };

    /// The loops of a list: `*` for all, a name for one (old names count too), `-name` for all that are listed but one;
    /// `-*`, `none` and an empty list for none.
    ///
    /// # Errors
    /// A name there is not.
    pub fn parse(list: &[String]) -> Result<Self, String> {
        let mut chosen = if list.iter().any(|name| name == "*") { Self::ALL } else { Self::NONE };
        for name in list.iter().filter(|name| *name != "*") {
            let (name, on) = name.strip_prefix('-').map_or((name.as_str(), true), |name| (name, false));
            let slot = match name {
                "serviceaccount-controller" | "serviceaccount" => &mut chosen.service_account,
                "root-ca-certificate-publisher-controller" | "root-ca-cert-publisher" => &mut chosen.root_ca,
                "namespace-controller" | "namespace" => &mut chosen.namespace,
                "garbage-collector-controller" | "garbagecollector" => &mut chosen.garbage_collector,
                "clusterrole-aggregation-controller" | "clusterrole-aggregation" => {
                    &mut chosen.role_aggregation
                }
                "resourcequota-controller" | "resourcequota" => &mut chosen.resource_quota,
                // `-*`, `none` and an empty list turn on nothing.
                "*" | "none" | "" => continue,
                other => {
                    return Err(format!(
                        "there is no controller {other:?}: there are {}",
                        Self::NAMES.join(", ")
                    ));
                }
            };
            *slot = on;
        }
        Ok(chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controllers_are_chosen_by_name() {
        let parse = |list: &[&str]| {
            Controllers::parse(&list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(parse(&["*"]), Ok(Controllers::ALL));
        for none in [&["-*"][..], &["none"], &[""], &[]] {
            assert_eq!(parse(none), Ok(Controllers::NONE));
        }
        assert_eq!(
            parse(&["*", "-garbagecollector"]),
            Ok(Controllers { garbage_collector: false, ..Controllers::ALL })
        );
        assert_eq!(
            parse(&["*", "-namespace-controller"]),
            Ok(Controllers { namespace: false, ..Controllers::ALL })
        );
        assert_eq!(
            parse(&["resourcequota-controller"]),
            Ok(Controllers { resource_quota: true, ..Controllers::NONE })
        );
        assert!(parse(&["nope"]).is_err());
    }
}
