//! `ravelin psa plan`.

mod psp;
mod text;

use crate::ExitStatus;
use crate::commands::cluster_args::{self, ClusterArgs, Known};
use crate::commands::sources::SourceArgs;
use crate::exit::usage;
use crate::output::say;
use clap::ValueEnum;
use ravelin_cluster::kinds::{self, Kind};
use ravelin_engine::plan::{self, NamespacePlan, Settings};
use ravelin_engine::report::Outcome;
use ravelin_engine::scan::identity_text;
use ravelin_inventory::{Inventory, Object, ObjectId};
use ravelin_object::identity::Identity;
use ravelin_object::{Value, templates};
use ravelin_podsec::config::PodSecurityConfiguration;
use ravelin_podsec::{Level, Version};
use ravelin_render::visible;
use ravelin_source::FileOptions;
use ravelin_source::scan::{Sources, read_where};
use serde_json::json;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::str::FromStr;

/// Say which level each namespace could enforce, and what breaks at the next
///
/// Judges every pod and template, those that are scaled to zero and CronJobs included, which the API server's own dry
/// run does not see. Prints for each namespace the strictest level that all of them meet, the workloads that break at
/// the next one and why, and the commands that set the labels.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 nothing violates what is enforced; 1 a workload violates what its namespace enforces, and would not come
back; 2 something could not be judged; 64 wrong usage.

Examples:
  ravelin psa plan --cluster
  ravelin psa plan snapshot.json --version v1.34
  kubectl get ns,deploy,ds,sts,rs,pods,jobs,cronjobs -A -o json | ravelin psa plan -
  ravelin psa plan -o commands deploy/ | sh
  ravelin psa plan --psp policies.yaml deploy/")]
