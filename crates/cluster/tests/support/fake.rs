//! An API server that answers from a function: HTTP/1.1 over TCP, or over what a test puts in between.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub path: String,
    pub query: String,
    pub accept: String,
    pub accept_encoding: String,
    pub authorization: String,
}

impl Asked {
    /// A value of the query, not decoded.
    pub(crate) fn value(&self, key: &str) -> Option<&str> {
        self.query
            .split('&')
            .find_map(|pair| pair.split_once('=').filter(|(name, _)| *name == key))
            .map(|(_, v)| v)
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(body: impl Into<String>) -> Self {
        let body = body.into().into_bytes();
        Self { status: 200, headers: vec![("Content-Type", "application/json".to_owned())], body }
    }

    /// A refusal, in the shape of a `Status`.
    pub(crate) fn refusal(status: u16, reason: &str, message: &str) -> Self {
        let body = format!(
            r#"{{"kind":"Status","apiVersion":"v1","status":"Failure","message":{message:?},"reason":{reason:?},"code":{status}}}"#
        );
        Self { status, ..Self::json(body) }
    }

    pub(crate) fn forbidden(asked: &Asked) -> Self {
        let resource = asked.path.rsplit('/').next().unwrap_or_default();
        let message = format!("{resource} is forbidden: User \"tester\" cannot list resource \"{resource}\"");
        Self::refusal(403, "Forbidden", &message)
    }

    pub(crate) fn not_found() -> Self {
        Self::refusal(404, "NotFound", "the server could not find the requested resource")
    }
}

/// A connection.
pub(crate) trait Stream: Read + Write {}

impl<T: Read + Write> Stream for T {}

/// A server that runs until the test ends.
pub(crate) struct Fake {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Fake {
    /// Serves plain HTTP.
    pub(crate) fn serve(handler: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(|stream| Box::new(stream), handler)
    }

    /// Serves HTTP inside of what `wrap` makes of a connection.
    pub(crate) fn start(
        wrap: impl Fn(TcpStream) -> Box<dyn Stream> + Send + Sync + 'static,
        handler: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (heard, both) = (asked.clone(), Arc::new((wrap, handler)));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (both, heard) = (both.clone(), heard.clone());
                std::thread::spawn(move || {
                    stream.set_nodelay(true).unwrap();
                    converse(both.0(stream), &both.1, &heard);
                });
            }
        });
        Self { address, asked }
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// A kubeconfig for this server, with a token.
    pub(crate) fn kubeconfig(&self) -> String {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: test\ncontexts: [{{name: test, context: {{cluster: test, user: tester}}}}]\nclusters: [{{name: test, cluster: {{server: 'http://{}'}}}}]\nusers: [{{name: tester, user: {{token: t0ken-of-the-tester}}}}]\n",
            self.address
        )
    }
}

/// Answers one request after the other, until the other side is done.
fn converse(stream: impl Read + Write, handler: &impl Fn(&Asked) -> Reply, heard: &Mutex<Vec<Asked>>) {
    let mut reader = BufReader::new(stream);
    while let Some(asked) = request(&mut reader) {
        heard.lock().unwrap().push(asked.clone());
        let reply = handler(&asked);
        let mut head = format!("HTTP/1.1 {} x\r\nContent-Length: {}\r\n", reply.status, reply.body.len());
        reply.headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        head.push_str("\r\n");
        let stream = reader.get_mut();
        if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&reply.body)).is_err() {
            return;
        }
        let _ = stream.flush();
    }
}

fn request(reader: &mut impl BufRead) -> Option<Asked> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
    let target = line.split(' ').nth(1)?.to_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut asked = Asked { path: path.to_owned(), query: query.to_owned(), ..Asked::default() };
    loop {
        line.clear();
        reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { return Some(asked) };
        let field = match name.to_ascii_lowercase().as_str() {
            "accept" => &mut asked.accept,
            "accept-encoding" => &mut asked.accept_encoding,
            "authorization" => &mut asked.authorization,
            _ => continue,
        };
        *field = value.to_owned();
    }
}

/// A list of objects in pages as an API server cuts them: the token is the place of the next item.
pub(crate) fn list(asked: &Asked, kind: &str, items: &[String]) -> Reply {
    let from: usize = asked.value("continue").map_or(0, |token| token.parse().unwrap());
    let size: usize = asked.value("limit").map_or(usize::MAX, |limit| limit.parse().unwrap());
    let page: Vec<&str> = items.iter().skip(from).take(size).map(String::as_str).collect();
    let next = from + page.len();
    let token = if next < items.len() { next.to_string() } else { String::new() };
    Reply::json(format!(
        r#"{{"kind":"{kind}List","apiVersion":"v1","metadata":{{"resourceVersion":"77","continue":"{token}"}},"items":[{}]}}"#,
        page.join(",")
    ))
}

/// The value of every Secret of [`shop`]: in base64, and as it is.
pub(crate) const PLANTED: [&str; 2] = ["UExBTlRFRC1WQUxVRQ==", "PLANTED-VALUE"];

/// A small cluster: a shop with a deployment, a Secret, roles. Gateways and their like are not served.
pub(crate) fn shop(asked: &Asked) -> Reply {
    if asked.path == "/version" {
        return Reply::json(r#"{"major":"1","minor":"36","gitVersion":"v1.36.0"}"#);
    }
    let resource = asked.path.rsplit('/').next().unwrap_or_default();
    let metadata = |name: &str| {
        format!(r#""metadata":{{"name":"{name}","namespace":"shop","managedFields":[{{"manager":"m"}}]}}"#)
    };
    let items: Vec<String> = match resource {
        "kube-system" => {
            return Reply::json(
                r#"{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"kube-system","uid":"uid-1"}}"#,
            );
        }
        "shop" => return Reply::json(r#"{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"shop"}}"#),
        "namespaces" => vec![
            r#"{"metadata":{"name":"shop","labels":{"pod-security.kubernetes.io/enforce":"restricted"}}}"#
                .to_owned(),
            r#"{"metadata":{"name":"kube-system","uid":"uid-1"}}"#.to_owned(),
        ],
        "secrets" => vec![format!(
            r#"{{"metadata":{{"name":"db","namespace":"shop","annotations":{{"kubectl.kubernetes.io/last-applied-configuration":"{{\"data\":{{\"password\":\"{0}\"}}}}","note":"{1}"}}}},"data":{{"password":"{0}"}},"type":"Opaque"}}"#,
            PLANTED[0], PLANTED[1]
        )],
        "configmaps" => vec![format!(r#"{{{},"data":{{"mode":"fast"}}}}"#, metadata("settings"))],
        "deployments" => vec![format!(
            r#"{{{},"spec":{{"template":{{"spec":{{"hostPID":true,"containers":[{{"name":"c","image":"i"}}]}}}}}}}}"#,
            metadata("web")
        )],
        "roles" => vec![format!(
            r#"{{{},"rules":[{{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}}]}}"#,
            metadata("reader")
        )],
        "rolebindings" => vec![format!(
            r#"{{{},"roleRef":{{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"reader"}},"subjects":[{{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"jane"}}]}}"#,
            metadata("readers")
        )],
        _ if asked.path.starts_with("/apis/gateway.networking.k8s.io/") => return Reply::not_found(),
        _ if asked.path.starts_with("/apis/admissionregistration.k8s.io/v1/mutatingadmission") => {
            return Reply::not_found();
        }
        _ => Vec::new(),
    };
    list(asked, "Thing", &items)
}
