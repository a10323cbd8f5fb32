//! Which operations a resource has, apart from any version of OpenAPI.

use super::object;
use crate::Table;
use crate::schemas::SchemaRef;
use crate::table::{Resource, Subresource, api_version};
use crate::types::{Shape, TypeRef, Types};
use compact_str::CompactString;
use ravelin_object::Value;

/// A path and what can be done there.
pub(super) struct Path {
    pub(super) path: String,
    pub(super) parameters: Vec<Parameter>,
    pub(super) operations: Vec<Operation>,
}

/// A method of a path.
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) action: &'static str,
    pub(super) id: String,
    pub(super) tag: String,
    /// `x-kubernetes-group-version-kind`.
    pub(super) kind: Value,
    pub(super) parameters: &'static [Parameter],
    pub(super) body: Option<Body>,
    pub(super) answer: Answer,
    /// Codes and their words.
    pub(super) successes: &'static [(&'static str, &'static str)],
}

/// What is sent.
pub(super) struct Body {
    pub(super) schema: CompactString,
    pub(super) types: &'static [&'static str],
    pub(super) required: bool,
}

/// What comes back.
pub(super) enum Answer {
    Schema(CompactString),
    Text,
}

/// A parameter of a path or a query.
#[derive(Clone, Copy)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) place: Place,
    pub(super) kind: &'static str,
}

/// Where a parameter is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
}

impl Place {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
        }
    }
}

const fn query(name: &'static str, kind: &'static str) -> Parameter {
    Parameter { name, place: Place::Query, kind }
}

const NAME: Parameter = Parameter { name: "name", place: Place::Path, kind: "string" };
const NAMESPACE: Parameter = Parameter { name: "namespace", place: Place::Path, kind: "string" };
const PRETTY: Parameter = query("pretty", "string");
const DRY_RUN: Parameter = query("dryRun", "string");
const MANAGER: Parameter = query("fieldManager", "string");
const VALIDATION: Parameter = query("fieldValidation", "string");

const WRITE: &[Parameter] = &[DRY_RUN, MANAGER, VALIDATION];
const PATCH: &[Parameter] = &[DRY_RUN, MANAGER, VALIDATION, query("force", "boolean")];
const DELETE: &[Parameter] = &[
    DRY_RUN,
    query("gracePeriodSeconds", "integer"),
    query("ignoreStoreReadErrorWithClusterBreakingPotential", "boolean"),
    query("orphanDependents", "boolean"),
    query("propagationPolicy", "string"),
];
const LIST: &[Parameter] = &[
    query("allowWatchBookmarks", "boolean"),
    query("continue", "string"),
    query("fieldSelector", "string"),
    query("labelSelector", "string"),
    query("limit", "integer"),
    query("resourceVersion", "string"),
    query("resourceVersionMatch", "string"),
    query("sendInitialEvents", "boolean"),
    query("shardSelector", "string"),
    query("timeoutSeconds", "integer"),
    query("watch", "boolean"),
];
const DELETE_COLLECTION: &[Parameter] = &[
    query("continue", "string"),
    DRY_RUN,
    query("fieldSelector", "string"),
    query("gracePeriodSeconds", "integer"),
    query("ignoreStoreReadErrorWithClusterBreakingPotential", "boolean"),
    query("labelSelector", "string"),
    query("limit", "integer"),
    query("orphanDependents", "boolean"),
    query("propagationPolicy", "string"),
    query("resourceVersion", "string"),
    query("resourceVersionMatch", "string"),
    query("sendInitialEvents", "boolean"),
    query("shardSelector", "string"),
    query("timeoutSeconds", "integer"),
];

type Codes = &'static [(&'static str, &'static str)];
const DONE: Codes = &[("200", "OK")];
const WRITTEN: Codes = &[("200", "OK"), ("201", "Created")];
const CREATED: Codes = &[("200", "OK"), ("201", "Created"), ("202", "Accepted")];
const DELETED: Codes = &[("200", "OK"), ("202", "Accepted")];