pub(crate) struct Args {
    /// Files, directories, or `-` for standard input
    #[arg(required_unless_present_any = ["psp", "cluster"], value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The policy version to plan for: latest, or v1.0 and up
    #[arg(long, visible_alias = "policy-version", default_value = "latest", value_parser = Version::from_str)]
    version: Version,
    /// The PodSecurityConfiguration of the API server: defaults and exemptions
    #[arg(long, value_name = "FILE")]
    psa_config: Option<PathBuf>,
    /// Only these namespaces; may repeat
    #[arg(short, long = "namespace", value_name = "NAME", value_delimiter = ',')]
    namespaces: Vec<String>,
    /// PodSecurityPolicies of old, to propose a level for each; may repeat
    #[arg(long, value_name = "PATH")]
    psp: Vec<PathBuf>,
    /// How to print
    #[arg(short, long, value_enum, default_value = "text")]
    output: Output,
    #[command(flatten)]
    cluster: ClusterArgs,
    // Last: its heading holds for all that follows.
    #[command(flatten)]
    sources: SourceArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people
    Text,
    /// For programs
    Json,
    /// The kubectl commands alone, as a shell script
    Commands,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitStatus> {
    let psa = match &args.psa_config {
        Some(path) => ravelin_source::psa::load(path).map_err(crate::exit::usage)?.configuration,
        None => PodSecurityConfiguration::unconfigured(),
    };
    let settings = Settings { version: args.version, psa, default_namespace: String::new() };
    let options = args.sources.options(&[], &[])?;
    let Objects { inventory, places, mut undecided } = objects(args, &options)?;
    let mut plans = plan::plan(&inventory, &settings);
    if let Some(missing) = args.namespaces.iter().find(|name| plans.iter().all(|plan| plan.name != **name)) {
        return Err(usage(format!("--namespace: nothing that was read is in namespace `{missing}`")));
    }
    plans.retain(|plan| args.namespaces.is_empty() || args.namespaces.contains(&plan.name));
    let proposals = psp::read(&args.psp, &options, &args.sources.limits(), &mut undecided);
    if plans.is_empty() && proposals.is_empty() {
        say("error: nothing to plan: no namespace and no pod there");
        return Ok(ExitStatus::Undecided);
    }
    undecided |= plans.iter().any(|plan| !plan.is_certain());
    let places = |object: ObjectId| places.get(object.index()).cloned().unwrap_or_default();
    let printed = match args.output {
        Output::Text => text::plans(&plans, &proposals, args.version, &places),
        Output::Commands => text::commands(&plans, args.version),
        Output::Json => {
            let document = json!({
                "version": args.version.to_string(),
                "namespaces": plans.iter().map(|plan| in_json(plan, args.version, &places)).collect::<Vec<_>>(),
                "podSecurityPolicies": proposals.iter().map(psp::in_json).collect::<Vec<_>>(),
            });
            format!("{}\n", serde_json::to_string_pretty(&document)?)
        }
    };
    std::io::stdout().lock().write_all(printed.as_bytes())?;
    Ok(match (undecided, plans.iter().any(is_violated)) {
        (true, _) => ExitStatus::Undecided,
        (false, true) => ExitStatus::Findings,
        (false, false) => ExitStatus::Clean,
    })
}

/// What is planned for.
struct Objects {
    inventory: Inventory,
    /// For each object, where it stands.
    places: Vec<String>,
    /// Whether something could not be read.
    undecided: bool,
}

/// Reads the cluster, and over it the paths: an object of a path takes the place of that of its name in the cluster.
fn objects(args: &Args, options: &FileOptions) -> anyhow::Result<Objects> {
    let sources = read_where(&args.paths, options, &args.sources.limits(), is_of_interest);
    let mut undecided = tell_failures(&sources);
    let name = |identity: &Identity| identity_text(identity);
    let above: BTreeSet<String> =
        sources.inventory.objects().iter().map(|object| name(&object.identity)).collect();
    let (mut objects, mut places) = (Vec::new(), Vec::new());
    let kinds: Vec<&'static Kind> = kinds::ALL.iter().filter(|kind| is_planned(kind)).collect();
    if let Some(cluster) = args.cluster.fetch(kinds.clone())? {
        let mut known = Known::default();
        known.add("cluster", cluster.account);
        for (source, doubt) in known.doubts(&kinds, None) {
            undecided = true;
            say(&format!("error: {source}: {}: {}", visible(&doubt.what), visible(&doubt.why)));
        }
        for value in cluster.objects {
            let identity = Identity::of(&value).unwrap_or_default();
            if !above.contains(&name(&identity)) {
                places.push(cluster_args::place(&identity));
                objects.push(Object { identity, value, origin: 0 });
            }
        }
    }
    for (index, object) in sources.inventory.objects().iter().enumerate() {
        places.push(place(&sources, index));
        objects.push(object.clone());
    }
    Ok(Objects { inventory: Inventory::new(objects), places, undecided })
}

/// Whether objects of a kind are namespaces or have pods in them.
fn is_planned(kind: &Kind) -> bool {
    let group_kind = (kind.group, kind.kind);
    [("", "Namespace"), ("", "Pod")].contains(&group_kind)
        || templates::WORKLOADS.iter().any(|(group, kind, _)| (*group, *kind) == group_kind)
}

fn is_of_interest(identity: &Identity, value: &Value) -> bool {
    identity.is("", "Namespace") || !templates::find(identity, value).is_empty()
}

/// Whether a workload violates what is enforced now: it runs, or not, but would not be let in again.
fn is_violated(plan: &NamespacePlan) -> bool {
    plan.workloads.iter().any(|workload| !workload.at_enforced.is_empty())
}

fn tell_failures(sources: &Sources) -> bool {
    let mut failed = false;
    for entry in &sources.entries {
        if let Outcome::Failed { message } = &entry.outcome {
            failed = true;
            let line = entry.position.map(|position| format!(":{}", position.line)).unwrap_or_default();
            say(&format!("error: {}{line}: {}", visible(&entry.file), visible(message)));
        }
    }
    failed
}

/// Where an object stands: `file:line`.
fn place(sources: &Sources, object: usize) -> String {
    let entry = sources.entry_of.get(object).and_then(|entry| sources.entries.get(*entry));
    entry.map_or_else(String::new, |entry| match entry.position {
        Some(position) => format!("{}:{}", entry.file, position.line),
        None => entry.file.to_string(),
    })
}

fn in_json(plan: &NamespacePlan, version: Version, place: &dyn Fn(ObjectId) -> String) -> serde_json::Value {
    let workloads: Vec<serde_json::Value> = plan
        .workloads
        .iter()
        .map(|workload| {
            json!({
                "name": workload.name,
                "from": place(workload.object),
                "path": workload.path.to_string(),
                "meets": workload.meets().to_string(),
                "dormant": workload.is_dormant,
                "foundByShape": workload.by_shape,
                "exempt": workload.is_exempt,
                "atBaseline": workload.breaks_at(Level::Baseline),
                "atRestricted": workload.breaks_at(Level::Restricted),
                "atEnforced": workload.at_enforced,
            })
        })
        .collect();
    let unknown: Vec<serde_json::Value> = plan
        .unknown
        .iter()
        .map(|(object, errors)| {
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            json!({"from": place(*object), "errors": errors})
        })
        .collect();
    let labels: serde_json::Map<String, serde_json::Value> =
        plan.labels(version).into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect();
    json!({
        "name": plan.name,
        "known": plan.policy.is_some(),
        "exempt": plan.is_exempt,
        "enforce": plan.policy.map(|policy| policy.enforce.to_string()),
        "labelErrors": plan.label_errors.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "meets": if plan.is_certain() { plan.meets.to_string().into() } else { serde_json::Value::Null },
        "next": plan.next().map(|level| level.to_string()),
        "labels": labels,
        "workloads": workloads,
        "unknown": unknown,
    })
}
