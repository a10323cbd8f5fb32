//! A policy that loads has rules, and decides about any request as the first rule that is for it.

use ravelin_auditlog::{Attributes, Level, Policy};

/// Loads the text as a policy and asks it about requests made of its own words.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let loaded = match Policy::load(text) {
        Ok(loaded) => loaded,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    assert!(!loaded.policy.rules.is_empty());
    assert_eq!(Policy::load(text).as_ref(), Ok(&loaded), "the same text loads the same");
    for rule in &loaded.policy.rules {
        let groups = rule.user_groups.clone();
        let first = |list: &[String]| list.first().cloned().unwrap_or_default();
        let (user, verb, namespace) = (first(&rule.users), first(&rule.verbs), first(&rule.namespaces));
        let path = first(&rule.non_resource_urls);
        for is_resource in [false, true] {
            let request = Attributes {
                user: Some(&user),
                groups: &groups,
                verb: &verb,
                is_resource,
                namespace: &namespace,
                path: &path,
                ..Attributes::default()
            };
            let config = loaded.policy.evaluate(&request);
            let found = loaded.policy.rules.iter().find(|rule| rule.matches(&request));
            assert_eq!(config.level, found.map_or(Level::None, |rule| rule.level));
            let omitted = loaded.policy.omit_stages;
            assert_eq!(config.omit_stages.union(omitted), config.omit_stages);
        }
        let nobody = Attributes { path: &path, verb: &verb, ..Attributes::default() };
        assert!(!rule.matches(&nobody) || (rule.users.is_empty() && rule.user_groups.is_empty()));
    }
}