const ANY: &[&str] = &["*/*"];
const OBJECTS: &[&str] =
    &["application/cbor", "application/json", "application/vnd.kubernetes.protobuf", "application/yaml"];
const STREAMS: &[&str] = &[
    "application/cbor",
    "application/cbor-seq",
    "application/json",
    "application/json;stream=watch",
    "application/vnd.kubernetes.protobuf",
    "application/vnd.kubernetes.protobuf;stream=watch",
    "application/yaml",
];
const LOGS: &[&str] = &[
    "application/cbor",
    "application/json",
    "application/vnd.kubernetes.protobuf",
    "application/yaml",
    "text/plain",
];
const PATCHES: &[&str] = &[
    "application/apply-patch+cbor",
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
];

const PATCH_SCHEMA: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch";
const OPTIONS_SCHEMA: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";
const STATUS_SCHEMA: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Status";
/// Kinds that a deletion answers with themselves.
const RETURNED_WHEN_DELETED: &[&str] = &[
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Pod",
    "PodTemplate",
    "ResourceQuota",
    "Service",
    "ServiceAccount",
    "CSIDriver",
    "CSINode",
    "StorageClass",
    "VolumeAttachment",
    "VolumeAttributesClass",
    "DeviceClass",
    "ResourceClaim",
    "ResourceClaimTemplate",
    "ResourceSlice",
];

impl Operation {
    /// The media types of what comes back.
    pub(super) fn produces(&self) -> &'static [&'static str] {
        match (&self.answer, self.action) {
            (_, "connect") => ANY,
            (Answer::Text, _) => LOGS,
            (_, "list") => STREAMS,
            _ => OBJECTS,
        }
    }

    /// The names of the schemas that it speaks of.
    pub(super) fn schemas(&self) -> impl Iterator<Item = CompactString> {
        let answer = match &self.answer {
            Answer::Schema(name) => Some(name.clone()),
            Answer::Text => None,
        };
        answer.into_iter().chain(self.body.as_ref().map(|body| body.schema.clone()))
    }
}

/// The paths of a resource.
pub(super) fn of(table: &Table, resource: &Resource) -> Vec<Path> {
    let maker = Maker { table, resource };
    let mut paths = vec![maker.collection(), maker.item()];
    if resource.namespaced && resource.has_verb("list") {
        paths.push(maker.all_namespaces());
    }
    for subresource in &resource.subresources {
        paths.push(maker.below(subresource, ""));
        if subresource.name == "proxy" {
            paths.push(maker.below(subresource, "/{path}"));
        }
    }
    paths.retain(|path| !path.operations.is_empty());
    paths
}

/// Says what can be done with a resource.
struct Maker<'t> {
    table: &'t Table,
    resource: &'t Resource,
}

/// What an operation does, and what its name is made of.
#[derive(Clone, Copy)]
struct Act {
    /// The verb of rules.
    verb: &'static str,
    method: &'static str,
    action: &'static str,
    /// The first word of the operation's name.
    word: &'static str,
    parameters: &'static [Parameter],
    successes: Codes,
}

const ACTS: &[Act] = &[
    Act { verb: "get", method: "get", action: "get", word: "read", parameters: &[], successes: DONE },
    Act {
        verb: "update",
        method: "put",
        action: "put",
        word: "replace",
        parameters: WRITE,
        successes: WRITTEN,
    },
    Act {
        verb: "create",
        method: "post",
        action: "post",
        word: "create",
        parameters: WRITE,
        successes: CREATED,
    },
    Act {
        verb: "delete",
        method: "delete",
        action: "delete",
        word: "delete",
        parameters: DELETE,
        successes: DELETED,
    },
    Act {
        verb: "patch",
        method: "patch",
        action: "patch",
        word: "patch",
        parameters: PATCH,
        successes: WRITTEN,
    },
];
const LISTS: Act =
    Act { verb: "list", method: "get", action: "list", word: "list", parameters: LIST, successes: DONE };
