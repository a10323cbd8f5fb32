use super::*;
use crate::rbac::objects::Objects;
use ravelin_object::read;
use ravelin_yaml::Limits;

fn objects(text: &str) -> Objects {
    let text = format!("{{apiVersion: rbac.authorization.k8s.io/v1, {text}}}");
    let value = read::yaml(&text, &Limits::STANDARD).unwrap().value.unwrap();
    let mut objects = Objects::default();
    assert!(objects.add(&value, 0).unwrap());
    objects
}

fn check(text: &str, expected: &[&str]) {
    let objects = objects(text);
    let faults = [
        objects.roles.iter().flat_map(role).collect::<Vec<_>>(),
        objects.cluster_roles.iter().flat_map(|role| cluster_role(role, SelectorValues::Valid)).collect(),
        objects.role_bindings.iter().flat_map(role_binding).collect(),
        objects.cluster_role_bindings.iter().flat_map(cluster_role_binding).collect(),
    ];
    let faults: Vec<String> = faults.iter().flatten().map(ToString::to_string).collect();
    assert_eq!(faults, expected, "{text}");
}

#[test]
fn rules() {
    check(
        "kind: Role, metadata: {name: a:b, namespace: ns}, rules: [{}, {verbs: [get], nonResourceURLs: [/x, '<']},
         {verbs: [get], nonResourceURLs: [/x], resources: [z]}]",
        &[
            "rules[0].verbs: Required value: verbs must contain at least one value",
            "rules[0].apiGroups: Required value: resource rules must supply at least one api group",
            "rules[0].resources: Required value: resource rules must supply at least one resource",
            "rules[1].nonResourceURLs: Invalid value: [\"/x\",\"\\u003c\"]: namespaced rules cannot apply to non-resource URLs",
            "rules[2].nonResourceURLs: Invalid value: [\"/x\"]: namespaced rules cannot apply to non-resource URLs",
            "rules[2].nonResourceURLs: Invalid value: [\"/x\"]: rules cannot apply to both regular resources and non-resource URLs",
        ],
    );
    check("kind: ClusterRole, metadata: {name: a}, rules: [{verbs: [get], nonResourceURLs: [/x]}]", &[]);
}

#[test]
fn names_and_namespaces() {
    check(
        "kind: Role, metadata: {name: a/b%}",
        &[
            "metadata.name: Invalid value: \"a/b%\": may not contain '/'",
            "metadata.name: Invalid value: \"a/b%\": may not contain '%'",
            "metadata.namespace: Required value",
        ],
    );
    check(
        "kind: ClusterRole, metadata: {name: .., namespace: ns}",
        &[
            "metadata.name: Invalid value: \"..\": may not be '..'",
            "metadata.namespace: Forbidden: not allowed on this type",
        ],
    );
    check("kind: ClusterRole", &["metadata.name: Required value: name or generateName is required"]);
}

#[test]
fn subjects_and_role_references() {
    check(
        "kind: ClusterRoleBinding, metadata: {name: a}, roleRef: {kind: Role, apiGroup: x}, subjects: [
         {kind: ServiceAccount, name: s, apiGroup: x}, {kind: User, name: u, apiGroup: x}, {kind: Robot}]",
        &[
            "roleRef.apiGroup: Unsupported value: \"x\": supported values: \"rbac.authorization.k8s.io\"",
            "roleRef.kind: Unsupported value: \"Role\": supported values: \"ClusterRole\"",
            "roleRef.name: Required value",
            "subjects[0].apiGroup: Unsupported value: \"x\": supported values: \"\"",
            "subjects[0].namespace: Required value",
            "subjects[1].apiGroup: Unsupported value: \"x\": supported values: \"rbac.authorization.k8s.io\"",
            "subjects[2].name: Required value",
            "subjects[2].kind: Unsupported value: \"Robot\": supported values: \"ServiceAccount\", \"User\", \"Group\"",
        ],
    );
    let namespaced = "kind: RoleBinding, metadata: {name: a, namespace: ns}, roleRef: {kind: Role, name: r},";
    check(&format!("{namespaced} subjects: [{{kind: ServiceAccount, name: s}}]"), &[]);
}

#[test]
fn the_role_reference_cannot_change() {
    let binding = |name: &str| {
        let text = format!(
            "kind: ClusterRoleBinding, metadata: {{name: a}}, roleRef: {{kind: ClusterRole, name: {name}}}"
        );
        objects(&text).cluster_role_bindings.remove(0)
    };
    assert_eq!(cluster_role_binding_update(&binding("a"), &binding("a")), []);
    let faults = cluster_role_binding_update(&binding("a"), &binding("b"));
    assert_eq!(
        faults.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "roleRef: Invalid value: {\"APIGroup\":\"rbac.authorization.k8s.io\",\"Kind\":\"ClusterRole\",\"Name\":\"a\"}: cannot change roleRef"
        ]
    );
}

#[test]
fn selectors_of_aggregated_roles() {
    let head = "kind: ClusterRole, metadata: {name: a}, aggregationRule:";
    check(
        &format!("{head} {{}}"),
        &[
            "aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil",
        ],
    );
    check(
        &format!(
            "{head} {{clusterRoleSelectors: [{{matchExpressions: [{{key: k, operator: Like}}, {{key: k, operator: In}}]}}]}}"
        ),
        &[
            "aggregationRule.clusterRoleSelectors[0].matchExpressions[0].operator: Invalid value: \"Like\": not a valid selector operator",
            "aggregationRule.clusterRoleSelectors[0].matchExpressions[1].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
            "aggregationRule.clusterRoleSelectors[0]: Invalid value: null: invalid label selector.",
        ],
    );
    let bad = format!(
        "{head} {{clusterRoleSelectors: [{{matchExpressions: [{{key: k, operator: In, values: [-]}}]}}]}}"
    );
    let bad = bad.replace("[-]", "['-']");
    let role = objects(&bad).cluster_roles.remove(0);
    let with = |values| cluster_role(&role, values).len();
    assert_eq!((with(SelectorValues::Valid), with(SelectorValues::Any)), (2, 1));
    assert_eq!(cluster_role_update(&role, &role).len(), 1);
    assert_eq!(cluster_role_update(&role, &ClusterRole::default()).len(), 2);
}
