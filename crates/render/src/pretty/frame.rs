//! One code frame: a title, a place, the lines in question with what is wrong underlined, and notes.
//!
//! The lines are cut out and neutralised here, so that a frame costs as much as it shows, however large the
//! file is, and so that every span is known to lie on character boundaries of what is drawn.

use crate::Context;
use crate::escape::visible_char;
use crate::style::{Paint, wrap};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use ravelin_diag::Severity;
use ravelin_engine::report::{Position, Region};
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::iter;
use std::ops::Range;
use std::sync::Arc;

/// How many characters of a line are kept on each side of what is underlined.
const AROUND: usize = 160;
/// From how many characters on a line is cut.
const LONG: usize = 2000;
/// How far from an underlined line another line is kept: the renderer shows one that stands between two.
const CONTEXT: u32 = 2;
/// How many lines the code of a frame may span.
const LINES: u32 = 4000;

/// What is underlined, and what is said about it.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    /// Where it is in the text of the file.
    pub(super) region: Region,
    /// What is said there; every character visible.
    pub(super) label: Option<String>,
}

/// A frame. Every text in it has visible characters only.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    /// What decides its colour.
    pub(super) severity: Severity,
    /// The first word.
    pub(super) word: String,
    /// The id of the check; empty for none.
    pub(super) check: &'static str,
    /// What is wrong.
    pub(super) title: String,
    /// `file:line:column`.
    pub(super) place: String,
    /// Which of the marks are underlined.
    pub(super) shown: Vec<usize>,
    /// What follows the code: words and texts.
    pub(super) notes: Vec<(&'static str, String)>,
    code: Option<Code>,
}

/// Lines as they are drawn.
#[derive(Clone, Debug, Default)]
struct Code {
    first_line: u32,
    last_line: u32,
    source: String,
    spans: Vec<(Range<usize>, Option<String>)>,
}

impl Frame {
    /// A frame without code and notes.
    pub(super) fn new(severity: Severity, title: String, place: String) -> Self {
        let word = severity.to_string();
        Self { severity, word, check: "", title, place, shown: Vec::new(), notes: Vec::new(), code: None }
    }

    /// Cuts the lines of the first `limit` marks out of `text`; none where there is no text or it has changed.
    pub(super) fn set_code(&mut self, text: Option<&Text>, marks: &[Mark], limit: usize, width: usize) {
        let Some(text) = text else { return };
        let mut lines: BTreeMap<u32, Line<'_>> = BTreeMap::new();
        for (index, mark) in marks.iter().enumerate().take(limit) {
            let Some(mut line) = Line::of(text, mark) else { continue };
            let number = mark.region.start.line;
            if let Some(there) = lines.get_mut(&number) {
                // Of a line that is cut, only the surroundings of one mark are shown.
                if there.index == line.index && !there.is_long() {
                    there.marks.append(&mut line.marks);
                    self.shown.push(index);
                }
            } else if lines.is_empty() || follows(&lines, number, &line) {
                lines.insert(number, line);
                self.shown.push(index);
            }
        }
        self.code = Code::draw(text, &lines, width);
        if self.code.is_none() {
            self.shown.clear();
        }
    }

    /// Writes the frame.
    pub(super) fn write(&self, context: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
        let renderer = if context.color { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.term_width(context.width.max(40)).hyperlink(false);
        let mut title = self.level().with_name(self.word.as_str()).primary_title(self.title.as_str());
        if !self.check.is_empty() {
            title = title.id(self.check);
        }
        writeln!(out, "{}", renderer.render(&[Group::with_title(title)]))?;
        let gutter = self.code.as_ref().map_or(0, |code| code.last_line.to_string().len());
        let paint = Paint { color: context.color };
        writeln!(out, "{:gutter$}{}{}", "", paint.gutter("--> "), self.place)?;
        let notes = self.notes.iter().map(|(word, text)| {
            let indent = gutter + word.len() + 5;
            Level::NOTE.with_name(*word).message(wrap(text, context.width, indent))
        });
        let mut body = Group::with_level(self.level());
        if let Some(code) = &self.code {
            let annotations = code
                .spans
                .iter()
                .map(|(span, label)| AnnotationKind::Primary.span(span.clone()).label(label.as_deref()));
            let snippet = Snippet::source(code.source.as_str()).line_start(code.first_line as usize);
            body = body.element(snippet.annotations(annotations));
        }
        let body = body.elements(notes);
        if !body.is_empty() {
            writeln!(out, "{}", renderer.render(&[body]))?;
        }
        Ok(())
    }

    fn level(&self) -> Level<'static> {
        match self.severity {
            Severity::Critical | Severity::High => Level::ERROR,
            Severity::Medium => Level::WARNING,
            Severity::Low => Level::INFO,
            Severity::Info => Level::NOTE,
        }
    }
}

