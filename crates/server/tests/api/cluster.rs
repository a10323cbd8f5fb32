//! An API server that is not one: namespaces to list and watch, pods, Secrets, a webhook configuration.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Incoming;
use ravelin_server::transport::body::whole;
use ravelin_server::transport::life::{self, Reaper};
use ravelin_server::transport::{self, Handler, Peer, ResponseBody, Service, Traffic};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::sync::broadcast;

/// What it holds.
pub(crate) struct Fake {
    state: Mutex<State>,
    events: broadcast::Sender<String>,
}

#[derive(Default)]
struct State {
    version: u64,
    namespaces: BTreeMap<String, Value>,
    secrets: BTreeMap<String, Value>,
    configuration: Value,
    pods: Vec<Value>,
    posted: Vec<Value>,
    /// Every request, as `GET /path`.
    asked: Vec<String>,
    /// Whether namespaces may be listed.
    is_closed: bool,
}

/// A fake that serves.
pub(crate) struct Cluster {
    pub(crate) fake: Arc<Fake>,
    pub(crate) client: kube::Client,
    _reaper: Reaper,
}

pub(crate) const CONFIGURATION: &str =
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/ravelin";

impl Cluster {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let configuration = json!({
            "metadata": {"name": "ravelin", "resourceVersion": "1"},
            "webhooks": [{"name": "a", "clientConfig": {}}, {"name": "b", "clientConfig": {"caBundle": "old"}}],
        });
        let state = State { version: 10, configuration, ..State::default() };
        let fake = Arc::new(Fake { state: Mutex::new(state), events: broadcast::channel(100).0 });
        let (reaper, life) = life::new();
        let service = Service {
            handler: Arc::clone(&fake),
            tls: None,
            settings: transport::Settings::STANDARD,
            traffic: Arc::new(Traffic::default()),
        };
        tokio::spawn(transport::serve(listener, service, life));
        let client = kube::Client::try_from(kube::Config::new(url.parse().unwrap())).unwrap();
        Self { fake, client, _reaper: reaper }
    }
}

impl Fake {
    pub(crate) fn put_namespace(&self, name: &str, enforce: &str) {
        let mut state = self.state.lock().unwrap();
        state.version += 1;
        let object = json!({
            "apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata",
            "metadata": {"name": name, "resourceVersion": state.version.to_string(),
                "labels": {"pod-security.kubernetes.io/enforce": enforce}},
        });
        let known = state.namespaces.insert(name.to_owned(), object.clone()).is_some();
        let _ = self
            .events
            .send(json!({"type": if known { "MODIFIED" } else { "ADDED" }, "object": object}).to_string());
    }

    pub(crate) fn delete_namespace(&self, name: &str) {
        let object = self.state.lock().unwrap().namespaces.remove(name).unwrap();
        let _ = self.events.send(json!({"type": "DELETED", "object": object}).to_string());
    }

    /// Tells those who watch that they have to list again.
    pub(crate) fn expire(&self) {
        let status = json!({"kind": "Status", "code": 410, "reason": "Expired"});
        let _ = self.events.send(json!({"type": "ERROR", "object": status}).to_string());
    }

    pub(crate) fn put_pod(&self, pod: Value) {
        self.state.lock().unwrap().pods.push(pod);
    }

    pub(crate) fn remove_pods(&self) {
        self.state.lock().unwrap().pods.clear();
    }

    /// The events that were created.
    pub(crate) fn posted(&self) -> Vec<Value> {
        self.state.lock().unwrap().posted.clone()
    }

    pub(crate) fn close(&self, is_closed: bool) {
        self.state.lock().unwrap().is_closed = is_closed;
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.state.lock().unwrap().asked.clone()
    }

    pub(crate) fn secrets(&self) -> BTreeMap<String, Value> {
        self.state.lock().unwrap().secrets.clone()
    }

    pub(crate) fn configuration(&self) -> Value {
        self.state.lock().unwrap().configuration.clone()
    }

    /// Somebody else writes the configuration back as it was.
    pub(crate) fn reset_configuration(&self) {
        let mut state = self.state.lock().unwrap();
        state.version += 1;
        let version = state.version.to_string();
        state.configuration["metadata"]["resourceVersion"] = version.into();
        state.configuration["webhooks"][0]["clientConfig"]["caBundle"] = "".into();
    }

