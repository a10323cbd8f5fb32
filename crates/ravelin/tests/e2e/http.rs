//! Requests to an API server.

use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

/// Who asks an API server, with connections that are kept. Clones share the connections.
#[derive(Clone)]
pub(crate) struct Client {
    agent: Agent,
    base: String,
    headers: Vec<(&'static str, String)>,
}

/// What it answers.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    /// The status.
    pub status: u16,
    /// The body; a text where it is no JSON.
    pub body: Value,
    /// The texts of its warnings.
    pub warnings: Vec<String>,
}

impl Client {
    /// A client with a bearer token, for a server whose certificate a CA in PEM has signed.
    pub(crate) fn new(base: &str, ca: &str, token: &str) -> Self {
        let certificate = Certificate::from_pem(ca.as_bytes()).unwrap();
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .root_certs(RootCerts::new_with_certs(&[certificate]))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(60)))
            .build();
        let headers = vec![("Authorization", format!("Bearer {token}"))];
        Self { agent: config.into(), base: base.to_owned(), headers }
    }

    /// The same client, impersonating somebody. The server adds `system:authenticated` to the groups.
    pub(crate) fn impersonating(&self, user: &str, groups: &[String]) -> Self {
        let mut client = self.clone();
        client.headers.push(("Impersonate-User", user.to_owned()));
        client.headers.extend(groups.iter().map(|group| ("Impersonate-Group", group.clone())));
        client
    }

    /// Reads.
    pub(crate) fn get(&self, path: &str) -> Response {
        self.try_get(path).unwrap_or_else(|error| panic!("GET {path}: {error}"))
    }

    /// Reads, from a server that may not be there.
    pub(crate) fn try_get(&self, path: &str) -> Result<Response, ureq::Error> {
        self.send("GET", path, None)
    }

    /// Creates.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Response {
        self.send("POST", path, Some(body)).unwrap_or_else(|error| panic!("POST {path}: {error}"))
    }

    /// Replaces.
    pub(crate) fn put(&self, path: &str, body: &Value) -> Response {
        self.send("PUT", path, Some(body)).unwrap_or_else(|error| panic!("PUT {path}: {error}"))
    }

    /// The same client, for another server that the same CA vouches for.
    pub(crate) fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    /// Sends exactly this, with the client's own headers or without them.
    pub(crate) fn raw(
        &self,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        body: Option<&str>,
        with_own: bool,
    ) -> Response {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in self.headers.iter().filter(|_| with_own) {
            request = request.header(*name, value);
        }
        for (name, value) in headers {
            request = request.header(name, value);
        }
        // Some of these requests carry a body where most do not.
        let request =
            self.agent.configure_request(request.body(body.unwrap_or_default().to_owned()).unwrap());
        let request = request.allow_non_standard_methods(true).build();
        let response = self.agent.run(request);
        Self::read(response.unwrap_or_else(|error| panic!("{method} {path}: {error}"))).unwrap()
    }

    fn read(mut response: ureq::http::Response<ureq::Body>) -> Result<Response, ureq::Error> {
        let status = response.status().as_u16();
        let warnings = response.headers().get_all("warning").iter();
        let warnings = warnings.map(|header| warning(header.to_str().unwrap())).collect();
        let text = response.body_mut().with_config().limit(100_000_000).read_to_string()?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Response { status, body, warnings })
    }

    fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Response, ureq::Error> {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let response = match body {
            Some(body) => {
                let request = request.header("Content-Type", "application/json").body(body.to_string());
                self.agent.run(request.unwrap())
            }
            None => self.agent.run(request.body(()).unwrap()),
        };
        Self::read(response?)
    }
}

/// The text of a header `299 - "text"`.
fn warning(header: &str) -> String {
    let text = header.strip_prefix("299 - \"").and_then(|rest| rest.strip_suffix('"')).unwrap_or(header);
    text.replace("\\\"", "\"").replace("\\\\", "\\")
}

impl Response {
    /// The `message` of a status; empty where there is none.
    pub(crate) fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }

    /// The body of an answer that is none of the errors.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{}: {}", self.status, self.body);
        self.body
    }
}