/// The text of a file, and where its lines start once that is asked for.
#[derive(Clone, Debug)]
pub(super) struct Text {
    text: Arc<str>,
    starts: OnceCell<Vec<usize>>,
}

impl Text {
    /// A text.
    pub(super) fn new(text: Arc<str>) -> Self {
        Self { text, starts: OnceCell::new() }
    }

    /// A mark of the character at a position; nothing where the text has no such line.
    pub(super) fn mark_at(&self, position: Position) -> Option<Mark> {
        let (start, line) = self.line((position.line as usize).checked_sub(1)?)?;
        let column = (position.column as usize).saturating_sub(1);
        let (offset, length) = line
            .char_indices()
            .nth(column)
            .map_or((line.len(), 0), |(offset, character)| (offset, character.len_utf8()));
        let from = u32::try_from(start + offset).ok()?;
        let to = u32::try_from(start + offset + length).ok()?;
        Some(Mark { region: Region { start: position, end: position, bytes: (from, to) }, label: None })
    }

    /// The line of that index, with where it starts; without the space at its end.
    fn line(&self, index: usize) -> Option<(usize, &str)> {
        let start = *self.starts().get(index)?;
        let end = self.starts().get(index + 1).copied().unwrap_or(self.text.len());
        Some((start, self.text.get(start..end)?.trim_end()))
    }

    /// The index of the line that a byte is in.
    fn index_of(&self, byte: usize) -> Option<usize> {
        self.starts().partition_point(|start| *start <= byte).checked_sub(1)
    }

    fn starts(&self) -> &[usize] {
        let newlines = || self.text.match_indices('\n').map(|(newline, _)| newline + 1);
        self.starts.get_or_init(|| iter::once(0).chain(newlines()).collect())
    }
}

/// A line of a text with what is underlined in it.
#[derive(Clone, Debug)]
struct Line<'a> {
    index: usize,
    text: &'a str,
    marks: Vec<(Range<usize>, Option<String>)>,
}

impl<'a> Line<'a> {
    /// The line in which a mark starts; nothing where the text has no such bytes. What goes on behind the
    /// end of the line is not underlined.
    fn of(text: &'a Text, mark: &Mark) -> Option<Self> {
        let (from, to) = (mark.region.bytes.0 as usize, mark.region.bytes.1 as usize);
        let index = text.index_of(from)?;
        let (start, line) = text.line(index)?;
        let from = from.checked_sub(start)?.min(line.len());
        let to = to.saturating_sub(start).clamp(from, line.len());
        let to = from + line.get(from..to)?.trim_end().len();
        Some(Self { index, text: line, marks: vec![(from..to, mark.label.clone())] })
    }

    fn is_long(&self) -> bool {
        self.text.len() > LONG
    }

    /// Draws the line at the end of `code`. A long line is cut around its first mark.
    fn draw(&self, code: &mut Code) {
        let kept = if self.is_long() { self.window() } else { 0..self.text.len() };
        let mut ends: Vec<(Range<usize>, Option<String>)> = self
            .marks
            .iter()
            .map(|(_, label)| (code.source.len()..code.source.len(), label.clone()))
            .collect();
        let mut draw = |character: char, from: usize, to: usize| {
            let at = code.source.len();
            code.source.push(character);
            for ((mark, _), (span, _)) in self.marks.iter().zip(&mut ends) {
                if to <= mark.start {
                    *span = code.source.len()..code.source.len();
                } else if from < mark.end && from >= mark.start {
                    span.start = span.start.min(at);
                    span.end = code.source.len();
                }
            }
        };
        if kept.start > 0 {
            draw('…', 0, kept.start);
        }
        let inside = self.text.get(kept.clone()).unwrap_or_default();
        for (offset, character) in inside.char_indices() {
            let shown = if character == '\t' { '\t' } else { visible_char(character) };
            let from = kept.start + offset;
            draw(shown, from, from + character.len_utf8());
        }
        if kept.end < self.text.len() {
            code.source.push('…');
        }
        code.spans.append(&mut ends);
    }

