//! `ravelin webhook`.

mod manifests;
mod settings;

use crate::ExitStatus;
use crate::exit::usage;
use crate::{logs, process};
use ravelin_server::query;
use ravelin_server::webhook::host;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// Serve Pod Security admission as a webhook
///
/// Answers AdmissionReviews over HTTPS as the webhook of Kubernetes does: same verdicts, same words, same metrics.
/// Watches namespaces, and never asks the API server on the way of a pod. Makes, keeps, announces and rotates its own
/// certificate unless files are given. Serves /healthz, /readyz and /metrics on the same port.
///
/// Durations are written as Go does: 10s, 1m30s, 720h.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Exit status: 0 ended as asked to; 2 could not serve; 64 wrong usage.

Environment: KUBECONFIG and ~/.kube/config as kubectl; POD_NAMESPACE where --namespace is not given.

Examples:
  ravelin webhook --webhook-configuration ravelin-pod-security           in a pod, with a certificate of its own
  ravelin webhook --tls-cert-file /certs/tls.crt --tls-private-key-file /certs/tls.key --config psa.yaml
  ravelin webhook manifests --image registry.example/ravelin:1.0 | kubectl apply -f -
                                                                         what installs it
  ravelin webhook --namespaces-from ns.yaml --self-signed ./certificates --bind-address 127.0.0.1
                                                                         without a cluster, to try it")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// The PodSecurityConfiguration: defaults and exemptions; a PodSecurityExtension may follow
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The lowest level that is logged
    #[arg(long, value_enum, default_value = "info")]
    log_level: logs::Level,
    /// How logs are written, to standard error
    #[arg(long, value_enum, default_value = "json")]
    log_format: logs::Format,
    #[command(flatten)]
    cluster: ClusterArgs,
    #[command(flatten)]
    listener: ListenerArgs,
    #[command(flatten)]
    certificate: CertificateArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Manifests(manifests::Args),
}

/// What is known of the cluster.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What is known of the cluster")]
struct ClusterArgs {
    /// The kubeconfig [default: KUBECONFIG, then ~/.kube/config, then the service account of the pod this runs in]
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig [default: its current one]
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Take namespaces, and pods in them, from these manifests instead of a cluster; may repeat
    #[arg(long, value_name = "PATH", conflicts_with_all = ["kubeconfig", "context", "webhook_configuration"])]
    namespaces_from: Vec<PathBuf>,
    /// How old what is known of namespaces may be; pods are denied and /readyz fails where it is older
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = query::duration)]
    max_cache_age: Duration,
    /// How often the pods that are there are judged, also after start: those that came in while nobody judged are
    /// counted, logged, and told of in an event of their namespace; 0 never
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = query::duration)]
    existing_pods_interval: Duration,
}

/// Where it listens.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Where it listens")]
struct ListenerArgs {
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0")]
    bind_address: IpAddr,
    /// The port of HTTPS; 0 takes one that is free
    #[arg(long, value_name = "PORT", default_value_t = 8443)]
    secure_port: u16,
    /// An address and port that serve health and metrics without TLS as well
    #[arg(long, value_name = "ADDRESS:PORT")]
    http_address: Option<SocketAddr>,
    /// The certificate authorities of clients, PEM; who shows no certificate of theirs gets no review
    #[arg(long, value_name = "FILE")]
    client_ca_file: Option<PathBuf>,
    /// The common names that a client certificate may have; may repeat [default: any]
    #[arg(long, value_name = "NAME", value_delimiter = ',', requires = "client_ca_file")]
    client_allowed_names: Vec<String>,
    /// The lowest version of TLS
    #[arg(long, value_name = "VERSION", value_enum, default_value = "VersionTLS12")]
    tls_min_version: settings::TlsVersion,
    /// Speak HTTP/1.1 alone
    #[arg(long)]
    disable_http2_serving: bool,
    /// How long it serves on after the end was asked for, while /readyz fails
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = query::duration)]
    shutdown_delay_duration: Duration,
    /// How long requests may take after that
    #[arg(long, value_name = "DURATION", default_value = "20s", value_parser = query::duration)]
    shutdown_grace_duration: Duration,
}

