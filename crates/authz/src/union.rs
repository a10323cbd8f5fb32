//! Several authorizers in a row, and those that need no data.
//!
//! Source: `k8s.io/apiserver/pkg/authorization/union`, `authorizerfactory`.

use crate::rules::aggregated;
use crate::{
    Answer, Attributes, Authorizer, Decision, NonResourceRule, ResourceRule, RuleResolver, Rules, User,
};
use std::fmt;

/// The group whose members may do everything.
pub const SUPERUSERS: &str = "system:masters";

/// An authorizer that can stand in a row: it decides, and lists what it allows.
pub trait Mode: Authorizer + RuleResolver {}

impl<M: Authorizer + RuleResolver> Mode for M {}

/// Authorizers that are asked in their order until one of them decides.
#[derive(Default)]
pub struct Union {
    modes: Vec<Box<dyn Mode + Send + Sync>>,
}

impl Union {
    /// The authorizers in the order given, and nothing before them.
    #[must_use]
    pub fn new(modes: Vec<Box<dyn Mode + Send + Sync>>) -> Self {
        Self { modes }
    }

    /// The authorizers as an API server runs them: [`SUPERUSERS`] come before all.
    #[must_use]
    pub fn of_server(mut modes: Vec<Box<dyn Mode + Send + Sync>>) -> Self {
        modes.insert(0, Box::new(PrivilegedGroups { groups: vec![SUPERUSERS.to_owned()] }));
        Self { modes }
    }
}

impl fmt::Debug for Union {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Union").field("modes", &self.modes.len()).finish()
    }
}

impl Authorizer for Union {
    fn authorize(&self, attributes: &Attributes) -> Answer {
        let (mut reasons, mut errors) = (Vec::new(), Vec::new());
        for mode in &self.modes {
            let answer = mode.authorize(attributes);
            if answer.decision != Decision::NoOpinion {
                return answer;
            }
            errors.extend(answer.error);
            if !answer.reason.is_empty() {
                reasons.push(answer.reason);
            }
        }
        Answer { decision: Decision::NoOpinion, reason: reasons.join("\n"), error: aggregated(&errors) }
    }
}

impl RuleResolver for Union {
    fn rules_for(&self, user: &User, namespace: &str) -> Rules {
        let (mut all, mut errors) = (Rules::default(), Vec::new());
        for mode in &self.modes {
            let rules = mode.rules_for(user, namespace);
            all.resource_rules.extend(rules.resource_rules);
            all.non_resource_rules.extend(rules.non_resource_rules);
            all.incomplete |= rules.incomplete;
            errors.extend(rules.error);
        }
        all.error = aggregated(&errors);
        all
    }
}

/// Allows everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct AlwaysAllow;

impl Authorizer for AlwaysAllow {
    fn authorize(&self, _: &Attributes) -> Answer {
        Answer { decision: Decision::Allow, reason: String::new(), error: None }
    }
}

impl RuleResolver for AlwaysAllow {
    fn rules_for(&self, _: &User, _: &str) -> Rules {
        let all = || vec!["*".to_owned()];
        Rules {
            resource_rules: vec![ResourceRule {
                verbs: all(),
                api_groups: all(),
                resources: all(),
                resource_names: Vec::new(),
            }],
            non_resource_rules: vec![NonResourceRule { verbs: all(), non_resource_urls: all() }],
            ..Rules::default()
        }
    }
}

/// Allows nothing. It has no opinion rather than to deny, so that others may allow.
#[derive(Clone, Copy, Debug, Default)]
pub struct AlwaysDeny;

impl Authorizer for AlwaysDeny {
    fn authorize(&self, _: &Attributes) -> Answer {
        let reason = "Everything is forbidden.".to_owned();
        Answer { decision: Decision::NoOpinion, reason, error: None }
    }
}

impl RuleResolver for AlwaysDeny {
    fn rules_for(&self, _: &User, _: &str) -> Rules {
        Rules::default()
    }
}

/// Allows the members of some groups everything. Listings do not show it.
#[derive(Clone, Debug, Default)]
pub struct PrivilegedGroups {
    /// The groups.
    pub groups: Vec<String>,
}

impl Authorizer for PrivilegedGroups {
    fn authorize(&self, attributes: &Attributes) -> Answer {
        let member = self.groups.iter().any(|group| attributes.user.is_in(group));
        let decision = if member { Decision::Allow } else { Decision::NoOpinion };
        Answer { decision, reason: String::new(), error: None }
    }
}

impl RuleResolver for PrivilegedGroups {
    fn rules_for(&self, _: &User, _: &str) -> Rules {
        Rules::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Says(Answer);

    impl Authorizer for Says {
        fn authorize(&self, _: &Attributes) -> Answer {
            self.0.clone()
        }
    }

    impl RuleResolver for Says {
        fn rules_for(&self, _: &User, _: &str) -> Rules {
            Rules { incomplete: true, error: self.0.error.clone(), ..Rules::default() }
        }
    }

    fn says(decision: Decision, reason: &str, error: Option<&str>) -> Box<dyn Mode + Send + Sync> {
        Box::new(Says(Answer { decision, reason: reason.to_owned(), error: error.map(str::to_owned) }))
    }

    #[test]
    fn the_first_decision_counts() {
        let union = Union::new(vec![
            says(Decision::NoOpinion, "a", Some("x")),
            says(Decision::Deny, "b", None),
            Box::new(AlwaysAllow),
        ]);
        let answer = union.authorize(&Attributes::default());
        assert_eq!(answer, Answer { decision: Decision::Deny, reason: "b".to_owned(), error: None });
    }

    #[test]
    fn without_a_decision_reasons_and_errors_are_joined() {
        let union = Union::of_server(vec![
            says(Decision::NoOpinion, "a", Some("x")),
            Box::new(AlwaysDeny),
            says(Decision::NoOpinion, "", Some("y")),
        ]);
        let mut attributes = Attributes::default();
        let answer = union.authorize(&attributes);
        assert_eq!(answer.decision, Decision::NoOpinion);
        assert_eq!(answer.reason, "a\nEverything is forbidden.");
        assert_eq!(answer.error.as_deref(), Some("[x, y]"));
        attributes.user.groups.push(SUPERUSERS.to_owned());
        assert_eq!(union.authorize(&attributes).decision, Decision::Allow);
        let rules = union.rules_for(&attributes.user, "a");
        assert!(rules.incomplete && rules.resource_rules.is_empty());
    }
}
