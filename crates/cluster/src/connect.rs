//! Which cluster, and how it is reached: kubeconfig, context, or the service account of this pod.
//!
//! The order is kubectl's: what the arguments name, then `KUBECONFIG`, then `~/.kube/config`, then the service
//! account of the pod this runs in. Sources:
//! <https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/>,
//! <https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/>.

pub use crate::no_proxy::Proxies;

use crate::Error;
use crate::answer::{self, Answer, Ask, Trouble};
use crate::fault;
use kube::Config;
use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

/// What of the surroundings of the process says where a cluster is.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `KUBECONFIG`: files, separated as in `PATH`.
    pub kubeconfig: Option<OsString>,
    /// The home folder, which holds `.kube/config`.
    pub home: Option<PathBuf>,
    /// `KUBERNETES_SERVICE_HOST`: set in every pod.
    pub service_host: Option<String>,
    /// `KUBERNETES_SERVICE_PORT`.
    pub service_port: Option<String>,
    /// The folder with the token, certificate and namespace of the service account of a pod.
    pub account: PathBuf,
    /// The proxy variables.
    pub proxies: Proxies,
}

impl Environment {
    /// The surroundings of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let text = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let either = |name: &str| text(name).or_else(|| text(&name.to_lowercase())).unwrap_or_default();
        Self {
            kubeconfig: std::env::var_os("KUBECONFIG").filter(|text| !text.is_empty()),
            home: std::env::home_dir(),
            service_host: text("KUBERNETES_SERVICE_HOST"),
            service_port: text("KUBERNETES_SERVICE_PORT"),
            account: PathBuf::from("/var/run/secrets/kubernetes.io/serviceaccount"),
            proxies: Proxies {
                https: either("HTTPS_PROXY"),
                http: either("HTTP_PROXY"),
                none: either("NO_PROXY"),
            },
        }
    }

    /// Whether this looks like a pod of a cluster.
    fn is_pod(&self) -> bool {
        self.service_host.is_some() && self.account.join("token").exists()
    }

    /// The files a kubeconfig is merged from, those that exist.
    fn files(&self) -> Vec<PathBuf> {
        let files: Vec<PathBuf> = match &self.kubeconfig {
            Some(list) => std::env::split_paths(list).filter(|path| !path.as_os_str().is_empty()).collect(),
            None => self.home.iter().map(|home| home.join(".kube").join("config")).collect(),
        };
        files.into_iter().filter(|path| path.exists()).collect()
    }

    fn described(&self) -> String {
        match &self.kubeconfig {
            Some(list) => list.to_string_lossy().into_owned(),
            None => "~/.kube/config".to_owned(),
        }
    }
}

/// Which cluster to read.
#[derive(Clone, Debug)]
pub struct Target {
    /// The kubeconfig the arguments name.
    pub kubeconfig: Option<PathBuf>,
    /// The context the arguments name; the current one where absent.
    pub context: Option<String>,
    /// How long one answer may take.
    pub timeout: Duration,
    /// What of the surroundings of the process says where a cluster is.
    pub environment: Environment,
}

/// A way to an API server, with the credentials for it.
pub struct Connection {
    client: kube::Client,
    /// The URL of the server, without credentials.
    pub server: String,
    /// The namespace that the context or the pod names.
    pub namespace: Option<String>,
    /// What a user should know of this way: that nobody checks the certificate, for one.
    pub warnings: Vec<String>,
    timeout: Duration,
}

impl Connection {
    /// The client, for those who watch or write.
    #[must_use]
    pub fn client(&self) -> &kube::Client {
        &self.client
    }

    /// Asks for a path once.
    pub(crate) async fn ask(&self, ask: &Ask<'_>) -> Result<Answer, Trouble> {
        let asked = answer::ask(&self.client, ask);
        match tokio::time::timeout(self.timeout, asked).await {
            Ok(answer) => answer,
            Err(_) => Err(Trouble::Slow(self.timeout)),
        }
    }
}

