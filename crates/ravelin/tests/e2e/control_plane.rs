//! A control plane of its own: etcd, kube-apiserver and, if wanted, kube-controller-manager, on this machine only.

use super::http::Client;
use crate::say;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long the server may take until it is ready: minutes where a machine is busy.
const PATIENCE: Duration = Duration::from_secs(300);

/// The token of the one user that the server knows, a member of `system:masters`.
const TOKEN: &str = "administrator-of-a-test";

/// What a control plane is to be like.
#[derive(Default)]
pub(crate) struct Options {
    /// Further flags of kube-apiserver: `--audit-log-path=...`. One that is among the usual ones replaces it.
    pub flags: Vec<String>,
    /// Usual flags of kube-apiserver that are not given: `--authorization-mode`.
    pub without: Vec<&'static str>,
    /// The controllers that kube-controller-manager runs, separated by commas; it is not started where there are none.
    pub controllers: &'static str,
}

/// A control plane that runs until it is dropped. Where a test has failed its files are kept, and it is said where.
pub(crate) struct ControlPlane {
    /// Where the API server listens: `https://127.0.0.1:PORT`.
    pub url: String,
    /// The CA that signed the server's certificate, in PEM.
    pub ca: String,
    folder: TempDir,
    processes: Vec<Child>,
}

impl ControlPlane {
    /// Starts a control plane and waits until it is ready. Nothing, and a line that says so, where a program is not
    /// there.
    pub(crate) fn start(test: &str, options: &Options) -> Option<Self> {
        let programs = match programs(options) {
            Ok(programs) => programs,
            Err(reason) => {
                say(&format!("{test}: SKIPPED: {reason}"));
                return None;
            }
        };
        let folder = tempfile::Builder::new().prefix("ravelin-e2e-").tempdir().unwrap();
        let port = free_port();
        let url = format!("https://127.0.0.1:{port}");
        let ca = write_certificates(folder.path());
        let mut plane = Self { url, ca, folder, processes: Vec::new() };
        let etcd = plane.start_etcd(&programs);
        let flags = plane.server_flags(&etcd, port, options);
        plane.spawn(&programs, "kube-apiserver", &flags);
        plane.wait_until_ready();
        fs::write(plane.folder.path().join("kubeconfig"), plane.kubeconfig()).unwrap();
        if !options.controllers.is_empty() {
            let kubeconfig = plane.path("kubeconfig");
            let flags = [
                format!("--kubeconfig={kubeconfig}"),
                format!("--controllers={}", options.controllers),
                "--leader-elect=false".to_owned(),
                "--bind-address=127.0.0.1".to_owned(),
                format!("--secure-port={}", free_port()),
                format!("--cert-dir={}", plane.path("controllers")),
            ];
            plane.spawn(&programs, "kube-controller-manager", &flags);
        }
        Some(plane)
    }

    /// A client that may do everything.
    pub(crate) fn admin(&self) -> Client {
        Client::new(&self.url, &self.ca, TOKEN)
    }

    /// The folder of the control plane: `kubeconfig` (of an administrator), `ca.crt`, `ca.key`, `server.crt`,
    /// `server.key`, logs. It goes with the control plane.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// Starts etcd; where it listens.
    fn start_etcd(&mut self, programs: &Path) -> String {
        let [client, peer] = [free_port(), free_port()].map(|port| format!("http://127.0.0.1:{port}"));
        let flags = [
            format!("--data-dir={}", self.path("etcd")),
            format!("--listen-client-urls={client}"),
            format!("--advertise-client-urls={client}"),
            format!("--listen-peer-urls={peer}"),
            format!("--initial-advertise-peer-urls={peer}"),
            format!("--initial-cluster=default={peer}"),
            "--log-level=warn".to_owned(),
            "--unsafe-no-fsync".to_owned(),
        ];
        self.spawn(programs, "etcd", &flags);
        client
    }

