//! What holds for every input.

use proptest::prelude::*;

use super::tree::{Tree, tree};
use crate::{Event, Limits, Parser, Span, decode};

/// Pieces of YAML that meet each other in ways no document has them.
fn pieces() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        " ",
        "  ",
        "\n",
        "\n  ",
        "\t",
        "\r",
        "\u{85}",
        "\u{2028}",
        ":",
        ": ",
        "-",
        "- ",
        "? ",
        "?",
        ",",
        "[",
        "]",
        "{",
        "}",
        "#",
        " #",
        "&a ",
        "*a ",
        "!",
        "!!str ",
        "!<x>",
        "|\n ",
        ">-\n",
        "'",
        "\"",
        "\\",
        "---\n",
        "...\n",
        "%",
        "<<: ",
        "~",
        "1",
        "0x1",
        ".5",
        "on",
        "a",
        "b: c\n",
        "\u{e9}",
        "\u{1f600}",
        "\u{feff}",
        "\u{1}",
        "@",
        "[]: ",
    ]);
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

fn inside(text: &str, span: Span) -> bool {
    text.get(span.start as usize..span.end as usize).is_some()
}

fn nested(text: &str, node: &Tree<'_>) -> bool {
    inside(text, node.span())
        && match node {
            Tree::Scalar(..) => true,
            Tree::Sequence(items, _) => items.iter().all(|item| nested(text, item)),
            Tree::Mapping(entries, _) => {
                entries.iter().all(|entry| inside(text, entry.key_span) && nested(text, &entry.value))
            }
        }
}

/// Every span is in the text, events open and close in order, and the end comes.
fn check_events(text: &str) {
    let mut parser = Parser::new(text, &Limits::STANDARD);
    let mut open = 0_usize;
    for _ in 0..text.len() * 6 + 10 {
        let span = match parser.next_event() {
            Err(error) => {
                assert!(error.offset() as usize <= text.len());
                return;
            }
            Ok(Event::StreamStart) => continue,
            Ok(Event::StreamEnd { span }) => {
                assert_eq!(open, 0);
                assert!(inside(text, span));
                return;
            }
            Ok(Event::SequenceStart { span, .. } | Event::MappingStart { span, .. }) => {
                open += 1;
                span
            }
            Ok(Event::SequenceEnd { span } | Event::MappingEnd { span }) => {
                open -= 1;
                span
            }
            Ok(
                Event::Scalar { span, .. }
                | Event::Alias { span, .. }
                | Event::DocumentStart { span, .. }
                | Event::DocumentEnd { span, .. },
            ) => span,
        };
        assert!(inside(text, span), "{span:?} in {text:?}");
    }
    panic!("no end of {text:?}");
}

fn check_tree(text: &str) {
    if let Ok(composed) = tree(text) {
        assert!(composed.end as usize <= text.len());
        assert!(composed.root.iter().all(|root| nested(text, root)), "{text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pieces_of_yaml_are_read_or_refused(text in pieces()) {
        check_events(&text);
        check_tree(&text);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(text) = decode(&bytes) {
            check_events(&text);
            check_tree(&text);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        check_events(&text);
        check_tree(&text);
    }

    #[test]
    fn a_text_in_quotes_comes_back(text in "[ -~\u{e9}\u{4e16}]{0,40}") {
        let quoted = format!("'{}'", text.replace('\'', "''"));
        let json = tree(&quoted).unwrap().root.unwrap();
        let expected = crate::Scalar::String(text.into());
        prop_assert!(matches!(json, Tree::Scalar(scalar, _) if scalar == expected));
    }

    #[test]
    fn integers_come_back(number in any::<i64>()) {
        let text = number.to_string();
        let root = tree(&text).unwrap().root.unwrap();
        prop_assert!(matches!(root, Tree::Scalar(crate::Scalar::Int(found), _) if found == number));
    }
}
