//! `ravelin rbac reduce`.

use super::{Defaults, PolicyArgs, binding_text, role_text, unknown_text};
use crate::ExitStatus;
use crate::commands::access::{Access, Layer, rule_text};
use crate::commands::can::Output;
use ravelin_authz::rbac::reduce::{Excess, List, Proof, Reduction, Surroundings, What, reduce};
use ravelin_authz::rbac::{AnyBinding, PolicyRule, Who};
use ravelin_render::visible;
use serde_json::json;
use std::collections::BTreeSet;
use std::io::Write;

/// What could be left out of roles and bindings
///
/// Bindings, subjects, rules and list items that give nothing that others do not, roles that nobody is bound to, and
/// what refers to nothing. All of it can be left out at once: of two that say the same the earlier stays. Each comes
/// with its proof: `covered`, `repeated` and `empty` hold whatever else there is; `unbound` and `missing` rest on
/// there being nothing but what was read. Default roles and bindings of Kubernetes are left alone.
///
/// Whether service accounts and namespaces exist is known from a --snapshot that lists them, or with --complete;
/// otherwise nothing is said to be missing there, and that it is not known is said.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 nothing to leave out; 1 something; 2 nothing, but something could not be read; 64 wrong usage.

Examples:
  ravelin rbac reduce --from rbac/ --with-defaults 1.36
  ravelin rbac reduce --snapshot cluster.json
  ravelin rbac reduce --from manifests/ --complete -o json")]