    /// The part of a long line that is shown.
    fn window(&self) -> Range<usize> {
        let Some((mark, _)) = self.marks.first() else { return 0..0 };
        let before = self.text.get(..mark.start).unwrap_or_default();
        let start = before.char_indices().rev().take(AROUND).last().map_or(mark.start, |(offset, _)| offset);
        let behind = self.text.get(mark.start..).unwrap_or_default();
        let end =
            behind.char_indices().nth(2 * AROUND).map_or(self.text.len(), |(offset, _)| mark.start + offset);
        start..end
    }
}

/// Whether a line is as far behind the first one as its number says; otherwise the text has changed.
fn follows(lines: &BTreeMap<u32, Line<'_>>, number: u32, line: &Line<'_>) -> bool {
    let Some((first, there)) = lines.first_key_value() else { return true };
    let distance = number.checked_sub(*first).filter(|distance| *distance <= LINES);
    distance.is_some_and(|distance| there.index + distance as usize == line.index)
}

impl Code {
    fn draw(text: &Text, lines: &BTreeMap<u32, Line<'_>>, width: usize) -> Option<Self> {
        let (first_line, first) = lines.first_key_value()?;
        let (last_line, _) = lines.last_key_value()?;
        let mut code = Self { first_line: *first_line, last_line: *last_line, ..Self::default() };
        for (distance, number) in (*first_line..=*last_line).enumerate() {
            if distance > 0 {
                code.source.push('\n');
            }
            let is_near = |line: &u32| number.abs_diff(*line) <= CONTEXT;
            if let Some(line) = lines.get(&number) {
                line.draw(&mut code);
            } else if lines.keys().any(is_near)
                && let Some((_, between)) = text.line(first.index + distance)
            {
                let shown = between.chars().take(width.max(40) * 2);
                code.source.extend(shown.map(|c| if c == '\t' { c } else { visible_char(c) }));
            }
        }
        Some(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{context, region};

    fn drawn(text: &str, marks: &[Mark]) -> String {
        let mut frame = Frame::new(Severity::High, "t".to_owned(), "p".to_owned());
        frame.set_code(Some(&Text::new(text.into())), marks, 6, 80);
        let mut out = Vec::new();
        frame.write(&context(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn mark(text: &str, start: usize, end: usize) -> Mark {
        Mark { region: region(text, start, end), label: None }
    }

    #[test]
    fn a_span_over_lines_is_underlined_on_its_first() {
        let text = "a:\n  b: 1   \n  c: 2\n";
        insta::assert_snapshot!(drawn(text, &[mark(text, 5, text.len())]), @r"
        high: t
         --> p
          |
        2 |   b: 1
          |   ^^^^
        ");
    }

    #[test]
    fn a_long_line_is_cut_around_the_mark() {
        let text = format!("{}PRIVILEGED{}", "a, ".repeat(100_000), ", b".repeat(100_000));
        let at = text.find('P').unwrap();
        insta::assert_snapshot!(drawn(&text, &[mark(&text, at, at + 10)]), @r"
        high: t
         --> p
          |
        1 | ...a, a, a, a, a, a, a, a, a, a, PRIVILEGED, b, b, b, b, b, b, b, b, b, b...
          |                                  ^^^^^^^^^^
        ");
    }

    #[test]
    fn lines_that_are_far_apart_are_folded() {
        let text = format!("first: 1\n{}last: 2\n", "between: 0\n".repeat(1000));
        let marks = [mark(&text, 0, 5), mark(&text, text.len() - 8, text.len() - 1)];
        insta::assert_snapshot!(drawn(&text, &marks), @r"
        high: t
            --> p
             |
           1 | first: 1
             | ^^^^^
        ...
        1002 | last: 2
             | ^^^^^^^
        ");
    }

    #[test]
    fn the_end_of_a_text_and_a_changed_text_are_no_trouble() {
        let text = "a: 1\nb";
        assert!(drawn(text, &[mark(text, 6, 6)]).contains("2 | b\n  |  ^"));
        for text in ["", "a", "ä\u{301}\t\r\n日本\u{1b}x\r\n\r\n", "\u{feff}a: \u{202e}b\n\n\n"] {
            for start in 0..20 {
                for end in 0..20 {
                    for line in 1..4 {
                        let position = Position { line, column: start + 1 };
                        let region = Region { start: position, end: position, bytes: (start, end) };
                        let mut marks = vec![Mark { region, label: Some("l".to_owned()) }; 2];
                        marks.extend(Text::new(text.into()).mark_at(position));
                        assert!(!drawn(text, &marks).contains(['\u{1b}', '\u{202e}', '\r']));
                    }
                }
            }
        }
    }
}
