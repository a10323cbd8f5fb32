//! The webhook behind a port: certificates, what is known of the cluster, the listeners, the end.

mod shown;

use super::{Counters, Judge, Namespaces, Pods, Settings, Webhook};
use crate::certificates::Plan;
use crate::certificates::files::Files;
use crate::live;
use crate::transport::life::{self, Life};
use crate::transport::tls::{Lowest, Tls};
use crate::transport::{self, Handler, Peer, ResponseBody, Service, Traffic};
use anyhow::Context as _;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use kube::Client;
use ravelin_object::Value;
use ravelin_object::identity::Identity;
use ravelin_podsec::admission::LookupError;
use ravelin_podsec::config::PodSecurityConfiguration;
use ravelin_podsec::exemption::Extension;
use shown::Shown;
use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// Everything that is to be said of a webhook before it runs.
pub struct Config {
    /// Where reviews are served. Port 0 takes any that is free.
    pub address: SocketAddr,
    /// Where health and metrics are served without TLS as well, if anywhere.
    pub plain_address: Option<SocketAddr>,
    /// Where the certificate comes from.
    pub certificates: Certificates,
    /// How often it is looked whether the certificate has to change or has changed.
    pub refresh: Duration,
    /// The authorities of clients, PEM; their certificates are verified then.
    pub client_authorities: Option<PathBuf>,
    /// The lowest version of TLS.
    pub lowest: Lowest,
    /// Whether HTTP/2 is spoken.
    pub with_http2: bool,
    /// Limits of connections.
    pub transport: transport::Settings,
    /// Limits of reviews.
    pub reviews: Settings,
    /// What is decided by.
    pub configuration: PodSecurityConfiguration,
    /// What is decided by beyond upstream.
    pub extension: Extension,
    /// What is known of the cluster.
    pub cluster: Cluster,
    /// How old what is known of the cluster may be.
    pub oldest: Duration,
    /// How often the pods that are there are judged; zero for never.
    pub existing_pods: Duration,
    /// How long everything is served on after the end was asked for, while `/readyz` fails.
    pub drain: Duration,
    /// How long requests may take after that.
    pub grace: Duration,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Where the certificate of the server comes from.
#[derive(Clone, Debug)]
pub enum Certificates {
    /// From files that somebody else keeps up.
    Files(Files),
    /// Made here, kept in a folder.
    Folder {
        /// The folder.
        folder: PathBuf,
        /// For which names and how long.
        plan: Plan,
    },
    /// Made here, kept in a Secret that replicas share.
    Secret {
        /// The namespace of the Secret.
        namespace: String,
        /// Its name.
        name: String,
        /// The ValidatingWebhookConfiguration whose `caBundle` is kept up.
        configuration: Option<String>,
        /// For which names and how long.
        plan: Plan,
    },
}

/// What is known of the cluster.
pub enum Cluster {
    /// What an API server says.
    Live(Client),
    /// These objects: namespaces, and pods in them. Nothing else exists.
    Given(Vec<Value>),
}

/// Where a webhook listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// For reviews.
    pub address: SocketAddr,
    /// For health and metrics without TLS.
    pub plain_address: Option<SocketAddr>,
}

