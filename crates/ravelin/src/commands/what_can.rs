//! `ravelin what-can`.

use super::access::{PolicyArgs, Subject};
use super::can::Output;
use crate::ExitStatus;
use ravelin_authz::rbac::{Places, Scope};
use ravelin_authz::union::SUPERUSERS;
use std::io::Write;
use std::str::FromStr;

/// What a subject may do, and by which bindings
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 answered; 2 something could not be read; 64 wrong usage.

Examples:
  ravelin what-can sa:ci/deployer --from rbac/ --with-defaults 1.36
  ravelin what-can user:jane --as-groups devs -n shop --snapshot cluster.json -o json")]
pub(crate) struct Args {
    /// Who: user:NAME, group:NAME or sa:NAMESPACE/NAME
    #[arg(value_parser = Subject::from_str)]
    subject: Subject,
    /// Only in this namespace, and what holds in the whole cluster
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,
    /// Further groups of the subject; may repeat, or list with commas
    #[arg(long, value_name = "GROUP", value_delimiter = ',')]
    as_groups: Vec<String>,
    /// How to print
    #[arg(short, long, value_enum, default_value = "text")]
    output: Output,
    #[command(flatten)]
    policy: PolicyArgs,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitStatus> {
    let access = args.policy.read(args.namespace.as_deref())?;
    let user = args.subject.user(&args.as_groups);
    let namespaces: Vec<&str> = args.namespace.iter().map(String::as_str).collect();
    let places = if namespaces.is_empty() { Places::All } else { Places::These(&namespaces) };
    let grants = access.index.what_can(&user, places);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if args.output == Output::Json {
        let rows: Vec<_> = grants.iter().map(|grant| access.explain(grant)).collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&rows)?)?;
    } else {
        if user.is_in(SUPERUSERS) {
            writeln!(out, "everything: a member of {SUPERUSERS}")?;
        }
        let mut last = None;
        for grant in &grants {
            if last != Some(grant.scope) {
                match grant.scope {
                    Scope::Cluster => writeln!(out, "in the whole cluster")?,
                    Scope::Namespace(namespace) => {
                        writeln!(out, "in namespace {}", ravelin_render::visible(namespace))?;
                    }
                }
                last = Some(grant.scope);
            }
            writeln!(out, "    {}", access.line(grant))?;
        }
        if grants.is_empty() && !user.is_in(SUPERUSERS) {
            writeln!(out, "nothing that a binding grants")?;
        }
    }
    out.flush()?;
    Ok(if access.incomplete { ExitStatus::Undecided } else { ExitStatus::Clean })
}