pub(crate) struct Args {
    /// What is read is all there is: an account or a namespace that is not in it does not exist
    #[arg(long)]
    complete: bool,
    /// How to print
    #[arg(short, long, value_enum, default_value = "text")]
    output: Output,
    #[command(flatten)]
    policy: PolicyArgs,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitStatus> {
    let access = args.policy.read_below(Layer { with_accounts: true, ..Layer::default() })?;
    let policy = access.index.policy();
    let defaults = Defaults::new();
    let beside = &access.beside;
    let surroundings = Surroundings {
        accounts: beside.accounts.clone(),
        all_accounts: args.complete || beside.all_accounts,
        namespaces: beside.namespaces.clone(),
        all_namespaces: args.complete || beside.all_namespaces,
        defaults: defaults.origins(policy.objects()),
    };
    let reduction = reduce(policy, &surroundings);
    // A default role that was not read is there all the same.
    let (excess, elsewhere): (Vec<&Excess<'_>>, Vec<&Excess<'_>>) =
        reduction.excess.iter().partition(|excess| !is_of_default_role(&defaults, excess));
    let notes = notes(&access, &defaults, &reduction, &elsewhere);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if args.output == Output::Json {
        let rows: Vec<_> = excess.iter().map(|excess| excess_json(&access, excess)).collect();
        let value = json!({"excess": rows, "notes": notes, "incomplete": access.incomplete});
        writeln!(out, "{}", serde_json::to_string_pretty(&value)?)?;
    } else {
        write_text(&access, &excess, &notes, &mut out)?;
    }
    out.flush()?;
    let is_sure = !access.incomplete && reduction.unknown.is_empty() && elsewhere.is_empty();
    Ok(match (excess.is_empty(), is_sure) {
        (false, _) => ExitStatus::Findings,
        (true, false) => ExitStatus::Undecided,
        (true, true) => ExitStatus::Clean,
    })
}

fn is_of_default_role(defaults: &Defaults, excess: &Excess<'_>) -> bool {
    let (What::Binding(binding), Proof::NoRole(_)) = (&excess.what, &excess.proof) else { return false };
    let role = binding.role_ref();
    defaults.is_role(&role.kind, &role.name)
}

fn write_text(
    access: &Access,
    excess: &[&Excess<'_>],
    notes: &[String],
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let mut last = String::new();
    for excess in excess {
        let head = object_text(access, &excess.what);
        if head != last {
            writeln!(out, "{}", visible(&head))?;
            last = head;
        }
        let (what, why) = (what_text(&excess.what), why_text(access, excess));
        writeln!(out, "    {} [{}]: {}", visible(&what), excess.proof.kind(), visible(&why))?;
    }
    for note in notes {
        writeln!(out, "{}", visible(note))?;
    }
    let certain = excess.iter().filter(|excess| excess.proof.is_certain()).count();
    match excess.len() {
        0 => writeln!(out, "nothing to leave out"),
        all if certain == all => writeln!(out, "{all} to leave out, without any change of what is allowed"),
        all => writeln!(
            out,
            "{all} to leave out: {certain} whatever else there is, {} if nothing refers to them but what was read",
            all - certain
        ),
    }
}

fn notes(
    access: &Access,
    defaults: &Defaults,
    reduction: &Reduction<'_>,
    elsewhere: &[&Excess<'_>],
) -> Vec<String> {
    let mut notes: Vec<String> =
        reduction.unknown.iter().map(|unknown| unknown_text(access, defaults, unknown)).collect();
    for excess in elsewhere {
        let What::Binding(binding) = excess.what else { continue };
        let role = binding.role_ref();
        let version = ravelin_authz::bootstrap::Version::LATEST;
        notes.push(format!(
            "unknown: {} grants the default role {}, which was not read; give --with-defaults {version}",
            binding_text(access, binding),
            role.name
        ));
    }
    let accounts: BTreeSet<String> =
        reduction.accounts_not_known.iter().map(|(binding, index)| subject(*binding, *index)).collect();
    let namespaces = &reduction.namespaces_not_known;
    for (kind, names) in [
        ("serviceaccounts", few(accounts.iter().map(String::as_str))),
        ("namespaces", few(namespaces.iter().map(|name| name.as_str()))),
    ] {
        if let Some(names) = names {
            notes.push(format!(
                "unknown: whether these {kind} exist: {names}; a --snapshot with {kind}, or --complete, tells"
            ));
        }
    }
    if reduction.strangers > 0 {
        notes.push("users and groups are known to nobody: whether they exist was not looked at".to_owned());
    }
    notes
}

/// The first names, and how many more there are.
fn few<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> Option<String> {
    let more = names.len().saturating_sub(GIVERS);
    let names: Vec<&str> = names.take(GIVERS).collect();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!names.is_empty()).then(|| format!("{}{more}", names.join(", ")))
}

fn subject(binding: AnyBinding<'_>, index: usize) -> String {
    let Some(subject) = binding.subjects().get(index) else { return String::new() };
    match Who::of(subject, binding.namespace()) {
        Some(who) => who.to_string(),
        None => format!("{} {}", subject.kind, subject.name),
    }
}

fn object_text(access: &Access, what: &What<'_>) -> String {
    match what {
        What::Binding(binding) | What::Subject(binding, _) => binding_text(access, *binding),
        What::Role(role) | What::Rule(role, _) | What::Item(role, ..) => role_text(access, *role),
    }
}

/// What to do.
fn what_text(what: &What<'_>) -> String {
    match what {
        What::Binding(_) => "delete the binding".to_owned(),
        What::Subject(binding, index) => {
            format!("delete subjects[{index}], {}", subject(*binding, *index))
        }
        What::Role(_) => "delete the role".to_owned(),
        What::Rule(role, rule) => {
            let text = role.rules().get(*rule).map(rule_text).unwrap_or_default();
            format!("delete rules[{rule}], {text}")
        }
        What::Item(role, rule, list, item) => {
            let items = role.rules().get(*rule).map_or(&[][..], |rule| items(rule, *list));
            let text = items.get(*item).map(ToString::to_string).unwrap_or_default();
            format!("delete rules[{rule}].{}[{item}], \"{text}\"", field(*list))
        }
    }
}

fn items(rule: &PolicyRule, list: List) -> &[compact_str::CompactString] {
    match list {
        List::Verbs => &rule.verbs,
        List::Groups => &rule.api_groups,
        List::Resources => &rule.resources,
        List::Names => &rule.resource_names,
        List::Paths => &rule.non_resource_urls,
    }
}

fn field(list: List) -> &'static str {
    match list {
        List::Verbs => "verbs",
        List::Groups => "apiGroups",
        List::Resources => "resources",
        List::Names => "resourceNames",
        List::Paths => "nonResourceURLs",
    }
}

/// How many bindings a proof names.
const GIVERS: usize = 5;

/// Why nothing would change.
fn why_text(access: &Access, excess: &Excess<'_>) -> String {
    match &excess.proof {
        Proof::Bindings(givers) => {
            let names: Vec<String> =
                givers.iter().take(GIVERS).map(|giver| binding_text(access, *giver)).collect();
            let more = givers.len().saturating_sub(GIVERS);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("given by {}{more}", names.join(", "))
        }
        Proof::Subject(index) => format!("the same as subjects[{index}]"),
        Proof::Rules(rules) => {
            let rules: Vec<String> = rules.iter().map(|rule| format!("rules[{rule}]")).collect();
            format!("said by {}", rules.join(", "))
        }
        Proof::Item(item) => match excess.what {
            What::Item(role, rule, list, _) => {
                let items = role.rules().get(rule).map_or(&[][..], |rule| items(rule, list));
                let text = items.get(*item).map(ToString::to_string).unwrap_or_default();
                format!("said by {}[{item}], \"{text}\"", field(list))
            }
            _ => String::new(),
        },
        Proof::Nothing => "no request matches it".to_owned(),
        Proof::Nobody => "nobody is such a subject".to_owned(),
        Proof::NoSubjects => "it has no subjects".to_owned(),
        Proof::Unbound => "no binding that stays grants it, and no role that stays is made of it".to_owned(),
        Proof::NoRole(error) => format!("it grants nothing: {error}"),
        Proof::NoAccount => "there is no such service account".to_owned(),
        Proof::NoNamespace => "there is no such namespace".to_owned(),
    }
}

fn excess_json(access: &Access, excess: &Excess<'_>) -> serde_json::Value {
    let (kind, metadata, object_kind) = match &excess.what {
        What::Binding(binding) => ("binding", binding.metadata(), super::binding_kind(binding)),
        What::Subject(binding, _) => ("subject", binding.metadata(), super::binding_kind(binding)),
        What::Role(role) => ("role", role.metadata(), role.kind()),
        What::Rule(role, _) => ("rule", role.metadata(), role.kind()),
        What::Item(role, ..) => ("item", role.metadata(), role.kind()),
    };
    let path = match &excess.what {
        What::Binding(_) | What::Role(_) => None,
        What::Subject(_, index) => Some(format!("subjects[{index}]")),
        What::Rule(_, rule) => Some(format!("rules[{rule}]")),
        What::Item(_, rule, list, item) => Some(format!("rules[{rule}].{}[{item}]", field(*list))),
    };
    let by: Vec<String> = match &excess.proof {
        Proof::Bindings(givers) => givers.iter().map(|giver| binding_text(access, *giver)).collect(),
        _ => Vec::new(),
    };
    json!({
        "what": kind, "kind": object_kind, "namespace": metadata.namespace.as_str(),
        "name": metadata.name.as_str(), "from": access.place(metadata.origin), "path": path,
        "proof": excess.proof.kind(), "certain": excess.proof.is_certain(),
        "do": what_text(&excess.what), "because": why_text(access, excess), "by": by,
    })
}