const CLEARS: Act = Act {
    verb: "deletecollection",
    method: "delete",
    action: "deletecollection",
    word: "delete",
    parameters: DELETE_COLLECTION,
    successes: DONE,
};

impl Maker<'_> {
    fn collection(&self) -> Path {
        let own = self.name_of(self.resource.schema);
        let list = self.name_of(self.resource.list_schema);
        let mut operations = Vec::new();
        if self.resource.has_verb("list") {
            operations.push(self.operation(LISTS, self.named("", ""), Answer::Schema(list)));
        }
        for act in ACTS.iter().filter(|act| act.verb == "create" && self.resource.has_verb("create")) {
            operations.push(self.operation(*act, self.named("", ""), Answer::Schema(own.clone())));
        }
        if self.resource.has_verb("deletecollection") {
            let name = self.named("Collection", "");
            operations.push(self.operation(CLEARS, name, Answer::Schema(STATUS_SCHEMA.into())));
        }
        self.path(self.address(), &[], operations)
    }

    fn item(&self) -> Path {
        let own = self.name_of(self.resource.schema);
        let acts = ACTS.iter().filter(|act| act.verb != "create" && self.resource.has_verb(act.verb));
        let operations = acts.map(|act| {
            let is_status = act.verb == "delete" && !self.is_returned();
            let answer = if is_status { STATUS_SCHEMA.into() } else { own.clone() };
            self.operation(*act, self.named("", ""), Answer::Schema(answer))
        });
        let operations = operations.collect();
        self.path(self.address() + "/{name}", &[NAME], operations)
    }

    fn all_namespaces(&self) -> Path {
        let list = self.name_of(self.resource.list_schema);
        let name = format!("{}ForAllNamespaces", self.resource.kind);
        let mut operation = self.operation(LISTS, name, Answer::Schema(list));
        operation.parameters = &[];
        let parameters = LIST.iter().copied().chain([PRETTY]).collect();
        let path = format!("{}/{}", self.root(), self.resource.plural);
        Path { path, parameters, operations: vec![operation] }
    }

    fn below(&self, subresource: &Subresource, rest: &str) -> Path {
        let is_connection = subresource.schema.is_none() && subresource.kind.ends_with("Options");
        let acts = ACTS.iter().filter(|act| subresource.has_verb(act.verb));
        let suffix = capital(&subresource.name) + if rest.is_empty() { "" } else { "WithPath" };
        let operations = acts.map(|act| {
            if is_connection {
                return self.connection(*act, subresource, &suffix);
            }
            let answer = match subresource.name.as_str() {
                "log" => Answer::Text,
                _ => Answer::Schema(self.name_of(subresource.schema)),
            };
            let mut operation = self.operation(*act, self.named("", &suffix), answer);
            operation.kind = kind_of(&subresource.group, &subresource.version, &subresource.kind);
            if let Some(body) = operation.body.as_mut().filter(|body| body.schema != PATCH_SCHEMA) {
                body.schema = self.name_of(subresource.schema);
            }
            operation
        });
        let operations = operations.collect();
        let mut parameters = vec![NAME];
        if !rest.is_empty() {
            parameters.push(Parameter { name: "path", place: Place::Path, kind: "string" });
        }
        if is_connection || subresource.name == "log" {
            parameters.extend(self.options(subresource));
        }
        self.path(format!("{}/{{name}}/{}{rest}", self.address(), subresource.name), &parameters, operations)
    }

    /// What can be asked of a connection, or of logs: the fields of its options.
    fn options(&self, subresource: &Subresource) -> Vec<Parameter> {
        let types = &self.table.schemas().types;
        let kind = if subresource.name == "log" { "PodLogOptions" } else { subresource.kind.as_str() };
        let fields = types.fields(&format!("io.k8s.api.core.v1.{kind}")).iter();
        let plain = fields.filter(|field| field.through.is_empty() && field.key != "sinceTime");
        plain.map(|field| query(field.key, query_type(types, field.of))).collect()
    }

    fn connection(&self, act: Act, subresource: &Subresource, suffix: &str) -> Operation {
        let act = Act { action: "connect", word: "connect", parameters: &[], successes: DONE, ..act };
        let name = self.named(&capital(act.method), suffix);
        let mut operation = self.operation(act, name, Answer::Text);
        operation.kind = kind_of(&subresource.group, &subresource.version, &subresource.kind);
        operation.body = None;
        operation
    }

    fn operation(&self, act: Act, name: String, answer: Answer) -> Operation {
        let resource = self.resource;
        let body = |schema: CompactString, types, required| Some(Body { schema, types, required });
        let group = resource.group.strip_suffix(".k8s.io").unwrap_or(&resource.group);
        let group = if group.is_empty() { "core" } else { group };
        let words: String = group.split('.').map(capital).collect();
        let mut letters = words.chars();
        let first = letters.next().map(|letter| letter.to_ascii_lowercase()).into_iter();
        Operation {
            method: act.method,
            action: act.action,
            id: format!("{}{words}{}{name}", act.word, capital(&resource.version)),
            tag: format!("{}_{}", first.chain(letters).collect::<String>(), resource.version),
            kind: kind_of(&resource.group, &resource.version, &resource.kind),
            parameters: act.parameters,
            body: match act.method {
                "post" | "put" => body(self.name_of(resource.schema), ANY, true),
                "patch" => body(PATCH_SCHEMA.into(), PATCHES, true),
                "delete" => body(OPTIONS_SCHEMA.into(), ANY, false),
                _ => None,
            },
            answer,
            successes: act.successes,
        }
    }

    /// What follows group and version in the name of an operation.
    fn named(&self, before: &str, behind: &str) -> String {
        let scope = if self.resource.namespaced { "Namespaced" } else { "" };
        format!("{before}{scope}{}{behind}", self.resource.kind)
    }

    fn path(&self, path: String, own: &[Parameter], operations: Vec<Operation>) -> Path {
        let namespace = self.resource.namespaced.then_some(NAMESPACE);
        let pretty = operations.iter().any(|operation| operation.action != "connect").then_some(PRETTY);
        let mut parameters: Vec<Parameter> = own.iter().copied().chain(namespace).chain(pretty).collect();
        let mut operations = operations;
        // As upstream, parameters of a path's only operation are the path's.
        if let [operation] = operations.as_mut_slice() {
            parameters.extend_from_slice(std::mem::take(&mut operation.parameters));
        }
        parameters.sort_by_key(|parameter| parameter.name);
        Path { path, parameters, operations }
    }

    fn root(&self) -> String {
        let resource = self.resource;
        let root = if resource.group.is_empty() { "/api" } else { "/apis" };
        format!("{root}/{}", api_version(&resource.group, &resource.version))
    }

    fn address(&self) -> String {
        let namespace = if self.resource.namespaced { "namespaces/{namespace}/" } else { "" };
        format!("{}/{namespace}{}", self.root(), self.resource.plural)
    }

    fn is_returned(&self) -> bool {
        RETURNED_WHEN_DELETED.contains(&self.resource.kind.as_str())
    }

    fn name_of(&self, schema: Option<SchemaRef>) -> CompactString {
        let name = schema.and_then(|at| self.table.schemas().at(at).name());
        name.unwrap_or(STATUS_SCHEMA).into()
    }
}

/// The type of a field as a parameter of a query; of a list, that of its items.
fn query_type(types: &Types, of: TypeRef) -> &'static str {
    match types.at(of).shape {
        Shape::Bool => "boolean",
        Shape::Int(_) | Shape::UInt(_) => "integer",
        Shape::Pointer(target) | Shape::List(target) => query_type(types, target),
        _ => "string",
    }
}

fn kind_of(group: &str, version: &str, kind: &str) -> Value {
    object([("group", group.into()), ("kind", kind.into()), ("version", version.into())])
}

/// A word with a capital letter: `Status`.
fn capital(word: impl AsRef<str>) -> String {
    let mut letters = word.as_ref().chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
