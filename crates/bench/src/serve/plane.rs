//! The servers that are compared, started alike.

use crate::client::{Ask, Dial, Protocol};
use crate::server::Server;
use anyhow::Context as _;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use std::ffi::OsString;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The token of the one user whom the servers know, a member of `system:masters`.
const TOKEN: &str = "administrator-of-a-benchmark";

/// How long a server may take until it is ready.
const PATIENCE: Duration = Duration::from_secs(120);

/// What is started.
pub(super) enum Program {
    /// The program of ravelin.
    Ravelin(PathBuf),
    /// The folder of kube-apiserver and etcd.
    Upstream(PathBuf),
}

impl Program {
    /// What it is called.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Ravelin(_) => "ravelin serve",
            Self::Upstream(_) => "kube-apiserver",
        }
    }
}

/// Certificates, keys and the list of tokens, which every server reads.
pub(super) struct Files(PathBuf);

impl Files {
    /// Writes them into a folder, which data will be beside of.
    pub(super) fn write(folder: &Path) -> anyhow::Result<Self> {
        let write = |name: &str, text: &str| {
            std::fs::write(folder.join(name), text).with_context(|| format!("cannot write {name}"))
        };
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "CA of a benchmark");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        write("ca.crt", &params.self_signed(&key)?.pem())?;
        let issuer = Issuer::new(params, key);
        let key = KeyPair::generate()?;
        let names = ["127.0.0.1", "localhost"].map(str::to_owned);
        write("server.crt", &CertificateParams::new(names)?.signed_by(&key, &issuer)?.pem())?;
        write("server.key", &key.serialize_pem())?;
        let key = KeyPair::generate()?;
        write("accounts.key", &key.serialize_pem())?;
        write("accounts.pub", &key.public_key_pem())?;
        write("tokens.csv", &format!("{TOKEN},administrator,1,\"system:masters\"\n"))?;
        Ok(Self(folder.to_owned()))
    }

    fn flag(&self, flag: &str, name: &str) -> OsString {
        let mut flag = OsString::from(format!("--{flag}="));
        flag.push(self.0.join(name));
        flag
    }

    /// The flags that both servers are given.
    fn flags(&self, address: SocketAddr) -> Vec<OsString> {
        let mut flags = vec![
            self.flag("tls-cert-file", "server.crt"),
            self.flag("tls-private-key-file", "server.key"),
            self.flag("client-ca-file", "ca.crt"),
            self.flag("service-account-key-file", "accounts.pub"),
            self.flag("service-account-signing-key-file", "accounts.key"),
            self.flag("token-auth-file", "tokens.csv"),
        ];
        let port = format!("--secure-port={}", address.port());
        let others = [
            "--bind-address=127.0.0.1",
            port.as_str(),
            "--service-account-issuer=https://kubernetes.default.svc",
            "--authorization-mode=Node,RBAC",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--endpoint-reconciler-type=none",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true",
        ];
        flags.extend(others.map(OsString::from));
        flags
    }
}

/// A server that is ready, with new data, until it is dropped.
pub(super) struct Plane {
    /// How to reach it.
    pub(super) dial: Dial,
    /// How long it took from the start of its first process until it was ready.
    pub(super) start_time: Duration,
    servers: Vec<Server>,
    // After the servers: they go first.
    _data: TempDir,
}

impl Plane {
    /// Starts a server with new data and waits until it is ready.
    pub(super) async fn start(program: &Program, files: &Files) -> anyhow::Result<Self> {
        let data = tempfile::Builder::new().prefix("data-").tempdir_in(&files.0)?;
        let address = free()?;
        let dial = Dial::new(address, Protocol::Http2, &files.0.join("ca.crt"))?.with_token(TOKEN);
        let started = Instant::now();
        let mut servers = match program {
            Program::Ravelin(program) => vec![ravelin(program, files, address, data.path())?],
            Program::Upstream(folder) => upstream(folder, files, address, data.path())?,
        };
        loop {
            let asking = async { dial.open().await?.ask(Ask::get("/readyz")).await };
            if asking.await.is_ok_and(|(status, _)| status == 200) {
                break;
            }
            if started.elapsed() > PATIENCE || !servers.iter_mut().all(Server::runs) {
                let log = std::fs::read_to_string(data.path().join("server.log")).unwrap_or_default();
                anyhow::bail!("{} does not get ready:\n{log}", program.name());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(Self { dial, start_time: started.elapsed(), servers, _data: data })
    }

    /// The memory of its processes now, in bytes.
    pub(super) fn memory(&self) -> anyhow::Result<u64> {
        self.servers.iter().map(|server| Ok(server.memory()?.0)).sum()
    }

    /// The processor time of its processes so far, in seconds.
    pub(super) fn processor(&self) -> anyhow::Result<f64> {
        self.servers.iter().map(Server::processor).sum()
    }
}

fn free() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn ravelin(program: &Path, files: &Files, address: SocketAddr, data: &Path) -> anyhow::Result<Server> {
    let mut flags: Vec<OsString> = vec!["serve".into(), "--log-level=warn".into(), "--data-dir".into()];
    flags.push(data.join("data").into());
    // As kube-apiserver, which leaves loops to another process.
    flags.push("--controllers=-*".into());
    flags.extend(files.flags(address));
    Server::start("ravelin serve", program, &flags, address, &data.join("server.log"))
}

/// etcd as it is by itself: what it has acknowledged is on the disk.
fn upstream(folder: &Path, files: &Files, address: SocketAddr, data: &Path) -> anyhow::Result<Vec<Server>> {
    let program = |name: &str| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let (store, peer) = (free()?, format!("http://{}", free()?));
    let client = format!("http://{store}");
    let mut flags: Vec<OsString> = vec!["--data-dir".into(), data.join("etcd").into()];
    for (flag, value) in [
        ("listen-client-urls", client.clone()),
        ("advertise-client-urls", client.clone()),
        ("listen-peer-urls", peer.clone()),
        ("initial-advertise-peer-urls", peer.clone()),
        ("initial-cluster", format!("default={peer}")),
        ("log-level", "warn".to_owned()),
    ] {
        flags.push(format!("--{flag}={value}").into());
    }
    let etcd = Server::start("etcd", &program("etcd"), &flags, store, &data.join("etcd.log"))?;
    let mut flags = files.flags(address);
    flags.push(format!("--etcd-servers={client}").into());
    flags.push("--cert-dir".into());
    flags.push(data.join("certificates").into());
    let server = Server::start(
        "kube-apiserver",
        &program("kube-apiserver"),
        &flags,
        address,
        &data.join("server.log"),
    )?;
    // The one that needs the other ends first.
    Ok(vec![server, etcd])
}
