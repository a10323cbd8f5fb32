//! Where in an object: a path of keys and indices.

use compact_str::CompactString;
use std::fmt;

/// One step into an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// The value at a key of a mapping.
    Key(CompactString),
    /// The item at an index of a sequence, from 0.
    Index(usize),
}

/// A path of keys and indices from the root of an object to a field.
///
/// It prints as Kubernetes prints field paths: `spec.containers[0].image`,
/// `metadata.labels[pod-security.kubernetes.io/enforce]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath(Vec<Segment>);

impl FieldPath {
    /// The root of the object.
    #[must_use]
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// The path one key deeper.
    #[must_use]
    pub fn key(mut self, key: impl Into<CompactString>) -> Self {
        self.0.push(Segment::Key(key.into()));
        self
    }

    /// The path one index deeper.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        self.0.push(Segment::Index(index));
        self
    }

    /// The path deeper by each key of a dotted list of plain keys: `a.b` adds the keys `a` and `b`.
    #[must_use]
    pub fn dotted(mut self, keys: &str) -> Self {
        self.0.extend(keys.split('.').filter(|key| !key.is_empty()).map(|key| Segment::Key(key.into())));
        self
    }

    /// This path followed by `tail`.
    #[must_use]
    pub fn join(mut self, tail: &Self) -> Self {
        self.0.extend(tail.0.iter().cloned());
        self
    }

    /// Adds one step.
    pub fn push(&mut self, segment: Segment) {
        self.0.push(segment);
    }

    /// Removes and returns the last step.
    pub fn pop(&mut self) -> Option<Segment> {
        self.0.pop()
    }

    /// The steps from the root.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// The path as an RFC 6901 JSON pointer: `/spec/containers/0/image`.
    #[must_use]
    pub fn to_pointer(&self) -> String {
        let mut pointer = String::new();
        for segment in &self.0 {
            pointer.push('/');
            match segment {
                Segment::Key(key) => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
                Segment::Index(index) => pointer.push_str(&index.to_string()),
            }
        }
        pointer
    }
}

impl From<Vec<Segment>> for FieldPath {
    fn from(segments: Vec<Segment>) -> Self {
        Self(segments)
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) if is_plain(key) => {
                    if position > 0 {
                        f.write_str(".")?;
                    }
                    f.write_str(key)?;
                }
                Segment::Key(key) => write!(f, "[{key}]")?,
            }
        }
        Ok(())
    }
}

/// A key that can stand behind a dot without being misread.
fn is_plain(key: &str) -> bool {
    !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' || byte == b'$')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_kubernetes_prints_field_paths() {
        let path = FieldPath::root().dotted("spec.containers").index(2).key("image");
        assert_eq!(path.to_string(), "spec.containers[2].image");
        assert_eq!(path.to_pointer(), "/spec/containers/2/image");
        let label = FieldPath::root().dotted("metadata.labels").key("a.b/c");
        assert_eq!(label.to_string(), "metadata.labels[a.b/c]");
        assert_eq!(label.to_pointer(), "/metadata/labels/a.b~1c");
        assert_eq!(FieldPath::root().to_string(), "");
    }
}
