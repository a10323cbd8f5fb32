//! `PodSecurityExtension` documents. Unknown keys are errors, and so is whatever would exempt more than is said.

use super::{Controllers, Exemption, Extension, Pattern, Workload};
use crate::checks;
use crate::config::ConfigError;
use ravelin_diag::{Day, FieldPath};
use ravelin_object::identity::Identity;
use ravelin_object::selector::{Expression, LabelSelector, Selector, dns1123_subdomain_faults};
use ravelin_object::{Decoder, Map, Value};

/// The kind of the document.
pub const KIND: &str = "PodSecurityExtension";
/// Its API group.
pub const GROUP: &str = "ravelin.dev";
const API_VERSION: &str = "ravelin.dev/v1";

/// How many exemptions a document may hold: each is asked about every pod.
const MOST: usize = 1_000;

/// Reads a `PodSecurityExtension`.
///
/// # Errors
/// Every fault, with its field: unknown keys, wrong types, what is missing, what would match more than it says.
pub fn read(document: &Value) -> Result<Extension, Vec<ConfigError>> {
    let mut reader = Reader { errors: Vec::new() };
    let identity = Identity::of(document).unwrap_or_default();
    if identity.kind != KIND || identity.api_version != API_VERSION {
        let found = format!("`{}` of `{}`", identity.kind, identity.api_version);
        let message = format!("expected kind `{KIND}` of `{API_VERSION}`, found {found}");
        return Err(vec![ConfigError { path: FieldPath::root(), message }]);
    }
    let extension = reader.extension(document);
    if reader.errors.is_empty() { Ok(extension) } else { Err(reader.errors) }
}

struct Reader {
    errors: Vec<ConfigError>,
}

impl Reader {
    fn fault(&mut self, path: FieldPath, message: impl Into<String>) {
        self.errors.push(ConfigError { path, message: message.into() });
    }

