//! The events of a text, in the order they come.

use crate::{Error, Event, Limits, Parser};

/// One line for each event: what it is, its value or name, and its own text.
fn events(text: &str) -> Result<Vec<String>, Error> {
    let mut parser = Parser::new(text, &Limits::STANDARD);
    let mut lines = Vec::new();
    loop {
        let event = parser.next_event()?;
        let part =
            |span: crate::Span| text.get(span.start as usize..span.end as usize).unwrap().replace('\n', "/");
        let properties = |tag: &Option<std::borrow::Cow<'_, str>>, anchor: &Option<&str>| {
            let tag = tag.as_ref().map_or(String::new(), |tag| format!(" <{tag}>"));
            format!("{tag}{}", anchor.map_or(String::new(), |anchor| format!(" &{anchor}")))
        };
        lines.push(match &event {
            Event::StreamStart => "stream".to_owned(),
            Event::StreamEnd { .. } => "end".to_owned(),
            Event::DocumentStart { explicit, span } => format!("document {explicit} {}", part(*span)),
            Event::DocumentEnd { explicit, span } => format!("/document {explicit} {}", part(*span)),
            Event::Alias { name, span } => format!("alias {name} {}", part(*span)),
            Event::Scalar { value, style, tag, anchor, span } => {
                format!("{style:?} {value:?} {}{}", part(*span), properties(tag, anchor))
            }
            Event::SequenceStart { style, tag, anchor, span } => {
                format!("sequence {style:?} {}{}", part(*span), properties(tag, anchor))
            }
            Event::SequenceEnd { span } => format!("/sequence {}", part(*span)),
            Event::MappingStart { style, tag, anchor, span } => {
                format!("mapping {style:?} {}{}", part(*span), properties(tag, anchor))
            }
            Event::MappingEnd { span } => format!("/mapping {}", part(*span)),
        });
        if matches!(event, Event::StreamEnd { .. }) {
            assert_eq!(parser.next_event()?, event);
            return Ok(lines);
        }
    }
}

#[test]
fn a_document_with_everything() {
    let text =
        "%YAML 1.1\n--- # note\n&r k: [!!str 'a', *r , {b: c}]\nl: !x &y |-\n  t\n\n...\n---\n- >\n z\n";
    let expected = [
        "stream",
        "document true %YAML 1.1/---",
        "mapping Block ",
        "Plain \"k\" k &r",
        "sequence Flow [",
        "SingleQuoted \"a\" 'a' <tag:yaml.org,2002:str>",
        "alias r *r",
        "mapping Flow {",
        "Plain \"b\" b",
        "Plain \"c\" c",
        "/mapping }",
        "/sequence ]",
        "Plain \"l\" l",
        "Literal \"t\" |-/  t <!x> &y",
        "/mapping ",
        "/document true ...",
        "document true ---",
        "sequence Block ",
        "Folded \"z\\n\" >/ z",
        "/sequence ",
        "/document false ",
        "end",
    ];
    assert_eq!(events(text).unwrap(), expected);
}

#[test]
fn the_documents_of_a_stream() {
    let count = |text: &str| {
        events(text).map(|lines| lines.iter().filter(|line| line.starts_with("document")).count()).ok()
    };
    assert_eq!(count(""), Some(0));
    assert_eq!(count("a"), Some(1));
    assert_eq!(count("---\n---\n---\n"), Some(3));
    assert_eq!(count("a\n...\n...\n"), Some(1));
    assert_eq!(count("a\n...\nb\n"), None);
    assert_eq!(count("[a] b\n"), None);
}

#[test]
fn an_empty_collection_as_a_key_ends_the_document() {
    let lines = events("[]: a\n");
    assert!(lines.is_err());
    let mut parser = Parser::new("[]: a\n", &Limits::STANDARD);
    let first: Vec<_> = (0..5).map(|_| parser.next_event().unwrap()).collect();
    assert!(matches!(first.last(), Some(Event::DocumentEnd { explicit: false, .. })));
}

#[test]
fn an_error_is_final() {
    let mut parser = Parser::new("a: @", &Limits::STANDARD);
    let error = loop {
        if let Err(error) = parser.next_event() {
            break error;
        }
    };
    assert_eq!(parser.next_event(), Err(error.clone()));
    assert_eq!(parser.next_event(), Err(error));
}