/// Connects: finds the configuration and makes a client of it. Nothing is asked of the server yet.
///
/// # Errors
/// If no cluster is named, or its configuration cannot be used.
pub async fn connect(target: &Target) -> Result<Connection, Error> {
    let mut warnings = Vec::new();
    let (mut config, namespace) = configuration(target).await?;
    config.connect_timeout = Some(target.timeout);
    // Retries are counted here, so that a server that is overloaded is said and not waited for.
    config.default_retry = false;
    let agent = http::HeaderValue::from_static(concat!("ravelin/", env!("CARGO_PKG_VERSION")));
    config.headers.push((http::header::USER_AGENT, agent));
    let server = without_credentials(&config.cluster_url);
    if config.accept_invalid_certs {
        warnings.push(format!(
            "the certificate of {server} is not checked, as the kubeconfig says (insecure-skip-tls-verify)"
        ));
    }
    let timeout = target.timeout;
    let client = kube::Client::try_from(config).map_err(|error| fault::client(&error))?;
    Ok(Connection { client, server, namespace, warnings, timeout })
}

/// The configuration, and the namespace it names.
async fn configuration(target: &Target) -> Result<(Config, Option<String>), Error> {
    let environment = &target.environment;
    let merged = match &target.kubeconfig {
        Some(file) => read_file(file)?,
        None => {
            let mut merged = Kubeconfig::default();
            for file in environment.files() {
                merged = merged
                    .merge(read_file(&file)?)
                    .map_err(|error| Error::Kubeconfig(fault::kubeconfig(&error)))?;
            }
            let names_nothing = merged.contexts.is_empty() && target.context.is_none();
            if names_nothing && environment.is_pod() {
                return in_cluster(environment);
            }
            if names_nothing {
                return Err(Error::NoCluster(environment.described()));
            }
            merged
        }
    };
    let options = KubeConfigOptions { context: target.context.clone(), ..KubeConfigOptions::default() };
    let name = target.context.as_ref().or(merged.current_context.as_ref());
    let context =
        merged.contexts.iter().find(|context| Some(&context.name) == name).and_then(|c| c.context.clone());
    let own_proxy = context
        .as_ref()
        .and_then(|context| merged.clusters.iter().find(|cluster| cluster.name == context.cluster))
        .and_then(|cluster| cluster.cluster.as_ref()?.proxy_url.clone())
        .filter(|proxy| !proxy.is_empty());
    let mut config = Config::from_custom_kubeconfig(merged, &options)
        .await
        .map_err(|error| Error::Kubeconfig(fault::kubeconfig(&error)))?;
    if config.cluster_url.scheme().is_none() {
        return Err(Error::Kubeconfig(
            "has a server without a scheme; expected https://HOST:PORT".to_owned(),
        ));
    }
    let proxy = own_proxy.or_else(|| environment.proxies.of(&config.cluster_url));
    config.proxy_url = proxy.map(|text| parse_proxy(&text)).transpose()?;
    let namespace = context.and_then(|context| context.namespace).filter(|name| !name.is_empty());
    Ok((config, namespace))
}

fn parse_proxy(text: &str) -> Result<http::Uri, Error> {
    // The text may hold a password, so it is not repeated.
    text.parse().map_err(|_| Error::Credentials("the address of the proxy is no URL".to_owned()))
}

/// Reads a kubeconfig as Kubernetes reads YAML. What a parser says of a fault may quote a token, so only its place is
/// told.
fn read_file(path: &Path) -> Result<Kubeconfig, Error> {
    let fault = |words: &str| Error::Kubeconfig(format!("{}: {words}", path.display()));
    let bytes = std::fs::read(path).map(Zeroizing::new).map_err(|error| fault(&error.to_string()))?;
    let text = ravelin_yaml::decode(&bytes).map_err(|_| fault("is no text"))?;
    let read = ravelin_object::read::yaml(&text, &ravelin_yaml::Limits::STANDARD).map_err(|error| {
        let (line, column) = ravelin_yaml::position(&text, error.offset);
        fault(&format!("line {line}, column {column}: is no YAML"))
    })?;
    let Some(value) = read.value.filter(|value| value.as_object().is_some()) else {
        return if ravelin_object::documents::is_blank(&text) {
            Ok(Kubeconfig::default())
        } else {
            Err(fault("is no kubeconfig; expected a mapping"))
        };
    };
    if value.field("kind").and_then(|kind| kind.as_str()).is_some_and(|kind| kind != "Config") {
        return Err(fault("is no kubeconfig; expected `kind: Config`"));
    }
    let mut config: Kubeconfig = serde_json::from_value(value.to_json())
        .map_err(|_| fault("is no kubeconfig; a field of it has the wrong type"))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    for cluster in config.clusters.iter_mut().filter_map(|named| named.cluster.as_mut()) {
        beside(folder, &mut cluster.certificate_authority);
    }
    for user in config.auth_infos.iter_mut().filter_map(|named| named.auth_info.as_mut()) {
        beside(folder, &mut user.client_certificate);
        beside(folder, &mut user.client_key);
        beside(folder, &mut user.token_file);
        let command = user.exec.as_mut().map(|exec| &mut exec.command);
        if let Some(command) = command
            && command.as_ref().is_some_and(|text| text.contains(['/', '\\']))
        {
            beside(folder, command);
        }
    }
    Ok(config)
}

