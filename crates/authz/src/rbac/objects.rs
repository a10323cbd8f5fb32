//! Roles and bindings, and how they are decoded.

use compact_str::{CompactString, format_compact};
use ravelin_diag::FieldPath;
use ravelin_object::selector::{Expression, LabelSelector};
use ravelin_object::{DecodeError, Decoder, Value};

/// The API group of roles, bindings, users and groups.
pub const GROUP: &str = "rbac.authorization.k8s.io";

/// What an object says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// `metadata.name`.
    pub name: CompactString,
    /// `metadata.namespace`; empty where absent.
    pub namespace: CompactString,
    /// `metadata.labels`, in the order of the text.
    pub labels: Vec<(CompactString, CompactString)>,
    /// Where the object comes from: whatever number the caller gave it.
    pub origin: u32,
}

/// What may be done: verbs on resources, or on paths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PolicyRule {
    /// The verbs; `*` is every verb.
    pub verbs: Vec<CompactString>,
    /// The API groups; empty text is the core group, `*` every group.
    pub api_groups: Vec<CompactString>,
    /// The resources: `pods`, `pods/log`, `*/scale`, `*`.
    pub resources: Vec<CompactString>,
    /// The names of the objects; none means every name.
    pub resource_names: Vec<CompactString>,
    /// The paths; a trailing `*` stands for whatever follows.
    pub non_resource_urls: Vec<CompactString>,
}

/// A role of a namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// Its name, its namespace.
    pub metadata: Metadata,
    /// What it grants.
    pub rules: Vec<PolicyRule>,
}

/// A role of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterRole {
    /// Its name, its labels.
    pub metadata: Metadata,
    /// What it grants. A controller fills it in where the role is aggregated.
    pub rules: Vec<PolicyRule>,
    /// `aggregationRule.clusterRoleSelectors`: of which roles it consists. Nothing where there is no
    /// `aggregationRule`.
    pub aggregation: Option<Vec<LabelSelector>>,
}

/// To whom something is granted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// `User`, `Group` or `ServiceAccount`; others are never anybody.
    pub kind: CompactString,
    /// The API group. It does not matter in decisions.
    pub api_group: CompactString,
    /// The name.
    pub name: CompactString,
    /// The namespace of a service account.
    pub namespace: CompactString,
}

/// Which role is granted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleRef {
    /// The API group. It does not matter in decisions.
    pub api_group: CompactString,
    /// `Role` or `ClusterRole`; others cannot be resolved.
    pub kind: CompactString,
    /// The name.
    pub name: CompactString,
}

/// A grant within a namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleBinding {
    /// Its name, its namespace.
    pub metadata: Metadata,
    /// To whom.
    pub subjects: Vec<Subject>,
    /// What.
    pub role_ref: RoleRef,
}

/// A grant in the whole cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterRoleBinding {
    /// Its name.
    pub metadata: Metadata,
    /// To whom.
    pub subjects: Vec<Subject>,
    /// What.
    pub role_ref: RoleRef,
}

/// Roles and bindings, each kind in the order in which they are visited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Objects {
    /// The cluster roles.
    pub cluster_roles: Vec<ClusterRole>,
    /// The roles.
    pub roles: Vec<Role>,
    /// The cluster role bindings.
    pub cluster_role_bindings: Vec<ClusterRoleBinding>,
    /// The role bindings.
    pub role_bindings: Vec<RoleBinding>,
}

