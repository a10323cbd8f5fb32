//! Comments that silence findings: `# ravelin: ignore[<id>[,<id>...]] <reason>`.
//!
//! The reason is not optional. Behind it may stand who answers for it and until when it holds:
//! `(owner: team-a, expires: 2027-01-31)`. A comment that means to silence and is not written like this has an
//! [`IgnoreComment::error`]; it is never passed over.

use crate::places::Lines;
use ravelin_yaml::{Build, Entry, Limits, Scalar, Span};

/// A comment that silences findings, or wants to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoreComment {
    /// The line it is on, from 1.
    pub line: u32,
    /// The line it speaks about: its own if anything but a comment precedes it there, otherwise the next line
    /// that is not a comment.
    pub target: u32,
    /// From its `#` to its last character that is no blank.
    pub bytes: (u32, u32),
    /// What it silences: ids (`pss/host-path-volumes`) and families (`pss`, `pss/*`), as written.
    pub ids: Vec<String>,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The last day on which it holds, as written: a day of the calendar (`2027-01-31`). Nothing where it is malformed.
    pub expires: Option<String>,
    /// What was expected and not found. Such a comment silences nothing.
    pub error: Option<String>,
}

impl IgnoreComment {
    /// Whether it silences findings that start on a line: the comment is on that line, or in the block of
    /// comment lines directly above it. With an error it silences nothing. Of which checks is another question.
    #[must_use]
    pub fn covers(&self, finding_line: u32) -> bool {
        self.error.is_none() && (self.line == finding_line || self.target == finding_line)
    }

    /// The same comment in a longer text, with so many lines and bytes in front of what was searched.
    #[must_use]
    pub fn moved(self, lines: u32, bytes: u32) -> Self {
        Self {
            line: self.line.saturating_add(lines),
            target: self.target.saturating_add(lines),
            bytes: (self.bytes.0.saturating_add(bytes), self.bytes.1.saturating_add(bytes)),
            ..self
        }
    }
}

/// The comments of one YAML document that silence findings, in their order. Offsets and lines are relative to
/// `text`.
///
/// Only what Kubernetes reads is searched: nothing is found in quoted text, in block scalars, behind the end of
/// the document, or in a text that cannot be read at all.
#[must_use]
pub fn find(text: &str) -> Vec<IgnoreComment> {
    let mut hits = hits(text);
    if hits.is_empty() {
        return Vec::new();
    }
    let Some(written) = Written::of(text) else { return Vec::new() };
    hits.retain(|hit| written.is_comment(hit));
    let lines = Lines::new(text);
    let mut comments = Vec::with_capacity(hits.len());
    let mut below = None;
    let mut next_hash = text.len();
    // Backwards, so that a block of many comments is walked through once.
    for hit in hits.iter().rev() {
        let comment = hit.read(&written, next_hash, &lines, below);
        below = Some((comment.line, comment.target)).filter(|(line, target)| line < target);
        next_hash = hit.hash;
        comments.push(comment);
    }
    comments.reverse();
    comments
}

fn hits(text: &str) -> Vec<Hit> {
    let mut line_end = 0;
    let hits = memchr::memmem::find_iter(text.as_bytes(), MARKER).filter_map(|at| {
        if at >= line_end {
            let rest = text.get(at..)?;
            line_end = at + rest.find(BREAKS).unwrap_or(rest.len());
        }
        Hit::at(text, at, line_end)
    });
    hits.collect()
}

/// A place that is such a comment, if it is a comment.
struct Hit {
    /// The `#`.
    hash: usize,
    /// Behind the marker.
    body: usize,
    /// The end of the line.
    end: usize,
}

impl Hit {
    fn at(text: &str, marker: usize, end: usize) -> Option<Self> {
        let before = text.get(..marker)?.trim_end_matches([' ', '\t']);
        let rest = before.trim_end_matches('#');
        let is_open = rest.is_empty() || rest.ends_with(is_blank_or_break);
        (rest.len() < before.len() && is_open).then_some(Self {
            hash: rest.len(),
            body: marker + MARKER.len(),
            end,
        })
    }

