//! A server from its configuration to its end.

mod assembly;

use crate::api::Api;
use crate::config::Config;
use crate::controllers;
use crate::pipeline;
use crate::start;
use anyhow::Context as _;
use assembly::Assembly;
use http::{Request, Response};
use hyper::body::Incoming;
use ravelin_server::transport::life;
use ravelin_server::transport::{self, Handler, Peer, ResponseBody, Service};
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// Where a server can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Where it listens.
    pub address: SocketAddr,
    /// The kubeconfig that was written.
    pub kubeconfig: Option<PathBuf>,
    /// Plugins that upstream has on and that are not built here.
    pub absent_plugins: Vec<&'static str>,
}

/// How often files that may change are looked at.
const REFRESH: Duration = Duration::from_secs(10);
/// How often what has expired is deleted.
const EXPIRY: Duration = Duration::from_secs(5);
/// How often the past is forgotten, and how much of it stays.
const COMPACTION: Duration = Duration::from_secs(300);

/// Runs a server until `end`, then to the end of its requests. Says through `ready` where it can be reached, once
/// everything is there that is there from the start.
///
/// # Errors
/// Where it cannot begin: a file that cannot be read, a port that is taken, a store that is in use.
pub async fn run(
    config: Config,
    end: impl Future<Output = ()>,
    ready: oneshot::Sender<Bound>,
) -> anyhow::Result<()> {
    let (reaper, life) = life::new();
    let listener = TcpListener::bind(config.address)
        .await
        .with_context(|| format!("listening on {}", config.address))?;
    let address = listener.local_addr()?;
    let (drain, grace) = (config.drain, config.grace);
    let Assembly { api, tls, facts, kubeconfig, reload, root_authority } =
        Assembly::new(&config, address, life.clone())?;
    let service = Service {
        handler: Arc::new(Front(Arc::clone(&api))),
        tls: Some(tls),
        settings: transport::Settings::STANDARD,
        traffic: Arc::clone(&api.traffic),
    };
    let mut background = tokio::task::JoinSet::new();
    let facts = start::Facts {
        range: config.service_range,
        port: address.port(),
        client_authorities: &facts.client_authorities,
        request_header: facts.request_header.as_ref(),
    };
    start::bootstrap(&api.registry, &facts)
        .await
        .map_err(|status| anyhow::anyhow!("the store could not be filled: {status}"))?;
    controllers::spawn(&api, config.controllers, root_authority, &mut background).await;
    api.is_started.store(true, Ordering::Release);
    background.spawn(reload.run(Arc::clone(&api), REFRESH));
    background.spawn(keep_tidy(Arc::clone(&api)));
    let absent_plugins = api.admission.absent().to_vec();
    tracing::info!(%address, "serving");
    // Nobody may be waiting for it.
    let _ = ready.send(Bound { address, kubeconfig, absent_plugins });
    let ending = async {
        end.await;
        tracing::info!("ending: readyz fails from now on");
        reaper.end(drain, grace).await;
    };
    tokio::select! {
        () = transport::serve(listener, service, life) => {}
        () = ending => {}
    }
    background.shutdown().await;
    api.audit.flush();
    tracing::info!("ended");
    Ok(())
}

/// The server as its transport sees it.
struct Front(Arc<Api>);

impl Handler for Front {
    async fn handle(self: Arc<Self>, request: Request<Incoming>, peer: Arc<Peer>) -> Response<ResponseBody> {
        pipeline::run(Arc::clone(&self.0), request, peer).await
    }
}

/// Deletes what has expired, and forgets the past.
async fn keep_tidy(api: Arc<Api>) {
    let mut expiry = tokio::time::interval(EXPIRY);
    let mut compaction = tokio::time::interval(COMPACTION);
    compaction.tick().await;
    let mut known = api.registry.store.revision();
    loop {
        tokio::select! {
            _ = expiry.tick() => {
                let store = Arc::clone(&api.registry.store);
                let expired = tokio::task::spawn_blocking(move || store.expire(crate::clock::millis())).await;
                if let Ok(Err(error)) = expired {
                    tracing::warn!(%error, "what has expired could not be deleted");
                }
            }
            _ = compaction.tick() => {
                if let Err(error) = api.registry.store.compact(known).await {
                    tracing::warn!(%error, "the past could not be forgotten");
                }
                known = api.registry.store.revision();
            }
        }
    }
}
