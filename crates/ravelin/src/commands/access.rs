//! What the questions over RBAC have in common: where the policy comes from, who is asked about, what is asked.

use super::cluster_args::{ClusterArgs, Known, SNAPSHOT};
use crate::exit::usage;
use crate::output::say;
use compact_str::CompactString;
use ravelin_authz::rbac::{
    AnyBinding, Grant, Identity as Holder, Index, Objects, Policy, PolicyRule, aggregation,
};
use ravelin_authz::{Attributes, User, bootstrap};
use ravelin_cluster::snapshot::Record;
use ravelin_cluster::{Cluster, kinds};
use ravelin_engine::report::{Entry, Outcome};
use ravelin_engine::scan::identity_text;
use ravelin_object::identity::Identity;
use ravelin_object::{Value, resources};
use ravelin_render::visible;
use ravelin_source::scan::read_where;
use ravelin_source::{FileOptions, Limits};
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::str::FromStr;

/// Where roles and bindings come from.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Where the policy comes from")]
pub(crate) struct PolicyArgs {
    /// Manifests: files, directories, or `-`; may repeat. What comes later takes the place of what comes before
    #[arg(short, long = "from", value_name = "PATH")]
    pub from: Vec<PathBuf>,
    /// What `ravelin snapshot` saved of a cluster, or a List of `kubectl get -o json`, before the manifests
    #[arg(long, value_name = "FILE")]
    pub snapshot: Option<PathBuf>,
    /// The default roles and bindings of a fresh cluster, before all others: 1.32 to 1.36
    #[arg(long, value_name = "VERSION")]
    pub with_defaults: Option<String>,
    // Last: its heading holds for all that follows.
    #[command(flatten)]
    pub cluster: ClusterArgs,
    #[arg(skip)]
    fetched: OnceCell<Option<Cluster>>,
}

/// The policy, and where its objects come from.
pub(crate) struct Access {
    pub index: Index,
    /// For each origin its place: `file:line`, or the defaults.
    places: Vec<String>,
    /// Whether something could not be read, so that a no is not certain.
    pub incomplete: bool,
    /// What else was read.
    pub beside: Beside,
    /// The objects of the layer on top, by [`identity_text`].
    pub on_top: BTreeSet<String>,
}

/// What stands beside roles and bindings.
#[derive(Default)]
pub(crate) struct Beside {
    /// The service accounts, by namespace and name.
    pub accounts: BTreeSet<(CompactString, CompactString)>,
    /// The namespaces.
    pub namespaces: BTreeSet<CompactString>,
    /// Whether these accounts are all there are, as a cluster listed them.
    pub all_accounts: bool,
    /// Whether these namespaces are all there are.
    pub all_namespaces: bool,
}

/// One more layer, over all others.
#[derive(Default)]
pub(crate) struct Layer<'a> {
    /// Its manifests.
    pub paths: &'a [PathBuf],
    /// The objects, by [`identity_text`], that the layers below lack for it, the defaults aside.
    pub without: BTreeSet<String>,
    /// The namespace that the question is about, as [`PolicyArgs::read`] takes it.
    pub namespace: Option<&'a str>,
    /// Whether service accounts and namespaces are read from a cluster as well.
    pub with_accounts: bool,
}

impl PolicyArgs {
    /// The cluster, where one is asked for; read once.
    fn cluster(&self, with_accounts: bool) -> anyhow::Result<Option<&Cluster>> {
        if self.fetched.get().is_none() {
            let beside = ["serviceaccounts", "namespaces"].into_iter().filter(|_| with_accounts);
            let kinds = kinds::rbac().chain(beside.filter_map(kinds::find)).collect();
            // It was empty a moment ago, and nobody else has it.
            let _ = self.fetched.set(self.cluster.fetch(kinds)?);
        }
        Ok(self.fetched.get().and_then(Option::as_ref))
    }

    /// Reads the policy. What cannot be read is said on standard error.
    ///
    /// What is not known of other namespaces than `namespace` does not matter; an empty one stands for a question
    /// about no namespace, and nothing for one about all.
    pub(crate) fn read(&self, namespace: Option<&str>) -> anyhow::Result<Access> {
        self.read_below(Layer { namespace, ..Layer::default() })
    }

