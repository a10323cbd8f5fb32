//! Everything that is no resource: discovery, OpenAPI, health, metrics, the version, keys of tokens.

use crate::answer::{Answer, JSON};
use crate::api::Api;
use crate::exchange::Exchange;
use crate::rest;
use crate::rest::negotiate::{self, Shape, Shapes};
use http::header::{CACHE_CONTROL, ETAG, EXPIRES, IF_NONE_MATCH, LOCATION, VARY};
use http::{HeaderMap, Method, StatusCode};
use ravelin_authn::discovery as keys;
use ravelin_object::status::Status;
use ravelin_object::{Map, Value, json_text};
use ravelin_resource::discovery::{self, Root};
use ravelin_resource::{Table, openapi};
use ravelin_server::health::{self, Check};
use ravelin_server::metrics;
use sha2::{Digest as _, Sha512};
use std::sync::atomic::Ordering;

/// The content type of plain answers.
const TEXT: &str = "text/plain; charset=utf-8";
/// How an aggregated discovery document says what it is.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// What the server says of its version.
#[derive(Clone, Debug)]
pub(crate) struct VersionInfo {
    /// The version of Kubernetes whose API is served.
    pub(crate) minor: &'static str,
    /// The version of this program.
    pub(crate) program: &'static str,
}

impl VersionInfo {
    fn to_value(&self) -> Value {
        let mut map = Map::new();
        let git = format!("v1.{}.0+ravelin-{}", self.minor, self.program);
        let pairs = [
            ("major", "1"),
            ("minor", self.minor),
            ("emulationMajor", "1"),
            ("emulationMinor", self.minor),
            ("minCompatibilityMajor", "1"),
            ("minCompatibilityMinor", self.minor),
            ("gitVersion", git.as_str()),
            ("gitCommit", ""),
            ("gitTreeState", "clean"),
            ("buildDate", "1970-01-01T00:00:00Z"),
            ("goVersion", "none"),
            ("compiler", "rustc"),
            ("platform", concat!("linux/", "amd64")),
        ];
        for (key, value) in pairs {
            map.set(key, value.into());
        }
        map.into()
    }
}

/// Answers a request about a path.
pub(crate) fn serve(api: &Api, exchange: &mut Exchange) -> Result<Answer, Status> {
    let path = exchange.info.path.clone();
    let trimmed = path.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(&path);
    check_method(exchange, &api.registry.table, trimmed)?;
    match trimmed {
        "/" | "/index.html" => Ok(index(api)),
        "/api" | "/apis" => groups(api, exchange, trimmed),
        "/version" => Ok(Answer::object(StatusCode::OK, api.version.to_value())),
        "/metrics" if exchange.method == Method::DELETE => {
            Ok(Answer::text(StatusCode::OK, TEXT, "metrics reset\n"))
        }
        "/metrics" => Ok(measured(api)),
        "/openapi/v2" => schemas_v2(api, exchange),
        "/openapi/v3" => Ok(documented(exchange, schema_index(api).clone())),
        keys::CONFIGURATION_PATH | keys::KEYS_PATH => published(api, exchange, trimmed),
        _ => match trimmed.strip_prefix("/openapi/v3/") {
            Some(rest) => schema_of(api, exchange, rest),
            None => other(api, exchange, &path),
        },
    }
}

/// Whether a path is asked in a way that it knows. Some do not look at the method at all, as upstream's do not.
///
/// # Errors
/// 405 for other methods than `GET`.
fn check_method(exchange: &Exchange, table: &Table, path: &str) -> Result<(), Status> {
    match exchange.method {
        Method::GET => return Ok(()),
        // Nobody is connected through here, to nothing.
        Method::CONNECT | Method::TRACE => return Err(rest::no_such_verb()),
        _ => {}
    }
    let is_routed = match path.split('/').collect::<Vec<_>>().as_slice() {
        ["", "api" | "version"] => true,
        ["", "api", version] => resources(table, "", version).is_some(),
        ["", "apis", group, version] => resources(table, group, version).is_some(),
        _ => matches!(path, keys::CONFIGURATION_PATH | keys::KEYS_PATH),
    };
    if is_routed { Err(rest::no_such_verb()) } else { Ok(()) }
}

fn other(api: &Api, exchange: &Exchange, whole: &str) -> Result<Answer, Status> {
    let path = whole.strip_suffix('/').unwrap_or(whole);
    for name in ["healthz", "livez", "readyz"] {
        let Some(rest) = whole.strip_prefix('/').and_then(|path| path.strip_prefix(name)) else { continue };
        if let Some(answer) = health(api, exchange, name, rest) {
            return Ok(answer);
        }
    }
    let table = &api.registry.table;
    let document = match path.split('/').collect::<Vec<_>>().as_slice() {
        ["", "api", version] => resources(table, "", version),
        ["", "apis", group, ..] if table.group(group).is_none() => return Ok(no_page()),
        ["", "apis", group] => table.group(group).map(discovery::api_group),
        ["", "apis", group, version] => resources(table, group, version),
        _ => return Ok(no_page()),
    };
    let document = document.ok_or_else(rest::no_such_resource)?;
    rest::check_accept(exchange)?;
    let form = rest::form(exchange, Shapes::Plain)?;
    Ok(form.apply(Answer::object(StatusCode::OK, document)))
}

