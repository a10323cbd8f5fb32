//! What the documentation of the checks says of them, taken apart once per report.

use std::collections::BTreeMap;

/// The words of every check, by id.
pub(crate) struct Catalogue(BTreeMap<&'static str, Words>);

/// How many characters of a sentence are read at a glance.
const GLANCE: usize = 160;

/// What is said of a check.
pub(crate) struct Words {
    /// The title of its documentation.
    pub(crate) title: &'static str,
    /// The first sentence of the section `Why`, without its period.
    pub(crate) why: String,
}

impl Words {
    /// Why, at a glance: of a long sentence only the part before its first semicolon.
    pub(crate) fn why_in_short(&self) -> &str {
        match self.why.split_once("; ") {
            Some((first, _)) if self.why.len() > GLANCE => first,
            _ => &self.why,
        }
    }
}

impl Catalogue {
    /// The words of every check there is.
    pub(crate) fn of_all() -> Self {
        let words = ravelin_engine::checks::all().into_iter().map(|meta| {
            let documentation = meta.documentation();
            let why = first_sentence(documentation.section("Why").unwrap_or_default());
            (meta.id, Words { title: documentation.title, why })
        });
        Self(words.collect())
    }

    /// The words of a check, if there is one of that id.
    pub(crate) fn find(&self, check: &str) -> Option<&Words> {
        self.0.get(check)
    }

    /// Why a check is one, if it says so.
    pub(crate) fn why(&self, check: &str) -> Option<&str> {
        self.find(check).map(|words| words.why.as_str()).filter(|why| !why.is_empty())
    }
}

fn first_sentence(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.split_once(". ").map_or(text.as_str(), |(first, _)| first).trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_is_one_sentence() {
        let catalogue = Catalogue::of_all();
        assert_eq!(
            catalogue.why("suppression/unused"),
            Some("The fault it was written for is gone, or it stands in the wrong place")
        );
        assert_eq!(catalogue.why("no/such-check"), None);
        assert_eq!(Words { title: "", why: "a; b".to_owned() }.why_in_short(), "a; b");
        let long = Words { title: "", why: format!("a; {}", "b".repeat(GLANCE)) };
        assert_eq!(long.why_in_short(), "a");
    }
}
