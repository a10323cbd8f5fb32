use super::*;
use crate::Rules;
use crate::union::{AlwaysAllow, AlwaysDeny};
use ravelin_object::read;
use ravelin_yaml::Limits;

fn value(text: &str) -> Value {
    read::yaml(text, &Limits::STANDARD).unwrap().value.unwrap()
}

fn refused(text: &str) -> String {
    subject_access_review(&value(text), &AlwaysAllow).unwrap_err().to_string()
}

/// Says what it was asked.
struct Echo;

impl Authorizer for Echo {
    fn authorize(&self, attributes: &Attributes) -> Answer {
        let Attributes { user, verb, version, resource, path, .. } = attributes;
        let reason = format!("{} {verb} {version} {resource}{path}", user.name);
        Answer { decision: Decision::Deny, reason, error: Some("e".to_owned()) }
    }
}

impl RuleResolver for Echo {
    fn rules_for(&self, user: &User, namespace: &str) -> Rules {
        Rules { incomplete: true, error: Some(format!("{} {namespace}", user.name)), ..Rules::default() }
    }
}

#[test]
fn reviews_are_answered() {
    let review = value(
        "{kind: SubjectAccessReview, spec: {user: u, resourceAttributes: {verb: get, resource: pods}}}",
    );
    let answer = subject_access_review(&review, &Echo).unwrap();
    assert_eq!(
        answer.field("status"),
        Some(&value("{allowed: false, denied: true, reason: u get * pods, evaluationError: e}"))
    );
    assert_eq!(answer.field("spec"), review.field("spec"));
    let me = User { name: "me".to_owned(), ..User::default() };
    let review = value("{spec: {nonResourceAttributes: {verb: get, path: /x}}}");
    let answer = self_subject_access_review(&review, &me, &Echo).unwrap();
    assert_eq!(answer.dotted("status.reason"), Some(&"me get  /x".into()));
}

#[test]
fn selectors_that_cannot_be_read_are_ignored_aloud() {
    let review = "{spec: {user: u, resourceAttributes: {fieldSelector: {rawSelector: x}, \
        labelSelector: {requirements: [{key: a, operator: Exists}, {key: b, operator: Gt, values: ['1']}]}}}}";
    let answer = subject_access_review(&value(review), &AlwaysDeny).unwrap();
    assert_eq!(
        answer.dotted("status.evaluationError").and_then(Value::as_str),
        Some(
            "spec.resourceAttributes.fieldSelector ignored due to parse error; \
             spec.resourceAttributes.labelSelector partially ignored due to parse error"
        )
    );
}

#[test]
fn reviews_that_are_not_valid_are_refused() {
    assert_eq!(
        refused("{metadata: {name: x, labels: {b: '1', a: '2'}}, spec: {}}"),
        ".authorization.k8s.io \"\" is invalid: [spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified, spec.user: Invalid value: \"\": at least one of user or group must be specified, metadata: Invalid value: {\"name\":\"x\",\"labels\":{\"a\":\"2\",\"b\":\"1\"}}: must be empty]"
    );
    assert_eq!(
        refused(
            "{spec: {user: u, resourceAttributes: {labelSelector: {}}, nonResourceAttributes: {path: /<}}}"
        ),
        ".authorization.k8s.io \"\" is invalid: [spec.nonResourceAttributes: Invalid value: {\"Path\":\"/\\u003c\",\"Verb\":\"\"}: cannot be specified in combination with resourceAttributes, spec.resourceAttributes.labelSelector.requirements: Required value: when spec.resourceAttributes.labelSelector is specified, requirements or rawSelector is required]"
    );
    assert!(refused("{spec: {user: 1}}").contains("spec.user"));
    let local = |text: &str, namespace| local_subject_access_review(&value(text), namespace, &AlwaysAllow);
    let good = "{metadata: {namespace: a}, spec: {user: u, resourceAttributes: {namespace: a}}}";
    assert!(local(good, "a").is_ok());
    assert_eq!(
        local(good, "b").unwrap_err().to_string(),
        "spec.resourceAttributes.namespace must match namespace: b"
    );
    assert!(local("{spec: {user: u, nonResourceAttributes: {path: /}}}", "").is_err());
}

#[test]
fn rules_are_listed() {
    let me = User { name: "me".to_owned(), ..User::default() };
    let answer =
        |text: &str, resolver: &dyn RuleResolver| self_subject_rules_review(&value(text), &me, resolver);
    assert_eq!(answer("{spec: {}}", &Echo).unwrap_err().to_string(), "no namespace on request");
    assert_eq!(
        answer("{kind: K, spec: {namespace: a}}", &Echo).unwrap(),
        value(
            "{kind: K, metadata: {}, spec: {}, status: {resourceRules: [], nonResourceRules: [], incomplete: true, \
             evaluationError: me a}}"
        )
    );
    assert_eq!(
        answer("{spec: {namespace: a}}", &AlwaysAllow).unwrap().field("status").unwrap(),
        &value(
            "{resourceRules: [{verbs: ['*'], apiGroups: ['*'], resources: ['*']}], \
             nonResourceRules: [{verbs: ['*'], nonResourceURLs: ['*']}], incomplete: false}"
        )
    );
}
