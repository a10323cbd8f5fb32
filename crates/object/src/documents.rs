//! Where one document of a file ends and the next begins, as kubectl sees it.
//!
//! Kubernetes cuts a stream of YAML at every line that starts with `---`, before any parser looks at
//! it, and hands each piece to the parser, which reads the first document of the piece only. A line
//! `--- {a: 1}` is an error to it. A stream that starts with `{` is JSON: one value after another.
//! Source: `k8s.io/apimachinery/pkg/util/yaml` (`NewYAMLOrJSONDecoder`, `YAMLReader`).

/// In what format a stream is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// YAML, cut at separator lines.
    Yaml,
    /// JSON values, one after another.
    Json,
}

/// A piece of a YAML stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Where it starts: bytes from the start of the stream.
    pub offset: usize,
    /// Its text. A leading separator line is part of it only where nothing precedes that line.
    pub text: &'a str,
    /// What stands behind the `---` that begins it, where that is more than blanks and a comment:
    /// Kubernetes refuses the stream there.
    pub bad_separator: Option<&'a str>,
}

/// JSON if the first character that is no white space opens a mapping; YAML otherwise.
#[must_use]
pub fn detect(text: &str) -> Format {
    if text.trim_start().starts_with('{') { Format::Json } else { Format::Yaml }
}

/// Cuts a YAML stream into its pieces. Pieces of nothing but blanks and comments are left in: only a
/// parser can tell.
#[must_use]
pub fn split(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut bad_separator = None;
    for at in separator_lines(text) {
        let line_end = memchr::memchr(b'\n', text.as_bytes().get(at..).unwrap_or_default())
            .map_or(text.len(), |length| at + length + 1);
        if at > start || bad_separator.is_some() {
            pieces.push(piece(text, start, at, bad_separator));
        }
        let behind = text.get(at + 3..line_end).unwrap_or_default().trim();
        bad_separator = (!behind.is_empty() && !behind.starts_with('#')).then_some(behind);
        start = line_end;
    }
    if start < text.len() || bad_separator.is_some() {
        pieces.push(piece(text, start, text.len(), bad_separator));
    }
    pieces
}

fn piece<'a>(text: &'a str, start: usize, end: usize, bad_separator: Option<&'a str>) -> Piece<'a> {
    Piece { offset: start, text: text.get(start..end).unwrap_or_default(), bad_separator }
}

/// The offsets of the lines that start with `---`.
fn separator_lines(text: &str) -> impl Iterator<Item = usize> {
    let first = text.starts_with("---").then_some(0);
    first.into_iter().chain(memchr::memmem::find_iter(text.as_bytes(), b"\n---").map(|at| at + 1))
}

/// Whether a piece holds nothing but blank lines and comments, so that it is no document at all.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.lines().all(|line| {
        let line = line.trim_start_matches(['\u{feff}', ' ', '\t', '\r']);
        line.is_empty() || line.starts_with('#')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        split(text).into_iter().map(|piece| piece.text).collect()
    }

    #[test]
    fn cuts_at_lines_that_start_with_three_dashes() {
        assert_eq!(texts("a: 1\n---\nb: 2\n"), ["a: 1\n", "b: 2\n"]);
        assert_eq!(texts("---\na: 1\n--- # two\nb: 2"), ["a: 1\n", "b: 2"]);
        assert_eq!(texts("a: 1\r\n---\r\nb: 2\r\n"), ["a: 1\r\n", "b: 2\r\n"]);
        assert_eq!(texts("a: |\n  ---\n  x\n"), ["a: |\n  ---\n  x\n"]);
        assert_eq!(texts(""), Vec::<&str>::new());
        assert_eq!(texts("---\n---\n"), Vec::<&str>::new());
        assert_eq!(texts("---\n# only words\n---\na: 1"), ["# only words\n", "a: 1"]);
    }

    #[test]
    fn offsets_are_those_of_the_stream() {
        let text = "---\na: 1\n---\nb: 2\n";
        for piece in split(text) {
            assert_eq!(text.get(piece.offset..piece.offset + piece.text.len()), Some(piece.text));
        }
    }

    #[test]
    fn text_behind_a_separator_is_refused() {
        let pieces = split("a: 1\n--- {b: 2}\nc: 3\n---x\n");
        assert_eq!(pieces.len(), 3);
        assert_eq!(pieces[1].bad_separator, Some("{b: 2}"));
        assert_eq!(pieces[1].text, "c: 3\n");
        assert_eq!(pieces[2].bad_separator, Some("x"));
        assert_eq!(pieces[2].text, "");
    }

    #[test]
    fn json_is_what_starts_with_a_brace() {
        assert_eq!(detect("\n  {\"a\": 1}"), Format::Json);
        assert_eq!(detect("a: {}"), Format::Yaml);
        assert_eq!(detect("[1]"), Format::Yaml);
    }

    #[test]
    fn comments_alone_are_no_document() {
        assert!(is_blank("# x\n\n  # y\n") && is_blank(""));
        assert!(!is_blank("# x\na: 1\n"));
    }
}
