//! `ravelin snapshot`.

use super::cluster_args::ConnectArgs;
use crate::ExitStatus;
use crate::exit::usage;
use crate::output::say;
use anyhow::Context as _;
use clap::ValueEnum;
use ravelin_cluster::kinds::{self, Kind};
use ravelin_cluster::read::{Unread, bad_namespaces};
use ravelin_cluster::{Cluster, Limits, Secrets, Wanted, snapshot};
use ravelin_render::visible;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Save a cluster for later questions
///
/// Writes the objects that questions of security need into one file: a List, which kubectl understands too. Values of
/// Secrets are never in it, those of ConfigMaps where --config-values asks for them. What could not be read is said,
/// and stands in the file, so that later answers know what they do not know.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 everything that was asked for is read; 2 something could not be read; 64 wrong usage.

Examples:
  ravelin snapshot -o cluster.json
  ravelin snapshot --context prod -n shop,checkout -o shop.json
  ravelin snapshot --kinds roles,rolebindings,clusterroles,clusterrolebindings -o rbac.json
  ravelin can user:jane list secrets -n shop --snapshot cluster.json")]
pub(crate) struct Args {
    /// Where to write; `-` for standard output. The file is readable by its owner only
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Only objects of these namespaces, and those of none; may repeat, or list with commas
    #[arg(short, long, value_name = "NAME", value_delimiter = ',')]
    namespace: Vec<String>,
    /// Only these kinds, named as for kubectl; may repeat, or list with commas
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = kind)]
    kinds: Vec<&'static Kind>,
    /// How much of Secrets
    #[arg(long, value_enum, default_value = "keys")]
    secrets: SecretsArg,
    /// Keep the values of ConfigMaps, not only their keys
    #[arg(long)]
    config_values: bool,
    // Last: its heading holds for all that follows.
    #[command(flatten, next_help_heading = "How the cluster is reached")]
    connect: ConnectArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SecretsArg {
    /// Metadata, type and the keys of the data. The server sends values too, which are passed over and wiped
    Keys,
    /// Metadata alone, which is all that the server is asked for
    Metadata,
    /// Nothing
    None,
}

fn kind(text: &str) -> Result<&'static Kind, String> {
    kinds::find(text).ok_or_else(|| {
        let all: Vec<String> = kinds::ALL.iter().map(Kind::name).collect();
        format!("no kind that is read has this name; expected one of {}", all.join(", "))
    })
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitStatus> {
    if let Some(name) = bad_namespaces(&args.namespace).first() {
        return Err(usage(format!("--namespace: `{name}` can be the name of no namespace")));
    }
    let wanted = Wanted {
        kinds: if args.kinds.is_empty() { kinds::ALL.iter().collect() } else { args.kinds.clone() },
        namespaces: args.namespace.clone(),
        secrets: match args.secrets {
            SecretsArg::Keys => Secrets::Keys,
            SecretsArg::Metadata => Secrets::Metadata,
            SecretsArg::None => Secrets::None,
        },
        config_values: args.config_values,
        limits: Limits::STANDARD,
    };
    let taken_at = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let cluster = args.connect.fetch(&wanted)?;
    if args.output.as_os_str() == "-" {
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        snapshot::write(&cluster, &taken_at, &mut out)?;
        out.flush()?;
    } else {
        save(&cluster, &taken_at, &args.output)
            .with_context(|| format!("cannot write {}", args.output.display()))?;
    }
    Ok(tell(&cluster, &args.output))
}

/// Says what was read and what was not.
fn tell(cluster: &Cluster, file: &Path) -> ExitStatus {
    let is_refused =
        |unread: &&Unread| unread.is_doubt() && unread.reason != ravelin_cluster::read::Reason::NotAsked;
    let unread: Vec<&Unread> = cluster.account.unread.iter().filter(is_refused).collect();
    for unread in &unread {
        say(&format!("unknown: {}", visible(&unread.doubt().to_string())));
    }
    if file.as_os_str() != "-" {
        let (objects, kinds) = (cluster.objects.len(), cluster.account.read.len());
        let server = cluster.version.as_deref().map(|version| format!(" ({version})")).unwrap_or_default();
        say(&format!(
            "wrote {objects} objects of {kinds} kinds from {}{} to {}",
            visible(&cluster.server),
            visible(&server),
            file.display()
        ));
    }
    if unread.is_empty() { ExitStatus::Clean } else { ExitStatus::Undecided }
}

/// Writes a file that is there whole or not at all, for the eyes of its owner.
fn save(cluster: &Cluster, taken_at: &str, path: &Path) -> anyhow::Result<()> {
    let is_special = std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir());
    if is_special {
        // A pipe or a device: it must not be replaced by a file.
        let mut out = std::io::BufWriter::new(std::fs::OpenOptions::new().write(true).open(path)?);
        snapshot::write(cluster, taken_at, &mut out)?;
        return Ok(out.flush()?);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Made with mode 0600.
    let file = tempfile::NamedTempFile::new_in(folder)?;
    let mut out = std::io::BufWriter::new(file);
    snapshot::write(cluster, taken_at, &mut out)?;
    let file = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