/// 404: nothing is served at this path.
pub(crate) fn no_page() -> Answer {
    Answer::text(StatusCode::NOT_FOUND, TEXT, "404 page not found\n")
}

/// All paths there are.
fn index(api: &Api) -> Answer {
    let mut paths: Vec<String> = [
        "/.well-known/openid-configuration",
        "/api",
        "/api/v1",
        "/apis",
        "/apis/",
        "/healthz",
        "/livez",
        "/metrics",
        "/openapi/v2",
        "/openapi/v3",
        "/openapi/v3/",
        "/openid/v1/jwks",
        "/readyz",
        "/version",
    ]
    .map(str::to_owned)
    .to_vec();
    for group in api.registry.table.groups().iter().filter(|group| !group.name.is_empty()) {
        paths.push(format!("/apis/{}", group.name));
        for version in &group.versions {
            paths.push(format!("/apis/{}/{}", group.name, version.name));
        }
    }
    for name in ["healthz", "livez", "readyz"] {
        paths.extend(checks(api, name).iter().map(|check| format!("/{name}/{}", check.name)));
    }
    paths.sort();
    let mut map = Map::new();
    map.set("paths", paths.into_iter().map(Value::from).collect::<Vec<_>>().into());
    Answer::object(StatusCode::OK, map.into())
}

/// The groups, aggregated or plain.
fn groups(api: &Api, exchange: &Exchange, path: &str) -> Result<Answer, Status> {
    let table = &api.registry.table;
    if path == "/api" {
        rest::check_accept(exchange)?;
    }
    let pretty = exchange.url.value("pretty");
    let agent = exchange.header("user-agent");
    let form = negotiate::form(exchange.header("accept"), pretty, agent, Shapes::Discovery)?;
    if form.shape != Shape::Discovery {
        let address = exchange.header("host");
        let document = if path == "/api" {
            discovery::api_versions(table.groups(), address)
        } else {
            discovery::api_group_list(table.groups())
        };
        let answer = form.apply(Answer::object(StatusCode::OK, document));
        return Ok(answer.with(VARY, "Accept"));
    }
    let document = json_text(&discovery::aggregated(
        table.groups(),
        if path == "/api" { Root::Core } else { Root::Groups },
    ));
    let etag = format!("\"{}\"", hash(document.as_bytes()));
    let is_known = exchange.header(IF_NONE_MATCH.as_str()) == etag;
    let mut answer = if is_known {
        Answer::text(StatusCode::NOT_MODIFIED, AGGREGATED, "")
    } else {
        let mut answer = Answer::encoded(StatusCode::OK, document.into());
        answer.content_type = AGGREGATED.into();
        answer
    };
    answer = answer.with(ETAG, &etag).with(VARY, "Accept").with(CACHE_CONTROL, "public");
    Ok(answer)
}

/// The resources of a version of a group.
fn resources(table: &Table, group: &str, version: &str) -> Option<Value> {
    let found = table.group(group)?;
    let version = found.versions.iter().find(|known| known.name == version)?;
    Some(discovery::api_resource_list(found, version))
}

/// All schemas in one document. It is JSON alone: clients that want protocol buffers ask for version 3 then.
fn schemas_v2(api: &Api, exchange: &Exchange) -> Result<Answer, Status> {
    let accept = exchange.header("accept");
    let takes_json = accept.is_empty()
        || accept.contains("json")
        || accept.contains("*/*")
        || accept.contains("application/*");
    if !takes_json {
        return Err(negotiate::not_acceptable());
    }
    Ok(documented(exchange, openapi::v2(&api.registry.table)))
}

/// Where the schemas of each version of a group are. Their hashes are worked out once.
fn schema_index(api: &Api) -> &Value {
    let table = &api.registry.table;
    api.schema_index.get_or_init(|| openapi::v3_index(table.groups(), |path| document_hash(table, path)))
}

/// What changes with the schemas at a path such as `apis/apps/v1`.
fn document_hash(table: &Table, path: &str) -> String {
    let document = match path.split('/').collect::<Vec<_>>().as_slice() {
        ["api", version] => openapi::v3(table, "", version),
        ["apis", group, version] => openapi::v3(table, group, version),
        _ => None,
    };
    hash(json_text(&document.unwrap_or(Value::Null)).as_bytes())
}

/// What changes with every document.
fn hash(document: &[u8]) -> String {
    Sha512::digest(document).iter().map(|byte| format!("{byte:02X}")).collect()
}

fn documented(exchange: &Exchange, document: Value) -> Answer {
    let text = json_text(&document);
    let etag = format!("\"{}\"", hash(text.as_bytes()));
    if exchange.header(IF_NONE_MATCH.as_str()) == etag {
        return Answer::text(StatusCode::NOT_MODIFIED, JSON, "").with(ETAG, &etag);
    }
    Answer::text(StatusCode::OK, JSON, text).with(ETAG, &etag).with(VARY, "Accept-Encoding, Accept")
}

