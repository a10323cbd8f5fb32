//! Why a cluster cannot be read at all, in words that hold no credential.

use kube::client::AuthError;
use kube::config::KubeconfigError;

/// Why a cluster cannot be read at all. What can be read only in part is no error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing says which cluster.
    #[error(
        "no cluster is named: there is no kubeconfig at {0}, and this is no pod of a cluster; name one with --kubeconfig or KUBECONFIG"
    )]
    NoCluster(String),
    /// A kubeconfig cannot be used.
    #[error("kubeconfig {0}")]
    Kubeconfig(String),
    /// This looks like a pod of a cluster, but its service account cannot be used.
    #[error("service account of this pod: {0}")]
    InCluster(String),
    /// The credentials cannot be had.
    #[error("credentials of the cluster: {0}")]
    Credentials(String),
    /// The server does not answer, or not as an API server does.
    #[error("{server}: {reason}")]
    Unreachable {
        /// The URL of the server.
        server: String,
        /// Why.
        reason: String,
    },
    /// The operating system refuses what a runtime needs.
    #[error("no runtime for the network: {0}")]
    Runtime(String),
}

/// The words for an error of the client. Errors of credential plugins and of parsers quote what they read, which may
/// be a token, so those are put in our own words.
pub(crate) fn client(error: &kube::Error) -> Error {
    match error {
        kube::Error::Auth(auth) => Error::Credentials(credentials(auth)),
        kube::Error::InferKubeconfig(error) => Error::Kubeconfig(kubeconfig(error)),
        kube::Error::ProxyProtocolUnsupported { .. } | kube::Error::ProxyProtocolDisabled { .. } => {
            Error::Credentials("the proxy has a scheme other than http, https".to_owned())
        }
        kube::Error::RustlsTls(error) => Error::Credentials(format!("TLS: {}", chain(error))),
        other => Error::Credentials(chain(other)),
    }
}

fn credentials(error: &AuthError) -> String {
    match error {
        // The command line and the output may hold a token as well.
        AuthError::AuthExecRun { out, .. } => {
            format!(
                "the credential plugin of the kubeconfig ended with {}; run it by hand to see why",
                out.status
            )
        }
        AuthError::AuthExecStart(error) => format!("the credential plugin cannot be started: {error}"),
        AuthError::AuthExecParse(_) | AuthError::ExecPluginFailed => {
            "the credential plugin printed no ExecCredential".to_owned()
        }
        AuthError::InvalidBearerToken(_) | AuthError::InvalidBasicAuth(_) => {
            "a token or password holds characters that no header may hold".to_owned()
        }
        AuthError::ParseTokenKey(_) => "the credentials of the auth-provider cannot be read".to_owned(),
        other => chain(other),
    }
}

/// The words for a kubeconfig whose parts do not fit together.
pub(crate) fn kubeconfig(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::CurrentContextNotSet => {
            "names no current-context; name one with --context".to_owned()
        }
        KubeconfigError::LoadContext(name) => format!("has no context `{name}`"),
        KubeconfigError::LoadClusterOfContext(name) => {
            format!("has no cluster `{name}`, which the context names")
        }
        KubeconfigError::MissingClusterUrl => "has a cluster without a server".to_owned(),
        // The parser quotes the text around a fault.
        KubeconfigError::Parse(_) => "cannot be read as YAML".to_owned(),
        KubeconfigError::LoadClientKey(_) => "has a client key that cannot be read".to_owned(),
        other => chain(other),
    }
}

/// An error with its causes, each said once, on one line.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let words = cause.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        next = cause.source();
    }
    text.replace(['\n', '\r'], " ")
}
