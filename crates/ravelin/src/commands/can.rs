//! `ravelin can`.

use super::access::{Access, PolicyArgs, Subject, Target};
use crate::ExitStatus;
use crate::exit::usage;
use clap::ValueEnum;
use ravelin_authz::rbac::{Places, rule_allows};
use ravelin_authz::union::SUPERUSERS;
use ravelin_authz::{Answer, Attributes, Authorizer, Decision, reviews};
use ravelin_object::read;
use ravelin_yaml::Limits;
use serde_json::json;
use std::io::{BufRead, Write};
use std::str::FromStr;

/// May this subject do that, and why
///
/// Asks RBAC as an API server with these roles and bindings would, members of system:masters included. Says which
/// binding, role and rule allow it, and where they are written.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 yes; 1 no; 2 no, but something could not be read; 64 wrong usage.

Examples:
  ravelin can user:jane list secrets -n shop --from rbac/ --with-defaults 1.36
  ravelin can sa:ci/deployer create pods --subresource exec -n shop --snapshot cluster.json
  ravelin can group:devs get /metrics --from rbac/
  ravelin can --reviews --from rbac/ < reviews.ndjson")]
pub(crate) struct Args {
    /// Who: user:NAME, group:NAME or sa:NAMESPACE/NAME
    #[arg(required_unless_present = "reviews", value_parser = Subject::from_str)]
    subject: Option<Subject>,
    /// The verb: get, list, watch, create, update, patch, delete, deletecollection, impersonate, ...
    #[arg(required_unless_present = "reviews")]
    verb: Option<String>,
    /// What: RESOURCE, RESOURCE/NAME or a path; with a group as in deployments.apps
    #[arg(required_unless_present = "reviews", value_parser = Target::from_str)]
    resource: Option<Target>,
    /// The namespace; all namespaces where absent
    #[arg(short, long, value_name = "NAME", default_value = "")]
    namespace: String,
    /// The subresource: log, exec, status, ...
    #[arg(long, value_name = "NAME", default_value = "")]
    subresource: String,
    /// Further groups of the subject; may repeat, or list with commas
    #[arg(long, value_name = "GROUP", value_delimiter = ',')]
    as_groups: Vec<String>,
    /// Read one SubjectAccessReview as JSON from each line, and write it with its status
    #[arg(long, conflicts_with_all = ["subject", "verb", "resource"])]
    reviews: bool,
    /// How to print
    #[arg(short, long, value_enum, default_value = "text")]
    output: Output,
    #[command(flatten)]
    policy: PolicyArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people
    Text,
    /// For programs
    Json,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitStatus> {
    let access = args.policy.read((!args.reviews).then_some(args.namespace.as_str()))?;
    if args.reviews {
        return answer_reviews(&access);
    }
    let (Some(subject), Some(verb), Some(target)) = (&args.subject, &args.verb, &args.resource) else {
        return Err(usage("expected SUBJECT VERB RESOURCE"));
    };
    let user = subject.user(&args.as_groups);
    let attributes = target.attributes(user, verb, &args.subresource, &args.namespace);
    let answer = authorize(&access, &attributes);
    let allowed = answer.decision == Decision::Allow;
    let namespaces: &[&str] = if attributes.namespace.is_empty() { &[] } else { &[&attributes.namespace] };
    let grants = access.index.what_can(&attributes.user, Places::These(namespaces));
    let why: Vec<_> = grants
        .iter()
        .filter(|grant| grant.policy_rule().is_some_and(|rule| rule_allows(rule, &attributes)))
        .collect();
    let mut out = std::io::stdout().lock();
    if args.output == Output::Json {
        let grants: Vec<_> = why.iter().map(|grant| access.explain(grant)).collect();
        let value = json!({
            "allowed": allowed, "reason": answer.reason, "error": answer.error, "grants": grants,
            "incomplete": access.incomplete,
        });
        writeln!(out, "{}", serde_json::to_string_pretty(&value)?)?;
    } else {
        let what = target.describe(&args.subresource, &args.namespace);
        writeln!(out, "{}: {verb} {what}", if allowed { "yes" } else { "no" })?;
        if allowed && why.is_empty() {
            writeln!(out, "  a member of {SUPERUSERS} may do everything")?;
        }
        for grant in &why {
            writeln!(out, "  {}", access.line(grant))?;
        }
        if let Some(error) = &answer.error {
            writeln!(out, "  unresolved: {}", ravelin_render::visible(error))?;
        }
    }
    Ok(match (allowed, access.incomplete) {
        (true, _) => ExitStatus::Clean,
        (false, true) => ExitStatus::Undecided,
        (false, false) => ExitStatus::Findings,
    })
}

/// The answer of a server: members of the superusers' group come before RBAC.
fn authorize(access: &Access, attributes: &Attributes) -> Answer {
    if attributes.user.is_in(SUPERUSERS) {
        return Answer { decision: Decision::Allow, reason: String::new(), error: None };
    }
    access.index.authorize(attributes)
}

struct Server<'a>(&'a Access);

impl Authorizer for Server<'_> {
    fn authorize(&self, attributes: &Attributes) -> Answer {
        authorize(self.0, attributes)
    }
}

fn answer_reviews(access: &Access) -> anyhow::Result<ExitStatus> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut failed = false;
    for (number, line) in std::io::stdin().lock().lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        match review(access, &line) {
            Ok(text) => writeln!(out, "{text}")?,
            Err(message) => {
                failed = true;
                writeln!(out, "{}", json!({"line": number + 1, "error": message}))?;
            }
        }
    }
    out.flush()?;
    Ok(if failed || access.incomplete { ExitStatus::Undecided } else { ExitStatus::Clean })
}

fn review(access: &Access, line: &str) -> Result<String, String> {
    let read = read::json(line, &Limits::STANDARD).map_err(|error| error.to_string())?;
    let review = read.value.ok_or("holds no value")?;
    let answered =
        reviews::subject_access_review(&review, &Server(access)).map_err(|error| error.to_string())?;
    Ok(answered.to_json().to_string())
}
