//! A policy file is its lines, and a policy allows what stands in it.

use ravelin_authz::abac::{Policy, PolicyFile};
use ravelin_authz::{Attributes, Authorizer as _, Decision, RuleResolver as _, User};

/// Reads the bytes as a policy file.
pub fn run(data: &[u8]) {
    let file = match PolicyFile::load("policy", data) {
        Ok(file) => file,
        Err(error) => {
            let lines = data.split(|byte| *byte == b'\n').count();
            assert!(error.line().is_none_or(|line| (1..=lines).contains(&line)), "{error}");
            assert!(error.to_string().starts_with("error reading policy file policy"));
            return;
        }
    };
    let mut by_line = PolicyFile::default();
    for line in data.split_inclusive(|byte| *byte == b'\n') {
        let read = PolicyFile::load("policy", line);
        assert!(read.is_ok(), "a line of a file that loads");
        let read = read.unwrap_or_default();
        by_line.policies.extend(read.policies);
        by_line.unversioned += read.unversioned;
    }
    assert_eq!(file, by_line);
    assert!(file.unversioned <= file.policies.len());
    file.policies.iter().for_each(|policy| is_allowed(&file, policy));
}

fn is_allowed(file: &PolicyFile, policy: &Policy) {
    let user = User { name: policy.user.clone(), groups: vec![policy.group.clone()], ..User::default() };
    let request = Attributes {
        user,
        verb: "get".to_owned(),
        is_resource: true,
        group: policy.api_group.clone(),
        resource: policy.resource.clone(),
        namespace: policy.namespace.clone(),
        ..Attributes::default()
    };
    let path = Attributes { is_resource: false, path: policy.non_resource_path.clone(), ..request.clone() };
    let is_for_somebody = !(policy.user.is_empty() && policy.group.is_empty());
    for request in [request, path] {
        assert_eq!(policy.is_for(&request.user), is_for_somebody, "{policy:?}");
        assert_eq!(policy.allows(&request), is_for_somebody, "{policy:?}");
        let allowed = file.authorize(&request).decision == Decision::Allow;
        assert!(allowed || !is_for_somebody, "{policy:?}");
        let any = file.policies.iter().any(|policy| policy.allows(&request));
        assert_eq!(allowed, any);
        let rules = file.rules_for(&request.user, &policy.namespace);
        assert!(!is_for_somebody || policy.resource.is_empty() || !rules.resource_rules.is_empty());
    }
}
