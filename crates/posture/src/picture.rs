//! What checks look at: the objects of an inventory, and the policy in them.

use crate::defaults::Defaults;
use crate::escalation::Targets;
use crate::{Notes, Workload};
use ravelin_authz::bootstrap::{self, Version};
use ravelin_authz::rbac::{AnyBinding, AnyRole, GROUP, Identity, Index, Objects, Policy, aggregation};
use ravelin_diag::{FieldPath, Severity};
use ravelin_inventory::{Inventory, NamespaceFacts, Object, ObjectId};
use ravelin_object::identity::Identity as ObjectIdentity;
use ravelin_object::{DecodeError, Value, templates};
use ravelin_podsec::config::PodSecurityConfiguration;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

/// What is assumed of the cluster the objects go to.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where objects go that do not say; `default` if empty.
    pub default_namespace: String,
    /// Whose default roles and bindings there are, where the inventory does not hold them.
    pub defaults: Version,
    /// The defaults and exemptions of Pod Security Admission.
    pub psa: PodSecurityConfiguration,
    /// Whether the inventory is all there is, as of a live cluster, so that what it does not hold is not there; else
    /// it is unknown.
    pub is_complete: bool,
}

/// The origin of roles and bindings that are not in the inventory but in every cluster.
const DEFAULT: u32 = u32::MAX;

/// Fields of an object that could not be decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The object.
    pub object: ObjectId,
    /// The fields.
    pub errors: Vec<DecodeError>,
}

/// One role that one binding of the inventory gives to one subject.
#[derive(Clone, Copy, Debug)]
pub struct Holding<'p> {
    /// The object of the binding.
    pub object: ObjectId,
    /// The binding.
    pub binding: AnyBinding<'p>,
    /// The index of the subject in the binding.
    pub subject: usize,
    /// Who the subject is.
    pub identity: Identity<'p>,
    /// The role; nothing where there is none of that name.
    pub role: Option<AnyRole<'p>>,
}

impl Holding<'_> {
    /// The path of the subject in the binding: `subjects[0]`.
    #[must_use]
    pub fn path(&self) -> FieldPath {
        FieldPath::root().key("subjects").index(self.subject)
    }
}

/// The objects of an inventory, with the policy, the workloads and the service accounts in it.
#[derive(Debug)]
pub struct Picture<'i> {
    inventory: &'i Inventory,
    settings: &'i Settings,
    /// Where objects go that do not say.
    default_namespace: &'i str,
    /// The ids of the objects, by their place.
    ids: Vec<ObjectId>,
    index: Index,
    defaults: Defaults,
    workloads: Vec<Workload<'i>>,
    /// By namespace and name.
    accounts: BTreeMap<(&'i str, &'i str), ObjectId>,
    /// By namespace and name, the service account whose token the Secret holds.
    token_secrets: BTreeMap<(&'i str, &'i str), &'i str>,
    /// The subjects of all bindings, as the command line names them.
    bound: BTreeSet<String>,
    faults: Vec<Fault>,
    unknown: BTreeSet<String>,
    targets: OnceCell<Targets>,
    /// Namespace and name of the service accounts that workloads run as.
    running: BTreeSet<(&'i str, &'i str)>,
}

/// Whether checks of this room look at an object. The rest need not be kept.
#[must_use]
pub fn is_relevant(identity: &ObjectIdentity, value: &Value) -> bool {
    is_judged(identity)
        || CONTEXT.iter().any(|(group, kind)| identity.is(group, kind))
        || !templates::find(identity, value).is_empty()
}

/// Whether checks of this room judge objects of this kind, those with a pod template aside.
#[must_use]
pub fn is_judged(identity: &ObjectIdentity) -> bool {
    identity.group() == GROUP || JUDGED.iter().any(|(group, kind)| identity.is(group, kind))
}

/// Kinds that are judged, besides roles and bindings.
const JUDGED: [(&str, &str); 2] = [("", "ServiceAccount"), ("", "Secret")];

