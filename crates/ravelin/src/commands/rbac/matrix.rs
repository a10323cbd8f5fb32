//! `ravelin rbac matrix`.

use super::{Defaults, PolicyArgs, binding_text, role_text, unknown_text, who};
use crate::ExitStatus;
use crate::commands::access::Access;
use crate::output::{Color, say, width};
use clap::ValueEnum;
use ravelin_authz::rbac::Who;
use ravelin_authz::rbac::matrix::{Matrix, Row, Section, Selection, Target, VERBS, Via, matrix};
use ravelin_authz::union::SUPERUSERS;
use ravelin_object::resources;
use ravelin_render::matrix::{Table, csv, html, text};
use serde_json::{Map, Value, json};
use std::io::Write;

/// Who may do what, as a table of subjects, resources and verbs
///
/// Shows what is held, not what is written: a wildcard fills the cells it stands for, and what is held in the whole
/// cluster shows in namespaces. Rules for some names only have rows of their own. What groups give stands with the
/// groups. Subjects that nothing but the default bindings of Kubernetes name are hidden, and counted.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 answered; 2 something could not be read or is not known; 64 wrong usage.

Examples:
  ravelin rbac matrix --from rbac/ --with-defaults 1.36
  ravelin rbac matrix sa:ci/deployer group:devs -n shop --from rbac/
  ravelin rbac matrix --resource secrets --resource pods/exec --snapshot cluster.json
  ravelin rbac matrix --from rbac/ -o html > matrix.html")]
pub(crate) struct Args {
    /// Only these: user:NAME, group:NAME or sa:NAMESPACE/NAME
    #[arg(value_name = "SUBJECT", value_parser = who)]
    subjects: Vec<Who>,
    /// Only this namespace, and what holds in the whole cluster
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,
    /// Only these: RESOURCE, RESOURCE/SUBRESOURCE or a path, with a group as in deployments.apps; may repeat
    #[arg(long = "resource", value_name = "RESOURCE", value_parser = target)]
    resources: Vec<Target>,
    /// Show the subjects of default bindings too
    #[arg(long)]
    system: bool,
    /// How to print
    #[arg(short, long, value_enum, default_value = "text")]
    output: Output,
    /// When to colour
    #[arg(long, value_enum, default_value = "auto")]
    color: Color,
    #[command(flatten)]
    policy: PolicyArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// Tables for people at a terminal
    Text,
    /// For programs
    Json,
    /// For spreadsheets
    Csv,
    /// A page to look at, in one file
    Html,
}

