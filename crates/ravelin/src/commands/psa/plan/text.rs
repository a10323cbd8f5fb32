//! Plans for people, and the commands in them.

use super::psp::Proposed;
use ravelin_engine::plan::{NamespacePlan, Workload};
use ravelin_inventory::ObjectId;
use ravelin_podsec::{Level, Version};
use ravelin_render::visible;
use std::fmt::Write as _;

/// Plans, then proposals.
pub(super) fn plans(
    plans: &[NamespacePlan],
    proposals: &[Proposed],
    version: Version,
    place: &dyn Fn(ObjectId) -> String,
) -> String {
    let mut out = String::new();
    for plan in plans {
        // Writing to a string does not fail.
        let _ = namespace(&mut out, plan, version, place);
    }
    for proposed in proposals {
        let _ = proposal(&mut out, proposed);
    }
    out
}

fn namespace(
    out: &mut String,
    plan: &NamespacePlan,
    version: Version,
    place: &dyn Fn(ObjectId) -> String,
) -> std::fmt::Result {
    let now = match (&plan.policy, plan.is_exempt) {
        (_, true) => "is exempt by the configuration".to_owned(),
        (Some(policy), _) => format!("enforces {}", policy.enforce),
        (None, _) => "enforces what is not known (the namespace is not among the objects)".to_owned(),
    };
    let meets = match (plan.workloads.len(), plan.is_certain()) {
        (_, false) => "what it meets is not known".to_owned(),
        (0, _) => "has no workloads".to_owned(),
        (1, _) => format!("its workload meets {}", plan.meets),
        (count, _) => format!("its {count} workloads meet {}", plan.meets),
    };
    writeln!(out, "{} {now}; {meets}", visible(&plan.name))?;
    for error in &plan.label_errors {
        writeln!(out, "  label: {}", visible(&error.to_string()))?;
    }
    for (object, errors) in &plan.unknown {
        for error in errors {
            writeln!(out, "  unknown: {}: {}", visible(&place(*object)), visible(&error.to_string()))?;
        }
    }
    let enforced =
        plan.policy.filter(|_| !plan.is_exempt).map_or(Level::Privileged, |policy| policy.enforce.level);
    let what = "violate what is enforced and would not come back";
    breaks(out, plan, what, &|workload| workload.at_enforced.as_str(), place)?;
    if let Some(next) = plan.next().filter(|next| *next > enforced) {
        breaks(out, plan, &format!("break at {next}"), &|workload| workload.breaks_at(next), place)?;
    }
    if let Some(command) = command(plan, version, " \\\n    ") {
        writeln!(out, "  {command}")?;
    }
    Ok(())
}

fn breaks(
    out: &mut String,
    plan: &NamespacePlan,
    what: &str,
    why: &dyn Fn(&Workload) -> &str,
    place: &dyn Fn(ObjectId) -> String,
) -> std::fmt::Result {
    let broken = || plan.workloads.iter().filter(|workload| !why(workload).is_empty());
    if broken().count() == 0 {
        return Ok(());
    }
    writeln!(out, "  {} of {} {what}:", broken().count(), plan.workloads.len())?;
    for workload in broken() {
        let dormant = if workload.is_dormant { ", not running now" } else { "" };
        let by_shape = if workload.by_shape { ", found by its shape" } else { "" };
        writeln!(
            out,
            "    {} ({}{dormant}{by_shape}): {}",
            visible(&workload.name),
            visible(&place(workload.object)),
            visible(why(workload))
        )?;
    }
    Ok(())
}

/// The command that sets the labels of a namespace; nothing where there is nothing to set, or no shell should see it.
fn command(plan: &NamespacePlan, version: Version, between: &str) -> Option<String> {
    let labels = plan.labels(version);
    let is_name = plan.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if labels.is_empty() || !is_name || plan.name.starts_with('-') {
        return None;
    }
    let labels: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    Some(format!(
        "kubectl label --overwrite namespace {}{between}{}",
        plan.name,
        labels.join(if between == " " { " " } else { between })
    ))
}

/// The commands alone, with a comment for each namespace that is left out.
pub(super) fn commands(plans: &[NamespacePlan], version: Version) -> String {
    let lines = plans.iter().map(|plan| match command(plan, version, " ") {
        Some(command) => format!("{command}\n"),
        None => {
            let why = match (plan.is_exempt, plan.is_certain(), plan.policy.is_some()) {
                (true, _, _) => "exempt by the configuration",
                (_, false, _) => "what it meets is not known",
                (_, _, false) => "what it enforces now is not known",
                (false, true, true) => "nothing to change",
            };
            format!("# {}: {why}\n", visible(&plan.name))
        }
    });
    lines.collect()
}

fn proposal(out: &mut String, proposed: &Proposed) -> std::fmt::Result {
    let level = proposed.proposal.level;
    writeln!(
        out,
        "PodSecurityPolicy {} ({}) amounts to {level}",
        visible(&proposed.name),
        visible(&proposed.file)
    )?;
    let beyond = match level {
        Level::Privileged => &proposed.proposal.beyond_baseline,
        Level::Baseline | Level::Restricted => &proposed.proposal.beyond_restricted,
    };
    for permits in beyond {
        writeln!(out, "  permits {} ({})", visible(&permits.what), visible(&permits.path.to_string()))?;
    }
    for path in &proposed.proposal.mutates {
        writeln!(
            out,
            "  changes pods, which admission by the standards does not ({})",
            visible(&path.to_string())
        )?;
    }
    Ok(())
}