/// Kinds that are looked at to judge others.
const CONTEXT: [(&str, &str); 4] =
    [("", "Namespace"), ("", "Service"), ("networking.k8s.io", "Ingress"), ("extensions", "Ingress")];

impl<'i> Picture<'i> {
    /// The picture of an inventory.
    #[must_use]
    pub fn new(inventory: &'i Inventory, settings: &'i Settings) -> Self {
        let default_namespace = match settings.default_namespace.as_str() {
            "" => "default",
            namespace => namespace,
        };
        let ids: Vec<ObjectId> = inventory.ids().collect();
        let mut picture = Self {
            inventory,
            settings,
            default_namespace,
            ids,
            index: Index::default(),
            defaults: Defaults::default(),
            workloads: Vec::new(),
            accounts: BTreeMap::new(),
            token_secrets: BTreeMap::new(),
            bound: BTreeSet::new(),
            faults: Vec::new(),
            unknown: BTreeSet::new(),
            targets: OnceCell::new(),
            running: BTreeSet::new(),
        };
        let mut has_policy = false;
        for (id, object) in picture.ids.iter().zip(inventory.objects()) {
            has_policy |= object.identity.group() == GROUP;
            picture.workloads.extend(Workload::of(object, *id, default_namespace));
            if object.identity.is("", "ServiceAccount") {
                let namespace = picture.namespace_of(&object.identity);
                picture.accounts.insert((namespace, &object.identity.name), *id);
            }
            if let Some(account) = account_of_token(object) {
                let namespace = picture.namespace_of(&object.identity);
                picture.token_secrets.insert((namespace, &object.identity.name), account);
            }
        }
        let accounts = picture.workloads.iter().map(|workload| (workload.namespace, workload.account));
        picture.running = accounts.collect();
        if has_policy || !picture.workloads.is_empty() {
            picture.defaults = Defaults::of_all_versions();
            picture.compile(default_namespace);
        }
        picture
    }

    /// The policy: the defaults, and over them what the inventory holds; of several objects of one name the last.
    fn compile(&mut self, default_namespace: &str) {
        let mut last: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
        let objects = self.inventory.objects();
        for (place, object) in
            objects.iter().enumerate().filter(|(_, object)| object.identity.group() == GROUP)
        {
            last.insert(policy_key(&object.identity, default_namespace), place);
        }
        let mut policy = Objects::default();
        for object in bootstrap::objects(self.settings.defaults) {
            let is_there = ObjectIdentity::of(&object)
                .is_some_and(|identity| last.contains_key(&policy_key(&identity, default_namespace)));
            if !is_there {
                // Our own data, checked by tests of the room it is from.
                let _ = policy.add(&object, DEFAULT);
            }
        }
        let mut places: Vec<usize> = last.into_values().collect();
        places.sort_unstable();
        for place in places {
            let (Some(object), Some(id)) = (objects.get(place), self.ids.get(place)) else { continue };
            let origin = u32::try_from(place).unwrap_or(DEFAULT);
            if let Err(errors) = policy.add(&object.value, origin) {
                self.faults.push(Fault { object: *id, errors });
            }
        }
        for binding in &mut policy.role_bindings {
            fill(&mut binding.metadata.namespace, default_namespace);
        }
        for role in &mut policy.roles {
            fill(&mut role.metadata.namespace, default_namespace);
        }
        for unreadable in aggregation::aggregate(&mut policy.cluster_roles) {
            self.unknown.insert(format!(
                "what the aggregated cluster role `{}` grants is not known: {}",
                unreadable.role, unreadable.error
            ));
        }
        self.index = Index::new(Policy::new(policy));
        for binding in self.index.policy().all_bindings() {
            let of = |subject| Identity::of(subject, binding.namespace());
            let subjects = binding.subjects().iter().filter_map(of);
            self.bound.extend(subjects.map(|identity| crate::words::subject(&identity)));
        }
    }

