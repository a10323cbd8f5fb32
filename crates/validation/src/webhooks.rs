//! Which configurations of admission webhooks are valid: all but whether their CEL expressions compile.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/admissionregistration/validation`.

use crate::Faults;
use crate::access::{Fields, list_of, text_of};
use crate::labels::{SelectorValues, selector};
use crate::names::{
    dns_subdomain, dns1035_label, fully_qualified_name, label_value, port_number, qualified_name,
};
use crate::path::Path;
use crate::report::Report;
use ravelin_object::Value;
use ravelin_object::fault::Fault;
use std::collections::BTreeSet;

/// What a configuration has to keep to; of the old one's faults it may keep each.
struct Rules {
    no_side_effects: bool,
    known_versions: bool,
    unique_names: bool,
    values: SelectorValues,
    ignore_conditions: bool,
}

const REVIEWS: &[&str] = &["v1", "v1beta1"];
const NO_EFFECTS: &[&str] = &["None", "NoneOnDryRun"];

impl Rules {
    fn new(new: &Value, old: Option<&Value>) -> Self {
        let hooks = old.map_or(&[][..], |old| old.list("webhooks"));
        let names: Vec<&str> = hooks.iter().map(|hook| hook.text("name")).collect();
        let has_invalid_values = hooks
            .iter()
            .flat_map(|hook| ["namespaceSelector", "objectSelector"].map(|key| hook.get(key)))
            .flat_map(|selector| selector.list("matchExpressions"))
            .flat_map(|expression| expression.list("values"))
            .any(|value| !label_value(text_of(value)).is_empty());
        let conditions = |object: &Value| -> Vec<Value> {
            object.list("webhooks").iter().map(|hook| hook.get("matchConditions").clone()).collect()
        };
        Self {
            no_side_effects: hooks.iter().all(|hook| NO_EFFECTS.contains(&hook.text("sideEffects"))),
            known_versions: hooks.iter().all(|hook| {
                let versions = hook.texts("admissionReviewVersions");
                versions.is_empty() || versions.iter().any(|version| REVIEWS.contains(version))
            }),
            unique_names: names.iter().collect::<BTreeSet<_>>().len() == names.len(),
            values: if has_invalid_values { SelectorValues::Any } else { SelectorValues::Valid },
            ignore_conditions: old.is_some_and(|old| conditions(old) == conditions(new)),
        }
    }
}

/// All but the metadata of a configuration.
pub(crate) fn configuration(object: &Value, old: Option<&Value>, out: &mut Faults) {
    let rules = Rules::new(object, old);
    let mut names = BTreeSet::new();
    for (index, hook) in object.list("webhooks").iter().enumerate() {
        let path = Path::new("webhooks") / index;
        webhook(hook, &rules, &path, out);
        versions(hook, &rules, &(&path / "admissionReviewVersions"), out);
        let name = hook.text("name");
        if rules.unique_names && !name.is_empty() && !names.insert(name) {
            out.duplicate(path / "name", name);
        }
    }
}

fn webhook(hook: &Value, rules: &Rules, path: &Path, out: &mut Faults) {
    fully_qualified_name(&(path / "name"), hook.text("name"), out);
    for (index, each) in hook.list("rules").iter().enumerate() {
        rule(each, &(path / "rules" / index), out);
    }
    one_of(hook, "failurePolicy", &["Fail", "Ignore"], path, out);
    one_of(hook, "matchPolicy", &["Equivalent", "Exact"], path, out);
    let effects: &[&str] =
        if rules.no_side_effects { NO_EFFECTS } else { &["None", "NoneOnDryRun", "Some", "Unknown"] };
    if hook.has("sideEffects") {
        one_of(hook, "sideEffects", effects, path, out);
    } else {
        out.required(path / "sideEffects", format!("must specify one of {}", effects.join(", ")));
    }
    if let Some(seconds) = hook.int_opt("timeoutSeconds").filter(|seconds| !(1..=30).contains(seconds)) {
        out.invalid(path / "timeoutSeconds", seconds, "the timeout value must be between 1 and 30 seconds");
    }
    for key in ["namespaceSelector", "objectSelector"] {
        selector(&(path / key), hook.get(key), rules.values, out);
    }
    one_of(hook, "reinvocationPolicy", &["IfNeeded", "Never"], path, out);
    client(hook.get("clientConfig"), &(path / "clientConfig"), out);
    if !rules.ignore_conditions {
        match_conditions(hook.list("matchConditions"), &(path / "matchConditions"), out);
    }
}

fn one_of(object: &Value, key: &str, values: &[&str], path: &Path, out: &mut Faults) {
    if let Some(value) = object.text_opt(key).filter(|value| !values.contains(value)) {
        out.unsupported(path / key, value, values);
    }
}

fn rule(rule: &Value, path: &Path, out: &mut Faults) {
    let operations = rule.texts("operations");
    wildcards(&operations, "operations", "operations", path, out);
    for (index, operation) in operations.iter().enumerate() {
        let known = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
        if !known.contains(operation) {
            out.unsupported(path / "operations" / index, *operation, &known);
        }
    }
    wildcards(&rule.texts("apiGroups"), "apiGroups", "API groups", path, out);
    let versions = rule.texts("apiVersions");
    wildcards(&versions, "apiVersions", "API versions", path, out);
    for (index, _) in versions.iter().enumerate().filter(|(_, version)| version.is_empty()) {
        out.required(path / "apiVersions" / index, "");
    }
    resources(&rule.texts("resources"), &(path / "resources"), out);
    one_of(rule, "scope", &["*", "Cluster", "Namespaced"], path, out);
}