/// `secrets`, `pods/exec`, `deployments.apps`, `deployments.apps/scale`, `/metrics`.
fn target(text: &str) -> Result<Target, String> {
    if text.starts_with('/') {
        return Ok(Target::Path(text.into()));
    }
    let (resource, subresource) =
        text.split_once('/').map_or((text, None), |(left, right)| (left, Some(right)));
    let (plural, group) = match resources::find(resource) {
        Some(known) => (known.plural, known.group),
        None => resource.split_once('.').unwrap_or((resource, "")),
    };
    if plural.is_empty() || subresource == Some("") {
        return Err(format!(
            "`{text}` is no resource; expected one as in secrets, pods/exec or deployments.apps"
        ));
    }
    let resource = subresource.map_or_else(|| plural.to_owned(), |name| format!("{plural}/{name}"));
    Ok(Target::Resource { group: group.into(), resource: resource.into() })
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitStatus> {
    let access = args.policy.read(args.namespace.as_deref())?;
    let defaults = Defaults::new();
    let selection = Selection {
        subjects: args.subjects.clone(),
        namespace: args.namespace.as_deref().map(Into::into),
        targets: args.resources.clone(),
    };
    let mut matrix = matrix(access.index.policy(), &selection);
    let hidden = if args.system || !args.subjects.is_empty() { 0 } else { hide(&mut matrix, &defaults) };
    let notes = notes(&access, &defaults, &matrix, hidden);
    let place = |origin| access.place(origin).to_owned();
    let is_text = args.output == Output::Text;
    let table = Table {
        matrix: &matrix,
        place: &place,
        notes: &notes,
        color: is_text && args.color.on_stdout(),
        width: width(),
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match args.output {
        Output::Text => text(&table, &mut out)?,
        Output::Html => html(&table, &mut out)?,
        Output::Csv => {
            csv(&table, &mut out)?;
            notes.iter().for_each(|note| say(&ravelin_render::visible(note)));
        }
        Output::Json => {
            let subjects: Vec<Value> = matrix
                .subjects
                .iter()
                .map(|subject| {
                    let sections: Vec<Value> =
                        subject.sections.iter().map(|section| section_json(&access, section)).collect();
                    json!({"subject": subject.who.to_string(), "places": sections})
                })
                .collect();
            let value = json!({
                "subjects": subjects, "hidden": hidden, "notes": notes, "incomplete": access.incomplete,
                "always": [format!("group:{SUPERUSERS}")],
            });
            writeln!(out, "{}", serde_json::to_string_pretty(&value)?)?;
        }
    }
    out.flush()?;
    let is_sure = !access.incomplete && matrix.unknown.is_empty();
    Ok(if is_sure { ExitStatus::Clean } else { ExitStatus::Undecided })
}

/// Takes out whom only default bindings name, as they are; says how many.
fn hide(matrix: &mut Matrix<'_>, defaults: &Defaults) -> usize {
    let before = matrix.subjects.len();
    matrix.subjects.retain(|subject| {
        let mut grants = subject.sections.iter().flat_map(|section| &section.grants);
        grants.any(|(binding, _)| !defaults.is_unchanged(*binding))
    });
    before - matrix.subjects.len()
}

fn notes(access: &Access, defaults: &Defaults, matrix: &Matrix<'_>, hidden: usize) -> Vec<String> {
    let mut notes: Vec<String> =
        matrix.unknown.iter().map(|unknown| unknown_text(access, defaults, unknown)).collect();
    if access.incomplete {
        notes.push("incomplete: not everything could be read".to_owned());
    }
    if hidden > 0 {
        notes.push(format!(
            "{hidden} subjects that only default bindings of Kubernetes name are hidden; --system shows them"
        ));
    }
    notes.push(
        "what groups give stands with the groups; everybody but system:anonymous is in system:authenticated"
            .to_owned(),
    );
    notes.push(format!("group:{SUPERUSERS} always: its members may do everything before RBAC is asked"));
    notes
}

fn section_json(access: &Access, section: &Section<'_>) -> Value {
    let grants = section.grants.iter();
    let grants: Vec<Value> = grants
        .map(|(binding, role)| {
            json!({"binding": binding_text(access, *binding), "role": role_text(access, *role)})
        })
        .collect();
    let rows: Vec<Value> = section.rows.iter().map(|row| row_json(access, row)).collect();
    json!({"cluster": section.namespaces.is_empty(), "namespaces": texts(&section.namespaces), "grants": grants, "rows": rows})
}

fn texts<T: ToString>(list: &[T]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

fn row_json(access: &Access, row: &Row<'_>) -> Value {
    let mut verbs = Map::new();
    for (verb, via) in VERBS.iter().zip(row.verbs) {
        let word = match via {
            None => continue,
            Some(Via::Named) => "named",
            Some(Via::Wildcard) => "wildcard",
            Some(Via::Cluster) => "cluster",
        };
        verbs.insert((*verb).to_owned(), word.into());
    }
    let (group, resource, path) = match &row.target {
        Target::Resource { group, resource } => (Some(group.as_str()), Some(resource.as_str()), None),
        Target::Path(path) => (None, None, Some(path.as_str())),
    };
    let dangers: Vec<&str> = row.dangers.iter().map(|danger| danger.as_str()).collect();
    let roles: Vec<String> = row.roles.iter().map(|role| role_text(access, *role)).collect();
    json!({
        "apiGroup": group, "resource": resource, "path": path, "names": texts(&row.names), "verbs": verbs,
        "other": texts(&row.others), "dangers": dangers, "roles": roles,
    })
}