/// Files that a kubeconfig names stand beside it.
fn beside(folder: &Path, file: &mut Option<String>) {
    if let Some(text) = file.as_mut().filter(|text| !text.is_empty() && Path::new(text).is_relative()) {
        *text = folder.join(&*text).to_string_lossy().into_owned();
    }
}

/// The service account of the pod this runs in.
fn in_cluster(environment: &Environment) -> Result<(Config, Option<String>), Error> {
    let host = environment.service_host.as_deref().unwrap_or_default();
    let port = environment.service_port.as_deref().unwrap_or("443");
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let url = format!("https://{host}:{port}");
    let uri = url
        .parse()
        .map_err(|_| Error::InCluster(format!("KUBERNETES_SERVICE_HOST and _PORT make no URL: {url}")))?;
    let file = |name: &str| {
        let path = environment.account.join(name);
        match path.exists() {
            true => Ok(path),
            false => Err(Error::InCluster(format!("{} does not exist", path.display()))),
        }
    };
    let mut config = Config::new(uri);
    config.root_cert_file = Some(file("ca.crt")?);
    config.auth_info =
        AuthInfo { token_file: Some(file("token")?.to_string_lossy().into_owned()), ..AuthInfo::default() };
    let proxy = environment.proxies.of(&config.cluster_url);
    config.proxy_url = proxy.map(|text| parse_proxy(&text)).transpose()?;
    let namespace = std::fs::read_to_string(environment.account.join("namespace")).ok();
    Ok((config, namespace.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())))
}