/// The schemas of one group and version.
fn schema_of(api: &Api, exchange: &Exchange, rest: &str) -> Result<Answer, Status> {
    let table = &api.registry.table;
    let (group, version) = match rest.split('/').collect::<Vec<_>>().as_slice() {
        ["api", version] => ("", *version),
        ["apis", group, version] => (*group, *version),
        _ => return Ok(Answer::text(StatusCode::NOT_FOUND, "", "")),
    };
    let Some(document) = openapi::v3(table, group, version) else {
        return Ok(Answer::text(StatusCode::NOT_FOUND, "", ""));
    };
    let text = json_text(&document);
    let current = hash(text.as_bytes());
    match exchange.url.value("hash") {
        Some(asked) if asked == current => Ok(Answer::text(StatusCode::OK, JSON, text)
            .with(CACHE_CONTROL, "public, immutable")
            .with(EXPIRES, "Thu, 31 Dec 2099 23:59:59 GMT")
            .with(ETAG, &format!("\"{current}\""))),
        Some(_) => {
            let place = format!("{}?hash={current}", exchange.info.path);
            Ok(Answer::text(StatusCode::MOVED_PERMANENTLY, TEXT, "").with(LOCATION, &place))
        }
        None => Ok(Answer::text(StatusCode::OK, JSON, text).with(ETAG, &format!("\"{current}\""))),
    }
}

fn measured(api: &Api) -> Answer {
    let text = api.counts.write(&api.traffic, api.registry.store.statistics());
    Answer::text(StatusCode::OK, metrics::CONTENT_TYPE, text)
}

/// What is published about tokens.
fn published(api: &Api, exchange: &Exchange, path: &str) -> Result<Answer, Status> {
    let Some(discovery) = &api.tokens.discovery else { return Err(rest::no_such_resource()) };
    let (text, kind) = if path == keys::KEYS_PATH {
        (&discovery.keys, "application/jwk-set+json")
    } else {
        (&discovery.configuration, JSON)
    };
    let accept = exchange.header("accept");
    let takes = |clause: &str| {
        let media = clause.split(';').next().unwrap_or_default().trim();
        media == kind || media == "*/*"
    };
    if !accept.is_empty() && !accept.split(',').any(takes) {
        return Err(negotiate::unavailable(kind));
    }
    let age = format!("public, max-age={}", keys::MAX_AGE);
    Ok(Answer::text(StatusCode::OK, kind, text.clone()).with(CACHE_CONTROL, &age))
}

fn checks(api: &Api, name: &str) -> Vec<Check> {
    let store = api.registry.store.get("/registry/health").err().map(|error| error.to_string());
    let mut checks = vec![Check::well("ping"), Check::well("log"), Check::of("etcd", store)];
    if name != "livez" {
        let is_started = api.is_started.load(Ordering::Acquire);
        let fault = (!is_started).then(|| "not finished".to_owned());
        checks.push(Check::of("poststarthook/rbac/bootstrap-roles", fault));
    }
    if name == "readyz" {
        let is_ending = api.life.phase() > ravelin_server::transport::life::Phase::Serving;
        checks.push(Check::of("shutdown", is_ending.then(|| "process is shutting down".to_owned())));
    }
    checks
}

/// Health: of everything, or of one thing.
fn health(api: &Api, exchange: &Exchange, name: &str, rest: &str) -> Option<Answer> {
    let checks = checks(api, name);
    let query = exchange.target.split_once('?').map_or("", |(_, query)| query);
    let response = match rest.strip_prefix('/') {
        None if rest.is_empty() => health::answer(name, query, &checks),
        Some(one) => health::one(checks.iter().find(|check| check.name == one)?),
        None => return None,
    };
    let (parts, body) = response.into_parts();
    let text =
        futures_util::FutureExt::now_or_never(http_body_util::BodyExt::collect(body))?.ok()?.to_bytes();
    let mut headers = HeaderMap::new();
    headers.extend(parts.headers.into_iter().filter_map(|(name, value)| Some((name?, value))));
    headers.remove(http::header::CONTENT_TYPE);
    let mut answer = Answer::text(parts.status, TEXT, text);
    answer.headers = headers;
    Some(answer)
}

/// Whether a path of a resource is one that upstream's router knows: it reads slashes as they are, while those who
/// decide who may do what read several as one.
///
/// Source: `k8s.io/apiserver/pkg/server/handler.go` `director.ServeHTTP`.
pub(crate) fn is_routed(path: &str) -> bool {
    let mut parts = path.split('/');
    let begins = parts.next() == Some("");
    match parts.next() {
        Some("api") => begins,
        Some("apis") => begins && parts.next().is_some_and(|group| !group.is_empty()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_routed_as_they_are_written() {
        for path in ["/api/v1/pods", "/apis/apps/v1/deployments", "/api/v1/pods/"] {
            assert!(is_routed(path), "{path}");
        }
        for path in ["//api/v1/pods", "/apis//v1/pods", "api/v1/pods", "///apis/apps/v1/deployments"] {
            assert!(!is_routed(path), "{path}");
        }
    }
}
