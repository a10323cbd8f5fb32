//! `ravelin who-can`.

use super::access::{PolicyArgs, Target, holder};
use super::can::Output;
use crate::ExitStatus;
use ravelin_authz::rbac::{Asked, Name, Place, Query, Scope};
use ravelin_authz::union::SUPERUSERS;
use std::io::Write;
use std::str::FromStr;

/// Who may do that, and by which bindings
///
/// Names the subjects of bindings: users, groups and service accounts. Who is in a group is not known to Kubernetes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 answered; 2 something could not be read; 64 wrong usage.

Examples:
  ravelin who-can get secrets -n shop --from rbac/ --with-defaults 1.36
  ravelin who-can create pods --subresource exec --snapshot cluster.json
  ravelin who-can impersonate users --from rbac/ -o json")]
pub(crate) struct Args {
    /// The verb
    verb: String,
    /// What: RESOURCE, RESOURCE/NAME or a path; with a group as in deployments.apps
    #[arg(value_parser = Target::from_str)]
    resource: Target,
    /// The namespace; anywhere where absent
    #[arg(short, long, value_name = "NAME", conflicts_with = "cluster_wide")]
    namespace: Option<String>,
    /// Only who may do it in the whole cluster
    #[arg(long)]
    cluster_wide: bool,
    /// The subresource: log, exec, status, ...
    #[arg(long, value_name = "NAME", default_value = "")]
    subresource: String,
    /// How to print
    #[arg(short, long, value_enum, default_value = "text")]
    output: Output,
    #[command(flatten)]
    policy: PolicyArgs,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitStatus> {
    let access = args.policy.read(if args.cluster_wide { Some("") } else { args.namespace.as_deref() })?;
    let target = &args.resource;
    let place = match &args.namespace {
        Some(namespace) if !target.cluster_scoped => Place::Namespace(namespace),
        None if !args.cluster_wide && !target.cluster_scoped => Place::Anywhere,
        _ => Place::Cluster,
    };
    let asked = if target.path.is_empty() {
        Asked::Resource {
            group: &target.group,
            resource: &target.resource,
            subresource: &args.subresource,
            name: if target.name.is_empty() { Name::Some } else { Name::Of(&target.name) },
            place,
        }
    } else {
        Asked::Path(&target.path)
    };
    let mut grants = access.index.who_can(&Query { verb: &args.verb, asked });
    grants.sort_by(|a, b| (a.identity, a.scope).cmp(&(b.identity, b.scope)));
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if args.output == Output::Json {
        let rows: Vec<_> = grants.iter().map(|grant| access.explain(grant)).collect();
        let always = [format!("group:{SUPERUSERS}")];
        let value = serde_json::json!({"grants": rows, "always": always, "incomplete": access.incomplete});
        writeln!(out, "{}", serde_json::to_string_pretty(&value)?)?;
    } else {
        let mut last = String::new();
        for grant in &grants {
            let scope = match grant.scope {
                Scope::Cluster => "in the whole cluster".to_owned(),
                Scope::Namespace(namespace) => format!("in namespace {namespace}"),
            };
            let head = format!("{} {scope}", holder(&grant.identity));
            if head != last {
                writeln!(out, "{}", ravelin_render::visible(&head))?;
                last = head;
            }
            writeln!(out, "    {}", access.line(grant))?;
        }
        if grants.is_empty() {
            writeln!(out, "nobody that a binding names")?;
        }
        writeln!(out, "group:{SUPERUSERS} always: its members may do everything before RBAC is asked")?;
    }
    out.flush()?;
    Ok(if access.incomplete { ExitStatus::Undecided } else { ExitStatus::Clean })
}