impl Objects {
    /// Takes an object up if it is a role or a binding, of whatever version; says whether it is.
    ///
    /// # Errors
    /// The fields whose types Kubernetes' decoder refuses; the object is not taken up then.
    pub fn add(&mut self, object: &Value, origin: u32) -> Result<bool, Vec<DecodeError>> {
        let text = |key| object.field(key).and_then(Value::as_str).unwrap_or_default();
        if text("apiVersion").split_once('/').map(|(group, _)| group) != Some(GROUP) {
            return Ok(false);
        }
        match text("kind") {
            "ClusterRole" => self.cluster_roles.push(ClusterRole::decode(object, origin)?),
            "Role" => self.roles.push(Role::decode(object, origin)?),
            "ClusterRoleBinding" => {
                self.cluster_role_bindings.push(ClusterRoleBinding::decode(object, origin)?);
            }
            "RoleBinding" => self.role_bindings.push(RoleBinding::decode(object, origin)?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl Role {
    /// Decodes a role, whatever it calls itself.
    ///
    /// # Errors
    /// The fields whose types Kubernetes' decoder refuses.
    pub fn decode(object: &Value, origin: u32) -> Result<Self, Vec<DecodeError>> {
        decode(object, |decoder, object| Self {
            metadata: metadata(decoder, object, origin),
            rules: rules(decoder, object),
        })
    }
}

impl ClusterRole {
    /// Decodes a cluster role, whatever it calls itself.
    ///
    /// # Errors
    /// The fields whose types Kubernetes' decoder refuses.
    pub fn decode(object: &Value, origin: u32) -> Result<Self, Vec<DecodeError>> {
        decode(object, |decoder, object| Self {
            metadata: metadata(decoder, object, origin),
            rules: rules(decoder, object),
            aggregation: decoder.mapping(object, "aggregationRule", |decoder, rule| {
                decoder
                    .mappings(Some(rule), "clusterRoleSelectors", |decoder, _, item| selector(decoder, item))
            }),
        })
    }
}

impl RoleBinding {
    /// Decodes a role binding, whatever it calls itself, and fills in the API groups that it leaves out.
    ///
    /// # Errors
    /// The fields whose types Kubernetes' decoder refuses.
    pub fn decode(object: &Value, origin: u32) -> Result<Self, Vec<DecodeError>> {
        decode(object, |decoder, object| Self {
            metadata: metadata(decoder, object, origin),
            subjects: decoder.mappings(object, "subjects", |decoder, _, item| subject(decoder, item)),
            role_ref: role_ref(decoder, object),
        })
    }
}

impl ClusterRoleBinding {
    /// Decodes a cluster role binding, whatever it calls itself, and fills in the API groups that it leaves out.
    ///
    /// # Errors
    /// The fields whose types Kubernetes' decoder refuses.
    pub fn decode(object: &Value, origin: u32) -> Result<Self, Vec<DecodeError>> {
        decode(object, |decoder, object| Self {
            metadata: metadata(decoder, object, origin),
            subjects: decoder.mappings(object, "subjects", |decoder, _, item| subject(decoder, item)),
            role_ref: role_ref(decoder, object),
        })
    }
}

impl Subject {
    /// The user name that the subject stands for, if it stands for a user or, in a binding of `namespace`, for a
    /// service account.
    ///
    /// Source: `k8s.io/kubernetes/pkg/registry/rbac/validation` `appliesToUser`.
    #[must_use]
    pub(super) fn user_name(&self, namespace: &str) -> Option<CompactString> {
        match self.kind.as_str() {
            "User" => Some(self.name.clone()),
            "ServiceAccount" => {
                let namespace = self.account_namespace(namespace);
                let name = &self.name;
                (!namespace.is_empty()).then(|| format_compact!("system:serviceaccount:{namespace}:{name}"))
            }
            _ => None,
        }
    }

    /// The namespace of the service account, in a binding of `namespace`.
    pub(super) fn account_namespace<'a>(&'a self, namespace: &'a str) -> &'a str {
        if self.namespace.is_empty() { namespace } else { &self.namespace }
    }
}

fn decode<T>(
    object: &Value,
    read: impl FnOnce(&mut Decoder, Option<&Value>) -> T,
) -> Result<T, Vec<DecodeError>> {
    let mut decoder = Decoder::new(FieldPath::root());
    let decoded = read(&mut decoder, Some(object));
    decoder.finish(decoded)
}

fn text(decoder: &mut Decoder, holder: Option<&Value>, key: &str) -> CompactString {
    decoder.string(holder, key).unwrap_or_default().into()
}

fn texts(decoder: &mut Decoder, holder: Option<&Value>, key: &str) -> Vec<CompactString> {
    decoder.strings(holder, key).into_iter().map(CompactString::from).collect()
}

fn metadata(decoder: &mut Decoder, object: Option<&Value>, origin: u32) -> Metadata {
    let metadata = decoder.mapping(object, "metadata", |decoder, metadata| {
        let metadata = Some(metadata);
        let labels = decoder.string_map(metadata, "labels").into_iter();
        Metadata {
            name: text(decoder, metadata, "name"),
            namespace: text(decoder, metadata, "namespace"),
            labels: labels.map(|(key, value)| (key.into(), value.into())).collect(),
            origin,
        }
    });
    metadata.unwrap_or(Metadata { origin, ..Metadata::default() })
}

fn rules(decoder: &mut Decoder, object: Option<&Value>) -> Vec<PolicyRule> {
    decoder.mappings(object, "rules", |decoder, _, rule| PolicyRule {
        verbs: texts(decoder, rule, "verbs"),
        api_groups: texts(decoder, rule, "apiGroups"),
        resources: texts(decoder, rule, "resources"),
        resource_names: texts(decoder, rule, "resourceNames"),
        non_resource_urls: texts(decoder, rule, "nonResourceURLs"),
    })
}

fn selector(decoder: &mut Decoder, selector: Option<&Value>) -> LabelSelector {
    let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    LabelSelector {
        match_labels: decoder.string_map(selector, "matchLabels").into_iter().map(owned).collect(),
        match_expressions: decoder.mappings(selector, "matchExpressions", |decoder, _, item| Expression {
            key: text(decoder, item, "key").into(),
            operator: text(decoder, item, "operator").into(),
            values: decoder.strings(item, "values").into_iter().map(str::to_owned).collect(),
        }),
    }
}

/// Source: `k8s.io/kubernetes/pkg/apis/rbac/v1` `SetDefaults_Subject`.
fn subject(decoder: &mut Decoder, item: Option<&Value>) -> Subject {
    let mut subject = Subject {
        kind: text(decoder, item, "kind"),
        api_group: text(decoder, item, "apiGroup"),
        name: text(decoder, item, "name"),
        namespace: text(decoder, item, "namespace"),
    };
    if subject.api_group.is_empty() && matches!(subject.kind.as_str(), "User" | "Group") {
        subject.api_group = GROUP.into();
    }
    subject
}

/// Source: `k8s.io/kubernetes/pkg/apis/rbac/v1` `SetDefaults_RoleBinding`, `SetDefaults_ClusterRoleBinding`.
fn role_ref(decoder: &mut Decoder, object: Option<&Value>) -> RoleRef {
    let mut role_ref = decoder
        .mapping(object, "roleRef", |decoder, role_ref| RoleRef {
            api_group: text(decoder, Some(role_ref), "apiGroup"),
            kind: text(decoder, Some(role_ref), "kind"),
            name: text(decoder, Some(role_ref), "name"),
        })
        .unwrap_or_default();
    if role_ref.api_group.is_empty() {
        role_ref.api_group = GROUP.into();
    }
    role_ref
}

#[cfg(test)]
mod tests {
    use super::*;
    use ravelin_object::read;
    use ravelin_yaml::Limits;

    fn objects(texts: &[&str]) -> Result<Objects, Vec<String>> {
        let mut objects = Objects::default();
        for (origin, text) in (7..).zip(texts) {
            let value = read::yaml(text, &Limits::STANDARD).unwrap().value.unwrap();
            let added = objects.add(&value, origin);
            added.map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        }
        Ok(objects)
    }

    #[test]
    fn api_groups_are_filled_in() {
        let text = "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: b, namespace: ns},
            roleRef: {kind: Role, name: r}, subjects: [{kind: User, name: u}, {kind: ServiceAccount, name: s},
            {kind: Group, name: g, apiGroup: x}, {kind: Robot, name: x}, null]}";
        let objects = objects(&[text]).unwrap();
        let binding = &objects.role_bindings[0];
        assert_eq!(binding.role_ref.api_group, GROUP);
        let groups: Vec<&str> = binding.subjects.iter().map(|subject| subject.api_group.as_str()).collect();
        assert_eq!(groups, [GROUP, "", "x", "", ""]);
        assert_eq!((binding.metadata.namespace.as_str(), binding.metadata.origin), ("ns", 7));
    }

    #[test]
    fn aggregation_is_told_from_none() {
        let head = "apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: a}";
        let texts = [
            format!("{{{head}}}"),
            format!("{{{head}, aggregationRule: {{}}}}"),
            format!("{{{head}, aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{a: b}}}}]}}}}"),
        ];
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let roles = objects(&texts).unwrap().cluster_roles;
        assert_eq!(roles[0].aggregation, None);
        assert_eq!(roles[1].aggregation, Some(Vec::new()));
        assert_eq!(
            roles[2].aggregation.as_ref().unwrap()[0].match_labels,
            [("a".to_owned(), "b".to_owned())]
        );
    }

    #[test]
    fn other_objects_are_left_alone_and_wrong_types_are_errors() {
        let other = "{apiVersion: v1, kind: Role, metadata: {name: a}}";
        assert_eq!(objects(&[other]).unwrap(), Objects::default());
        let wrong =
            "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, rules: [{verbs: [1], resources: a}, 3]}";
        assert_eq!(
            objects(&[wrong]).unwrap_err(),
            [
                "rules[0].verbs[0]: expected a string, found the integer 1",
                "rules[0].resources: expected a sequence, found the string \"a\"",
                "rules[1]: expected a mapping, found the integer 3",
            ]
        );
    }
}