/// Runs a webhook until `end`, then to the end of its requests. Says through `bound` where it listens.
///
/// # Errors
/// Where it cannot begin: no certificate, no port, or a cluster that cannot be asked.
pub async fn run(
    config: Config,
    end: impl Future<Output = ()>,
    bound: oneshot::Sender<Bound>,
) -> anyhow::Result<()> {
    let (reaper, life) = life::new();
    let mut shown = Shown::new(&config)?;
    let first = shown.look().await?.context("there is no certificate to serve with")?;
    let tls = Arc::new(Tls::new(first));
    let traffic = Arc::new(Traffic::default());
    let listener = bind(config.address).await?;
    let plain = match config.plain_address {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    let here = Bound {
        address: listener.local_addr()?,
        plain_address: plain.as_ref().map(TcpListener::local_addr).transpose()?,
    };
    let certificate_end = shown.end();
    let mut background = tokio::task::JoinSet::new();
    background.spawn(shown.keep_up(Arc::clone(&tls), config.refresh));
    let transport = config.transport.clone();
    let (drain, grace) = (config.drain, config.grace);
    let webhook = webhook(config, life.clone(), Arc::clone(&traffic), certificate_end, &mut background);
    tracing::info!(address = %here.address, "serving");
    // Nobody may be waiting for it.
    let _ = bound.send(here);
    let service =
        Service { handler: Arc::clone(&webhook), tls: Some(tls), settings: transport.clone(), traffic };
    let aside = Service {
        handler: Arc::new(Aside(webhook)),
        tls: None,
        settings: transport,
        traffic: Arc::new(Traffic::default()),
    };
    let serving = async {
        let reviews = transport::serve(listener, service, life.clone());
        match plain {
            None => reviews.await,
            Some(plain) => {
                tokio::join!(reviews, transport::serve(plain, aside, life.clone()));
            }
        }
    };
    let ending = async {
        end.await;
        tracing::info!(drain_seconds = drain.as_secs_f64(), "ending: readyz fails from now on");
        reaper.end(drain, grace).await;
    };
    tokio::select! {
        () = serving => {}
        () = ending => {}
    }
    tracing::info!("ended");
    Ok(())
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("listening on {address}"))
}

fn webhook(
    config: Config,
    life: Life,
    traffic: Arc<Traffic>,
    certificate_end: Arc<AtomicI64>,
    background: &mut tokio::task::JoinSet<()>,
) -> Arc<Webhook> {
    let judge =
        Judge { configuration: config.configuration, extension: config.extension, counters: Counters::new() };
    let mut live = None;
    let (namespaces, pods): (_, Box<dyn Pods>) = match config.cluster {
        Cluster::Live(client) => {
            live = Some(client.clone());
            let namespaces = Arc::new(Namespaces::new(Some(config.oldest)));
            background.spawn(live::watch::run(client.clone(), Arc::clone(&namespaces)));
            (
                namespaces,
                Box::new(live::pods::LivePods { client, runtime: tokio::runtime::Handle::current() }),
            )
        }
        Cluster::Given(objects) => {
            let namespaces = Arc::new(Namespaces::new(None));
            let is_namespace =
                |object: &&Value| Identity::of(object).is_some_and(|id| id.is("", "Namespace"));
            namespaces.replace(objects.iter().filter(is_namespace).cloned());
            (namespaces, Box::new(GivenPods::new(objects)))
        }
    };
    let webhook = Webhook::new(judge, namespaces, pods, config.reviews, life, traffic, certificate_end);
    let webhook = Arc::new(webhook);
    if let Some(client) = live.filter(|_| !config.existing_pods.is_zero()) {
        background.spawn(live::existing::run(client, Arc::clone(&webhook), config.existing_pods));
    }
    webhook
}

/// The pods among given objects, by namespace.
struct GivenPods(BTreeMap<String, Vec<Arc<Value>>>);

impl GivenPods {
    fn new(objects: Vec<Value>) -> Self {
        let mut pods: BTreeMap<String, Vec<Arc<Value>>> = BTreeMap::new();
        for object in objects {
            if let Some(id) = Identity::of(&object).filter(|id| id.is("", "Pod")) {
                let namespace = if id.namespace.is_empty() { "default".to_owned() } else { id.namespace };
                pods.entry(namespace).or_default().push(Arc::new(object));
            }
        }
        Self(pods)
    }
}

impl Pods for GivenPods {
    fn list(&self, namespace: &str, _: Duration) -> Result<Vec<Arc<Value>>, LookupError> {
        Ok(self.0.get(namespace).cloned().unwrap_or_default())
    }
}

/// Health and metrics alone, for a listener without TLS.
struct Aside(Arc<Webhook>);

impl Handler for Aside {
    async fn handle(self: Arc<Self>, request: Request<Incoming>, _: Arc<Peer>) -> Response<ResponseBody> {
        let uri = request.uri();
        let answer = self.0.aside(uri.path(), uri.query().unwrap_or_default());
        answer.unwrap_or_else(|| transport::body::words(StatusCode::NOT_FOUND, "404 page not found"))
    }
}
