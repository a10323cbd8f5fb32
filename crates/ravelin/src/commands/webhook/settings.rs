//! From arguments to what is served.

use super::{Args, CertificateArgs, wrong};
use crate::output::say;
use clap::ValueEnum;
use ravelin_cluster::{Environment, Error, Target, connect};
use ravelin_engine::report::Outcome;
use ravelin_object::Value;
use ravelin_object::identity::Identity;
use ravelin_podsec::config::PodSecurityConfiguration;
use ravelin_podsec::exemption::Extension;
use ravelin_render::visible;
use ravelin_server::certificates::Plan;
use ravelin_server::certificates::files::Files;
use ravelin_server::transport;
use ravelin_server::transport::tls::Lowest;
use ravelin_server::webhook::host::{Certificates, Cluster, Config};
use ravelin_server::webhook::{ClientRule, Settings};
use ravelin_source::scan::read_where;
use ravelin_source::{FileOptions, Limits, psa};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// A version of TLS, named as the flags of Kubernetes name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TlsVersion {
    /// TLS 1.2
    #[value(name = "VersionTLS12")]
    Tls12,
    /// TLS 1.3
    #[value(name = "VersionTLS13")]
    Tls13,
}

/// Everything that is to be said of a webhook before it runs.
pub(super) async fn config(args: Args) -> anyhow::Result<Config> {
    let psa = args.config.as_deref().map(psa::load).transpose().map_err(wrong)?;
    let (configuration, extension) = match psa {
        Some(file) => (file.configuration, file.extension),
        None => (PodSecurityConfiguration::unconfigured(), Extension::default()),
    };
    let (cluster, namespace) = if args.cluster.namespaces_from.is_empty() {
        live(&args).await?
    } else {
        (Cluster::Given(given(&args.cluster.namespaces_from)?), None)
    };
    let is_live = matches!(cluster, Cluster::Live(_));
    let certificates = certificates(args.certificate, namespace, is_live)?;
    let clients = match &args.listener.client_ca_file {
        None => ClientRule::Anyone,
        Some(_) => ClientRule::Verified { names: args.listener.client_allowed_names },
    };
    let limits = args.limits;
    Ok(Config {
        address: SocketAddr::new(args.listener.bind_address, args.listener.secure_port),
        plain_address: args.listener.http_address,
        certificates: certificates.0,
        refresh: certificates.1,
        client_authorities: args.listener.client_ca_file,
        lowest: match args.listener.tls_min_version {
            TlsVersion::Tls12 => Lowest::Tls12,
            TlsVersion::Tls13 => Lowest::Tls13,
        },
        with_http2: !args.listener.disable_http2_serving,
        transport: transport::Settings {
            connections: limits.max_connections,
            first_request: limits.header_timeout,
            idle: limits.idle_timeout,
            streams: limits.http2_max_streams_per_connection,
            ..transport::Settings::STANDARD
        },
        reviews: Settings {
            in_flight: limits.max_requests_inflight,
            body_time: limits.body_timeout,
            namespace_wait: limits.namespace_timeout,
            clients,
        },
        configuration,
        extension,
        cluster,
        oldest: args.cluster.max_cache_age,
        existing_pods: args.cluster.existing_pods_interval,
        drain: args.listener.shutdown_delay_duration,
        grace: args.listener.shutdown_grace_duration,
    })
}

/// The way to the cluster, and the namespace it names.
async fn live(args: &Args) -> anyhow::Result<(Cluster, Option<String>)> {
    let target = Target {
        kubeconfig: args.cluster.kubeconfig.clone(),
        context: args.cluster.context.clone(),
        timeout: Duration::from_secs(10),
        environment: Environment::of_process(),
    };
    let connection = connect::connect(&target).await.map_err(|error| {
        let words = visible(&error.to_string()).into_owned();
        match error {
            Error::NoCluster(_) => wrong(format!("{words}; or name manifests with --namespaces-from")),
            Error::Kubeconfig(_) => wrong(words),
            _ => anyhow::Error::msg(words),
        }
    })?;
    for warning in &connection.warnings {
        say(&format!("warning: {}", visible(warning)));
    }
    Ok((Cluster::Live(connection.client().clone()), connection.namespace))
}

/// The namespaces and pods of manifests.
fn given(paths: &[PathBuf]) -> anyhow::Result<Vec<Value>> {
    let relevant = |identity: &Identity, _: &Value| identity.is("", "Namespace") || identity.is("", "Pod");
    let sources = read_where(paths, &FileOptions::standard(), &Limits::STANDARD, relevant);
    for entry in &sources.entries {
        // A policy that cannot be read must not look like none.
        if let Outcome::Failed { message } = &entry.outcome {
            anyhow::bail!("{}: {}", visible(&entry.file), visible(message));
        }
    }
    Ok(sources.inventory.objects().iter().map(|object| object.value.clone()).collect())
}

/// Where the certificate comes from, and how often it is looked at.
fn certificates(
    args: CertificateArgs,
    namespace: Option<String>,
    is_live: bool,
) -> anyhow::Result<(Certificates, Duration)> {
    let refresh = args.certificate_refresh.max(Duration::from_millis(100));
    if let (Some(chain), Some(key)) = (args.tls_cert_file, args.tls_private_key_file) {
        return Ok((Certificates::Files(Files { chain, key }), refresh));
    }
    let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    let validity = seconds(args.certificate_validity);
    if !(60..=10 * 365 * 24 * 3600).contains(&validity) {
        return Err(wrong("--certificate-validity: expected 1m to 87600h"));
    }
    let of_process = std::env::var("POD_NAMESPACE").ok().filter(|text| !text.is_empty());
    let namespace = args.namespace.or(of_process).or(namespace);
    let mut names = vec![args.service.clone()];
    if let Some(namespace) = &namespace {
        let full = format!("{}.{namespace}.svc", args.service);
        names = vec![full.clone(), format!("{full}.cluster.local"), format!("{}.{namespace}", args.service)];
        names.push(args.service.clone());
    }
    if args.self_signed.is_some() {
        names.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
    }
    let plan =
        Plan { names, validity, renew_before: validity / 3, overlap: seconds(args.certificate_overlap) };
    if let Some(folder) = args.self_signed {
        return Ok((Certificates::Folder { folder, plan }, refresh));
    }
    if !is_live {
        return Err(wrong(
            "no certificate is given; name files with --tls-cert-file and --tls-private-key-file, or a folder with --self-signed",
        ));
    }
    let namespace = namespace.ok_or_else(|| {
        wrong("the namespace of the Secret is not known; name it with --namespace or POD_NAMESPACE")
    })?;
    let name = args.secret.unwrap_or_else(|| format!("{}-tls", args.service));
    let configuration = args.webhook_configuration;
    Ok((Certificates::Secret { namespace, name, configuration, plan }, refresh))
}
