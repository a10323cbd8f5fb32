//! An API server for upstream's webhook: namespaces to list and watch, and no pods.

use anyhow::Context as _;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Frame, Incoming};
use ravelin_server::transport::body::whole;
use ravelin_server::transport::life::{self, Reaper};
use ravelin_server::transport::{self, Handler, Peer, ResponseBody, Service, Settings, Traffic};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

/// An API server that serves until it is dropped.
pub(crate) struct Cluster(#[expect(dead_code, reason = "it lives as long as this")] Reaper);

struct Namespaces(Vec<Value>);

impl Cluster {
    /// Serves these namespaces, and writes a kubeconfig that leads here.
    pub(crate) async fn start(namespaces: Vec<Value>, kubeconfig: &Path) -> anyhow::Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "bench",
            "clusters": [{"name": "bench", "cluster": {"server": format!("http://{}", listener.local_addr()?)}}],
            "users": [{"name": "bench", "user": {}}],
            "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench"}}],
        });
        std::fs::write(kubeconfig, config.to_string()).context("cannot write the kubeconfig")?;
        let (reaper, life) = life::new();
        let service = Service {
            handler: Arc::new(Namespaces(namespaces)),
            tls: None,
            settings: Settings::STANDARD,
            traffic: Arc::new(Traffic::default()),
        };
        tokio::spawn(transport::serve(listener, service, life));
        Ok(Self(reaper))
    }
}

impl Handler for Namespaces {
    async fn handle(self: Arc<Self>, request: Request<Incoming>, _: Arc<Peer>) -> Response<ResponseBody> {
        let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
        let answer = |status, value: Value| whole(status, "application/json", value.to_string());
        let list = |kind: &str, items: &[Value]| {
            answer(
                StatusCode::OK,
                json!({"kind": kind, "apiVersion": "v1", "metadata": {"resourceVersion": "1000"}, "items": items}),
            )
        };
        match path {
            // A client that gets this lists, then watches.
            "/api/v1/namespaces" if query.contains("sendInitialEvents=true") => answer(
                StatusCode::UNPROCESSABLE_ENTITY,
                json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Invalid", "code": 422,
                    "message": "sendInitialEvents is forbidden"}),
            ),
            "/api/v1/namespaces" if query.contains("watch=true") || query.contains("watch=1") => {
                let silence = futures_util::stream::pending::<Result<Frame<Bytes>, _>>();
                let mut response = Response::new(StreamBody::new(silence).boxed_unsync());
                response
                    .headers_mut()
                    .insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
                response
            }
            "/api/v1/namespaces" => list("NamespaceList", &self.0),
            _ if path.ends_with("/pods") => list("PodList", &[]),
            _ => answer(
                StatusCode::NOT_FOUND,
                json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404,
                    "message": "not found"}),
            ),
        }
    }
}
