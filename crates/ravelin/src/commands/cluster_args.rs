//! The arguments that say which cluster is read, and what is known after reading it.

use crate::exit::usage;
use crate::output::{self, say};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ravelin_cluster::kinds::Kind;

use ravelin_cluster::read::{Account, Doubt};
use ravelin_cluster::snapshot::Record;
use ravelin_cluster::{Cluster, Environment, Error, Progress, Target, Wanted};
use ravelin_object::Value;
use ravelin_object::identity::Identity;
use ravelin_render::visible;
use ravelin_source::Limits;
use std::path::PathBuf;
use std::time::Duration;

/// How a cluster is reached.
#[derive(Debug, clap::Args)]
pub(crate) struct ConnectArgs {
    /// The kubeconfig [default: KUBECONFIG, then ~/.kube/config, then the service account of the pod this runs in]
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig [default: its current one]
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// How long one answer of the API server may take, in seconds [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub request_timeout: Option<u64>,
}

impl ConnectArgs {
    /// Reads the cluster, with progress on a terminal.
    pub(crate) fn fetch(&self, wanted: &Wanted) -> anyhow::Result<Cluster> {
        let target = Target {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            timeout: Duration::from_secs(self.request_timeout.unwrap_or(60)),
            environment: Environment::of_process(),
        };
        let bar = Bar::new();
        let fetched = ravelin_cluster::fetch(&target, wanted, &bar);
        bar.0.finish_and_clear();
        let cluster = fetched.map_err(|error| {
            let words = visible(&error.to_string()).into_owned();
            match error {
                Error::NoCluster(_) | Error::Kubeconfig(_) => usage(words),
                _ => anyhow::Error::msg(words),
            }
        })?;
        for warning in &cluster.warnings {
            say(&format!("warning: {}", visible(warning)));
        }
        Ok(cluster)
    }
}

/// Whether a cluster is read, and how it is reached.
#[derive(Debug, clap::Args)]
pub(crate) struct ClusterArgs {
    /// Read the cluster that the kubeconfig names
    #[arg(long)]
    pub cluster: bool,
    #[command(flatten)]
    pub connect: ConnectArgs,
}

impl ClusterArgs {
    /// Reads these kinds, where a cluster is asked for.
    pub(crate) fn fetch(&self, kinds: Vec<&'static Kind>) -> anyhow::Result<Option<Cluster>> {
        if self.cluster {
            return self.connect.fetch(&Wanted::of(kinds)).map(Some);
        }
        let ConnectArgs { kubeconfig, context, request_timeout } = &self.connect;
        let named = [
            kubeconfig.as_ref().map(|_| "--kubeconfig"),
            context.as_ref().map(|_| "--context"),
            request_timeout.map(|_| "--request-timeout"),
        ];
        match named.into_iter().flatten().next() {
            Some(flag) => {
                Err(usage(format!("{flag} says how a cluster is reached; add --cluster to read it")))
            }
            None => Ok(None),
        }
    }
}

/// How reports name an object of a cluster: `cluster:shop/Deployment/web`.
pub(crate) fn place(identity: &Identity) -> String {
    let names = [&identity.namespace, &identity.kind, &identity.name];
    let names: Vec<&str> = names.into_iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
    format!("cluster:{}", names.join("/"))
}

/// How much of a snapshot is read: it holds a cluster, not what people write.
pub(crate) const SNAPSHOT: Limits = Limits { file_size: 4_000_000_000, ..Limits::STANDARD };

/// What clusters and snapshots say they know. Manifests say nothing of the kind.
#[derive(Debug, Default)]
pub(crate) struct Known(Vec<(String, Account)>);

impl Known {
    /// Learns what a cluster or snapshot knows.
    pub(crate) fn add(&mut self, name: &str, account: Account) {
        self.0.push((name.to_owned(), account));
    }

    /// Learns from an object of a file, if it is the record of a snapshot.
    ///
    /// # Errors
    /// If the record cannot be read.
    pub(crate) fn add_record(
        &mut self,
        name: &str,
        identity: &Identity,
        value: &Value,
    ) -> Result<bool, String> {
        if !Record::is(identity) {
            return Ok(false);
        }
        Record::read(value).map(|record| self.add(name, record.account)).map(|()| true)
    }

    /// Whether there is no cluster and no snapshot.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is not known of these kinds, as far as it bears on a namespace: the source, and what and why. What one source
    /// knows is known.
    pub(crate) fn doubts(&self, kinds: &[&'static Kind], namespace: Option<&str>) -> Vec<(String, Doubt)> {
        let mut doubts = Vec::new();
        for kind in kinds {
            let of_each: Vec<_> =
                self.0.iter().map(|(name, account)| (name, account.doubts(kind, namespace))).collect();
            if of_each.iter().any(|(_, those)| those.is_empty()) {
                continue;
            }
            for (name, those) in of_each {
                doubts.extend(those.into_iter().map(|doubt| (name.clone(), doubt)));
            }
        }
        doubts
    }
}

/// A progress bar on a terminal.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        if !output::is_watched() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8));
        let style = ProgressStyle::with_template("reading the cluster {wide_bar} {pos}/{len} kinds {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self(bar)
    }
}

impl Progress for Bar {
    fn kinds(&self, total: usize) {
        self.0.set_length(total as u64);
    }

    fn read(&self, kind: &str, objects: usize) {
        self.0.set_message(format!("{kind} {objects}"));
        self.0.inc(1);
    }
}
