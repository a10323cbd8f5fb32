//! `ravelin serve`.

mod flags;
mod settings;
mod store;

use crate::ExitStatus;
use crate::{logs, process};
use flags::{
    AdmissionArgs, AuditArgs, AuthenticationArgs, AuthorizationArgs, ListenerArgs, LoopArgs, TokenArgs,
};
use ravelin_apiserver::Bound;
use std::path::PathBuf;

/// Serve the Kubernetes API
///
/// One process with the whole access-control pipeline: TLS, authentication, impersonation, authorization, admission,
/// validation, storage and audit, as kube-apiserver v1.36 has it. kubectl, client-go and kube-rs talk to it. Objects are
/// kept in a file of its own; there are no nodes, so nothing runs.
///
/// Without flags it keeps its data in ./ravelin-data, makes its own authority and certificates, and writes a kubeconfig
/// for an administrator. Flags are those of kube-apiserver where they mean the same; one that is not listed here is
/// refused. Durations are written as Go does: 10s, 1m30s, 720h.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Exit status: 0 ended as asked to; 2 could not serve; 64 wrong usage.

Examples:
  ravelin serve                                     data in ./ravelin-data, port 6443 of this machine
  ravelin serve --ephemeral --secure-port 0         everything in memory, a port that is free: for tests
  kubectl --kubeconfig ravelin-data/admin.kubeconfig get namespaces
  ravelin serve --audit-policy-file policy.yaml --audit-log-path -
                                                    audit events to standard output
  ravelin serve backup --data-dir ravelin-data backup.ravelin
  ravelin serve restore --data-dir restored backup.ravelin")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// The folder of objects, keys and certificates
    #[arg(long, value_name = "FOLDER", default_value = "ravelin-data", conflicts_with = "ephemeral")]
    data_dir: PathBuf,
    /// Keep everything in memory: nothing is left at the end
    #[arg(long)]
    ephemeral: bool,
    /// Where the kubeconfig of an administrator is written [default: admin.kubeconfig in the data folder; with
    /// --ephemeral a file in the folder for temporary files]
    #[arg(long, value_name = "FILE")]
    write_kubeconfig: Option<PathBuf>,
    /// The lowest level that is logged
    #[arg(long, value_enum, default_value = "info")]
    log_level: logs::Level,
    /// How logs are written, to standard error
    #[arg(long, value_enum, default_value = "json")]
    log_format: logs::Format,
    #[command(flatten)]
    listener: ListenerArgs,
    #[command(flatten)]
    authentication: AuthenticationArgs,
    #[command(flatten)]
    tokens: TokenArgs,
    #[command(flatten)]
    authorization: AuthorizationArgs,
    #[command(flatten)]
    admission: AdmissionArgs,
    #[command(flatten)]
    audit: AuditArgs,
    #[command(flatten)]
    loops: LoopArgs,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Backup(store::BackupArgs),
    Restore(store::RestoreArgs),
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitStatus> {
    match args.verb {
        Some(Verb::Backup(args)) => return store::backup(&args),
        Some(Verb::Restore(args)) => return store::restore(&args),
        None => {}
    }
    logs::start(args.log_level, args.log_format);
    process::take_small_pages();
    let config = settings::config(&args)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let end = process::signal()?;
        let (ready, bound) = tokio::sync::oneshot::channel();
        let told = async {
            if let Ok(bound) = bound.await {
                tell(&bound);
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            outcome = ravelin_apiserver::run(config, end, ready) => outcome,
            () = told => Ok(()),
        }
    })?;
    Ok(ExitStatus::Clean)
}

/// Says where the server can be reached, to people and to scripts.
#[expect(clippy::print_stdout, reason = "this is what the verb answers")]
fn tell(bound: &Bound) {
    println!("serving https://{}", bound.address);
    if let Some(path) = &bound.kubeconfig {
        println!("kubeconfig {}", path.display());
    }
    if !bound.absent_plugins.is_empty() {
        tracing::warn!(
            plugins = bound.absent_plugins.join(","),
            "admission plugins that Kubernetes has on are not built here"
        );
    }
    use std::io::Write as _;
    // Whoever started it may not listen.
    let _ = std::io::stdout().flush();
}
