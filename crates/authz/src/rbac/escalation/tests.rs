use super::*;
use crate::rbac::objects::{
    ClusterRole, ClusterRoleBinding, GROUP, Metadata, Objects, Role, RoleBinding, RoleRef, Subject,
};
use crate::rbac::{Policy, covers::atoms};
use crate::{Attributes, Authorizer};
use ravelin_object::read;
use ravelin_object::selector::LabelSelector;
use ravelin_yaml::Limits;

fn texts(list: &str) -> Vec<CompactString> {
    list.split(',').filter(|text| !text.is_empty()).map(|text| text.trim_matches('-').into()).collect()
}

/// Lists with commas; `-` is the core group.
fn rule(verbs: &str, groups: &str, resources: &str, names: &str) -> PolicyRule {
    PolicyRule {
        verbs: texts(verbs),
        api_groups: texts(groups),
        resources: texts(resources),
        resource_names: texts(names),
        non_resource_urls: Vec::new(),
    }
}

fn user(groups: &[&str]) -> User {
    let groups = groups.iter().map(|group| (*group).to_owned()).collect();
    User { name: "ann".to_owned(), groups, ..User::default() }
}

#[test]
fn the_text_is_compact_sorted_and_quoted() {
    let paths =
        PolicyRule { verbs: texts("get"), non_resource_urls: texts("/b,/a"), ..PolicyRule::default() };
    let wanted = [rule("put,get", "-", "pods", ""), paths, rule("get", "apps,-", "x", "b,a")];
    let escalation = confirm(&user(&["g\"1", "g2"]), &[], Some("role \"x\" not found"), &wanted).unwrap_err();
    assert_eq!(
        escalation.to_string(),
        "user \"ann\" (groups=[\"g\\\"1\" \"g2\"]) is attempting to grant RBAC permissions not currently held:\n\
         {APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"put\" \"get\"]}\n\
         {APIGroups:[\"\"], Resources:[\"x\"], ResourceNames:[\"a\"], Verbs:[\"get\"]}\n\
         {APIGroups:[\"\"], Resources:[\"x\"], ResourceNames:[\"b\"], Verbs:[\"get\"]}\n\
         {APIGroups:[\"apps\"], Resources:[\"x\"], ResourceNames:[\"a\"], Verbs:[\"get\"]}\n\
         {APIGroups:[\"apps\"], Resources:[\"x\"], ResourceNames:[\"b\"], Verbs:[\"get\"]}\n\
         {NonResourceURLs:[\"/a\"], Verbs:[\"get\"]}\n\
         {NonResourceURLs:[\"/b\"], Verbs:[\"get\"]}; resolution errors: [role \"x\" not found]"
    );
    assert_eq!(confirm(&user(&[]), &[&wanted[0]], Some("x"), &wanted[..1]), Ok(()));
}

#[test]
fn compacting_keeps_the_atoms() {
    let rules = vec![rule("get", "-", "a", ""), rule("put", "-", "a,b", ""), rule("put", "-", "a", "")];
    let sorted = |rules: &[PolicyRule]| {
        let mut atoms: Vec<String> = rules.iter().flat_map(atoms).map(|atom| described(&atom)).collect();
        atoms.sort();
        atoms
    };
    let compacted = compact(rules.clone());
    assert_eq!(compacted, [rule("put", "-", "a,b", ""), rule("get,put", "-", "a", "")]);
    assert_eq!(sorted(&compacted), sorted(&rules));
}

fn metadata(name: &str, namespace: &str) -> Metadata {
    Metadata { name: name.into(), namespace: namespace.into(), ..Metadata::default() }
}

fn role_ref(kind: &str, name: &str) -> RoleRef {
    RoleRef { api_group: GROUP.into(), kind: kind.into(), name: name.into() }
}

