//! `ravelin webhook manifests`.

use crate::ExitStatus;
use crate::exit::usage;
use crate::install::{Installation, manifests};
use clap::ValueEnum;
use ravelin_source::psa;
use std::io::Write as _;
use std::path::PathBuf;

/// Print the manifests that install the webhook
///
/// A namespace, rights that are just enough, two replicas that are spread and kept through drains, a network policy, and
/// the configuration by which API servers ask it. The webhook leaves its own namespace, kube-system and kube-node-lease
/// alone, so that a cluster whose webhook is down can heal. Name with --exempt-namespace what else has to run before
/// pods can: the network plugin, if it is not in kube-system.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 printed; 64 wrong usage.

Examples:
  ravelin webhook manifests --image registry.example/ravelin:1.0 | kubectl apply -f -
  ravelin webhook manifests --image ravelin:1.0 --exempt-namespace calico-system,tigera-operator --config psa.yaml
  ravelin webhook manifests --image ravelin:1.0 | ravelin scan -")]
pub(crate) struct Args {
    /// The image of ravelin, with its tag or digest
    #[arg(long, value_name = "IMAGE")]
    image: String,
    /// The namespace to install it in
    #[arg(long, value_name = "NAMESPACE", default_value = "ravelin-system", value_parser = label)]
    namespace: String,
    /// The name of everything that is installed
    #[arg(long, value_name = "NAME", default_value = "ravelin-webhook", value_parser = label)]
    name: String,
    /// How many replicas, two at least
    #[arg(long, value_name = "COUNT", default_value_t = 2, value_parser = clap::value_parser!(u32).range(2..=100))]
    replicas: u32,
    /// The priority class of the pods
    #[arg(long, value_name = "NAME", default_value = "system-cluster-critical", value_parser = label)]
    priority_class: String,
    /// What API servers do with pods and namespaces where it does not answer
    #[arg(long, value_enum, default_value = "Fail")]
    failure_policy: FailurePolicy,
    /// The same for Deployments, Jobs and the like; name Fail if the configuration denies them
    #[arg(long, value_enum, default_value = "Ignore")]
    controller_failure_policy: FailurePolicy,
    /// Further namespaces to leave alone; may repeat, or list with commas
    #[arg(long = "exempt-namespace", value_name = "NAME", value_delimiter = ',', value_parser = label)]
    exempt_namespaces: Vec<String>,
    /// The PodSecurityConfiguration to install; a PodSecurityExtension may follow
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "PascalCase")]
enum FailurePolicy {
    /// Refuse the request
    Fail,
    /// Let it pass; what came in is found and reported after the start
    Ignore,
}

impl FailurePolicy {
    fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "Fail",
            Self::Ignore => "Ignore",
        }
    }
}

/// A label of DNS: what names of namespaces and the like are.
fn label(text: &str) -> Result<String, String> {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_label = (1..=63).contains(&text.len())
        && text.chars().all(|c| is_word(c) || c == '-')
        && text.starts_with(is_word)
        && text.ends_with(is_word);
    if is_label {
        return Ok(text.to_owned());
    }
    Err("expected up to 63 lower-case letters, digits and dashes".to_owned())
}

pub(super) fn run(args: Args) -> anyhow::Result<ExitStatus> {
    let configuration = match &args.config {
        None => None,
        Some(path) => {
            // What the webhook could not read must not be installed.
            psa::load(path).map_err(usage)?;
            let text = std::fs::read_to_string(path);
            Some(text.map_err(|error| usage(format!("{}: {error}", path.display())))?)
        }
    };
    if args.image.is_empty() || args.image.chars().any(char::is_whitespace) {
        return Err(usage("--image: expected the name of an image"));
    }
    let text = manifests(&Installation {
        namespace: args.namespace,
        name: args.name,
        image: args.image,
        replicas: args.replicas,
        priority_class: args.priority_class,
        failure_policy: args.failure_policy.as_str().to_owned(),
        controller_failure_policy: args.controller_failure_policy.as_str().to_owned(),
        exempt_namespaces: args.exempt_namespaces,
        configuration,
    });
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(ExitStatus::Clean)
}