    fn extension(&mut self, document: &Value) -> Extension {
        let root = FieldPath::root();
        self.known(document, &root, &["apiVersion", "kind", "controllers", "exemptions"]);
        let controllers = match self.decode(&root, |decoder| decoder.string(Some(document), "controllers")) {
            None | Some("Warn") => Controllers::Warn,
            Some("Deny") => Controllers::Deny,
            Some(other) => {
                self.fault(
                    root.clone().key("controllers"),
                    format!("expected Warn or Deny, found `{other}`"),
                );
                Controllers::Warn
            }
        };
        let list = root.key("exemptions");
        let items = match document.field("exemptions") {
            None => &[],
            Some(Value::Array(items)) => items.as_slice(),
            Some(other) => {
                self.fault(list.clone(), format!("expected a sequence, found {}", other.describe()));
                &[]
            }
        };
        if items.len() > MOST {
            self.fault(list, format!("has {} items; at most {MOST} are read", items.len()));
            return Extension::default();
        }
        let mut exemptions: Vec<Exemption> = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let path = list.clone().index(index);
            if let Some(exemption) = self.exemption(item, &path) {
                if exemptions.iter().any(|other| other.name == exemption.name) {
                    self.fault(path.key("name"), format!("another exemption is named `{}`", exemption.name));
                }
                exemptions.push(exemption);
            }
        }
        Extension { controllers, exemptions }
    }

    fn exemption(&mut self, item: &Value, path: &FieldPath) -> Option<Exemption> {
        if item.as_object().is_none() {
            self.fault(path.clone(), format!("expected a mapping, found {}", item.describe()));
            return None;
        }
        self.known(item, path, &KEYS);
        let name = self.required(item, path, "name");
        if let Some(fault) = name.and_then(|name| dns1123_subdomain_faults(name).into_iter().next()) {
            self.fault(path.clone().key("name"), fault);
        }
        let reason = self.required(item, path, "reason");
        let owner = self.required(item, path, "owner");
        let expires = self.required(item, path, "expires").and_then(|text| match text.parse::<Day>() {
            Ok(day) => Some(day),
            Err(error) => {
                self.fault(path.clone().key("expires"), error.to_string());
                None
            }
        });
        let patterns =
            |list: Option<Vec<String>>| list.map(|list| list.into_iter().map(Pattern::new).collect());
        let namespaces = patterns(self.texts(item, path, "namespaces"));
        let namespace_selector = self.selector(item, path, "namespaceSelector");
        let workload = self.workload(item, path);
        let images = patterns(self.texts(item, path, "images"));
        let usernames = self.texts(item, path, "usernames");
        let runtime_classes = self.texts(item, path, "runtimeClasses");
        let controls = self.controls(item, path);
        let trust = self.decode(path, |decoder| decoder.boolean(Some(item), "trustOwnerReferences"));
        if trust == Some(true) && workload.as_ref().is_none_or(|w| w.kinds.is_none() && w.names.is_none()) {
            let message = "is of no effect without `workload.kinds` or `workload.names`";
            self.fault(path.clone().key("trustOwnerReferences"), message);
        }
        self.reach(item, path);
        Some(Exemption {
            name: name?.to_owned(),
            reason: reason?.to_owned(),
            owner: owner?.to_owned(),
            expires: expires?,
            namespaces,
            namespace_selector,
            workload,
            images,
            usernames,
            runtime_classes,
            controls,
            trust_owner_references: trust.unwrap_or_default(),
        })
    }

    /// What an exemption must say so that it does not reach further than whoever wrote it meant.
    fn reach(&mut self, item: &Value, path: &FieldPath) {
        let has = |key: &str| item.field(key).is_some();
        if !SELECTORS.iter().any(|key| has(key)) {
            let message = format!(
                "selects everything; name at least one of {} (`namespaces: [\"*\"]` means all of them)",
                SELECTORS.join(", ")
            );
            self.fault(path.clone(), message);
        } else if has("workload") && !has("namespaces") && !has("namespaceSelector") {
            let message = "names, kinds and labels of workloads are chosen by whoever creates them; \
                           say in which `namespaces` (or by `namespaceSelector`) they are exempt";
            self.fault(path.clone().key("workload"), message);
        }
    }

    fn workload(&mut self, item: &Value, path: &FieldPath) -> Option<Workload> {
        let path = path.clone().key("workload");
        let value = item.field("workload")?;
        if value.as_object().is_none() {
            self.fault(path, format!("expected a mapping, found {}", value.describe()));
            return None;
        }
        self.known(value, &path, &["kinds", "names", "selector"]);
        let names = self.texts(value, &path, "names");
        let workload = Workload {
            kinds: self.texts(value, &path, "kinds"),
            names: names.map(|names| names.into_iter().map(Pattern::new).collect()),
            selector: self.selector(value, &path, "selector"),
        };
        if ["kinds", "names", "selector"].iter().all(|key| value.field(key).is_none()) {
            self.fault(path, "names nothing; expected at least one of kinds, names, selector");
        }
        Some(workload)
    }

    fn controls(&mut self, item: &Value, path: &FieldPath) -> Option<Vec<&'static str>> {
        let texts = self.texts(item, path, "controls")?;
        let mut ids = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            let check =
                checks::ALL.iter().find(|check| check.meta().id == text || check.upstream_id() == text);
            match check {
                Some(check) => ids.push(check.meta().id),
                None => self.fault(
                    path.clone().key("controls").index(index),
                    format!("no check of the Pod Security Standards is named `{text}`; expected an id such as `pss/host-ports` or `hostPorts`"),
                ),
            }
        }
        Some(ids)
    }

    fn selector(&mut self, holder: &Value, path: &FieldPath, key: &str) -> Option<Selector> {
        let value = holder.field(key)?;
        let path = path.clone().key(key);
        self.known(value, &path, &["matchLabels", "matchExpressions"]);
        let expressions = value.field("matchExpressions").and_then(Value::as_array).unwrap_or_default();
        for (index, expression) in expressions.iter().enumerate() {
            let path = path.clone().key("matchExpressions").index(index);
            self.known(expression, &path, &["key", "operator", "values"]);
        }
        let object = self.decode(&path, |decoder| {
            let holder = Some(value);
            let labels = decoder.string_map(holder, "matchLabels");
            LabelSelector {
                match_labels: labels
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value.to_owned()))
                    .collect(),
                match_expressions: decoder.mappings(holder, "matchExpressions", |decoder, _, item| {
                    let mut text = |key| decoder.string(item, key).unwrap_or_default().to_owned();
                    let (key, operator) = (text("key"), text("operator"));
                    let values = decoder.strings(item, "values");
                    Expression { key, operator, values: values.into_iter().map(str::to_owned).collect() }
                }),
            }
        });
        match object.to_selector() {
            Ok(selector) => Some(selector),
            Err(error) => {
                self.fault(path, error.to_string());
                Some(Selector::nothing())
            }
        }
    }

    /// A text that must be there and hold more than blanks.
    fn required<'v>(&mut self, holder: &'v Value, path: &FieldPath, key: &str) -> Option<&'v str> {
        let before = self.errors.len();
        let text = self.decode(path, |decoder| decoder.string(Some(holder), key));
        let text = text.filter(|text| !text.trim().is_empty());
        if text.is_none() && self.errors.len() == before {
            self.fault(path.clone().key(key), "is required");
        }
        text
    }

    /// A list of texts. One that is there must not be empty, nor may a text of it: that would match nothing,
    /// or be taken for everything.
    fn texts(&mut self, holder: &Value, path: &FieldPath, key: &str) -> Option<Vec<String>> {
        holder.field(key)?;
        let texts = self.decode(path, |decoder| decoder.strings(Some(holder), key));
        let path = path.clone().key(key);
        if texts.is_empty() {
            self.fault(path.clone(), "is empty; leave it out, or name one");
        }
        if let Some(index) = texts.iter().position(|text| text.is_empty()) {
            self.fault(path.index(index), "is empty");
        }
        Some(texts.into_iter().map(str::to_owned).collect())
    }

    /// Decodes below `path`, and keeps what does not fit as faults.
    fn decode<T>(&mut self, path: &FieldPath, decode: impl FnOnce(&mut Decoder) -> T) -> T {
        let mut decoder = Decoder::new(path.clone());
        let decoded = decode(&mut decoder);
        if let Err(wrong) = decoder.finish(()) {
            self.errors.extend(wrong.into_iter().map(ConfigError::from));
        }
        decoded
    }

    /// Every key that is not one of `keys` is a fault.
    fn known(&mut self, holder: &Value, path: &FieldPath, keys: &[&str]) {
        let map = holder.as_object().into_iter().flat_map(Map::iter);
        for (key, _) in map.filter(|(key, _)| !keys.contains(key)) {
            let message = format!("unknown field; expected one of {}", keys.join(", "));
            self.fault(path.clone().key(key), message);
        }
    }
}

