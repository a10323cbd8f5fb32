//! What a review asks.

use crate::rules::aggregated;
use crate::{Attributes, User};
use ravelin_diag::FieldPath;
use ravelin_object::selector::{
    FieldOperator, FieldRequirement, FieldSelector, Operator, Requirement, Selector, quoted,
};
use ravelin_object::{DecodeError, Decoder, Value};
use std::collections::BTreeMap;

/// The spec of a review about access.
#[derive(Debug, Default)]
pub(super) struct Spec {
    pub(super) resource: Option<ResourceAttributes>,
    pub(super) path: Option<PathAttributes>,
    pub(super) user: String,
    pub(super) groups: Vec<String>,
    uid: String,
    extra: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Default)]
pub(super) struct PathAttributes {
    pub(super) path: String,
    pub(super) verb: String,
}

#[derive(Debug, Default)]
pub(super) struct ResourceAttributes {
    pub(super) namespace: String,
    verb: String,
    group: String,
    version: String,
    resource: String,
    subresource: String,
    name: String,
    pub(super) fields: Option<SelectorAttributes>,
    pub(super) labels: Option<SelectorAttributes>,
}

/// A selector of a review: as text, or as requirements.
#[derive(Debug, Default)]
pub(super) struct SelectorAttributes {
    pub(super) raw: String,
    pub(super) requirements: Vec<RequirementAttributes>,
}

#[derive(Debug, Default)]
pub(super) struct RequirementAttributes {
    pub(super) key: String,
    pub(super) operator: String,
    pub(super) values: Vec<String>,
}

impl Spec {
    pub(super) fn decode(review: &Value) -> Result<Self, Vec<DecodeError>> {
        let beta = review.field("apiVersion").and_then(Value::as_str) == Some("authorization.k8s.io/v1beta1");
        let mut decoder = Decoder::new(FieldPath::root());
        let spec = decoder.mapping(Some(review), "spec", |decoder, spec| {
            let spec = Some(spec);
            Self {
                resource: decoder.mapping(spec, "resourceAttributes", resource_attributes),
                path: decoder.mapping(spec, "nonResourceAttributes", |decoder, path| PathAttributes {
                    path: string(decoder, path, "path"),
                    verb: string(decoder, path, "verb"),
                }),
                user: decoder.string(spec, "user").unwrap_or_default().to_owned(),
                groups: strings(decoder, spec, if beta { "group" } else { "groups" }),
                uid: decoder.string(spec, "uid").unwrap_or_default().to_owned(),
                extra: decoder.mapping(spec, "extra", extra).unwrap_or_default(),
            }
        });
        decoder.finish(spec.unwrap_or_default())
    }

    /// The user that the review names.
    pub(super) fn user(&self) -> User {
        User {
            name: self.user.clone(),
            uid: self.uid.clone(),
            groups: self.groups.clone(),
            extra: self.extra.clone(),
        }
    }

    /// What authorizers are asked for a user.
    pub(super) fn attributes(&self, user: User) -> Attributes {
        let mut attributes = Attributes { user, ..Attributes::default() };
        match (&self.resource, &self.path) {
            (Some(resource), _) => resource.fill(&mut attributes),
            (None, Some(path)) => {
                attributes.path.clone_from(&path.path);
                attributes.verb.clone_from(&path.verb);
            }
            (None, None) => {}
        }
        attributes
    }
}

impl ResourceAttributes {
    fn fill(&self, attributes: &mut Attributes) {
        attributes.is_resource = true;
        attributes.verb.clone_from(&self.verb);
        attributes.namespace.clone_from(&self.namespace);
        attributes.group.clone_from(&self.group);
        let version = if self.version.is_empty() { "*" } else { &self.version };
        version.clone_into(&mut attributes.version);
        attributes.resource.clone_from(&self.resource);
        attributes.subresource.clone_from(&self.subresource);
        attributes.name.clone_from(&self.name);
        if let Some(labels) = &self.labels {
            (attributes.label_requirements, attributes.label_selector_error) = labels.as_labels();
        }
        if let Some(fields) = &self.fields {
            (attributes.field_requirements, attributes.field_selector_error) = fields.as_fields();
        }
    }
}

