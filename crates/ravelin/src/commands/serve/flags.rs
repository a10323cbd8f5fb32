//! The flags of `ravelin serve`, under the names kube-apiserver has for them.

use clap::ValueEnum;
use ravelin_server::query;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Where it listens.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Where it listens")]
pub(crate) struct ListenerArgs {
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(super) bind_address: IpAddr,
    /// The port of HTTPS; 0 takes one that is free
    #[arg(long, value_name = "PORT", default_value_t = 6443)]
    pub(super) secure_port: u16,
    /// The address that clients reach it by, where it is another one
    #[arg(long, value_name = "ADDRESS")]
    pub(super) advertise_address: Option<IpAddr>,
    /// The name that clients reach it by, where it is another one; goes before the address
    #[arg(long, value_name = "HOST")]
    pub(super) external_hostname: Option<String>,
    /// How endpoints of the service `kubernetes` are kept up: they are not
    #[arg(long, value_name = "TYPE", default_value = "none", value_parser = ["none"])]
    pub(super) endpoint_reconciler_type: String,
    /// The certificate, PEM, followed by those between it and its authority [default: made here]
    #[arg(long, value_name = "FILE", requires = "tls_private_key_file")]
    pub(super) tls_cert_file: Option<PathBuf>,
    /// Its key, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert_file")]
    pub(super) tls_private_key_file: Option<PathBuf>,
    /// Further names and addresses of the certificate that is made here; may repeat
    #[arg(long, value_name = "NAME", value_delimiter = ',', conflicts_with = "tls_cert_file")]
    pub(super) tls_san: Vec<String>,
    /// The lowest version of TLS
    #[arg(long, value_name = "VERSION", value_enum, default_value = "VersionTLS12")]
    pub(super) tls_min_version: TlsVersion,
    /// Requests that read, at a time
    #[arg(long, value_name = "COUNT", default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) max_requests_inflight: u32,
    /// Requests that write, at a time
    #[arg(long, value_name = "COUNT", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) max_mutating_requests_inflight: u32,
    /// How long a request may take, watches aside
    #[arg(long, value_name = "DURATION", default_value = "1m0s", value_parser = query::duration)]
    pub(super) request_timeout: Duration,
    /// How long it serves on after the end was asked for, while /readyz fails
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = query::duration)]
    pub(super) shutdown_delay_duration: Duration,
    /// How long requests may take after that
    #[arg(long, value_name = "DURATION", default_value = "20s", value_parser = query::duration)]
    pub(super) shutdown_grace_duration: Duration,
    /// The addresses of services
    #[arg(long, value_name = "CIDR", default_value = "10.0.0.0/24", value_parser = ravelin_apiserver::Cidr::parse)]
    pub(super) service_cluster_ip_range: ravelin_apiserver::Cidr,
}

/// A version of TLS, under kube-apiserver's name for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TlsVersion {
    /// TLS 1.2
    #[value(name = "VersionTLS12")]
    Tls12,
    /// TLS 1.3
    #[value(name = "VersionTLS13")]
    Tls13,
}

/// Who is who.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Who is who")]
pub(crate) struct AuthenticationArgs {
    /// The authorities of client certificates, PEM; read again when it changes [default: one that is made here]
    #[arg(long, value_name = "FILE")]
    pub(super) client_ca_file: Option<PathBuf>,
    /// A file of tokens: token,user,uid,"group1,group2" in each line
    #[arg(long, value_name = "FILE")]
    pub(super) token_auth_file: Option<PathBuf>,
    /// Take bootstrap tokens: Secrets of type bootstrap.kubernetes.io/token in kube-system
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub(super) enable_bootstrap_token_auth: bool,
    /// Take requests without credentials, as system:anonymous
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true", action = clap::ArgAction::Set, conflicts_with = "authentication_config")]
    pub(super) anonymous_auth: bool,
    /// An AuthenticationConfiguration: who may be anonymous, and where
    #[arg(long, value_name = "FILE")]
    pub(super) authentication_config: Option<PathBuf>,
    /// What tokens must be for [default: the issuer]
    #[arg(long, value_name = "AUDIENCE", value_delimiter = ',')]
    pub(super) api_audiences: Vec<String>,
    /// The authorities of proxies that say in headers who asks; read again when it changes
    #[arg(long, value_name = "FILE")]
    pub(super) requestheader_client_ca_file: Option<PathBuf>,
    /// The common names of such proxies [default: any]
    #[arg(long, value_name = "NAME", value_delimiter = ',', requires = "requestheader_client_ca_file")]
    pub(super) requestheader_allowed_names: Vec<String>,
    /// The headers of the user name
    #[arg(long, value_name = "HEADER", value_delimiter = ',', requires = "requestheader_client_ca_file")]
    pub(super) requestheader_username_headers: Vec<String>,
    /// The headers of the uid
    #[arg(long, value_name = "HEADER", value_delimiter = ',', requires = "requestheader_client_ca_file")]
    pub(super) requestheader_uid_headers: Vec<String>,
    /// The headers of groups
    #[arg(long, value_name = "HEADER", value_delimiter = ',', requires = "requestheader_client_ca_file")]
    pub(super) requestheader_group_headers: Vec<String>,
    /// What the headers of further attributes begin with
    #[arg(long, value_name = "PREFIX", value_delimiter = ',', requires = "requestheader_client_ca_file")]
    pub(super) requestheader_extra_headers_prefix: Vec<String>,
}