/// What selects whom an exemption is for.
const SELECTORS: [&str; 6] =
    ["namespaces", "namespaceSelector", "workload", "images", "usernames", "runtimeClasses"];

/// The keys of an exemption.
const KEYS: [&str; 12] = [
    "name",
    "reason",
    "owner",
    "expires",
    "namespaces",
    "namespaceSelector",
    "workload",
    "images",
    "usernames",
    "runtimeClasses",
    "controls",
    "trustOwnerReferences",
];

#[cfg(test)]
mod tests {
    use super::*;
    use ravelin_object::read as object;
    use ravelin_yaml::Limits;

    fn of(text: &str) -> Result<Extension, Vec<String>> {
        let text = format!("apiVersion: ravelin.dev/v1\nkind: PodSecurityExtension\n{text}");
        let value = object::yaml(&text, &Limits::STANDARD).unwrap().value.unwrap();
        read(&value).map_err(|errors| errors.iter().map(ToString::to_string).collect())
    }

    const HEAD: &str = "name: a, reason: r, owner: o, expires: '2027-01-31'";

    #[test]
    fn an_exemption_says_whom_why_and_until_when() {
        let extension = of("controllers: Deny\nexemptions:\n- name: agents\n  reason: reads host logs\n  owner: team-logs\n  \
             expires: 2027-01-31\n  namespaces: [logs, 'logs-*']\n  namespaceSelector: {matchLabels: {tier: infra}}\n  \
             workload: {kinds: [DaemonSet], names: ['agent-*'], selector: {matchExpressions: [{key: app, operator: Exists}]}}\n  \
             images: ['registry.example/agent:*']\n  controls: [pss/host-path-volumes, hostPorts]\n  trustOwnerReferences: true\n")
        .unwrap();
        assert_eq!(extension.controllers, Controllers::Deny);
        let exemption = &extension.exemptions[0];
        assert_eq!(exemption.controls, Some(vec!["pss/host-path-volumes", "pss/host-ports"]));
        assert_eq!(
            (exemption.expires.to_string().as_str(), exemption.owner.as_str()),
            ("2027-01-31", "team-logs")
        );
        assert!(exemption.trust_owner_references && !exemption.is_expired("2027-01-31".parse().unwrap()));
        assert!(exemption.is_expired("2027-02-01".parse().unwrap()));
        assert_eq!(of("").unwrap(), Extension::default());
    }