/// `ann` holds `rules` in the cluster; there are the cluster role `wide` and, in `ns`, the role `narrow`.
fn policy(rules: Vec<PolicyRule>) -> Policy {
    let subject = Subject { kind: "User".into(), name: "ann".into(), ..Subject::default() };
    let cluster_role = |name, rules| ClusterRole { metadata: metadata(name, ""), rules, aggregation: None };
    let cluster_roles = vec![cluster_role("own", rules), cluster_role("wide", vec![rule("*", "*", "*", "")])];
    Policy::new(Objects {
        cluster_roles,
        roles: vec![Role { metadata: metadata("narrow", "ns"), rules: vec![rule("get", "-", "pods", "")] }],
        cluster_role_bindings: vec![ClusterRoleBinding {
            metadata: metadata("b", ""),
            subjects: vec![subject],
            role_ref: role_ref("ClusterRole", "own"),
        }],
        role_bindings: Vec::new(),
    })
}

fn request(resource: &str, namespace: &str, name: &str, groups: &[&str]) -> Attributes {
    Attributes {
        user: user(groups),
        is_resource: true,
        group: GROUP.to_owned(),
        resource: resource.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        ..Attributes::default()
    }
}

fn guarded<T>(policy: &Policy, check: impl FnOnce(Guard<'_>) -> T) -> T {
    let authorize = |asked: &Attributes| policy.authorize(asked).decision;
    check(Guard { resolver: policy, authorize: &authorize, atom_limit: 1_000 })
}

fn bound(policy: &Policy, kind: &str, name: &str, groups: &[&str]) -> Result<(), String> {
    let binding = RoleBinding {
        metadata: metadata("new", "ns"),
        role_ref: role_ref(kind, name),
        ..RoleBinding::default()
    };
    let request = request("rolebindings", "ns", "", groups);
    let refused = guarded(policy, |guard| guard.role_binding(&request, Change::Create(&binding)));
    refused.map_err(|refusal| refusal.to_string())
}

#[test]
fn a_binding_grants_what_is_held_or_may_be_bound() {
    let nothing = policy(Vec::new());
    assert_eq!(bound(&nothing, "Role", "narrow", &["system:masters"]), Ok(()));
    let refused = bound(&nothing, "Role", "narrow", &[]).unwrap_err();
    assert!(
        refused.starts_with(
            "rolebindings.rbac.authorization.k8s.io \"new\" is forbidden: user \"ann\" (groups=[]) is attempting"
        ),
        "{refused}"
    );
    assert_eq!(
        bound(&nothing, "Role", "gone", &[]).unwrap_err(),
        "rolebindings.rbac.authorization.k8s.io \"gone\" not found"
    );
    assert_eq!(bound(&nothing, "Robot", "x", &[]).unwrap_err(), "unsupported role reference kind: \"Robot\"");

    assert_eq!(bound(&policy(vec![rule("get", "-", "pods", "")]), "Role", "narrow", &[]), Ok(()));
    let binds = policy(vec![rule("bind", GROUP, "clusterroles", "wide")]);
    assert_eq!(bound(&binds, "ClusterRole", "wide", &[]), Ok(()));
    assert!(bound(&binds, "Role", "narrow", &[]).is_err());
}

/// As a server says it: it names what is not there after what is written.
#[test]
fn roles_that_are_not_there_are_named_after_the_request() {
    let mut objects = policy(vec![rule("get", "-", "pods", "")]).objects().clone();
    for binding in &mut objects.cluster_role_bindings {
        binding.role_ref.name = "gone".into();
    }
    let new = Role { metadata: metadata("new", "ns"), rules: vec![rule("get", "-", "pods", "")] };
    let refused = guarded(&Policy::new(objects), |guard| {
        guard.role(&request("roles", "ns", "new", &[]), Change::Create(&new)).unwrap_err().to_string()
    });
    let expected = "; resolution errors: [roles.rbac.authorization.k8s.io \"gone\" not found]";
    assert!(refused.ends_with(expected), "{refused}");
}

#[test]
fn a_role_holds_what_is_held_or_its_writer_may_escalate() {
    let new = Role { metadata: metadata("new", "ns"), rules: vec![rule("get", "-", "pods", "")] };
    let write = |policy: &Policy, change: Change<'_, Role>| {
        guarded(policy, |guard| guard.role(&request("roles", "ns", "new", &[]), change))
    };
    let nothing = policy(Vec::new());
    assert!(write(&nothing, Change::Create(&new)).is_err());
    assert_eq!(write(&policy(vec![rule("get", "-", "pods", "")]), Change::Create(&new)), Ok(()));
    assert_eq!(write(&policy(vec![rule("escalate", GROUP, "roles", "new")]), Change::Create(&new)), Ok(()));
    assert!(write(&policy(vec![rule("escalate", GROUP, "roles", "old")]), Change::Create(&new)).is_err());

    let update = |old, metadata| write(&nothing, Change::Update { new: &new, old, metadata });
    assert_eq!(update(&new, Differ::OnlyForGarbageCollection), Ok(()));
    assert!(update(&new, Differ::Otherwise).is_err());
    assert!(update(&Role::default(), Differ::OnlyForGarbageCollection).is_err());
}

