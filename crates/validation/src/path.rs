//! Where a field is, in upstream's notation.

use std::fmt;
use std::ops::Div;

/// A path to a field: `spec.containers[0].name`, `metadata.labels[key]`.
///
/// Source: `k8s.io/apimachinery/pkg/util/validation/field` `Path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path(String);

impl Path {
    /// A path of one field.
    pub(crate) fn new(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// The field `name` of this; dots in it separate fields.
    pub(crate) fn child(&self, name: &str) -> Self {
        Self(if self.0.is_empty() { name.to_owned() } else { format!("{}.{name}", self.0) })
    }

    /// The item of this at `index`.
    pub(crate) fn index(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }

    /// The value of this at the key `key`.
    pub(crate) fn key(&self, key: &str) -> Self {
        Self(format!("{}[{key}]", self.0))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&Path> for String {
    fn from(path: &Path) -> Self {
        path.0.clone()
    }
}

impl From<Path> for String {
    fn from(path: Path) -> Self {
        path.0
    }
}

/// A path grows as it is written: `path / "containers" / 0` is `containers[0]` of it.
impl Div<&str> for &Path {
    type Output = Path;

    fn div(self, name: &str) -> Path {
        self.child(name)
    }
}

impl Div<&str> for Path {
    type Output = Self;

    fn div(self, name: &str) -> Self {
        self.child(name)
    }
}

impl Div<usize> for &Path {
    type Output = Path;

    fn div(self, index: usize) -> Path {
        self.index(index)
    }
}

impl Div<usize> for Path {
    type Output = Self;

    fn div(self, index: usize) -> Self {
        self.index(index)
    }
}