    /// Reads the policy with one more layer.
    pub(crate) fn read_below(&self, layer: Layer<'_>) -> anyhow::Result<Access> {
        let cluster = self.cluster(layer.with_accounts)?;
        let mut found = Overlay::default();
        if let Some(text) = &self.with_defaults {
            let version = bootstrap::Version::parse(text).ok_or_else(|| {
                usage(format!("--with-defaults: `{text}` is not one of 1.32, 1.33, 1.34, 1.35, 1.36"))
            })?;
            let place = format!("default of Kubernetes {version}");
            let defaults = bootstrap::objects(version).into_iter();
            defaults.for_each(|object| found.put(object, place.clone()));
        }
        let is_named =
            cluster.is_some() || self.snapshot.is_some() || !self.from.is_empty() || !layer.paths.is_empty();
        if !is_named && self.with_defaults.is_none() {
            let message = "no policy is given; name manifests with --from, a List with --snapshot, a cluster with --cluster, or --with-defaults 1.36";
            return Err(usage(message));
        }
        found.without = layer.without;
        let mut known = Known::default();
        if let Some(cluster) = cluster {
            cluster.objects.iter().for_each(|object| found.put(object.clone(), "cluster".to_owned()));
            known.add("cluster", cluster.account.clone());
        }
        let snapshot: Vec<PathBuf> = self.snapshot.iter().cloned().collect();
        let mut incomplete = found.read(&snapshot, &SNAPSHOT, &mut known);
        let is_whole = |name: &str, kind: &str, found: &Overlay, known: &Known| {
            let kinds: Vec<_> = kinds::find(name).into_iter().collect();
            if known.is_empty() { found.has(kind) } else { known.doubts(&kinds, None).is_empty() }
        };
        let all_accounts = is_whole("serviceaccounts", "ServiceAccount", &found, &known);
        let all_namespaces = is_whole("namespaces", "Namespace", &found, &known);
        incomplete |= found.read(&self.from, &Limits::STANDARD, &mut known);
        found.without.clear();
        found.named.clear();
        incomplete |= found.read(layer.paths, &Limits::STANDARD, &mut known);
        incomplete |= tell_doubts(&known, layer.namespace);
        let on_top = std::mem::take(&mut found.named);
        let beside = Beside { all_accounts, all_namespaces, ..Beside::default() };
        Ok(found.compile(beside, on_top, incomplete))
    }
}

/// Objects in the order in which they first came; a later one takes the place of an earlier one of its name.
#[derive(Default)]
struct Overlay {
    objects: Vec<(Value, String)>,
    places: BTreeMap<String, usize>,
    /// What is left out when it is put.
    without: BTreeSet<String>,
    /// What was put.
    named: BTreeSet<String>,
}

/// Roles and bindings, and what bindings speak of.
fn is_wanted(identity: &Identity, _: &Value) -> bool {
    identity.group() == "rbac.authorization.k8s.io"
        || Record::is(identity)
        || identity.group().is_empty() && matches!(&*identity.kind, "ServiceAccount" | "Namespace")
}

impl Beside {
    fn add(&mut self, object: &Value) {
        let Some(identity) = Identity::of(object) else { return };
        let name = CompactString::from(&*identity.name);
        match &*identity.kind {
            "ServiceAccount" => drop(self.accounts.insert((CompactString::from(&*identity.namespace), name))),
            "Namespace" => drop(self.namespaces.insert(name)),
            _ => {}
        }
    }
}

impl Overlay {
    /// Reads files: what is wanted of them, and what a snapshot says of itself. Whether something failed.
    fn read(&mut self, paths: &[PathBuf], limits: &Limits, known: &mut Known) -> bool {
        let sources = read_where(paths, &FileOptions::standard(), limits, is_wanted);
        let mut failed = tell_failures(&sources.entries);
        for (object, entry) in sources.inventory.objects().iter().zip(&sources.entry_of) {
            let Some(entry) = sources.entries.get(*entry) else { continue };
            match known.add_record(&entry.file, &object.identity, &object.value) {
                Ok(true) => {}
                Ok(false) => self.put(object.value.clone(), place(entry)),
                Err(message) => {
                    failed = true;
                    say(&format!("error: {}: {}", visible(&place(entry)), visible(&message)));
                }
            }
        }
        failed
    }

    /// The policy of the objects. What cannot be decoded is said on standard error.
    fn compile(self, mut beside: Beside, on_top: BTreeSet<String>, mut incomplete: bool) -> Access {
        let mut objects = Objects::default();
        let mut places = Vec::with_capacity(self.objects.len());
        for (value, place) in self.objects {
            let origin = u32::try_from(places.len()).unwrap_or(u32::MAX);
            match objects.add(&value, origin) {
                Ok(true) => {}
                Ok(false) => beside.add(&value),
                Err(errors) => {
                    incomplete = true;
                    for error in errors {
                        say(&format!("error: {}: {}", visible(&place), visible(&error.to_string())));
                    }
                }
            }
            places.push(place);
        }
        for unreadable in aggregation::aggregate(&mut objects.cluster_roles) {
            incomplete = true;
            say(&format!(
                "error: cluster role `{}`: {}",
                visible(&unreadable.role),
                visible(&unreadable.error.to_string())
            ));
        }
        Access { index: Index::new(Policy::new(objects)), places, incomplete, beside, on_top }
    }