    /// The objects.
    #[must_use]
    pub fn inventory(&self) -> &'i Inventory {
        self.inventory
    }

    /// What is assumed of the cluster.
    #[must_use]
    pub fn settings(&self) -> &'i Settings {
        self.settings
    }

    /// The policy: what the inventory holds, over the defaults of Kubernetes.
    #[must_use]
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Whether a service account may be there: it is, or not all that is there is known.
    pub(crate) fn may_exist(&self, namespace: &str, name: &str) -> bool {
        !self.settings.is_complete || self.accounts.contains_key(&(namespace, name))
    }

    /// Whether pods may run as a service account: some do, or not all that run are known. What is known of the control
    /// plane is that its controllers run as no pod.
    pub(crate) fn may_run(&self, namespace: &str, name: &str) -> bool {
        self.running.contains(&(namespace, name))
            || !self.settings.is_complete && namespace != crate::rights::SYSTEM
    }

    /// The service accounts of the inventory in a namespace, if it holds any.
    pub(crate) fn knows_accounts_in(&self, namespace: &str) -> bool {
        self.settings.is_complete
            || self
                .accounts
                .range((namespace, "")..)
                .next()
                .is_some_and(|((found, _), _)| *found == namespace)
    }

    /// Everybody whom somebody might become.
    pub(crate) fn targets(&self) -> &Targets {
        self.targets.get_or_init(|| Targets::of(&self.index))
    }

    /// Every object with its id, in the order given.
    pub fn objects(&self) -> impl Iterator<Item = (ObjectId, &'i Object)> + '_ {
        self.ids.iter().copied().zip(self.inventory.objects())
    }

    /// The pods and pod templates.
    #[must_use]
    pub fn workloads(&self) -> &[Workload<'i>] {
        &self.workloads
    }

    /// The object of a service account, if the inventory holds it.
    #[must_use]
    pub fn account(&self, namespace: &str, name: &str) -> Option<(ObjectId, &'i Object)> {
        let id = *self.accounts.get(&(namespace, name))?;
        Some((id, self.inventory.object(id)?))
    }

    /// The namespace an object goes to.
    #[must_use]
    pub fn namespace_of<'a>(&self, identity: &'a ObjectIdentity) -> &'a str
    where
        'i: 'a,
    {
        match identity.namespace.as_str() {
            "" => self.default_namespace,
            namespace => namespace,
        }
    }

    /// Whether the pods of a workload get a token of their service account. Nothing where that depends on a service
    /// account that the inventory does not hold; the API server mounts one unless told otherwise.
    #[must_use]
    pub fn mounts_token(&self, workload: &Workload<'_>) -> Option<bool> {
        let said = |value: Option<&Value>| value.and_then(Value::as_bool);
        if let Some(mounts) = said(workload.spec("automountServiceAccountToken")) {
            return Some(mounts);
        }
        let (_, account) = self.account(workload.namespace, workload.account)?;
        Some(said(account.value.field("automountServiceAccountToken")).unwrap_or(true))
    }

    /// Whether any binding of the policy, those for every service account aside, names this one.
    #[must_use]
    pub fn is_bound(&self, namespace: &str, name: &str) -> bool {
        let account = Identity::ServiceAccount { namespace, name };
        self.bound.contains(&crate::words::subject(&account))
    }

    /// Whether the inventory holds a service account of this namespace as a cluster shows it, with a uid: then it holds
    /// the others too.
    #[must_use]
    pub fn has_live_accounts(&self, namespace: &str) -> bool {
        let is_live = |id: &ObjectId| {
            let object = self.inventory.object(*id);
            object.is_some_and(|object| object.value.dotted("metadata.uid").is_some())
        };
        let of_namespace =
            self.accounts.range((namespace, "")..).take_while(|((place, _), _)| *place == namespace);
        self.settings.is_complete || of_namespace.map(|(_, id)| id).any(is_live)
    }

    /// The Secrets with tokens of service accounts: namespace, name, service account.
    pub(crate) fn token_secrets(&self) -> impl Iterator<Item = (&'i str, &'i str, &'i str)> {
        let secrets = self.token_secrets.iter();
        secrets.map(|((namespace, secret), account)| (*namespace, *secret, *account))
    }

    /// The service account whose token a Secret holds.
    #[must_use]
    pub fn token_secret(&self, namespace: &str, secret: &str) -> Option<&'i str> {
        self.token_secrets.get(&(namespace, secret)).copied()
    }

    /// What is known of a namespace.
    #[must_use]
    pub fn namespace<'a>(&'a self, name: &'a str) -> NamespaceFacts<'a> {
        self.inventory.namespace(name)
    }

    /// The object of a role or binding; nothing where it is a default that the inventory does not hold.
    #[must_use]
    pub fn object_of(&self, origin: u32) -> Option<ObjectId> {
        self.ids.get(usize::try_from(origin).ok()?).copied()
    }

    /// Every role that a binding of the inventory gives to a subject, but for those that Kubernetes itself gives.
    pub fn holdings(&self) -> impl Iterator<Item = Holding<'_>> {
        self.index.policy().all_bindings().flat_map(move |binding| {
            let object = self.object_of(binding.metadata().origin);
            let role = self.role_of(&binding);
            binding.subjects().iter().enumerate().filter_map(move |(subject, item)| {
                let identity = Identity::of(item, binding.namespace())?;
                let is_default = self.defaults.has_grant(&binding, &identity);
                let object = object.filter(|_| !is_default)?;
                Some(Holding { object, binding, subject, identity, role })
            })
        })
    }

    /// The role that a binding names.
    fn role_of<'p>(&'p self, binding: &AnyBinding<'p>) -> Option<AnyRole<'p>> {
        use ravelin_authz::rbac::Resolver as _;
        self.index.resolve(binding.role_ref(), binding.namespace()).ok()
    }

    /// Whether Kubernetes itself binds this subject to this role by a binding of this name.
    #[must_use]
    pub fn is_default_grant(&self, binding: &AnyBinding<'_>, identity: &Identity<'_>) -> bool {
        self.defaults.has_grant(binding, identity)
    }

    /// Whether Kubernetes itself has a role of this name.
    #[must_use]
    pub fn is_default_role(&self, role: &AnyRole<'_>) -> bool {
        let metadata = role.metadata();
        self.defaults.has_role(role.kind(), &metadata.namespace, &metadata.name)
    }

    /// The roles and bindings that could not be decoded.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// What is unknown before any check has run.
    pub(crate) fn notes(&self) -> Notes {
        let mut notes = Notes::default();
        notes.unknown.extend(self.unknown.iter().cloned());
        notes
    }
}

