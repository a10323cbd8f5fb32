//! What is told beside the value: places, repeated keys, the end, the kind of error.

use super::tree::{Tree, tree};
use crate::{ErrorKind, Scalar, decode, position};

fn slice(text: &str, span: crate::Span) -> &str {
    text.get(span.start as usize..span.end as usize).unwrap()
}

/// The text of every node and key, from the outside in.
fn places<'t>(text: &'t str, node: &Tree<'_>, found: &mut Vec<&'t str>) {
    found.push(slice(text, node.span()));
    match node {
        Tree::Scalar(..) => {}
        Tree::Sequence(items, _) => items.iter().for_each(|item| places(text, item, found)),
        Tree::Mapping(entries, _) => {
            for entry in entries {
                found.push(slice(text, entry.key_span));
                places(text, &entry.value, found);
            }
        }
    }
}

#[test]
fn every_node_has_its_place() {
    let cases: &[(&str, &[&str])] = &[
        ("a: 1\n", &["a: 1", "a", "1"]),
        (
            "k:\n  a: 'x y'\n  # note\n\nl: \"z\"\n",
            &["k:\n  a: 'x y'\n  # note\n\nl: \"z\"", "k", "a: 'x y'", "a", "'x y'", "l", "\"z\""],
        ),
        ("- a\n- [b, {c: d}] # note\n", &["- a\n- [b, {c: d}]", "a", "[b, {c: d}]", "b", "{c: d}", "c", "d"]),
        ("k:\n- 1\n- 2\nl: 3\n", &["k:\n- 1\n- 2\nl: 3", "k", "- 1\n- 2", "1", "2", "l", "3"]),
        ("[a: b]\n", &["[a: b]", "a: b", "a", "b"]),
        ("k: a\n  b\n\nl:\n", &["k: a\n  b\n\nl:", "k", "a\n  b", "l", ""]),
        ("k: !!str &x 7\nl: *x\n", &["k: !!str &x 7\nl: *x", "k", "7", "l", "7"]),
        ("k: !!str\n", &["k: !!str", "k", ""]),
        (
            "k: |  # note\n  a\n\n  b \n\n\nl: >-\n",
            &["k: |  # note\n  a\n\n  b \n\n\nl: >-", "k", "|  # note\n  a\n\n  b ", "l", ">-"],
        ),
        ("\u{feff}\u{e9}: \u{4e16}\n", &["\u{e9}: \u{4e16}", "\u{e9}", "\u{4e16}"]),
    ];
    for (text, expected) in cases {
        let mut found = Vec::new();
        places(text, &tree(text).unwrap().root.unwrap(), &mut found);
        assert_eq!(found, *expected, "{text:?}");
    }
}

#[test]
fn the_key_that_wins_gives_the_place_and_the_first_one_the_order() {
    let text = "a: 1\nb: 2\n'a': 3\n";
    let composed = tree(text).unwrap();
    let Some(Tree::Mapping(entries, _)) = composed.root else { panic!("no mapping") };
    let keys: Vec<_> = entries.iter().map(|entry| (&*entry.key, slice(text, entry.key_span))).collect();
    assert_eq!(keys, [("a", "'a'"), ("b", "b")]);
    let duplicate = &composed.duplicates[0];
    assert_eq!(
        (&*duplicate.key, slice(text, duplicate.span), slice(text, duplicate.earlier)),
        ("a", "'a'", "a")
    );
}

#[test]
fn repeated_keys_are_told_once() {
    let repeats = |text: &str| {
        let composed = tree(text).unwrap();
        let keys = |list: &[crate::Duplicate]| list.iter().map(|found| found.key.clone()).collect::<Vec<_>>();
        (keys(&composed.duplicates), keys(&composed.ambiguous))
    };
    let none = Vec::<String>::new;
    assert_eq!(repeats("a: 1\na: 2\na: 3\n"), (vec!["a".to_owned(), "a".to_owned()], none()));
    assert_eq!(repeats("k: &x {a: 1, a: 2}\nl: [*x , *x ]\n"), (vec!["a".to_owned()], none()));
    assert_eq!(repeats("k: &x {a: 1}\nl: {a: 2, <<: *x}\n"), (vec!["a".to_owned()], none()));
    assert_eq!(repeats("1: a\n'1': b\n"), (none(), vec!["1".to_owned()]));
    assert_eq!(
        repeats("on: a\n'true': b\n1.0: c\n1: d\n"),
        (none(), vec!["true".to_owned(), "1".to_owned()])
    );
    let many: String = (0..100).map(|index| format!("k{index}: 1\n")).chain(["k7: 2\n".to_owned()]).collect();
    assert_eq!(repeats(&many), (vec!["k7".to_owned()], none()));
}

