//! What patches make of objects.

use ravelin_object::{Value as Object, read};
use ravelin_patch::{
    Fields as Validation, MergeRules, PatchError, go_text, json as json_patch, merge, strategic,
};
use serde_json::{Value, json};

use super::Area;
use crate::record::{Difference, Fields};

/// Records `{kind, target, patch, checked, code, said, strict, out}`, `kind` being `json`, `merge` or `strategic`. Objects
/// and patches are texts. `code` is the status of HTTP, `said` the words of the engine (which the status does not repeat
/// for 422), `strict` the notes on strange fields of the patch, null where it was not read. Records of `strategic` also have
/// `rules`, and what is `left` of the patch.
pub(super) struct Patches;

impl Area for Patches {
    fn compare(&mut self, record: &Value) -> Vec<Difference> {
        Fields::compared(record, found)
    }
}

/// A type: `fields` of a structure named `name`, the `of` of a list or a map; and how a field of it is merged.
#[derive(Clone)]
struct Rules(Value);

impl MergeRules for Rules {
    fn property(&self, name: &str) -> Option<Self> {
        self.0.get("fields")?.get(name).cloned().map(Self)
    }

    fn element(&self) -> Option<Self> {
        self.0.get("of").cloned().map(Self)
    }

    fn strategies(&self) -> Vec<&str> {
        let strategies = self.0.get("strategies").and_then(Value::as_str).unwrap_or_default();
        strategies.split(',').filter(|strategy| !strategy.is_empty()).collect()
    }

    fn merge_key(&self) -> Option<&str> {
        self.0.get("key")?.as_str()
    }

    fn type_name(&self) -> &str {
        self.0.get("name").and_then(Value::as_str).unwrap_or_default()
    }
}

struct Outcome {
    strict: Option<Vec<String>>,
    result: Result<Object, PatchError>,
    left: Option<String>,
}

fn found(fields: &mut Fields) -> Result<Value, Difference> {
    let kind: String = fields.take("kind")?;
    let target: String = fields.take("target")?;
    let patch: String = fields.take("patch")?;
    let checked: bool = fields.take("checked")?;
    let validation = if checked { Validation::Checked } else { Validation::Ignored };
    let object = read::json(&target, &ravelin_yaml::Limits::STANDARD).ok().and_then(|read| read.value);
    let object = object.ok_or_else(|| Difference::form("target", "JSON", &target))?;
    let outcome = match kind.as_str() {
        "json" => of_read(json_patch::read(patch.as_bytes(), validation), |patch| {
            json_patch::apply(&object, &patch, &json_patch::Limits::STANDARD)
        }),
        "merge" => of_read(merge::read(patch.as_bytes(), validation), |patch| merge::apply(&object, &patch)),
        "strategic" => {
            let rules = Rules(fields.take::<serde_json::Map<String, Value>>("rules")?.into());
            let mut left = None;
            let read = strategic::read(patch.as_bytes(), validation);
            let outcome = of_read(read, |mut patch| {
                let made = strategic::apply(&object, &mut patch, &rules)?;
                left = Some(go_text(&patch));
                Ok(made)
            });
            Outcome { left, ..outcome }
        }
        other => return Err(Difference::form("kind", "json, merge or strategic", other)),
    };
    Ok(said(&kind, outcome))
}

fn of_read<T>(
    read: Result<ravelin_patch::Read<T>, PatchError>,
    apply: impl FnOnce(T) -> Result<Object, PatchError>,
) -> Outcome {
    match read {
        Ok(read) => Outcome { strict: Some(read.strict), result: apply(read.patch), left: None },
        Err(error) => Outcome { strict: None, result: Err(error), left: None },
    }
}

fn said(kind: &str, outcome: Outcome) -> Value {
    let (code, error) = match &outcome.result {
        Ok(_) => (200, None),
        Err(error) => (error.to_status().code, Some(error.to_string())),
    };
    let mut said = json!({
        "code": code,
        "said": error,
        "strict": outcome.strict,
        "out": outcome.result.ok().map(|object| object.to_json()),
    });
    if let (Some(map), "strategic") = (said.as_object_mut(), kind) {
        map.insert("left".to_owned(), json!(outcome.left));
    }
    said
}
