//! `ravelin rbac diff`.

use super::{Defaults, PolicyArgs, unknown_text};
use crate::ExitStatus;
use crate::commands::access::{Access, Layer, binding_kind, rule_json, rule_text};
use crate::exit::usage;
use clap::ValueEnum;
use ravelin_authz::rbac::Grant;
use ravelin_authz::rbac::diff::{Change, Diff, diff};
use ravelin_render::{markdown, markdown_code, visible};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write;
use std::path::PathBuf;

/// What a change of roles and bindings grants and takes away
///
/// Compares what everybody may do, not what is written: rules that move between roles, renamed bindings and another
/// order are no difference. BASE and HEAD are laid over --with-defaults, --snapshot and --from; what BASE has and HEAD
/// lacks counts as deleted, even where a snapshot has it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 nothing is newly granted, whatever was taken away; 1 something is newly granted; 2 nothing is seen to
be newly granted, but something could not be read or is not known; 64 wrong usage.

Examples:
  ravelin rbac diff main/rbac/ rbac/ --with-defaults 1.36
  ravelin rbac diff old.yaml new.yaml --snapshot cluster.json
  ravelin rbac diff main/ . --with-defaults 1.36 -o markdown > comment.md")]
pub(crate) struct Args {
    /// Manifests before the change: a file, a directory, or a List
    base: PathBuf,
    /// Manifests after it
    head: PathBuf,
    /// How to print
    #[arg(short, long, value_enum, default_value = "text")]
    output: Output,
    #[command(flatten)]
    policy: PolicyArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people
    Text,
    /// For programs
    Json,
    /// A comment on a pull request
    Markdown,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitStatus> {
    let is_stdin = |path: &&PathBuf| path.as_os_str() == "-";
    let below = args.policy.from.iter().chain(&args.policy.snapshot);
    if below.filter(is_stdin).count() > 0 || [&args.base, &args.head].iter().all(is_stdin) {
        // What lies under both sides is read for each.
        return Err(usage("standard input can be read once only; write one of the two into a file"));
    }
    let [base, head] = [&args.base, &args.head].map(std::slice::from_ref);
    let base = args.policy.read_below(Layer { paths: base, ..Layer::default() })?;
    // What BASE has is managed by these manifests: the cluster's copy of it goes when they drop it.
    let head =
        args.policy.read_below(Layer { paths: head, without: base.on_top.clone(), ..Layer::default() })?;
    let diff = diff(base.index.policy(), head.index.policy());
    let incomplete = base.incomplete || head.incomplete;
    let defaults = Defaults::new();
    let unknown: Vec<String> =
        diff.unknown.iter().map(|unknown| unknown_text(&head, &defaults, unknown)).collect();
    let page = Page { base: &base, head: &head, diff: &diff, unknown: &unknown, incomplete };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match args.output {
        Output::Text => page.text(&mut out)?,
        Output::Json => writeln!(out, "{}", serde_json::to_string_pretty(&page.json())?)?,
        Output::Markdown => out.write_all(page.markdown().as_bytes())?,
    }
    out.flush()?;
    Ok(match (diff.granted.is_empty(), incomplete || !unknown.is_empty()) {
        (false, _) => ExitStatus::Findings,
        (true, true) => ExitStatus::Undecided,
        (true, false) => ExitStatus::Clean,
    })
}

/// How many grants stand below a change.
const GRANTS: usize = 3;
/// How many bytes of tables a comment has room for; GitHub refuses more than 65,536 characters.
const ROOM: usize = 56_000;

struct Page<'p> {
    base: &'p Access,
    head: &'p Access,
    diff: &'p Diff<'p>,
    unknown: &'p [String],
    incomplete: bool,
}