    /// Reads the comment up to `end`; `below` is one that stands alone further down, with its target.
    fn read(
        &self,
        written: &Written<'_>,
        end: usize,
        lines: &Lines,
        below: Option<(u32, u32)>,
    ) -> IgnoreComment {
        let body = written.text.get(self.body..end.min(self.end)).unwrap_or_default().trim_end();
        let start = offset(self.hash);
        let line = lines.position(start).line;
        let mut comment = IgnoreComment {
            line,
            target: target(written, lines, line, self.hash, below),
            bytes: (start, offset(self.body + body.len())),
            ids: Vec::new(),
            reason: String::new(),
            owner: None,
            expires: None,
            error: None,
        };
        comment.error = fill(&mut comment, body).err();
        comment
    }
}

/// The line that a comment on a line, with its `#` at an offset, speaks about.
fn target(written: &Written<'_>, lines: &Lines, line: u32, hash: usize, below: Option<(u32, u32)>) -> u32 {
    let line_start = lines.start_of(line).map_or(0, index);
    let before = written.text.get(line_start..hash).unwrap_or_default();
    let words = before.trim_start_matches(is_blank_or_break);
    // A quoted scalar that ends on this line may have a line of its own that starts with `#`.
    let stands_alone = words.is_empty() || words.starts_with('#') && !written.is_scalar(hash - words.len());
    if !stands_alone {
        return line;
    }
    let is_comment = |line| {
        let text = lines.text_of(written.text, line);
        text.is_some_and(|text| text.trim_start_matches(is_blank_or_break).starts_with('#'))
    };
    let mut at = line;
    loop {
        match below {
            Some((known, target)) if known == at => return target,
            _ => at = at.saturating_add(1),
        }
        if !is_comment(at) {
            return at;
        }
    }
}

/// Reads what stands behind the marker.
fn fill(comment: &mut IgnoreComment, body: &str) -> Result<(), String> {
    let body = body.trim_start();
    let Some(rest) = body.strip_prefix("ignore") else {
        let found = body.split_whitespace().next().unwrap_or("nothing");
        return Err(format!("expected `ignore[<check>] <reason>` behind `ravelin:`, found `{found}`"));
    };
    let Some(rest) = rest.strip_prefix('[') else {
        return Err("expected `[<check>]` right behind `ignore`".to_owned());
    };
    let Some((ids, rest)) = rest.split_once(']') else {
        return Err("expected `]` behind the checks to ignore".to_owned());
    };
    comment.ids = read_ids(ids)?;
    if !rest.is_empty() && !rest.starts_with([' ', '\t']) {
        return Err("expected a blank and a reason behind `]`".to_owned());
    }
    let (reason, details) = split_details(rest)?;
    reason.trim().clone_into(&mut comment.reason);
    if let Some(details) = details {
        read_details(comment, details)?;
    }
    if comment.reason.is_empty() {
        return Err("expected a reason behind `]`".to_owned());
    }
    Ok(())
}

fn read_ids(ids: &str) -> Result<Vec<String>, String> {
    if ids.trim().is_empty() {
        return Err("expected the id of at least one check between `[` and `]`".to_owned());
    }
    let mut read = Vec::new();
    for id in ids.split(',').map(str::trim) {
        if !is_id(id) {
            return Err(format!("expected an id like `family/check`, `family/*` or `family`, found `{id}`"));
        }
        read.push(id.to_owned());
    }
    Ok(read)
}