fn wildcards(items: &[&str], key: &str, what: &str, path: &Path, out: &mut Faults) {
    if items.is_empty() {
        out.required(path / key, "");
    }
    if items.len() > 1 && items.contains(&"*") {
        out.invalid(path / key, list_of(items), format!("if '*' is present, must not specify other {what}"));
    }
}

/// Source: `validateResources`.
fn resources(resources: &[&str], path: &Path, out: &mut Faults) {
    if resources.is_empty() {
        out.required(path, "");
    }
    let (mut all_of, mut of_all) = (BTreeSet::new(), BTreeSet::new());
    let mut is_plain = false;
    for (index, resource) in resources.iter().enumerate() {
        let own = path / index;
        if resource.is_empty() {
            out.required(own, "");
            continue;
        }
        let Some((name, part)) = resource.split_once('/') else {
            is_plain = *resource != "*";
            continue;
        };
        if all_of.contains(name) {
            let why = format!("if '{name}/*' is present, must not specify {resource}");
            out.invalid(&own, *resource, why);
        }
        if of_all.contains(part) {
            let why = format!("if '*/{part}' is present, must not specify {resource}");
            out.invalid(&own, *resource, why);
        }
        if part == "*" {
            all_of.insert(name);
        }
        if name == "*" {
            of_all.insert(part);
        }
    }
    if resources.len() > 1 && resources.contains(&"*/*") {
        out.invalid(path, list_of(resources), "if '*/*' is present, must not specify other resources");
    }
    if resources.contains(&"*") && is_plain {
        let why = "if '*' is present, must not specify other resources without subresources";
        out.invalid(path, list_of(resources), why);
    }
}

fn versions(hook: &Value, rules: &Rules, path: &Path, out: &mut Faults) {
    let versions = hook.texts("admissionReviewVersions");
    if versions.is_empty() {
        out.required(path, "must specify one of v1, v1beta1");
        return;
    }
    let mut seen = BTreeSet::new();
    for (index, version) in versions.iter().enumerate() {
        if seen.insert(version) {
            out.spelling(path / index, version, dns1035_label(version));
        } else {
            out.invalid(path / index, *version, "duplicate version");
        }
    }
    if rules.known_versions && !versions.iter().any(|version| REVIEWS.contains(version)) {
        out.invalid(path, list_of(&versions), "must include at least one of v1, v1beta1");
    }
}

fn client(client: &Value, path: &Path, out: &mut Faults) {
    match (client.text_opt("url"), client.has("service")) {
        (Some(url), false) => address(url, &(path / "url"), out),
        (None, true) => service(client.get("service"), &(path / "service"), out),
        _ => out.required(path, "exactly one of url or service is required"),
    }
}

/// An address in parts, as Go's parser takes plain ones. What it refuses is refused by what is missing then.
///
/// Source: `k8s.io/apiserver/pkg/util/webhook` `ValidateWebhookURL`.
fn address(url: &str, path: &Path, out: &mut Faults) {
    let form = "; desired format: https://host[/path]";
    let (rest, fragment) = url.split_once('#').unwrap_or((url, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (scheme, rest) = rest.split_once("://").unwrap_or(("", ""));
    let authority = rest.split('/').next().unwrap_or_default();
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    let scheme = scheme.to_lowercase();
    if scheme != "https" {
        out.invalid(path, scheme, format!("'https' is the only allowed URL scheme{form}"));
    }
    if host.is_empty() {
        out.invalid(path, "", format!("host must be specified{form}"));
    }
    if let Some(user) = user {
        out.invalid(path, user, "user information is not permitted in the URL");
    }
    if !fragment.is_empty() {
        out.invalid(path, fragment, "fragments are not permitted in the URL");
    }
    if !query.is_empty() {
        out.invalid(path, query, "query parameters are not permitted in the URL");
    }
}

/// Source: `ValidateWebhookService`, which is given the name for the namespace and the namespace for the name.
fn service(service: &Value, path: &Path, out: &mut Faults) {
    if service.text("namespace").is_empty() {
        out.required(path / "name", "");
    }
    if service.text("name").is_empty() {
        out.required(path / "namespace", "");
    }
    let port = service.int("port");
    let faults = port_number(port);
    if !faults.is_empty() {
        out.invalid(path / "port", port, format!("port is not valid: {}", faults.join(", ")));
    }
    let text = service.text("path");
    let path = path / "path";
    if matches!(text, "" | "/") {
        return;
    }
    if text == "//" {
        out.invalid(path, text, "segment[0] may not be empty");
        return;
    }
    if !text.starts_with('/') {
        out.invalid(&path, text, "must start with a '/'");
    }
    let mut letters = text.chars();
    letters.next();
    let rest = letters.as_str();
    for (index, step) in rest.strip_suffix('/').unwrap_or(rest).split('/').enumerate() {
        if step.is_empty() {
            out.invalid(&path, text, format!("segment[{index}] may not be empty"));
            continue;
        }
        for fault in dns_subdomain(step) {
            out.invalid(&path, text, format!("segment[{index}]: {fault}"));
        }
    }
}

/// Conditions by their form; whether the expressions compile is for the room of CEL to say.
fn match_conditions(conditions: &[Value], path: &Path, out: &mut Faults) {
    if conditions.len() > 64 {
        out.push(Fault::too_many(path, conditions.len(), 64));
    }
    let mut names = BTreeSet::new();
    for (index, condition) in conditions.iter().enumerate() {
        let path = path / index;
        if condition.text("expression").trim().is_empty() {
            out.required(&path / "expression", "");
        }
        let name = condition.text("name");
        if name.is_empty() {
            out.required(&path / "name", "");
            continue;
        }
        out.spelling(&path / "name", name, qualified_name(name));
        if !names.insert(name) {
            out.duplicate(path / "name", name);
        }
    }
}