impl Page<'_> {
    fn summary(&self) -> String {
        let granted = self.diff.granted.len();
        let dangerous = self.diff.granted.iter().filter(|change| !change.dangers.is_empty()).count();
        let mut text = match (granted, dangerous) {
            (0, _) => "nothing is newly granted".to_owned(),
            (granted, 0) => format!("{granted} newly granted"),
            (granted, dangerous) => format!("{granted} newly granted, {dangerous} of them dangerous"),
        };
        let _ = match self.diff.taken.len() {
            0 => Ok(()),
            taken => write!(text, "; {taken} taken away"),
        };
        if self.incomplete || !self.unknown.is_empty() {
            text.push_str("; not everything is known");
        }
        text
    }

    fn text(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let sides =
            [("newly granted", &self.diff.granted, self.head), ("taken away", &self.diff.taken, self.base)];
        for (title, changes, access) in sides {
            let mut last = String::new();
            for change in changes {
                let head = format!("{title}: {} {}", change.who, place(change));
                if head != last {
                    writeln!(out, "{}", visible(&head))?;
                    last = head;
                }
                let dangers = dangers(change);
                let mark = if dangers.is_empty() { String::new() } else { format!("  ! {dangers}") };
                writeln!(out, "    {}{mark}", visible(&rule_text(&change.rule)))?;
                for grant in change.by.iter().take(GRANTS) {
                    writeln!(out, "        {}", visible(&chain(access, grant)))?;
                }
                if change.by.len() > GRANTS {
                    writeln!(out, "        and {} more, which -o json names", change.by.len() - GRANTS)?;
                }
                if !change.elsewhere.is_empty() {
                    let when = if title == "taken away" { "still" } else { "already" };
                    writeln!(out, "        {when} in {}", visible(&elsewhere(change)))?;
                }
            }
        }
        for unknown in self.unknown {
            writeln!(out, "{}", visible(unknown))?;
        }
        writeln!(out, "{}", self.summary())
    }

    fn json(&self) -> Value {
        let changes = |changes: &[Change<'_>], access: &Access| -> Vec<Value> {
            let one = |change: &Change<'_>| {
                let by: Vec<Value> = change.by.iter().map(|grant| access.explain(grant)).collect();
                let dangers: Vec<&str> = change.dangers.iter().map(|danger| danger.as_str()).collect();
                let elsewhere: Vec<&str> = change.elsewhere.iter().map(|name| name.as_str()).collect();
                json!({
                    "subject": change.who.to_string(), "namespace": change.namespace.as_deref(),
                    "rule": rule_json(&change.rule), "dangers": dangers, "by": by, "alsoIn": elsewhere,
                })
            };
            changes.iter().map(one).collect()
        };
        json!({
            "granted": changes(&self.diff.granted, self.head), "taken": changes(&self.diff.taken, self.base),
            "unknown": self.unknown, "incomplete": self.incomplete,
        })
    }

    fn markdown(&self) -> String {
        let mut text = format!("## Ravelin: {}\n\n", markdown(&self.summary()));
        for unknown in self.unknown.iter().take(20) {
            let _ = writeln!(text, "- {}", markdown(unknown));
        }
        if self.unknown.len() > 20 {
            let _ = writeln!(text, "- and {} more unknown", self.unknown.len() - 20);
        }
        if self.incomplete {
            text.push_str("- not everything could be read\n");
        }
        let head = "\n| | Who | Where | May | Granted by |\n|-|-|-|-|-|\n";
        let mut left_out = push_table(&mut text, head, &self.diff.granted, self.head);
        if !self.diff.taken.is_empty() {
            let _ = write!(text, "\n<details><summary>{} taken away</summary>\n", self.diff.taken.len());
            let head = "\n| | Who | Where | Could | Was granted by |\n|-|-|-|-|-|\n";
            left_out += push_table(&mut text, head, &self.diff.taken, self.base);
            text.push_str("\n</details>\n");
        }
        if left_out > 0 {
            let _ = writeln!(text, "\n{left_out} rows left out, for a comment has room for no more.");
        }
        text
    }
}

/// Adds as many rows as there is room for; how many there is none for.
fn push_table(text: &mut String, head: &str, changes: &[Change<'_>], access: &Access) -> usize {
    let mut left_out = 0;
    // What is dangerous first: it is not to be left out.
    let (bad, good): (Vec<_>, Vec<_>) = changes.iter().partition(|change| !change.dangers.is_empty());
    for (number, change) in bad.into_iter().chain(good).enumerate() {
        if number == 0 {
            text.push_str(head);
        }
        let mut by: Vec<String> =
            change.by.iter().take(GRANTS).map(|grant| markdown(&chain(access, grant))).collect();
        if change.by.len() > GRANTS {
            by.push(format!("and {} more", change.by.len() - GRANTS));
        }
        let dangers = dangers(change);
        let mark = if dangers.is_empty() { String::new() } else { format!("⚠️ {}", markdown(&dangers)) };
        let mut place = markdown(&place(change));
        if !change.elsewhere.is_empty() {
            let _ = write!(place, "; also in {}", markdown(&elsewhere(change)));
        }
        let who = markdown_code(&change.who.to_string());
        let rule = markdown_code(&rule_text(&change.rule));
        let row = format!("| {mark} | {who} | {place} | {rule} | {} |\n", by.join("<br>"));
        if text.len() + row.len() > ROOM {
            left_out += 1;
        } else {
            text.push_str(&row);
        }
    }
    left_out
}

fn place(change: &Change<'_>) -> String {
    match &change.namespace {
        None => "in the whole cluster".to_owned(),
        Some(namespace) => format!("in namespace {namespace}"),
    }
}

fn dangers(change: &Change<'_>) -> String {
    change.dangers.iter().map(|danger| danger.as_str()).collect::<Vec<_>>().join("; ")
}

fn elsewhere(change: &Change<'_>) -> String {
    let names: Vec<&str> = change.elsewhere.iter().take(10).map(|name| name.as_str()).collect();
    let more = change.elsewhere.len() - names.len();
    let namespaces = if change.elsewhere.len() == 1 { "namespace" } else { "namespaces" };
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{namespaces} {}{more}", names.join(", "))
}

/// Binding, role and rule with their places.
fn chain(access: &Access, grant: &Grant<'_>) -> String {
    let (binding, role) = (grant.binding.metadata(), grant.role.metadata());
    let namespace = match grant.binding.namespace() {
        "" => String::new(),
        namespace => format!("{namespace}/"),
    };
    format!(
        "{} {namespace}{} ({}) -> {} {} ({}), rule {}",
        binding_kind(&grant.binding),
        binding.name,
        access.place(binding.origin),
        grant.role.kind(),
        role.name,
        access.place(role.origin),
        grant.rule
    )
}