fn is_id(id: &str) -> bool {
    let is_word = |word: &str| {
        let starts_well =
            word.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        starts_well
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    match id.split_once('/') {
        Some((family, check)) => is_word(family) && (check == "*" || is_word(check)),
        None => is_word(id),
    }
}

/// Cuts the parenthesis with owner and expiry off a reason. Any other parenthesis is part of the reason.
fn split_details(text: &str) -> Result<(&str, Option<&str>), String> {
    let opens = text.match_indices('(').find_map(|(at, _)| {
        let inside = text.get(at + 1..)?;
        let word = inside.trim_start().split(|character: char| !character.is_alphanumeric()).next()?;
        let is_detail = ["owner", "expires"].iter().any(|name| word.eq_ignore_ascii_case(name));
        is_detail.then_some((text.get(..at)?, inside))
    });
    let Some((reason, inside)) = opens else { return Ok((text, None)) };
    let Some((details, behind)) = inside.split_once(')') else {
        return Err("expected `)` behind the owner and the expiry date".to_owned());
    };
    match behind.trim() {
        "" => Ok((reason, Some(details))),
        _ => Err("expected nothing behind the parenthesis with the owner and the expiry date".to_owned()),
    }
}

fn read_details(comment: &mut IgnoreComment, details: &str) -> Result<(), String> {
    for detail in details.split(',').map(str::trim) {
        let (name, value) = detail.split_once(':').unwrap_or((detail, ""));
        let (name, value) = (name.trim_end(), value.trim_start());
        let field = match name {
            "owner" => &mut comment.owner,
            "expires" => &mut comment.expires,
            _ => return Err(format!("expected `owner: <name>` or `expires: <date>`, found `{detail}`")),
        };
        if field.is_some() {
            return Err(format!("expected `{name}` only once"));
        }
        if value.is_empty() {
            return Err(format!("expected a value: `{name}: <value>`, found `{detail}`"));
        }
        if name == "expires" && !is_date(value) {
            return Err(format!("expected a date like `2027-01-31`, found `{value}`"));
        }
        *field = Some(value.to_owned());
    }
    Ok(())
}

/// Whether a text is a day of the calendar, written `YYYY-MM-DD`.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let number = |part: &str, digits: usize| {
        let is_number = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<u32>().ok().filter(|_| is_number)
    };
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2)) else {
        return false;
    };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// Where a text is scalar, and where the document ends. Everything else that starts with `#` is a comment.
struct Written<'t> {
    text: &'t str,
    scalars: Vec<Span>,
    end: usize,
}

impl<'t> Written<'t> {
    fn of(text: &'t str) -> Option<Self> {
        let mut written = Self { text, scalars: Vec::new(), end: text.len() };
        let composed = ravelin_yaml::compose(text, &Limits::STANDARD, &mut written).ok()?;
        for duplicate in composed.duplicates.iter().chain(&composed.ambiguous) {
            written.add(duplicate.span);
            written.add(duplicate.earlier);
        }
        if composed.trailing {
            written.end = index(composed.end);
        }
        written.scalars.sort_unstable();
        written.scalars.dedup();
        Some(written)
    }

    fn add(&mut self, mut span: Span) {
        let scalar = self.text.get(index(span.start)..index(span.end)).unwrap_or_default();
        if scalar.starts_with(['|', '>']) {
            // A comment may follow the header of a block, on its line.
            span.start += offset(scalar.find(BREAKS).unwrap_or(scalar.len()));
        }
        if span.start < span.end {
            self.scalars.push(span);
        }
    }

    /// Whether nothing between the `#` and the end of its line is a scalar. Looking at the `#` alone is not
    /// enough: there are texts in which Kubernetes skips the first character of a line.
    fn is_comment(&self, hit: &Hit) -> bool {
        hit.end <= self.end && self.last_before(hit.end).is_none_or(|span| span.end <= offset(hit.hash))
    }

    /// Whether an offset is in a scalar.
    fn is_scalar(&self, at: usize) -> bool {
        self.last_before(at + 1).is_some_and(|span| at < index(span.end))
    }

    /// The last scalar that starts before an offset. Scalars do not overlap.
    fn last_before(&self, end: usize) -> Option<&Span> {
        let count = self.scalars.partition_point(|span| span.start < offset(end));
        self.scalars.get(count.checked_sub(1)?)
    }
}