/// The certificate.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "The certificate")]
struct CertificateArgs {
    /// The certificate, PEM, followed by those between it and its authority; read again when it changes
    #[arg(long, value_name = "FILE", requires = "tls_private_key_file", conflicts_with_all = ["self_signed", "webhook_configuration"])]
    tls_cert_file: Option<PathBuf>,
    /// Its key, PEM; read again when it changes
    #[arg(long, value_name = "FILE", requires = "tls_cert_file")]
    tls_private_key_file: Option<PathBuf>,
    /// Make a certificate and keep it in this folder, with its authority in ca.crt
    #[arg(long, value_name = "FOLDER", conflicts_with = "webhook_configuration")]
    self_signed: Option<PathBuf>,
    /// The namespace of the Service and the Secret [default: POD_NAMESPACE, then that of the pod or context]
    #[arg(long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// The Service that API servers reach it by
    #[arg(long, value_name = "NAME", default_value = "ravelin-webhook")]
    service: String,
    /// The Secret that replicas keep the certificate in [default: the name of the Service and -tls]
    #[arg(long, value_name = "NAME")]
    secret: Option<String>,
    /// The ValidatingWebhookConfiguration whose caBundle is kept up
    #[arg(long, value_name = "NAME")]
    webhook_configuration: Option<String>,
    /// How long a certificate holds; it is replaced when a third is left
    #[arg(long, value_name = "DURATION", default_value = "2160h", value_parser = query::duration)]
    certificate_validity: Duration,
    /// How long the authority of the next certificate is announced before it is served
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = query::duration)]
    certificate_overlap: Duration,
    /// How often it is looked whether the certificate has changed or has to
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = query::duration)]
    certificate_refresh: Duration,
}

/// Limits.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
struct LimitArgs {
    /// Reviews at a time; others wait
    #[arg(long, value_name = "COUNT", default_value_t = 256, value_parser = at_least_one)]
    max_requests_inflight: usize,
    /// Connections at a time; others wait
    #[arg(long, value_name = "COUNT", default_value_t = 2_000, value_parser = at_least_one)]
    max_connections: usize,
    /// Requests at a time in one connection of HTTP/2
    #[arg(long, value_name = "COUNT", default_value_t = 250, value_parser = clap::value_parser!(u32).range(1..))]
    http2_max_streams_per_connection: u32,
    /// How long the body of a request may take
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = query::duration)]
    body_timeout: Duration,
    /// How long the first head on a connection may take
    #[arg(long, value_name = "DURATION", default_value = "32s", value_parser = query::duration)]
    header_timeout: Duration,
    /// How long a connection may be without a request
    #[arg(long, value_name = "DURATION", default_value = "90s", value_parser = query::duration)]
    idle_timeout: Duration,
    /// How long a pod waits for a namespace that is not known yet, at most
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = query::duration)]
    namespace_timeout: Duration,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|count| (1..=1_000_000).contains(count))
        .ok_or_else(|| "expected 1 to 1000000".to_owned())
}

/// How many threads serve. A decision takes microseconds; more threads would only take memory.
const MOST_THREADS: usize = 4;

pub(crate) fn run(args: Args) -> anyhow::Result<ExitStatus> {
    if let Some(Verb::Manifests(args)) = args.verb {
        return manifests::run(args);
    }
    logs::start(args.log_level, args.log_format);
    process::take_small_pages();
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .map_err(|error| anyhow::anyhow!("the operating system refuses what serving needs: {error}"))?;
    let outcome = runtime.block_on(async {
        let end = process::signal()?;
        let config = settings::config(args).await?;
        let (bound, _) = tokio::sync::oneshot::channel();
        host::run(config, end, bound).await
    });
    // A name that is still being looked up must not keep the program from ending.
    runtime.shutdown_background();
    outcome.map(|()| ExitStatus::Clean)
}

/// Turns a text into an error of usage.
fn wrong(words: impl std::fmt::Display) -> anyhow::Error {
    usage(words)
}
