//! The parameters of a list, as far as they say what the request is about.

use super::Url;
use ravelin_object::selector::{FieldSelector, Selector};

/// What the parameters say.
///
/// Source: `k8s.io/apimachinery/pkg/apis/meta/internalversion` `ListOptions`, decoded from `v1`.
#[derive(Debug, Default)]
pub(super) struct ListOptions {
    /// Whether the list is watched.
    pub(super) watch: bool,
    /// The one name that the field selector asks for.
    pub(super) name: Option<String>,
}

impl ListOptions {
    /// Reads the parameters. Where one of them is wrong none counts but `watch`.
    pub(super) fn of(url: &Url) -> Self {
        let watch = url.value("watch");
        decoded(url).map_or_else(
            || Self {
                watch: watch.is_some_and(|text| !matches!(text.to_lowercase().as_str(), "false" | "0")),
                name: None,
            },
            |name| Self { watch: watch.is_some_and(|text| text != "0" && !is_false(text)), name },
        )
    }
}

/// The name the field selector asks for; nothing where the parameters cannot be decoded.
fn decoded(url: &Url) -> Option<Option<String>> {
    for parameter in ["timeoutSeconds", "limit"] {
        if let Some(text) = url.value(parameter) {
            text.parse::<i64>().ok()?;
        }
    }
    Selector::parse(url.value("labelSelector").unwrap_or_default()).ok()?;
    let fields = FieldSelector::parse(url.value("fieldSelector").unwrap_or_default()).ok()?;
    Some(fields.exact_match("metadata.name").map(str::to_owned))
}

/// Whether a text is `false` under Unicode's simple case folding, by which the long s is an s.
fn is_false(text: &str) -> bool {
    let mut expected = "false".chars();
    text.chars().all(|character| {
        let folded = if character == 'ſ' { 's' } else { character.to_ascii_lowercase() };
        expected.next() == Some(folded)
    }) && expected.next().is_none()
}