impl<'a> Build<'a> for Written<'_> {
    type Node = ();

    fn scalar(&mut self, _: Scalar<'a>, span: Span) {
        self.add(span);
    }

    fn sequence(&mut self, _: Vec<()>, _: Span) {}

    fn mapping(&mut self, entries: Vec<Entry<'a, ()>>, _: Span) {
        for entry in entries {
            self.add(entry.key_span);
        }
    }
}

fn is_blank_or_break(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\u{feff}') || BREAKS.contains(&character)
}

fn index(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

fn offset(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// What every comment of ours has behind its `#`.
const MARKER: &[u8] = b"ravelin:";

/// The line breaks of YAML 1.1, which end a comment.
const BREAKS: [char; 5] = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The one comment of a text.
    #[track_caller]
    fn one(text: &str) -> IgnoreComment {
        let mut found = find(text);
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    #[track_caller]
    fn error(directive: &str) -> String {
        one(&format!("a: 1 # {directive}\n")).error.unwrap_or_default()
    }

    #[test]
    fn reads_ids_reason_and_details() {
        let text = "a: 1\nb: 2 # ravelin: ignore[pss/host-path-volumes] the log agent reads host logs (owner: team-a, expires: 2027-01-31)\n";
        let comment = one(text);
        assert_eq!(comment.line, 2);
        assert_eq!(comment.ids, ["pss/host-path-volumes"]);
        assert_eq!(comment.reason, "the log agent reads host logs");
        assert_eq!(comment.owner.as_deref(), Some("team-a"));
        assert_eq!(comment.expires.as_deref(), Some("2027-01-31"));
        assert_eq!(comment.error, None);
        let (start, end) = comment.bytes;
        assert_eq!(text.get(start as usize..end as usize), Some(text.split_at(10).1.trim_end()));
    }

    #[test]
    fn details_and_spaces_are_free() {
        let comment = one("#ravelin:ignore[ pss , rbac/*,a/b-2 ]   words (see #12)  \r\na: 1\r\n");
        assert_eq!(comment.ids, ["pss", "rbac/*", "a/b-2"]);
        assert_eq!(comment.reason, "words (see #12)");
        assert_eq!((comment.owner, comment.expires, comment.error), (None, None, None));
        assert_eq!(comment.bytes.1, 55);
        let comment = one("a: ü\t##\travelin:\tignore[pss]\tgrößer ( expires : 2028-02-29 )");
        assert_eq!((comment.reason.as_str(), comment.expires.as_deref()), ("größer", Some("2028-02-29")));
        assert_eq!(comment.error, None);
        assert_eq!(one("# ravelin: ignore[a] b (c) (owner: d e)\nx: 1").owner.as_deref(), Some("d e"));
    }

    #[test]
    fn what_is_malformed_has_an_error() {
        let table = [
            ("ravelin:", "expected `ignore[<check>] <reason>` behind `ravelin:`, found `nothing`"),
            (
                "ravelin: allow[x] y",
                "expected `ignore[<check>] <reason>` behind `ravelin:`, found `allow[x]`",
            ),
            ("ravelin: ignore x", "expected `[<check>]` right behind `ignore`"),
            ("ravelin: ignored[x] y", "expected `[<check>]` right behind `ignore`"),
            ("ravelin: ignore[x y", "expected `]` behind the checks to ignore"),
            ("ravelin: ignore[] y", "expected the id of at least one check between `[` and `]`"),
            ("ravelin: ignore[ ] y", "expected the id of at least one check between `[` and `]`"),
            ("ravelin: ignore[a,] y", "expected an id like `family/check`, `family/*` or `family`, found ``"),
            ("ravelin: ignore[*] y", "expected an id like `family/check`, `family/*` or `family`, found `*`"),
            (
                "ravelin: ignore[a/b/c] y",
                "expected an id like `family/check`, `family/*` or `family`, found `a/b/c`",
            ),
            (
                "ravelin: ignore[PSS] y",
                "expected an id like `family/check`, `family/*` or `family`, found `PSS`",
            ),
            (
                "ravelin: ignore[[a]] y",
                "expected an id like `family/check`, `family/*` or `family`, found `[a`",
            ),
            ("ravelin: ignore[a]y", "expected a blank and a reason behind `]`"),
            ("ravelin: ignore[a]: y", "expected a blank and a reason behind `]`"),
            ("ravelin: ignore[a]", "expected a reason behind `]`"),
            ("ravelin: ignore[a]   ", "expected a reason behind `]`"),
            ("ravelin: ignore[a] (owner: b)", "expected a reason behind `]`"),
            ("ravelin: ignore[a] b (owner: c", "expected `)` behind the owner and the expiry date"),
            (
                "ravelin: ignore[a] b (owner: c) d",
                "expected nothing behind the parenthesis with the owner and the expiry date",
            ),
            (
                "ravelin: ignore[a] b (owner: c, until: d)",
                "expected `owner: <name>` or `expires: <date>`, found `until: d`",
            ),
            (
                "ravelin: ignore[a] b (Owner: c)",
                "expected `owner: <name>` or `expires: <date>`, found `Owner: c`",
            ),
            ("ravelin: ignore[a] b (owner: c,)", "expected `owner: <name>` or `expires: <date>`, found ``"),
            (
                "ravelin: ignore[a] b (owner c)",
                "expected `owner: <name>` or `expires: <date>`, found `owner c`",
            ),
            ("ravelin: ignore[a] b (owner)", "expected a value: `owner: <value>`, found `owner`"),
            ("ravelin: ignore[a] b (owner: c, owner: d)", "expected `owner` only once"),
            ("ravelin: ignore[a] b (expires: soon)", "expected a date like `2027-01-31`, found `soon`"),
            (
                "ravelin: ignore[a] b (expires: 2027-02-29)",
                "expected a date like `2027-01-31`, found `2027-02-29`",
            ),
            (
                "ravelin: ignore[a] b (expires: 2027-1-31)",
                "expected a date like `2027-01-31`, found `2027-1-31`",
            ),
        ];
        for (directive, expected) in table {
            assert_eq!(error(directive), expected, "{directive}");
        }
    }

    #[test]
    fn dates_are_days_of_the_calendar() {
        for date in ["2027-01-31", "2028-02-29", "2000-02-29", "2027-12-31", "2027-04-30"] {
            assert!(is_date(date), "{date}");
        }
        for date in
            ["", "2027", "2027-01-32", "2027-00-01", "2027-13-01", "2027-04-31", "2100-02-29", "2027-01-00"]
        {
            assert!(!is_date(date), "{date}");
        }
        for date in
            ["2027-01-31T00:00", "+027-01-31", "02027-01-31", "2027-01-31-", "２０２７-01-31", "2027/01/31"]
        {
            assert!(!is_date(date), "{date}");
        }
    }

    #[test]
    fn only_comments_count() {
        let directive = "# ravelin: ignore[a] b";
        for text in [
            format!("a: \"x {directive}\"\n"),
            format!("a: 'x\n  {directive}'\n"),
            format!("a: |\n  {directive}\n  x\n"),
            format!("a: |\n  x\n  {directive}\n"),
            format!("a: >2\n\n   {directive}\n"),
            format!("a: |-\n  | {directive}\n"),
            format!("\"x {directive}\": 1\n"),
            format!("[\"x {directive}\"]\n"),
            format!("{{\"x {directive}\": 1, \"x {directive}\": 2}}\n"),
            format!("- &x {{\"x {directive}\": 1}}\n- <<: *x\n  \"x {directive}\": 2\n"),
            format!("a: x{directive}\n"),
            format!("a: 1\n...\n{directive}\nb: 2\n"),
            format!("a: [ {directive}\n"),
            // Behind two byte order marks the first character of every line is lost.
            format!("\u{feff}\u{feff}\n{directive}\n"),
            "a: ravelin: ignore[a] b".to_owned(),
            "a: 1 # see ravelin: ignore[a] b".to_owned(),
            "a: 1 # ravelin : ignore[a] b".to_owned(),
            "a: 1 # kravelin: ignore[a] b".to_owned(),
        ] {
            assert_eq!(find(&text), [], "{text}");
        }
        for text in [
            format!("a: 1 {directive}\n"),
            directive.to_owned(),
            format!("\u{feff}{directive}\na: 1"),
            format!("--- {directive}\na: 1"),
            format!("a: \"x\" {directive}\n"),
            format!("a: | {directive}\n  x\n"),
            format!("a: >-1 {directive}\n  x\n"),
            format!("a: !!str | {directive}\n  x\n"),
            format!("a: |\n  x\n{directive}\nb: 1"),
            format!("a: |\n  x\n\n {directive}\nb: 1"),
            format!("a:\t{directive}\n  b: 1\n"),
            format!("a: [1, {directive}\n 2]"),
            format!("a: [1,\r{directive}\r 2]"),
            format!("a: &x 1\nb: *x {directive}\n"),
            format!("a: 1 # noqa {directive}\n"),
            format!("a: 'it''s' {directive}\n"),
        ] {
            let comment = one(&text);
            assert_eq!((comment.reason.as_str(), &comment.error), ("b", &None), "{text}");
        }
    }

    #[test]
    fn comments_may_share_a_line() {
        let found = find("a: 1 # ravelin: ignore[a] b # ravelin: ignore[c] d\n# ravelin: ignore[e] f");
        let shown: Vec<_> = found.iter().map(|comment| (comment.line, comment.reason.as_str())).collect();
        assert_eq!(shown, [(1, "b"), (1, "d"), (2, "f")]);
    }

    #[track_caller]
    fn target(text: &str) -> u32 {
        one(text).target
    }

    #[test]
    fn a_comment_speaks_about_its_line_or_the_next() {
        assert_eq!(target("a: 1\nb: 2 # ravelin: ignore[a] b\nc: 3\n"), 2);
        assert_eq!(target("a: 1\n# ravelin: ignore[a] b\nc: 3\n"), 3);
        assert_eq!(target("a: 1\r\n  # ravelin: ignore[a] b\r\n# more\r\n   # words\r\nc: 3\r\n"), 5);
        assert_eq!(target("\u{feff}# ravelin: ignore[a] b\na: 1"), 2);
        assert_eq!(target("# x\n# ravelin: ignore[a] b"), 3);
        assert_eq!(target("# x\n# ravelin: ignore[a] b\n# y"), 4);
        assert_eq!(target("- # ravelin: ignore[a] b\n  c: 3\n"), 1);
    }

    #[test]
    fn a_block_of_comments_speaks_about_what_follows() {
        let targets = |text: &str| find(text).iter().map(|comment| comment.target).collect::<Vec<_>>();
        let directive = "# ravelin: ignore[a] b";
        assert_eq!(
            targets(&format!("{directive}\n# x\n{directive}\n{directive}\na: 1 {directive}\n")),
            [5, 5, 5, 5]
        );
        assert_eq!(targets(&format!("{directive} {directive}\n{directive}\na: 1\n")), [3, 3, 3]);
        assert_eq!(targets(&format!("# noqa {directive}\n\n{directive}\na: 1\n")), [2, 4]);
        assert_eq!(targets(&format!("a: \"x\n  # y\" {directive}\n")), [2]);
        assert_eq!(targets(&format!("a: x {directive} {directive}\n{directive}\n")), [1, 1, 3]);
    }

    #[test]
    fn a_blank_line_parts_a_comment_from_what_follows() {
        assert!(!one("# ravelin: ignore[a] b\n\na: 1\n").covers(3));
        let comment = one("# ravelin: ignore[a] b\n# c\na: 1\nb: 2\n");
        assert_eq!((1..=4).filter(|line| comment.covers(*line)).collect::<Vec<_>>(), [1, 3]);
    }

    #[test]
    fn an_error_covers_nothing() {
        assert!(!one("a: 1 # ravelin: ignore[a]\n").covers(1));
    }

    #[test]
    fn a_document_of_a_longer_text() {
        let text = "a: 1\n---\nä: 2\n# ravelin: ignore[a] b\nc: 3\n";
        let at = text.find("ä").unwrap();
        let comment = one(text.split_at(at).1).moved(2, at as u32);
        assert_eq!(comment.line, 4);
        assert_eq!(
            text.get(comment.bytes.0 as usize..comment.bytes.1 as usize),
            Some("# ravelin: ignore[a] b")
        );
        assert_eq!(comment.target, 5);
    }

    fn soup() -> impl Strategy<Value = String> {
        let parts = prop::sample::select(vec![
            "# ravelin: ignore[a] b",
            "# ravelin:",
            "ravelin: ",
            "ignore[",
            "]",
            "(owner: ",
            "expires: ",
            "2027-01-31",
            ")",
            "(",
            ",",
            "#",
            " ",
            "\n",
            "\n  ",
            "\r\n",
            "\r",
            "a",
            ": ",
            "- ",
            "|",
            ">",
            "\"",
            "'",
            "{",
            "}",
            "[",
            "ü",
            "😀",
            "\u{2028}",
            "\u{feff}",
            "\t",
            "---\n",
            "...\n",
            "\n# ravelin: ignore[a/*,b] ",
            "a: 1 ",
            "&x ",
            "*x ",
            "? ",
        ]);
        prop::collection::vec(parts, 0..30).prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_searched(text in soup()) {
            let lines = Lines::new(&text);
            for comment in find(&text) {
                let shown = text.get(comment.bytes.0 as usize..comment.bytes.1 as usize);
                prop_assert!(shown.is_some_and(|shown| shown.starts_with('#') && !shown.contains(BREAKS)), "{:?}", shown);
                prop_assert_eq!(lines.position(comment.bytes.0).line, comment.line);
                prop_assert!((comment.line..=lines.count() + 1).contains(&comment.target));
                prop_assert!(comment.error.is_some() || !comment.ids.is_empty() && !comment.reason.is_empty());
                // Taken out of the text, a comment leaves the value as it is.
                let mut without = text.clone();
                without.replace_range(comment.bytes.0 as usize..comment.bytes.1 as usize, "##");
                prop_assert_eq!(value(&text), value(&without), "{}", text);
            }
        }

        #[test]
        fn any_directive_is_read(body in ".{0,60}") {
            for start in ["ravelin:", "ravelin: ignore[", "ravelin: ignore[a] b (owner: ", "ravelin: ignore[a] b (expires:"] {
                for comment in find(&format!("a: 1 # {start}{body}")) {
                    prop_assert!(comment.error.is_some() || !comment.reason.is_empty());
                }
            }
        }
    }

    fn value(text: &str) -> Option<Option<String>> {
        Some(ravelin_yaml::compose(text, &Limits::STANDARD, &mut Shown).ok()?.root)
    }

    /// Builds a value's text.
    struct Shown;

    impl<'a> Build<'a> for Shown {
        type Node = String;

        fn scalar(&mut self, scalar: Scalar<'a>, _: Span) -> String {
            format!("{scalar:?}")
        }

        fn sequence(&mut self, items: Vec<String>, _: Span) -> String {
            format!("{items:?}")
        }

        fn mapping(&mut self, entries: Vec<Entry<'a, String>>, _: Span) -> String {
            let entries: Vec<_> = entries.iter().map(|entry| (&entry.key, &entry.value)).collect();
            format!("{entries:?}")
        }
    }
}
