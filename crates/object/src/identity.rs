//! Which object it is.

use crate::Value;
use std::fmt;

/// What names an object: its type, namespace and name, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// `apiVersion`: `v1`, `apps/v1`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata.namespace`; empty where absent.
    pub namespace: String,
    /// `metadata.name`, or `metadata.generateName` where only that is given; empty where neither is.
    pub name: String,
}

impl Identity {
    /// The identity of a value; nothing where it has no `apiVersion` and `kind`, so is no object.
    #[must_use]
    pub fn of(value: &Value) -> Option<Self> {
        let api_version = text(value.field("apiVersion"))?;
        let kind = text(value.field("kind"))?;
        let metadata = |key| text(value.field("metadata").and_then(|metadata| metadata.field(key)));
        Some(Self {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: metadata("namespace").unwrap_or_default().to_owned(),
            name: metadata("name").or_else(|| metadata("generateName")).unwrap_or_default().to_owned(),
        })
    }

    /// The API group: empty for the core group.
    #[must_use]
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// Whether it is of this group and kind, in whatever version.
    #[must_use]
    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.group() == group && self.kind == kind
    }
}

/// The text of a string that is not empty.
fn text(value: Option<&Value>) -> Option<&str> {
    value.and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// `Kind namespace/name`, as far as known.
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        match (self.namespace.is_empty(), self.name.is_empty()) {
            (true, true) => Ok(()),
            (true, false) => write!(f, " {}", self.name),
            (false, _) => write!(f, " {}/{}", self.namespace, self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read;
    use ravelin_yaml::Limits;

    #[test]
    fn an_object_has_a_version_and_a_kind() {
        let of = |text| Identity::of(&read::yaml(text, &Limits::STANDARD).unwrap().value.unwrap());
        let web =
            of("{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}}").unwrap();
        assert_eq!((web.group(), web.to_string()), ("apps", "Deployment shop/web".to_owned()));
        assert!(web.is("apps", "Deployment") && !web.is("", "Deployment"));
        assert_eq!(of("{kind: Pod}"), None);
        assert_eq!(of("{apiVersion: v1, kind: 1}"), None);
        let generated = of("{apiVersion: v1, kind: Pod, metadata: {generateName: job-}}").unwrap();
        assert_eq!(generated.to_string(), "Pod job-");
    }
}
