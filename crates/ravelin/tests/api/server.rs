//! `ravelin serve` as a test starts it, and what a test asks of it.

use base64::Engine as _;
use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Says something on standard error, whether a test passes or not.
pub(crate) fn say(text: &str) {
    std::io::stderr().write_all(format!("{text}\n").as_bytes()).unwrap();
}

/// A server that runs until it is dropped.
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// The kubeconfig of its administrator.
    pub(crate) kubeconfig: PathBuf,
    /// Its authority, PEM.
    pub(crate) authority: String,
    /// Scratch files; they go with the server.
    pub(crate) folder: tempfile::TempDir,
    child: Child,
}

impl Server {
    /// A server with everything in memory.
    pub(crate) fn ephemeral(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut all = vec!["--ephemeral"];
        all.extend(flags);
        Self::start(folder, &all)
    }

    /// A server that keeps its files in a folder.
    pub(crate) fn start(folder: tempfile::TempDir, flags: &[&str]) -> Self {
        let kubeconfig = folder.path().join("admin.kubeconfig");
        let (mut child, address, mut lines) = spawn(&kubeconfig, flags);
        expect_kubeconfig(&mut child, &mut lines, &kubeconfig);
        let authority = authority(&kubeconfig);
        Self { address, kubeconfig, authority, folder, child }
    }

    /// A server with a certificate of its own and an authority of clients: it makes no kubeconfig.
    pub(crate) fn with_authority(folder: tempfile::TempDir, authority: String, flags: &[&str]) -> Self {
        let kubeconfig = folder.path().join("admin.kubeconfig");
        let (child, address, _) = spawn(&kubeconfig, flags);
        Self { address, kubeconfig, authority, folder, child }
    }

    /// Kills it at once, and starts it again with the same files.
    pub(crate) fn crash_and_restart(&mut self, flags: &[&str]) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let (mut child, address, mut lines) = spawn(&self.kubeconfig, flags);
        expect_kubeconfig(&mut child, &mut lines, &self.kubeconfig);
        (self.child, self.address) = (child, address);
        self.authority = authority(&self.kubeconfig);
    }

    /// Kills it at once.
    pub(crate) fn crash(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Its base URL.
    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a server says.
type Lines = std::io::Lines<BufReader<std::process::ChildStdout>>;

/// Starts the program and waits until it says where it is.
fn spawn(kubeconfig: &Path, flags: &[&str]) -> (Child, SocketAddr, Lines) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ravelin"))
        .args(["serve", "--secure-port", "0", "--log-level", "warn", "--write-kubeconfig"])
        .arg(kubeconfig)
        .args(flags)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let serving = lines.next().expect("it ended before it served").unwrap();
    let address = serving.strip_prefix("serving https://").unwrap().parse().unwrap();
    (child, address, lines)
}

/// Reads where the kubeconfig is; the test must not go on before it is written.
fn expect_kubeconfig(child: &mut Child, lines: &mut Lines, kubeconfig: &Path) {
    let written = lines.next().unwrap().unwrap();
    assert_eq!(written, format!("kubeconfig {}", kubeconfig.display()));
    assert!(child.try_wait().unwrap().is_none());
}

/// The authority that a kubeconfig names.
fn authority(kubeconfig: &Path) -> String {
    let text = fs::read_to_string(kubeconfig).unwrap();
    let line =
        text.lines().find_map(|line| line.trim().strip_prefix("certificate-authority-data: ")).unwrap();
    String::from_utf8(base64::engine::general_purpose::STANDARD.decode(line).unwrap()).unwrap()
}

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The code; 0 where the connection ended without an answer.
    pub(crate) code: u16,
    /// The body; a text where it is no JSON.
    pub(crate) body: Value,
}

impl Answer {
    /// The message of a status, or the text.
    pub(crate) fn message(&self) -> &str {
        self.body["message"].as_str().or(self.body.as_str()).unwrap_or_default()
    }

    /// The body of an answer that is no failure.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert!((200..300).contains(&self.code), "{} {}", self.code, self.body);
        self.body
    }
}

/// A certificate and its key, PEM.
pub(crate) struct Pair {
    /// The certificate.
    pub(crate) certificate: String,
    /// The key.
    pub(crate) key: String,
}

/// Connects over TLS.
pub(crate) fn connect(
    server: &Server,
    client: Option<&Pair>,
    protocol: &[u8],
) -> rustls::StreamOwned<rustls::ClientConnection, TcpStream> {
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(server.authority.as_bytes()).unwrap()).unwrap();
    let builder =
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
    let mut config = match client {
        None => builder.with_no_client_auth(),
        Some(pair) => {
            let certificate = CertificateDer::from_pem_slice(pair.certificate.as_bytes()).unwrap();
            let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
            builder.with_client_auth_cert(vec![certificate], key).unwrap()
        }
    };
    config.alpn_protocols = vec![protocol.to_vec()];
    let connection =
        rustls::ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    rustls::StreamOwned::new(connection, stream)
}

/// Sends bytes as they are, and reads all answers until the connection ends.
pub(crate) fn exchange(server: &Server, client: Option<&Pair>, request: &[u8]) -> Vec<u8> {
    let mut stream = connect(server, client, b"http/1.1");
    // The server may have answered and gone before it has everything.
    let _ = stream.write_all(request).and_then(|()| stream.flush());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer
}

/// The first answer in what came.
pub(crate) fn read(bytes: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let code = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or_default();
    let body = serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned()));
    Answer { code, body }
}

/// Somebody who asks a server, over a connection for each request.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'s> {
    /// Whom.
    pub(crate) server: &'s Server,
    /// The lines of headers that say who.
    pub(crate) headers: &'s str,
    /// The certificate that says who.
    pub(crate) certificate: Option<&'s Pair>,
}

impl<'s> Caller<'s> {
    /// Somebody with headers: `Authorization: Bearer x\r\n`.
    pub(crate) fn new(server: &'s Server, headers: &'s str) -> Self {
        Self { server, headers, certificate: None }
    }

    /// The bytes of a request.
    pub(crate) fn request(&self, method: &str, path: &str, more: &str, body: &str) -> Vec<u8> {
        let content_type = if more.to_lowercase().contains("content-type:") {
            ""
        } else {
            "Content-Type: application/json\r\n"
        };
        let length = body.len();
        format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{}{more}{content_type}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}",
            self.headers
        )
        .into_bytes()
    }

    /// Sends a request with further lines of headers.
    pub(crate) fn send(&self, method: &str, path: &str, more: &str, body: &str) -> Answer {
        read(&exchange(self.server, self.certificate, &self.request(method, path, more, body)))
    }

    /// Reads.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", "")
    }

    /// Creates.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, "", &body.to_string())
    }
}
