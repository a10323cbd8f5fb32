//! The YAML parser ends, and everything it says lies in the text.

use std::borrow::Cow;

use ravelin_yaml::{Build, Composed, Entry, Event, Parser, Scalar, Span};

use crate::{LIMITS, assert_range, index};

/// Parses and composes the bytes.
pub fn run(data: &[u8]) {
    let Ok(text) = ravelin_yaml::decode(data) else { return };
    events(&text);
    let mut builder = Spans { text: &text };
    match ravelin_yaml::compose(&text, &LIMITS, &mut builder) {
        Ok(composed) => composition(&text, &composed),
        Err(error) => {
            assert!(index(error.offset()) <= text.len(), "{} of {}", error.offset(), text.len());
            assert!(!error.message().is_empty() && !error.message().contains('\n'), "{:?}", error.message());
            let (line, column) = ravelin_yaml::position(&text, error.offset());
            assert!(line > 0 && column > 0);
        }
    }
}

/// Events end, and those of a text that is YAML come in its order. (In one that is not, as `a: {{}: b}`, the parser
/// may have noticed too late what was a key; so does that of Kubernetes.)
fn events(text: &str) {
    let mut parser = Parser::new(text, &LIMITS);
    let mut open = 0_usize;
    let mut earlier = 0;
    let mut out_of_order = None;
    // Every event but those of the stream takes a character or belongs to one that does.
    for count in 0.. {
        assert!(count <= 16 * text.len() + 16, "{count} events of {} bytes", text.len());
        let Ok(event) = parser.next_event() else { return };
        if let Some(span) = span_of(&event) {
            assert_span(text, span);
            if span.start < earlier {
                out_of_order = Some(format!("{event:?} behind {earlier}"));
            }
            earlier = span.start;
        }
        match event {
            Event::SequenceStart { .. } | Event::MappingStart { .. } => open += 1,
            Event::SequenceEnd { .. } | Event::MappingEnd { .. } => {
                assert!(open > 0, "nothing is open that could end");
                open -= 1;
            }
            Event::StreamEnd { .. } => {
                assert_eq!(open, 0, "something is still open");
                assert_eq!(out_of_order, None);
                return;
            }
            _ => {}
        }
    }
}

fn span_of(event: &Event<'_>) -> Option<Span> {
    match event {
        Event::StreamStart => None,
        Event::StreamEnd { span }
        | Event::DocumentStart { span, .. }
        | Event::DocumentEnd { span, .. }
        | Event::Alias { span, .. }
        | Event::Scalar { span, .. }
        | Event::SequenceStart { span, .. }
        | Event::SequenceEnd { span }
        | Event::MappingStart { span, .. }
        | Event::MappingEnd { span } => Some(*span),
    }
}

fn composition<N>(text: &str, composed: &Composed<N>) {
    assert!(text.get(index(composed.end)..).is_some(), "{} of {}", composed.end, text.len());
    for duplicate in composed.duplicates.iter().chain(&composed.ambiguous) {
        assert_span(text, duplicate.span);
        assert_span(text, duplicate.earlier);
    }
    assert!(!composed.trailing || index(composed.end) < text.len());
}

#[track_caller]
fn assert_span(text: &str, span: Span) {
    assert_range(text, (span.start, span.end));
}

/// Looks at every span, and at what is said of keys.
struct Spans<'t> {
    text: &'t str,
}

impl<'a> Build<'a> for Spans<'_> {
    type Node = ();

    fn scalar(&mut self, _: Scalar<'a>, span: Span) {
        assert_span(self.text, span);
    }

    fn sequence(&mut self, _: Vec<()>, span: Span) {
        assert_span(self.text, span);
    }

    fn mapping(&mut self, entries: Vec<Entry<'a, ()>>, span: Span) {
        assert_span(self.text, span);
        let mut keys: Vec<Cow<'_, str>> = Vec::with_capacity(entries.len());
        for entry in entries {
            assert_span(self.text, entry.key_span);
            keys.push(entry.key);
        }
        keys.sort_unstable();
        let count = keys.len();
        keys.dedup();
        assert_eq!(keys.len(), count, "keys are unique");
    }
}