fn without_credentials(url: &http::Uri) -> String {
    let port = url.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
    let path = url.path().trim_end_matches('/');
    format!("{}://{}{port}{path}", url.scheme_str().unwrap_or("https"), url.host().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(kubeconfig: Option<PathBuf>, context: Option<&str>) -> Target {
        let context = context.map(str::to_owned);
        Target { kubeconfig, context, timeout: Duration::from_secs(5), environment: Environment::default() }
    }

    fn error(text: &str, context: Option<&str>) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config");
        std::fs::write(&file, text).unwrap();
        let result = crate::block_on(connect(&target(Some(file), context))).unwrap();
        let error = result.err().map(|error| error.to_string()).unwrap_or_default();
        error.replace(&format!("{}/", folder.path().display()), "")
    }

    #[test]
    fn faults_of_a_kubeconfig_are_said_without_its_secrets() {
        const SECRET: &str = "s3cr3t-t0ken";
        let cases = [
            ("kind: Config\ntoken: [s3cr3t-t0ken", None, "kubeconfig config: line 2, column"),
            ("kind: Config\nusers: s3cr3t-t0ken\n", None, "a field of it has the wrong type"),
            ("users: [{name: a, user: {token: [s3cr3t-t0ken]}}]\n", None, "a field of it has the wrong type"),
            ("s3cr3t-t0ken", None, "kubeconfig config: is no kubeconfig; expected a mapping"),
            ("kind: Pod\n", None, "expected `kind: Config`"),
            ("kind: Config\n", None, "kubeconfig names no current-context; name one with --context"),
            ("kind: Config\ncurrent-context: a\n", None, "kubeconfig has no context `a`"),
            ("kind: Config\n", Some("b"), "kubeconfig has no context `b`"),
            (
                "contexts: [{name: a, context: {cluster: c}}]\ncurrent-context: a\n",
                None,
                "kubeconfig has no cluster `c`, which the context names",
            ),
            (
                "contexts: [{name: a, context: {cluster: c}}]\ncurrent-context: a\nclusters: [{name: c, cluster: {server: somewhere}}]\n",
                None,
                "has a server without a scheme",
            ),
            (
                "contexts: [{name: a, context: {cluster: c, user: u}}]\ncurrent-context: a\nclusters: [{name: c, cluster: {server: 'https://h'}}]\nusers: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, args: [-c, 'echo s3cr3t-t0ken; exit 3']}}}]\n",
                None,
                "credentials of the cluster: the credential plugin of the kubeconfig ended with exit status: 3",
            ),
            (
                "contexts: [{name: a, context: {cluster: c, user: u}}]\ncurrent-context: a\nclusters: [{name: c, cluster: {server: 'https://h'}}]\nusers: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, args: [-c, 'echo [s3cr3t-t0ken']}}}]\n",
                None,
                "the credential plugin printed no ExecCredential",
            ),
        ];
        for (text, context, expected) in cases {
            let error = error(text, context);
            assert!(error.contains(expected), "{text}\n{error}");
            assert!(!error.contains(SECRET), "{error}");
        }
    }

    #[test]
    fn a_missing_file_is_an_error_where_it_is_named_and_nothing_where_it_is_not() {
        let missing = crate::block_on(connect(&target(Some("no/such/file".into()), None))).unwrap();
        assert!(missing.err().unwrap().to_string().starts_with("kubeconfig no/such/file: "));
        let mut nowhere = target(None, None);
        nowhere.environment.kubeconfig = Some("no/such/file".into());
        let error = crate::block_on(connect(&nowhere)).unwrap().err().unwrap();
        assert_eq!(error, Error::NoCluster("no/such/file".to_owned()));
    }

    #[test]
    fn files_of_a_kubeconfig_stand_beside_it_and_several_are_merged() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).unwrap();
            folder.path().join(name)
        };
        let first = write("a", "current-context: x\nusers: [{name: u, user: {tokenFile: token}}]\n");
        let second = write(
            "b",
            "current-context: other\ncontexts: [{name: x, context: {cluster: c, user: u, namespace: shop}}]\nclusters: [{name: c, cluster: {server: 'http://u:p@h:1/api/'}}]\n",
        );
        write("token", "abc");
        let mut target = target(None, None);
        target.environment.kubeconfig = Some(std::env::join_paths([first, second]).unwrap());
        let connection = crate::block_on(connect(&target)).unwrap().unwrap();
        assert_eq!(connection.namespace.as_deref(), Some("shop"));
        assert_eq!(connection.server, "http://h:1/api");
        std::fs::remove_file(folder.path().join("token")).unwrap();
        let error = crate::block_on(connect(&target)).unwrap().err().unwrap().to_string();
        assert!(error.contains("failed to read token file"), "{error}");
    }

    #[test]
    fn a_pod_uses_its_service_account() {
        let folder = tempfile::tempdir().unwrap();
        let environment = Environment {
            service_host: Some("fd00::1".to_owned()),
            service_port: Some("6443".to_owned()),
            account: folder.path().to_owned(),
            ..Environment::default()
        };
        let target = Target { environment, ..target(None, None) };
        let no_token = crate::block_on(connect(&target)).unwrap().err().unwrap();
        assert_eq!(no_token, Error::NoCluster("~/.kube/config".to_owned()));
        std::fs::write(folder.path().join("token"), "abc").unwrap();
        let no_certificate = crate::block_on(connect(&target)).unwrap().err().unwrap().to_string();
        assert!(no_certificate.ends_with("ca.crt does not exist"), "{no_certificate}");
        let authority = rcgen::generate_simple_self_signed(vec!["kubernetes".to_owned()]).unwrap();
        std::fs::write(folder.path().join("ca.crt"), authority.cert.pem()).unwrap();
        std::fs::write(folder.path().join("namespace"), "scanner\n").unwrap();
        let connection = crate::block_on(connect(&target)).unwrap().unwrap();
        assert_eq!(connection.server, "https://[fd00::1]:6443");
        assert_eq!(connection.namespace.as_deref(), Some("scanner"));
    }
}
