//! Which objects a list, a watch or a delete of many is about.

use crate::registry;
use ravelin_object::Value;
use ravelin_object::selector::{FieldOperator, FieldSelector, Labels, Selector};
use ravelin_object::status::Status;
use ravelin_resource::Resource;

/// A selection by labels and fields.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    labels: Selector,
    fields: FieldSelector,
    /// The only name that can be selected.
    pub(crate) name: Option<String>,
    /// The only namespace that can be selected.
    pub(crate) namespace: Option<String>,
    selects_all: bool,
}

impl Selection {
    /// The selection of two selectors as written.
    ///
    /// # Errors
    /// 400 for selectors that cannot be read, and for fields the kind does not offer.
    pub(crate) fn of(resource: &Resource, labels: &str, fields: &str) -> Result<Self, Status> {
        let labels = Selector::parse(labels).map_err(|error| Status::bad_request(error.to_string()))?;
        let fields = FieldSelector::parse(fields).map_err(|error| Status::bad_request(error.to_string()))?;
        let kind = registry::kind(resource);
        let mut only_name = true;
        for requirement in fields.requirements() {
            ravelin_strategy::field_label(kind, &requirement.field).map_err(Status::bad_request)?;
            only_name &=
                requirement.field == "metadata.name" && requirement.operator == FieldOperator::Equals;
        }
        let exact = |field| fields.exact_match(field).map(str::to_owned);
        let (name, namespace) = (exact("metadata.name"), exact("metadata.namespace"));
        only_name &= fields.requirements().len() == 1;
        let selects_all =
            labels.is_empty() && (fields.requirements().is_empty() || only_name && name.is_some());
        Ok(Self { labels, fields, name, namespace, selects_all })
    }

    /// Whether everything of the name, if one is selected, and of the namespace, is selected.
    pub(crate) fn selects_all(&self) -> bool {
        self.selects_all
    }

    /// Whether nothing is said at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.selects_all && self.name.is_none() && self.namespace.is_none()
    }

    /// Whether an object is selected.
    pub(crate) fn matches(&self, resource: &Resource, object: &Value) -> bool {
        if let Some(name) = &self.name
            && text(object, "name") != name
        {
            return false;
        }
        if self.selects_all {
            return true;
        }
        let labels = object.field("metadata").and_then(|metadata| metadata.field("labels"));
        if !self.labels.matches(&LabelsOf(labels)) {
            return false;
        }
        if self.fields.requirements().is_empty() {
            return true;
        }
        let fields = ravelin_strategy::selectable_fields(registry::kind(resource), object);
        self.fields.matches(fields.as_slice())
    }
}

/// A text of the metadata.
pub(crate) fn text<'o>(object: &'o Value, key: &str) -> &'o str {
    object
        .field("metadata")
        .and_then(|metadata| metadata.field(key))
        .and_then(Value::as_str)
        .unwrap_or_default()
}

struct LabelsOf<'o>(Option<&'o Value>);

impl Labels for LabelsOf<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0?.field(key)?.as_str()
    }
}
