//! `ravelin serve` beside a kube-apiserver: the same requests, one after the other, and the same answers.
//!
//! `requests.jsonl` has a request in each line: `method`, `path`, and perhaps `body` or `raw`, `type` (the content type),
//! `accept`, `headers`, `as` (whom to impersonate; `nobody` has no credentials), and `compare: status` where only the
//! status is compared.

use super::control_plane::{ControlPlane, Options};
use super::http::Client;
use serde_json::{Map, Value};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const REQUESTS: &str = include_str!("requests.jsonl");

/// Where answers differ, and why that is so. What is listed here and does not differ fails the test as well.
const KNOWN: &[(&str, &str)] = &[
    ("/mutatingadmissionpolicies", "expressions of policies are not compiled yet"),
    ("/flowschemas/diff-flowschemas", "no condition says whether its level is there: nothing is queued here"),
    ("GET /apis/flowcontrol.apiserver.k8s.io/v1/flowschemas?", "as above"),
    ("GET /api/v1/componentstatuses", "there are no components"),
    ("PUT /apis/resource.k8s.io/v1/", "labels have a fault for each judge; there are fewer here"),
    ("POST /api/v1/namespaces/diff/configmaps?dryRun=All \"a: [\"", "the words of another reader of YAML"),
];

struct Server {
    child: Child,
    url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts `ravelin serve` with the files of a control plane.
fn start(folder: &Path) -> Server {
    let of = |flag: &str, name: &str| format!("--{flag}={}", folder.join(name).display());
    let mut child = Command::new(env!("CARGO_BIN_EXE_ravelin"))
        .args(["serve", "--ephemeral", "--secure-port=0", "--log-level=error", "--controllers=-*"])
        .args(["--service-cluster-ip-range=10.0.0.0/24", "--enable-admission-plugins=NodeRestriction"])
        .args([of("tls-cert-file", "server.crt"), of("tls-private-key-file", "server.key")])
        .args([of("client-ca-file", "ca.crt"), of("token-auth-file", "tokens.csv")])
        .args([of("service-account-key-file", "accounts.pub")])
        .args([of("service-account-signing-key-file", "accounts.key")])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim().strip_prefix("serving ").unwrap_or_else(|| panic!("it said {line:?}"));
    Server { url: url.to_owned(), child }
}

/// What of an answer can be compared.
fn shown(client: &Client, request: &Value) -> (u16, Value, Vec<String>) {
    let text = |key: &str| request[key].as_str().unwrap_or_default();
    let mut headers = vec![("Accept".to_owned(), "application/json".to_owned())];
    if !text("accept").is_empty() {
        headers = vec![("Accept".to_owned(), text("accept").to_owned())];
    }
    let body = match (request["raw"].as_str(), request.get("body")) {
        (Some(raw), _) => Some(raw.to_owned()),
        (None, Some(body)) => Some(body.to_string()),
        (None, None) => None,
    };
    if body.is_some() {
        let kind = if text("type").is_empty() { "application/json" } else { text("type") };
        headers.push(("Content-Type".to_owned(), kind.to_owned()));
    }
    for (name, value) in request["headers"].as_object().unwrap_or(&Map::new()) {
        headers.push((name.clone(), value.as_str().unwrap().to_owned()));
    }
    let is_nobody = text("as") == "nobody";
    if !is_nobody && !text("as").is_empty() {
        headers.push(("Impersonate-User".to_owned(), text("as").to_owned()));
    }
    let path = text("path").replace(' ', "%20");
    let response = client.raw(text("method"), &path, &headers, body.as_deref(), !is_nobody);
    if text("compare") == "status" {
        return (response.status, Value::Null, Vec::new());
    }
    let mut warnings: Vec<String> = response.warnings.iter().map(|warning| masked(warning)).collect();
    warnings.sort();
    (response.status, mask("", response.body), warnings)
}

/// An answer without what cannot be the same.
fn mask(key: &str, value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let is_column = map.contains_key("priority") && map.contains_key("format");
            let kept = map.into_iter().filter(|(name, _)| {
                let is_left_out = matches!(name.as_str(), "managedFields" | "storageVersionHash");
                !is_left_out && (!is_column || name != "description")
            });
            kept.map(|(name, value)| (name.clone(), mask(&name, value))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.into_iter().map(|item| mask(key, item)).collect(),
        Value::String(text) => match key {
            "resourceVersion" if !text.is_empty() && text != "0" => "<revision>".into(),
            "continue" | "token" => "<opaque>".into(),
            // The one upstream advertises is that of the machine.
            "serverAddress" => "<address>".into(),
            _ => masked(&text).into(),
        },
        Value::Number(_) if matches!(key, "nodePort" | "healthCheckNodePort") => "<port>".into(),
        other => other,
    }
}

/// A text without uids, times, addresses, ports and revisions.
fn masked(text: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':');
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_word) {
        let (before, from) = rest.split_at(start);
        let (word, after) = from.split_at(from.find(|c| !is_word(c)).unwrap_or(from.len()));
        out.push_str(before);
        out.push_str(mask_word(word));
        rest = after;
    }
    out + rest
}

fn mask_word(word: &str) -> &str {
    let trimmed = word.trim_end_matches(['.', ':', ',']);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = trimmed.split('-').collect();
    if parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) {
        return "<uid>";
    }
    if trimmed.len() >= 20 && trimmed.ends_with('Z') && trimmed.as_bytes()[10] == b'T' {
        return "<time>";
    }
    if trimmed.starts_with("10.0.0.") || trimmed.starts_with("127.0.0.1:") {
        return "<address>";
    }
    let unit = trimmed.trim_end_matches(['s', 'm', 'h']);
    if digits(unit) && unit.len() < trimmed.len() {
        return "<duration>";
    }
    // Ports of nodes, and revisions in messages.
    if digits(trimmed) && (trimmed.len() == 5 || matches!(trimmed.len(), 2 | 3)) && !trimmed.starts_with('0')
    {
        return "<number>";
    }
    word
}

#[test]
fn answers_are_those_of_a_kube_apiserver() {
    let Some(plane) = ControlPlane::start("answers_are_those_of_a_kube_apiserver", &Options::default())
    else {
        return;
    };
    let server = start(plane.folder());
    let upstream = plane.admin();
    let own = upstream.at(&server.url);
    let mut different = Vec::new();
    let mut met = vec![false; KNOWN.len()];
    let mut count = 0;
    for line in REQUESTS.lines() {
        let request: Value = serde_json::from_str(line).unwrap();
        let (wanted, got) = (shown(&upstream, &request), shown(&own, &request));
        count += 1;
        if wanted == got {
            continue;
        }
        let body = request.get("body").or_else(|| request.get("raw")).map_or(String::new(), Value::to_string);
        let method_and_path =
            [&request["method"], &request["path"]].map(|text| text.as_str().unwrap()).join(" ");
        let name = format!("{method_and_path} {body}");
        match KNOWN.iter().position(|(known, _)| name.contains(known)) {
            Some(place) => met[place] = true,
            None => different.push(format!("{name}\n  upstream {wanted:?}\n  here     {got:?}")),
        }
    }
    assert!(count > 1000, "{count} requests");
    let gone: Vec<&str> =
        KNOWN.iter().zip(&met).filter(|(_, met)| !**met).map(|((known, _), _)| *known).collect();
    assert!(gone.is_empty(), "no longer different: {gone:?}");
    assert!(different.is_empty(), "{} of {count} differ:\n{}", different.len(), different.join("\n"));
}