/// Requirements that are not understood are left out: the question is broader then, never narrower.
impl SelectorAttributes {
    fn as_labels(&self) -> (Vec<Requirement>, Option<String>) {
        if self.requirements.is_empty() {
            return match Selector::parse(&self.raw) {
                Ok(selector) => (selector.requirements().unwrap_or_default().to_vec(), None),
                Err(error) => (Vec::new(), Some(error.to_string())),
            };
        }
        partition(self.requirements.iter().map(|requirement| {
            let operator = match requirement.operator.as_str() {
                "In" => Operator::In,
                "NotIn" => Operator::NotIn,
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                other => return Err(format!("{} is not a valid label selector operator", quoted(other))),
            };
            Requirement::new(&requirement.key, operator, requirement.values.clone())
                .map_err(|error| error.to_string())
        }))
    }

    fn as_fields(&self) -> (Vec<FieldRequirement>, Option<String>) {
        if self.requirements.is_empty() {
            return match FieldSelector::parse(&self.raw) {
                Ok(selector) => (selector.requirements().to_vec(), None),
                Err(error) => (Vec::new(), Some(error.to_string())),
            };
        }
        partition(self.requirements.iter().map(RequirementAttributes::as_field))
    }
}

impl RequirementAttributes {
    fn as_field(&self) -> Result<FieldRequirement, String> {
        if self.values.len() > 1 {
            return Err("fieldSelectors do not yet support multiple values".to_owned());
        }
        let (operator, word) = match self.operator.as_str() {
            "In" => (FieldOperator::Equals, "in"),
            "NotIn" => (FieldOperator::NotEquals, "not in"),
            other @ ("Exists" | "DoesNotExist") => {
                return Err(format!("fieldSelectors do not yet support {other}"));
            }
            other => return Err(format!("{} is not a valid field selector operator", quoted(other))),
        };
        let value =
            self.values.first().ok_or_else(|| format!("fieldSelectors {word} must have one value"))?;
        Ok(FieldRequirement { field: self.key.clone(), operator, value: value.clone() })
    }
}

fn partition<T>(results: impl Iterator<Item = Result<T, String>>) -> (Vec<T>, Option<String>) {
    let (mut good, mut errors) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(value) => good.push(value),
            Err(error) => errors.push(error),
        }
    }
    (good, aggregated(&errors))
}

fn resource_attributes(decoder: &mut Decoder, value: &Value) -> ResourceAttributes {
    ResourceAttributes {
        namespace: string(decoder, value, "namespace"),
        verb: string(decoder, value, "verb"),
        group: string(decoder, value, "group"),
        version: string(decoder, value, "version"),
        resource: string(decoder, value, "resource"),
        subresource: string(decoder, value, "subresource"),
        name: string(decoder, value, "name"),
        fields: decoder.mapping(Some(value), "fieldSelector", selector_attributes),
        labels: decoder.mapping(Some(value), "labelSelector", selector_attributes),
    }
}

fn selector_attributes(decoder: &mut Decoder, value: &Value) -> SelectorAttributes {
    SelectorAttributes {
        raw: string(decoder, value, "rawSelector"),
        requirements: decoder.mappings(Some(value), "requirements", |decoder, _, item| {
            RequirementAttributes {
                key: decoder.string(item, "key").unwrap_or_default().to_owned(),
                operator: decoder.string(item, "operator").unwrap_or_default().to_owned(),
                values: strings(decoder, item, "values"),
            }
        }),
    }
}

fn extra(decoder: &mut Decoder, value: &Value) -> BTreeMap<String, Vec<String>> {
    let keys = value.as_object().into_iter().flat_map(ravelin_object::Map::iter).map(|(key, _)| key);
    keys.map(|key| (key.to_owned(), strings(decoder, Some(value), key))).collect()
}

fn string(decoder: &mut Decoder, value: &Value, key: &str) -> String {
    decoder.string(Some(value), key).unwrap_or_default().to_owned()
}

fn strings(decoder: &mut Decoder, value: Option<&Value>, key: &str) -> Vec<String> {
    decoder.strings(value, key).into_iter().map(str::to_owned).collect()
}