/// Tokens of service accounts.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Tokens of service accounts")]
pub(crate) struct TokenArgs {
    /// Who issues them; further ones are accepted too; may repeat
    #[arg(long, value_name = "URL", default_value = "https://kubernetes.default.svc")]
    pub(super) service_account_issuer: Vec<String>,
    /// The key that signs them, PEM [default: one that is made here]
    #[arg(long, value_name = "FILE")]
    pub(super) service_account_signing_key_file: Option<PathBuf>,
    /// Keys that verify them besides the one that signs, PEM; may repeat
    #[arg(long, value_name = "FILE")]
    pub(super) service_account_key_file: Vec<PathBuf>,
    /// Where their keys are published [default: this server]
    #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
    pub(super) service_account_jwks_uri: String,
    /// The longest a token lives; 0 for as long as asked for
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = query::duration)]
    pub(super) service_account_max_token_expiration: Duration,
    /// Let tokens of pods live for a year, and warn when they are older than asked for
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub(super) service_account_extend_token_expiration: bool,
    /// Take a token of a Secret only while the Secret holds it
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub(super) service_account_lookup: bool,
}

/// Who may do what.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Who may do what")]
pub(crate) struct AuthorizationArgs {
    /// The authorizers, in their order
    #[arg(long, value_name = "MODE", value_delimiter = ',', value_enum, default_value = "Node,RBAC")]
    pub(super) authorization_mode: Vec<Mode>,
    /// The policies of ABAC, one in each line
    #[arg(long, value_name = "FILE")]
    pub(super) authorization_policy_file: Option<PathBuf>,
}

/// An authorizer, under kube-apiserver's name for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Mode {
    /// Nodes reach what their pods refer to
    #[value(name = "Node")]
    Node,
    /// Roles and bindings
    #[value(name = "RBAC")]
    Rbac,
    /// A file of policies
    #[value(name = "ABAC")]
    Abac,
    /// Everything is allowed
    #[value(name = "AlwaysAllow")]
    AlwaysAllow,
    /// Nothing is
    #[value(name = "AlwaysDeny")]
    AlwaysDeny,
}

/// Admission.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Admission")]
pub(crate) struct AdmissionArgs {
    /// Plugins that are on besides those that always are
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(super) enable_admission_plugins: Vec<String>,
    /// Plugins that are off
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(super) disable_admission_plugins: Vec<String>,
    /// An AdmissionConfiguration: what plugins go by
    #[arg(long, value_name = "FILE")]
    pub(super) admission_control_config_file: Option<PathBuf>,
    /// Let containers be privileged, where admission does not object; kube-apiserver's own default is false
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub(super) allow_privileged: bool,
    /// How long a pod stays on a node that is not ready, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(super) default_not_ready_toleration_seconds: i64,
    /// How long a pod stays on a node that cannot be reached, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(super) default_unreachable_toleration_seconds: i64,
}

/// What is recorded.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What is recorded")]
pub(crate) struct AuditArgs {
    /// The audit policy
    #[arg(long, value_name = "FILE", requires = "audit_log_path")]
    pub(super) audit_policy_file: Option<PathBuf>,
    /// The file of audit events; - for standard output
    #[arg(long, value_name = "FILE", requires = "audit_policy_file")]
    pub(super) audit_log_path: Option<PathBuf>,
    /// How events are written
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "json")]
    pub(super) audit_log_format: AuditFormat,
    /// When events are written: in the background, before the request goes on, or that, and no request whose first event
    /// cannot be written
    #[arg(long, value_name = "MODE", value_enum, default_value = "blocking")]
    pub(super) audit_log_mode: AuditMode,
    /// How many megabytes a file may have before another one is begun; 0 for any number
    #[arg(long, value_name = "MEGABYTES", default_value_t = 0)]
    pub(super) audit_log_maxsize: u64,
    /// How many old files are kept; 0 for all
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub(super) audit_log_maxbackup: usize,
    /// For how many days old files are kept; 0 for ever
    #[arg(long, value_name = "DAYS", default_value_t = 0)]
    pub(super) audit_log_maxage: u64,
    /// With batch: how many events may wait
    #[arg(long, value_name = "COUNT", default_value_t = 10_000)]
    pub(super) audit_log_batch_buffer_size: usize,
    /// With batch: how many events are written at once
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    pub(super) audit_log_batch_max_size: usize,
    /// With batch: how long the first event of a batch waits at most
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = query::duration)]
    pub(super) audit_log_batch_max_wait: Duration,
    /// Cut down events that are too large
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub(super) audit_log_truncate_enabled: bool,
    /// The most bytes of an event
    #[arg(long, value_name = "BYTES", default_value_t = 102_400)]
    pub(super) audit_log_truncate_max_event_size: usize,
    /// The most bytes of a batch
    #[arg(long, value_name = "BYTES", default_value_t = 10_485_760)]
    pub(super) audit_log_truncate_max_batch_size: usize,
}

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum AuditFormat {
    /// A line of JSON
    Json,
    /// A line of words
    Legacy,
}

/// When events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum AuditMode {
    /// In the background
    Batch,
    /// Before the request goes on
    Blocking,
    /// And no request without its first event
    BlockingStrict,
}

/// Loops.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Loops")]
pub(crate) struct LoopArgs {
    /// The loops that run, by their names in kube-controller-manager: * for all, -NAME for all but one, -* for none
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "*", allow_hyphen_values = true)]
    pub(super) controllers: Vec<String>,
}