#[test]
fn the_end_of_the_first_document_is_told() {
    let cases = [
        ("", 0, false),
        ("# note\n", 7, false),
        ("a: 1\n", 5, false),
        ("a: 1\n---\n", 5, false),
        ("a: 1\n---\nb: 2\n", 5, true),
        ("a: 1\n...\n# note\n\n", 8, false),
        ("a: 1\n...\nb: 2\n", 8, true),
        ("a: 1\n--- b\n", 5, true),
        ("{a: 1} b\n", 7, true),
        ("[]: b\n", 2, true),
    ];
    for (text, end, trailing) in cases {
        let composed = tree(text).unwrap();
        assert_eq!((composed.end, composed.trailing), (end, trailing), "{text:?}");
    }
}

#[test]
fn errors_say_which_rule_and_where() {
    let cases = [
        ("a: x\0", ErrorKind::ForbiddenCharacter, 4),
        ("a: @x", ErrorKind::Syntax, 3),
        ("a: b: c", ErrorKind::Syntax, 4),
        ("a: *x", ErrorKind::UnknownAnchor, 3),
        ("a: &x [*x]", ErrorKind::SelfReference, 7),
        ("<<: 1", ErrorKind::InvalidMerge, 4),
        ("k: 1\n~: 1", ErrorKind::InvalidKey, 5),
        ("[a]: 1", ErrorKind::InvalidKey, 0),
        ("a: !!int x", ErrorKind::InvalidTaggedValue, 9),
        ("a: .inf", ErrorKind::NotFinite, 3),
    ];
    for (text, kind, offset) in cases {
        let error = tree(text).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (kind, offset), "{text:?}: {error}");
        let message = error.to_string();
        assert!(
            !message.ends_with('.') && !message.contains('\n') && !message.starts_with(char::is_uppercase)
        );
    }
}

#[test]
fn numbers_are_what_their_json_text_is() {
    let number = |text: &'static str| match tree(text).unwrap().root {
        Some(Tree::Scalar(scalar, _)) => scalar,
        other => panic!("{other:?}"),
    };
    assert_eq!(number("1.0"), Scalar::Int(1));
    assert_eq!(number("-0.0"), Scalar::Int(0));
    assert_eq!(number("9223372036854775808.0"), Scalar::UInt(9_223_372_036_854_776_000));
    assert_eq!(number("1e20"), Scalar::Float(1e20));
    assert_eq!(number("18446744073709551615"), Scalar::UInt(u64::MAX));
    assert_eq!(number("1.5"), Scalar::Float(1.5));
}

#[test]
fn keys_may_have_1024_characters() {
    for character in ["k", "\u{e9}"] {
        let key = character.repeat(1024);
        assert!(tree(&format!("{key}: v")).is_ok());
        assert!(tree(&format!("{key}k: v")).is_err());
        assert!(tree(&format!("{{{key}k: v}}")).is_err());
        assert!(tree(&format!("? {key}k\n: v")).is_ok());
    }
}

#[test]
fn a_forbidden_character_counts_only_where_the_reader_comes() {
    let rest = |length| format!("a: 1\n---\n#{}\u{1}\n", "x".repeat(length));
    assert!(tree(&rest(10)).is_err());
    assert!(tree(&rest(600)).is_ok());
}

#[test]
fn bytes_are_decoded_by_their_mark() {
    let utf16 = |text: &str, unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<_>>();
    let text = "\u{feff}a: \u{1f600}\n";
    for bytes in [utf16(text, u16::to_le_bytes), utf16(text, u16::to_be_bytes), text.as_bytes().to_vec()] {
        let decoded = decode(&bytes).unwrap();
        assert_eq!(decoded, text);
        assert_eq!(tree(&decoded).unwrap().root.unwrap().json(), "{\"a\":\"\u{1f600}\"}");
    }
    for bytes in [&b"a: \xff"[..], b"\xff\xfea", b"\xff\xfe\x00\xd8", b"\xfe\xff\xdc\x00", b"\xed\xa0\x80"] {
        assert_eq!(decode(bytes).unwrap_err().kind(), ErrorKind::Encoding);
    }
    assert_eq!(decode(b"ab\xc3").unwrap_err().offset(), 2);
}

#[test]
fn positions_count_characters_and_all_line_breaks() {
    let text = "\u{feff}a\u{e9}b\r\nc\rd\u{85}e\u{2028}f\n";
    let at = |part: char| position(text, u32::try_from(text.find(part).unwrap()).unwrap());
    assert_eq!(
        [at('a'), at('b'), at('c'), at('d'), at('e'), at('f')],
        [(1, 1), (1, 3), (2, 1), (3, 1), (4, 1), (5, 1)]
    );
    assert_eq!(position(text, u32::MAX), (6, 1));
    assert_eq!(position("", 0), (1, 1));
}
