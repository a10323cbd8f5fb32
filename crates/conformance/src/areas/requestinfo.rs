//! What a request is about, by its method and URL.

use ravelin_authz::User;
use ravelin_authz::request_info::{RequestInfo, Url, is_read_only};
use serde_json::{Value, json};

use super::Area;
use crate::record::{Difference, Fields};

/// Records `{method, url, info, error, attributes}`.
pub(super) struct Requests;

impl Area for Requests {
    fn compare(&mut self, record: &Value) -> Vec<Difference> {
        Fields::compared(record, found)
    }
}

fn found(fields: &mut Fields) -> Result<Value, Difference> {
    let method: String = fields.take("method")?;
    let target: String = fields.take("url")?;
    let url = match Url::parse(&target) {
        Ok(url) => url,
        Err(error) => return Ok(json!({ "error": error.to_string() })),
    };
    let (info, error) = RequestInfo::of(&method, &url);
    Ok(json!({
        "error": error.map(|error| error.to_string()),
        "attributes": attributes(&info),
        "info": {
            "apiGroup": info.api_group,
            "apiPrefix": info.api_prefix,
            "apiVersion": info.api_version,
            "fieldSelector": info.field_selector,
            "isResourceRequest": info.is_resource,
            "labelSelector": info.label_selector,
            "name": info.name,
            "namespace": info.namespace,
            "parts": info.parts,
            "path": info.path,
            "resource": info.resource,
            "subresource": info.subresource,
            "verb": info.verb,
        },
    }))
}

fn attributes(info: &RequestInfo) -> Value {
    let attributes = info.attributes(User::default());
    let fields = attributes.field_requirements.iter().map(|requirement| {
        let operator = requirement.operator.as_str();
        json!({ "field": requirement.field, "operator": operator, "value": requirement.value })
    });
    let labels = attributes.label_requirements.iter().map(|requirement| {
        let operator = requirement.operator().as_str();
        json!({ "key": requirement.key(), "operator": operator, "values": requirement.values() })
    });
    json!({
        "fieldRequirements": fields.collect::<Vec<_>>(),
        "fieldSelectorError": attributes.field_selector_error,
        "labelRequirements": labels.collect::<Vec<_>>(),
        "labelSelectorError": attributes.label_selector_error,
        "name": attributes.name,
        "readOnly": is_read_only(&attributes.verb),
        "resourceRequest": attributes.is_resource,
        "verb": attributes.verb,
    })
}