#[test]
fn aggregation_is_for_those_who_may_everything() {
    let mut new = ClusterRole { metadata: metadata("new", ""), ..ClusterRole::default() };
    let old = ClusterRole { aggregation: Some(vec![LabelSelector::default()]), ..new.clone() };
    let request = request("clusterroles", "", "new", &[]);
    let nothing = policy(Vec::new());
    let write = |policy: &Policy, change: Change<'_, ClusterRole>| {
        guarded(policy, |guard| guard.cluster_role(&request, change)).map_err(|refusal| refusal.to_string())
    };
    let told = "clusterroles.rbac.authorization.k8s.io \"new\" is forbidden: must have cluster-admin privileges to use the aggregationRule";
    assert_eq!(write(&nothing, Change::Create(&old)).unwrap_err(), told);
    let metadata = Differ::Otherwise;
    assert_eq!(write(&nothing, Change::Update { new: &new, old: &old, metadata }).unwrap_err(), told);
    let mut all = rule("*", "*", "*", "");
    all.non_resource_urls = texts("*");
    assert_eq!(write(&policy(vec![all]), Change::Create(&old)), Ok(()));
    new.aggregation = Some(Vec::new());
    assert_eq!(write(&nothing, Change::Create(&new)), Ok(()));
}

#[test]
fn too_many_atoms_are_refused() {
    let many: Vec<CompactString> = (0..40).map(|n| CompactString::from(format!("v{n}"))).collect();
    let rules =
        vec![PolicyRule { api_groups: many.clone(), resources: many.clone(), ..rule("*", "", "", "") }];
    let new = ClusterRole { metadata: metadata("new", ""), rules, aggregation: None };
    let request = request("clusterroles", "", "new", &[]);
    let refused =
        guarded(&policy(Vec::new()), |guard| guard.cluster_role(&request, Change::Create(&new))).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "clusterroles.rbac.authorization.k8s.io \"new\" is forbidden: its rules break down into 1600 permissions, more than 1000"
    );
}

#[test]
fn metadata_are_compared() {
    let compare = |new: &str, old: &str| {
        let [new, old] = [new, old].map(|text| {
            let text = format!("{{metadata: {text}}}");
            read::yaml(&text, &Limits::STANDARD).unwrap().value.unwrap()
        });
        compare_metadata(&new, &old)
    };
    for (new, old, differ) in [
        ("{name: a}", "{name: a, finalizers: [x], ownerReferences: [{}]}", Differ::OnlyForGarbageCollection),
        ("{name: a, labels: {}, uid: ''}", "{name: a, managedFields: [1]}", Differ::OnlyForGarbageCollection),
        ("{labels: {a: b, c: d}}", "{labels: {c: d, a: b}}", Differ::OnlyForGarbageCollection),
        ("{labels: {a: ''}}", "{}", Differ::Otherwise),
        ("{name: a}", "{name: b}", Differ::Otherwise),
        ("{}", "{annotations: {a: b}}", Differ::Otherwise),
    ] {
        assert_eq!(compare(new, old), differ, "{new} {old}");
    }
}