    fn answer(&self, method: &Method, path: &str, query: &str, body: &Bytes) -> Response<ResponseBody> {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let mut state = self.state.lock().unwrap();
        let line = format!("{method} {path}");
        state.asked.push(line.clone());
        let of_secret =
            path.strip_prefix("/api/v1/namespaces/system/secrets").map(|rest| rest.trim_start_matches('/'));
        match (line.as_str(), of_secret) {
            ("GET /api/v1/namespaces", _) if state.is_closed => refusal(StatusCode::FORBIDDEN),
            ("GET /api/v1/namespaces", _) if query.contains("watch=true") => self.watch(),
            ("GET /api/v1/namespaces", _) => {
                let items: Vec<&Value> = state.namespaces.values().collect();
                success(&json!({"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1",
                    "metadata": {"resourceVersion": state.version.to_string()}, "items": items}))
            }
            (_, Some(name)) => secret(&mut state, method, name, body),
            ("GET /api/v1/namespaces/shop/pods", _) => pods(&state.pods, query),
            (_, None) if method == Method::POST && path.ends_with("/events") => {
                if state.posted.iter().any(|event| event["metadata"]["name"] == body["metadata"]["name"]) {
                    return refusal(StatusCode::CONFLICT);
                }
                state.posted.push(body.clone());
                success(&body)
            }
            (_, None) if path == CONFIGURATION => configuration(&mut state, method, &body),
            _ => refusal(StatusCode::NOT_FOUND),
        }
    }

    fn watch(&self) -> Response<ResponseBody> {
        let events = self.events.subscribe();
        let stream = futures_util::stream::unfold(events, |mut events| async move {
            let line = events.recv().await.ok()?;
            Some((Ok(Frame::data(Bytes::from(format!("{line}\n")))), events))
        });
        Response::new(StreamBody::new(stream).boxed_unsync())
    }
}

/// A page of one pod, so that there are pages.
fn pods(pods: &[Value], query: &str) -> Response<ResponseBody> {
    let begin: usize = query.split_once("continue=").map_or(0, |(_, token)| token.parse().unwrap_or(0));
    let next = if begin + 1 < pods.len() { (begin + 1).to_string() } else { String::new() };
    let items: Vec<&Value> = pods.iter().skip(begin).take(1).collect();
    success(&json!({"kind": "PodList", "apiVersion": "v1", "metadata": {"continue": next}, "items": items}))
}

fn secret(state: &mut State, method: &Method, name: &str, mut body: Value) -> Response<ResponseBody> {
    let known = state.secrets.get(name).map(|secret| secret["metadata"]["resourceVersion"].clone());
    let name = match (method.as_str(), known) {
        ("GET", Some(_)) => return success(&state.secrets[name]),
        ("GET", None) => return refusal(StatusCode::NOT_FOUND),
        ("POST", _) => {
            let name = body["metadata"]["name"].as_str().unwrap().to_owned();
            if state.secrets.contains_key(&name) {
                return refusal(StatusCode::CONFLICT);
            }
            name
        }
        ("PUT", Some(version)) if version == body["metadata"]["resourceVersion"] => name.to_owned(),
        _ => return refusal(StatusCode::CONFLICT),
    };
    state.version += 1;
    body["metadata"]["resourceVersion"] = state.version.to_string().into();
    state.secrets.insert(name, body.clone());
    success(&body)
}

fn configuration(state: &mut State, method: &Method, patch: &Value) -> Response<ResponseBody> {
    if method == Method::PATCH {
        for operation in patch.as_array().unwrap() {
            let path = operation["path"].as_str().unwrap();
            if operation["op"] == "test" {
                if state.configuration.pointer(path) != Some(&operation["value"]) {
                    return refusal(StatusCode::UNPROCESSABLE_ENTITY);
                }
                continue;
            }
            let (holder, key) = path.rsplit_once('/').unwrap();
            state.configuration.pointer_mut(holder).unwrap()[key] = operation["value"].clone();
        }
        state.version += 1;
        state.configuration["metadata"]["resourceVersion"] = state.version.to_string().into();
    }
    success(&state.configuration)
}

fn success(value: &Value) -> Response<ResponseBody> {
    whole(StatusCode::OK, "application/json", value.to_string())
}

fn refusal(status: StatusCode) -> Response<ResponseBody> {
    let body = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "no", "reason": "No", "code": status.as_u16()});
    whole(status, "application/json", body.to_string())
}

impl Handler for Fake {
    async fn handle(self: Arc<Self>, request: Request<Incoming>, _: Arc<Peer>) -> Response<ResponseBody> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        self.answer(&head.method, head.uri.path(), head.uri.query().unwrap_or_default(), &body)
    }
}