    fn server_flags(&self, etcd: &str, port: u16, options: &Options) -> Vec<String> {
        let of = |flag: &str, name: &str| format!("{flag}={}", self.path(name));
        let text = str::to_owned;
        let usual = [
            format!("--etcd-servers={etcd}"),
            text("--bind-address=127.0.0.1"),
            format!("--secure-port={port}"),
            of("--cert-dir", "certificates"),
            of("--tls-cert-file", "server.crt"),
            of("--tls-private-key-file", "server.key"),
            of("--client-ca-file", "ca.crt"),
            of("--service-account-key-file", "accounts.pub"),
            of("--service-account-signing-key-file", "accounts.key"),
            text("--service-account-issuer=https://kubernetes.default.svc"),
            of("--token-auth-file", "tokens.csv"),
            text("--authorization-mode=Node,RBAC"),
            text("--service-cluster-ip-range=10.0.0.0/24"),
            text("--endpoint-reconciler-type=none"),
            text("--enable-admission-plugins=NodeRestriction"),
            text("--allow-privileged=true"),
        ];
        let name = |flag: &str| flag.split('=').next().unwrap_or_default().to_owned();
        let others: Vec<String> = options.flags.iter().map(|flag| name(flag)).collect();
        let is_usual =
            |flag: &String| !others.contains(&name(flag)) && !options.without.contains(&name(flag).as_str());
        usual.into_iter().filter(is_usual).chain(options.flags.iter().cloned()).collect()
    }

    /// Starts a program; what it says goes to a file of its name.
    fn spawn(&mut self, programs: &Path, name: &str, flags: &[String]) {
        let log = File::create(self.folder.path().join(format!("{name}.log"))).unwrap();
        let mut command = Command::new(programs.join(program(name)));
        command.args(flags).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.processes.push(command.current_dir(self.folder.path()).spawn().unwrap());
    }

    fn wait_until_ready(&mut self) {
        let client = self.admin();
        let started = Instant::now();
        while !client.try_get("/readyz").is_ok_and(|response| response.status == 200) {
            let ended = self.processes.iter_mut().any(|child| child.try_wait().unwrap().is_some());
            if ended || started.elapsed() > PATIENCE {
                let log =
                    fs::read_to_string(self.folder.path().join("kube-apiserver.log")).unwrap_or_default();
                let lines: Vec<&str> = log.lines().collect();
                let end = &lines[lines.len().saturating_sub(30)..];
                panic!("kube-apiserver does not get ready:\n{}", end.join("\n"));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn kubeconfig(&self) -> String {
        let (url, ca) = (&self.url, self.path("ca.crt"));
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: test\n\
             clusters: [{{name: test, cluster: {{server: '{url}', certificate-authority: '{ca}'}}}}]\n\
             users: [{{name: test, user: {{token: {TOKEN}}}}}]\n\
             contexts: [{{name: test, context: {{cluster: test, user: test}}}}]\n"
        )
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        // Those that need others first. One that has ended already is as good as one that is ended here.
        for process in self.processes.iter_mut().rev() {
            let _ = process.kill();
            let _ = process.wait();
        }
        if std::thread::panicking() {
            self.folder.disable_cleanup(true);
            say(&format!("the files of the control plane are kept in {}", self.folder.path().display()));
        }
    }
}

/// Where the programs are, if all that are needed are there.
fn programs(options: &Options) -> Result<PathBuf, String> {
    let folder = std::env::var_os("KUBEBUILDER_ASSETS").filter(|folder| !folder.is_empty());
    let folder = folder.ok_or("KUBEBUILDER_ASSETS names no programs; `cargo xtask envtest` builds some")?;
    let folder = PathBuf::from(folder);
    let needed = |name: &str| folder.join(program(name)).is_file();
    // Somebody meant them to be there.
    assert!(needed("etcd") && needed("kube-apiserver"), "no control plane in {}", folder.display());
    if !options.controllers.is_empty() && !needed("kube-controller-manager") {
        return Err(format!("{} has no kube-controller-manager", folder.display()));
    }
    Ok(folder)
}

fn program(name: &str) -> String {
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}

/// A port that nobody listens on at the moment.
fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// Writes a CA, a certificate of a server on this machine, a key for tokens, and the list of tokens. The CA in PEM.
fn write_certificates(folder: &Path) -> String {
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "CA of a test");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = params.self_signed(&key).unwrap().pem();
    write("ca.crt", &ca);
    write("ca.key", &key.serialize_pem());
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let names = ["127.0.0.1", "localhost"].map(str::to_owned);
    let server = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
    write("server.crt", &server.pem());
    write("server.key", &key.serialize_pem());
    let key = KeyPair::generate().unwrap();
    write("accounts.key", &key.serialize_pem());
    write("accounts.pub", &key.public_key_pem());
    write("tokens.csv", &format!("{TOKEN},administrator,1,\"system:masters\"\n"));
    ca
}
