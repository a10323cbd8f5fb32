//! Whether rules cover others, and what is said to who grants more than that.

use ravelin_authz::rbac::{PolicyRule, covers::covers, escalation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Area;
use super::rbac::UserForm;
use crate::record::{Difference, Fields};

/// Records `{owner[], servant[], covered, uncovered[], user, resolution_error, escalation_error}`.
pub(super) struct Covers;

impl Area for Covers {
    fn compare(&mut self, record: &Value) -> Vec<Difference> {
        Fields::compared(record, found)
    }
}

fn found(fields: &mut Fields) -> Result<Value, Difference> {
    let rules = |list: Option<Vec<Rule>>| -> Vec<PolicyRule> {
        list.unwrap_or_default().into_iter().map(PolicyRule::from).collect()
    };
    let held = rules(fields.take("owner")?);
    let held: Vec<&PolicyRule> = held.iter().collect();
    let wanted = rules(fields.take("servant")?);
    let user = fields.take::<UserForm>("user")?.into();
    let resolution_error: Option<String> = fields.take("resolution_error")?;
    let (covered, uncovered) = covers(&held, &wanted);
    let escalation = escalation::confirm(&user, &held, resolution_error.as_deref(), &wanted);
    Ok(json!({
        "covered": covered,
        "uncovered": uncovered.into_iter().map(Rule::from).collect::<Vec<_>>(),
        "escalation_error": escalation.err().map(|error| error.to_string()),
    }))
}

/// A rule as JSON writes it.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Rule {
    verbs: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_groups: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resources: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_names: Option<Vec<String>>,
    #[serde(rename = "nonResourceURLs", skip_serializing_if = "Option::is_none")]
    non_resource_urls: Option<Vec<String>>,
}

impl From<Rule> for PolicyRule {
    fn from(rule: Rule) -> Self {
        let list = |list: Option<Vec<String>>| list.into_iter().flatten().map(Into::into).collect();
        Self {
            verbs: list(rule.verbs),
            api_groups: list(rule.api_groups),
            resources: list(rule.resources),
            resource_names: list(rule.resource_names),
            non_resource_urls: list(rule.non_resource_urls),
        }
    }
}

impl From<PolicyRule> for Rule {
    fn from(rule: PolicyRule) -> Self {
        let list = |list: Vec<_>| (!list.is_empty()).then(|| list.into_iter().map(String::from).collect());
        Self {
            verbs: list(rule.verbs),
            api_groups: list(rule.api_groups),
            resources: list(rule.resources),
            resource_names: list(rule.resource_names),
            non_resource_urls: list(rule.non_resource_urls),
        }
    }
}