    #[test]
    fn what_is_missing_or_unknown_is_named_with_its_field() {
        for (text, errors) in [
            (
                "controller: Deny",
                vec!["controller: unknown field; expected one of apiVersion, kind, controllers, exemptions"],
            ),
            ("controllers: Block", vec!["controllers: expected Warn or Deny, found `Block`"]),
            ("exemptions: {}", vec!["exemptions: expected a sequence, found a mapping"]),
            (
                "exemptions: [{namespaces: [a]}]",
                vec![
                    "exemptions[0].name: is required",
                    "exemptions[0].reason: is required",
                    "exemptions[0].owner: is required",
                    "exemptions[0].expires: is required",
                ],
            ),
            (
                "exemptions: [{name: a, reason: r, owner: o, expires: soon, namespaces: [a]}]",
                vec!["exemptions[0].expires: `soon` is no day; expected the form 2027-01-31"],
            ),
            (
                "exemptions: [{name: a, reason: 1, owner: ' ', expires: '2027-01-31', namespaces: [a]}]",
                vec![
                    "exemptions[0].reason: expected a string, found the integer 1",
                    "exemptions[0].owner: is required",
                ],
            ),
        ] {
            assert_eq!(of(text).unwrap_err(), errors, "{text}");
        }
    }

    #[test]
    fn what_would_reach_too_far_is_refused() {
        for (fields, error) in [
            ("controls: [hostPorts]", "exemptions[0]: selects everything"),
            ("namespaces: []", "exemptions[0].namespaces: is empty"),
            ("namespaces: ['']", "exemptions[0].namespaces[0]: is empty"),
            ("usernames: [null]", "exemptions[0].usernames[0]: is empty"),
            ("namespaces: [a], controls: [pss/nothing]", "exemptions[0].controls[0]: no check of the"),
            ("namespaces: [a], controls: []", "exemptions[0].controls: is empty"),
            (
                "workload: {names: [a]}",
                "exemptions[0].workload: names, kinds and labels of workloads are chosen by",
            ),
            ("namespaces: [a], workload: {}", "exemptions[0].workload: names nothing"),
            (
                "namespaces: [a], workload: {name: x, kinds: [Pod]}",
                "exemptions[0].workload.name: unknown field",
            ),
            ("namespaceSelector: {app: x}", "exemptions[0].namespaceSelector.app: unknown field"),
            (
                "namespaceSelector: {matchLabels: {a: 'b c'}}",
                "exemptions[0].namespaceSelector: values[0][a]: Invalid value",
            ),
            (
                "namespaces: [a], trustOwnerReferences: true",
                "exemptions[0].trustOwnerReferences: is of no effect",
            ),
            ("namespaces: a", "exemptions[0].namespaces: expected a sequence"),
        ] {
            let errors = of(&format!("exemptions: [{{{HEAD}, {fields}}}]")).unwrap_err();
            assert!(errors[0].starts_with(error), "{fields}: {errors:?}");
        }
        let twice = of(&format!("exemptions: [{{{HEAD}, namespaces: [a]}}, {{{HEAD}, namespaces: [b]}}]"))
            .unwrap_err();
        assert_eq!(twice, ["exemptions[1].name: another exemption is named `a`"]);
    }
}