    fn has(&self, kind: &str) -> bool {
        self.objects.iter().any(|(object, _)| object.field("kind").and_then(Value::as_str) == Some(kind))
    }

    fn put(&mut self, object: Value, from: String) {
        let name = Identity::of(&object).map(|identity| identity_text(&identity)).unwrap_or_default();
        if self.without.contains(&name) {
            return;
        }
        self.named.insert(name.clone());
        let place = *self.places.entry(name).or_insert(self.objects.len());
        match self.objects.get_mut(place) {
            Some(earlier) => *earlier = (object, from),
            None => self.objects.push((object, from)),
        }
    }
}

/// Says what of roles and bindings is not known, as far as it bears on a namespace. Whether there is something.
fn tell_doubts(known: &Known, namespace: Option<&str>) -> bool {
    let doubts = known.doubts(&kinds::rbac().collect::<Vec<_>>(), namespace);
    for (source, doubt) in &doubts {
        say(&format!("error: {}: {}", visible(source), visible(&doubt.to_string())));
    }
    !doubts.is_empty()
}

fn tell_failures(entries: &[Entry]) -> bool {
    let mut failed = false;
    for entry in entries {
        if let Outcome::Failed { message } = &entry.outcome {
            failed = true;
            say(&format!("error: {}: {}", visible(&place(entry)), visible(message)));
        }
    }
    failed
}

fn place(entry: &Entry) -> String {
    entry
        .position
        .map_or_else(|| entry.file.to_string(), |position| format!("{}:{}", entry.file, position.line))
}

impl Access {
    /// Where an object comes from.
    pub(crate) fn place(&self, origin: u32) -> &str {
        self.places.get(origin as usize).map_or("", String::as_str)
    }

    /// A grant in words: binding, role and rule with their places.
    pub(crate) fn explain(&self, grant: &Grant<'_>) -> serde_json::Value {
        let (binding, role) = (grant.binding.metadata(), grant.role.metadata());
        let mut rule = grant.policy_rule().map(rule_json).unwrap_or_else(|| serde_json::json!({}));
        if let Some(rule) = rule.as_object_mut() {
            rule.insert("index".to_owned(), grant.rule.into());
        }
        serde_json::json!({
            "subject": holder(&grant.identity),
            "binding": {
                "kind": binding_kind(&grant.binding), "namespace": grant.binding.namespace(),
                "name": binding.name.as_str(), "from": self.place(binding.origin),
            },
            "role": {"kind": grant.role.kind(), "name": role.name.as_str(), "from": self.place(role.origin)},
            "rule": rule,
        })
    }

    /// The same for people, on one line.
    pub(crate) fn line(&self, grant: &Grant<'_>) -> String {
        let (binding, role) = (grant.binding.metadata(), grant.role.metadata());
        let namespace = match grant.binding.namespace() {
            "" => String::new(),
            namespace => format!("{namespace}/"),
        };
        let text = format!(
            "{} {namespace}{} ({}) -> {} {} ({}), rule {}: {}",
            binding_kind(&grant.binding),
            binding.name,
            self.place(binding.origin),
            grant.role.kind(),
            role.name,
            self.place(role.origin),
            grant.rule,
            grant.policy_rule().map(rule_text).unwrap_or_default()
        );
        visible(&text).into_owned()
    }
}

/// A rule for programs.
pub(crate) fn rule_json(rule: &PolicyRule) -> serde_json::Value {
    let list = |list: &[CompactString]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    serde_json::json!({
        "verbs": list(&rule.verbs), "apiGroups": list(&rule.api_groups),
        "resources": list(&rule.resources), "resourceNames": list(&rule.resource_names),
        "nonResourceURLs": list(&rule.non_resource_urls),
    })
}

