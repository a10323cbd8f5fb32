//! What is wrong with a YAML text, in the words of the API server's parser where they are known.
//!
//! Source: `go.yaml.in/yaml/v2` (`decode.go` `fail`, `parserc.go`, `scannerc.go`).

use ravelin_object::read::ReadError;
use ravelin_yaml::position;

/// Which line upstream names; none where that is the first one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    /// None.
    None,
    /// That of the error, counted from one: so does their scanner.
    Scanner,
    /// That of the error, counted from zero: so does their parser.
    Parser,
    /// That of the next line with content behind the error, counted from one.
    Next,
    /// The last one of the text, counted from one.
    Last,
}

/// A part of our words, theirs, and the line.
const WORDS: &[(&str, &str, Line)] = &[
    (
        "a tab where only spaces may indent what",
        "found a tab character that violates indentation",
        Line::Scanner,
    ),
    ("found a tab where", "found character that cannot start any token", Line::Scanner),
    ("which cannot start a value", "found character that cannot start any token", Line::Scanner),
    ("found ': ' inside a value", "mapping values are not allowed in this context", Line::Scanner),
    ("found '?' on the line", "mapping keys are not allowed in this context", Line::Scanner),
    ("found '-' on the line", "block sequence entries are not allowed in this context", Line::Scanner),
    ("behind '&' or '*'", "did not find expected alphabetic or numeric character", Line::Scanner),
    ("found a backslash before", "found unknown escape character", Line::Scanner),
    ("expected '>' at the end of a tag", "did not find the expected '>'", Line::Scanner),
    ("behind '|' or '>'", "did not find expected comment or line break", Line::Scanner),
    ("neither %YAML nor %TAG", "found unknown directive name", Line::Scanner),
    ("found a line without ':'", "could not find expected ':'", Line::Next),
    ("inside a quoted text that starts here", "found unexpected end of stream", Line::Last),
    ("expected '-' in the column", "did not find expected '-' indicator", Line::Parser),
    ("expected a key in the column", "did not find expected key", Line::Parser),
    ("expected a value here", "did not find expected node content", Line::Parser),
    ("expected ',' or ']'", "did not find expected ',' or ']'", Line::Parser),
    ("expected ',' or '}'", "did not find expected ',' or '}'", Line::Parser),
    ("expected '---'", "did not find expected <document start>", Line::Parser),
    ("found the control character", "control characters are not allowed", Line::None),
];

/// The error as upstream words it.
pub(super) fn of(text: &str, error: &ReadError) -> String {
    if let Some(anchor) = unknown_anchor(&error.message) {
        return format!("yaml: unknown anchor '{anchor}' referenced");
    }
    let Some((_, words, line)) = WORDS.iter().find(|(ours, _, _)| error.message.contains(ours)) else {
        return format!("yaml: {}", error.message);
    };
    let here = usize::try_from(position(text, error.offset).0).unwrap_or(usize::MAX).saturating_sub(1);
    let counted_from_one = |line: usize| if line == 0 { 0 } else { line + 1 };
    let number = match line {
        Line::None => 0,
        Line::Scanner => counted_from_one(here),
        Line::Parser => here,
        Line::Next => counted_from_one(next_content(text, here)),
        Line::Last => counted_from_one(text.matches('\n').count()),
    };
    if number == 0 { format!("yaml: {words}") } else { format!("yaml: line {number}: {words}") }
}

fn unknown_anchor(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("found an alias of the anchor '")?;
    rest.split_once("', which is not defined").map(|(name, _)| name)
}

fn is_content(line: &str) -> bool {
    let line = line.trim_start();
    !line.is_empty() && !line.starts_with('#')
}

/// The next line with content, or that of the end of the text.
fn next_content(text: &str, line: usize) -> usize {
    let behind = text.lines().enumerate().skip(line + 1).find(|(_, line)| is_content(line));
    behind.map_or_else(|| text.matches('\n').count(), |(index, _)| index)
}