/// The service account whose token a Secret holds.
fn account_of_token(object: &Object) -> Option<&str> {
    let kind = object.value.field("type").and_then(Value::as_str);
    if !object.identity.is("", "Secret") || kind != Some("kubernetes.io/service-account-token") {
        return None;
    }
    object.value.dotted("metadata.annotations")?.field("kubernetes.io/service-account.name")?.as_str()
}

/// A milder severity, for what only reaches one namespace.
#[must_use]
pub(crate) fn in_one_namespace(severity: Severity) -> Severity {
    match severity {
        Severity::Critical => Severity::High,
        Severity::High => Severity::Medium,
        other => other,
    }
}

fn policy_key<'a>(identity: &'a ObjectIdentity, default_namespace: &'a str) -> (&'a str, &'a str, &'a str) {
    let namespace = match (identity.kind.as_str(), identity.namespace.as_str()) {
        ("Role" | "RoleBinding", "") => default_namespace,
        ("Role" | "RoleBinding", namespace) => namespace,
        _ => "",
    };
    (&identity.kind, namespace, &identity.name)
}

fn fill<T: From<String> + AsRef<str>>(namespace: &mut T, default_namespace: &str) {
    if (*namespace).as_ref().is_empty() {
        *namespace = default_namespace.to_owned().into();
    }
}