pub(crate) fn binding_kind(binding: &AnyBinding<'_>) -> &'static str {
    match binding {
        AnyBinding::Cluster(_) => "ClusterRoleBinding",
        AnyBinding::Namespaced(_) => "RoleBinding",
    }
}

/// What a rule grants: `get,list on pods, pods/log in apps`.
pub(crate) fn rule_text(rule: &PolicyRule) -> String {
    let join = |list: &[CompactString]| list.iter().map(|item| item.as_str()).collect::<Vec<_>>().join(",");
    let mut text = join(&rule.verbs);
    if !rule.non_resource_urls.is_empty() {
        text.push_str(&format!(" on {}", join(&rule.non_resource_urls)));
    }
    if !rule.resources.is_empty() {
        let groups: Vec<&str> = rule
            .api_groups
            .iter()
            .map(|group| if group.is_empty() { "core" } else { group.as_str() })
            .collect();
        text.push_str(&format!(" on {} of {}", join(&rule.resources), groups.join(",")));
    }
    if !rule.resource_names.is_empty() {
        text.push_str(&format!(" named {}", join(&rule.resource_names)));
    }
    text
}

/// Who holds a grant, as arguments name subjects.
pub(crate) fn holder(identity: &Holder<'_>) -> String {
    match identity {
        Holder::User(name) => format!("user:{name}"),
        Holder::Group(name) => format!("group:{name}"),
        Holder::ServiceAccount { namespace, name } => format!("sa:{namespace}/{name}"),
    }
}

/// A subject of a question: `user:NAME`, `group:NAME`, `sa:NAMESPACE/NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subject(User);

impl Subject {
    /// The user, with further groups.
    pub(crate) fn user(&self, groups: &[String]) -> User {
        let mut user = self.0.clone();
        user.groups.splice(0..0, groups.iter().cloned());
        user
    }
}

impl FromStr for Subject {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected =
            || format!("`{text}` names no subject; expected user:NAME, group:NAME or sa:NAMESPACE/NAME");
        let (kind, name) = text.split_once(':').filter(|(_, name)| !name.is_empty()).ok_or_else(expected)?;
        let authenticated = "system:authenticated".to_owned();
        let user = match kind {
            "user" if name == "system:anonymous" => User {
                name: name.to_owned(),
                groups: vec!["system:unauthenticated".to_owned()],
                ..User::default()
            },
            "user" => User { name: name.to_owned(), groups: vec![authenticated], ..User::default() },
            "group" if name == "system:unauthenticated" => {
                User { name: "system:anonymous".to_owned(), groups: vec![name.to_owned()], ..User::default() }
            }
            "group" => User { groups: vec![name.to_owned(), authenticated], ..User::default() },
            "sa" => {
                let (namespace, account) = name.split_once('/').ok_or_else(expected)?;
                User {
                    name: format!("system:serviceaccount:{namespace}:{account}"),
                    groups: vec![
                        "system:serviceaccounts".to_owned(),
                        format!("system:serviceaccounts:{namespace}"),
                        authenticated,
                    ],
                    ..User::default()
                }
            }
            _ => return Err(expected()),
        };
        Ok(Self(user))
    }
}

/// What is asked: a resource with its name, or a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub group: String,
    pub resource: String,
    pub name: String,
    pub path: String,
    /// Whether the resource is known to have no namespaces.
    pub cluster_scoped: bool,
}

impl FromStr for Target {
    type Err = String;

    /// `pods`, `deploy/web`, `rollouts.argoproj.io`, `/healthz`.
    fn from_str(text: &str) -> Result<Self, String> {
        let none = || (String::new(), String::new());
        if text.starts_with('/') {
            let ((group, resource), name) = (none(), String::new());
            return Ok(Self { group, resource, name, path: text.to_owned(), cluster_scoped: true });
        }
        let (resource, name) = text.split_once('/').unwrap_or((text, ""));
        if resource.is_empty() {
            return Err("expected a resource, as in pods, deploy/web or rollouts.argoproj.io, or a path, as in /healthz".to_owned());
        }
        let known = resources::find(resource);
        let (group, plural, cluster_scoped) = match known {
            Some(known) => (known.group, known.plural, !known.namespaced),
            None => {
                resource.split_once('.').map_or(("", resource, false), |(word, group)| (group, word, false))
            }
        };
        Ok(Self {
            group: group.to_owned(),
            resource: plural.to_owned(),
            name: name.to_owned(),
            path: String::new(),
            cluster_scoped,
        })
    }
}

impl Target {
    /// The request of a user.
    pub(crate) fn attributes(
        &self,
        user: User,
        verb: &str,
        subresource: &str,
        namespace: &str,
    ) -> Attributes {
        let namespace = if self.cluster_scoped { "" } else { namespace };
        Attributes {
            user,
            verb: verb.to_owned(),
            is_resource: self.path.is_empty(),
            group: self.group.clone(),
            version: "*".to_owned(),
            namespace: namespace.to_owned(),
            resource: self.resource.clone(),
            subresource: subresource.to_owned(),
            name: self.name.clone(),
            path: self.path.clone(),
            ..Attributes::default()
        }
    }

    /// The target in words.
    pub(crate) fn describe(&self, subresource: &str, namespace: &str) -> String {
        if !self.path.is_empty() {
            return self.path.clone();
        }
        let mut text = self.resource.clone();
        if !subresource.is_empty() {
            text.push_str(&format!("/{subresource}"));
        }
        if !self.group.is_empty() {
            text.push_str(&format!(".{}", self.group));
        }
        if !self.name.is_empty() {
            text.push_str(&format!(" \"{}\"", self.name));
        }
        match (self.cluster_scoped, namespace) {
            (true, _) => text,
            (false, "") => format!("{text} in all namespaces"),
            (false, namespace) => format!("{text} in namespace {namespace}"),
        }
    }
}
