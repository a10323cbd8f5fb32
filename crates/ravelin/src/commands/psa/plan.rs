//! `ravelin psa plan`.

mod psp;
mod text;

use crate::ExitStatus;
use crate::commands::sources::SourceArgs;
use crate::exit::usage;
use crate::output::say;
use clap::ValueEnum;
use ravelin_engine::plan::{self, NamespacePlan, Settings};
use ravelin_engine::report::Outcome;
use ravelin_object::identity::Identity;
use ravelin_object::{Value, templates};
use ravelin_podsec::config::PodSecurityConfiguration;
use ravelin_podsec::{Level, Version};
use ravelin_render::visible;
use ravelin_source::scan::{Sources, read_where};
use serde_json::json;
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
  kubectl get ns,deploy,ds,sts,rs,pods,jobs,cronjobs -A -o json | ravelin psa plan -
  ravelin psa plan cluster.json --version v1.34
  ravelin psa plan -o commands deploy/ | sh
  ravelin psa plan --psp policies.yaml deploy/")]
pub(crate) struct Args {
    /// Files, directories, or `-` for standard input
    #[arg(required_unless_present = "psp", value_name = "PATH")]
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
    let sources = read_where(&args.paths, &options, &args.sources.limits(), is_of_interest);
    let mut undecided = tell_failures(&sources);
    let mut plans = plan::plan(&sources.inventory, &settings);
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
    let places = |object: ravelin_inventory::ObjectId| place(&sources, object.index());
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

fn in_json(
    plan: &NamespacePlan,
    version: Version,
    place: &dyn Fn(ravelin_inventory::ObjectId) -> String,
) -> serde_json::Value {
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
