//! Selectors: over labels as text and as object, and over fields.

use std::collections::BTreeMap;

use ravelin_object::selector::{Expression, FieldSelector, LabelSelector, Selector};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Area;
use crate::record::{Difference, Fields};

/// Records of the kinds `label`, `label_selector_object` and `field`.
pub(super) struct Selectors;

impl Area for Selectors {
    fn compare(&mut self, record: &Value) -> Vec<Difference> {
        Fields::compared(record, found)
    }
}

fn found(fields: &mut Fields) -> Result<Value, Difference> {
    match fields.take::<String>("kind")?.as_str() {
        "label" => label(fields),
        "label_selector_object" => label_object(fields),
        "field" => field(fields),
        other => Err(Difference::form("kind", "label, label_selector_object or field", other)),
    }
}

/// What a selector is matched against; whether it matches is compared with the other outputs.
#[derive(Deserialize)]
struct OnLabels {
    labels: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct OnFields {
    fields: BTreeMap<String, String>,
}

fn label(fields: &mut Fields) -> Result<Value, Difference> {
    let text: String = fields.take("selector")?;
    let selector = match Selector::parse(&text) {
        Ok(selector) => selector,
        Err(error) => return Ok(json!({ "error": error.to_string() })),
    };
    let requirement = |requirement: &ravelin_object::selector::Requirement| {
        json!({
            "key": requirement.key(),
            "operator": requirement.operator().as_str(),
            "values": requirement.values(),
        })
    };
    let requirements: Vec<Value> =
        selector.requirements().unwrap_or_default().iter().map(requirement).collect();
    Ok(json!({
        "error": null,
        "canonical": selector.to_string(),
        "empty": selector.is_empty(),
        "selectable": selector.requirements().is_some(),
        "requirements": requirements,
        "matches": matches_on_labels(fields, &selector)?,
    }))
}

fn label_object(fields: &mut Fields) -> Result<Value, Difference> {
    let object: Option<ObjectForm> = fields.take("selector")?;
    let object = object.map(LabelSelector::from);
    let selector = match LabelSelector::selector_of(object.as_ref()) {
        Ok(selector) => selector,
        Err(error) => return Ok(json!({ "error": error.to_string() })),
    };
    Ok(json!({
        "error": null,
        "canonical": selector.to_string(),
        "empty": selector.is_empty(),
        "matches": matches_on_labels(fields, &selector)?,
    }))
}

fn matches_on_labels(fields: &Fields, selector: &Selector) -> Result<Vec<Value>, Difference> {
    let cases: Vec<OnLabels> = fields.peek("matches")?;
    let one = |case: OnLabels| json!({ "match": selector.matches(&case.labels), "labels": case.labels });
    Ok(cases.into_iter().map(one).collect())
}

fn field(fields: &mut Fields) -> Result<Value, Difference> {
    let text: String = fields.take("selector")?;
    let selector = match FieldSelector::parse(&text) {
        Ok(selector) => selector,
        Err(error) => return Ok(json!({ "error": error.to_string() })),
    };
    let requirement = |requirement: &ravelin_object::selector::FieldRequirement| {
        json!({
            "field": requirement.field,
            "operator": requirement.operator.as_str(),
            "value": requirement.value,
        })
    };
    let name = selector.exact_match("metadata.name");
    let cases: Vec<OnFields> = fields.peek("matches")?;
    let one = |case: OnFields| json!({ "match": selector.matches(&case.fields), "fields": case.fields });
    Ok(json!({
        "error": null,
        "canonical": selector.to_string(),
        "empty": selector.is_empty(),
        "requirements": selector.requirements().iter().map(requirement).collect::<Vec<_>>(),
        "exact_metadata_name": { "found": name.is_some(), "value": name.unwrap_or_default() },
        "matches": cases.into_iter().map(one).collect::<Vec<_>>(),
    }))
}

/// A label selector as JSON writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ObjectForm {
    match_labels: Option<BTreeMap<String, String>>,
    match_expressions: Option<Vec<ExpressionForm>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpressionForm {
    key: String,
    operator: String,
    values: Option<Vec<String>>,
}

impl From<ObjectForm> for LabelSelector {
    fn from(form: ObjectForm) -> Self {
        let expression = |form: ExpressionForm| Expression {
            key: form.key,
            operator: form.operator,
            values: form.values.unwrap_or_default(),
        };
        Self {
            match_labels: form.match_labels.unwrap_or_default().into_iter().collect(),
            match_expressions: form
                .match_expressions
                .unwrap_or_default()
                .into_iter()
                .map(expression)
                .collect(),
        }
    }
}
