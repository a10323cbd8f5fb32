//! What holds for every text.

use super::tests::path;
use super::{Lines, Places};
use proptest::prelude::*;
use ravelin_diag::{Anchor, FieldPath, Segment};
use ravelin_yaml::Limits;

/// Texts that are often YAML or JSON.
fn soup() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "a",
        "b",
        ": ",
        ":",
        "\n",
        "\n  ",
        "\n    ",
        "\n- ",
        "\n  - ",
        "- ",
        "name",
        "metadata",
        "{",
        "}",
        "[",
        "]",
        ", ",
        ",",
        "\"",
        "'",
        "\"a\"",
        "\"name\":",
        "\\",
        "\\u00e9",
        "# x",
        " # y",
        "&x ",
        "*x",
        "<<: *x",
        "<<: ",
        "|",
        ">-",
        "ü",
        "日本",
        "😀",
        "\r\n",
        "\r",
        "\t",
        "\u{feff}",
        "\u{2028}",
        "\u{85}",
        "!!str ",
        "1",
        "true",
        "null",
        "? ",
        "---\n",
        "...\n",
        "~",
    ]);
    prop::collection::vec(parts, 0..40).prop_map(|parts| parts.concat())
}

/// Texts that are YAML: a tree, printed in block and flow style.
fn document() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec!["1", "web", "\"ü\"", "'x # y'", "~", "", "日本", "{}", "[]"])
        .prop_map(str::to_owned);
    let tree = leaf.prop_recursive(4, 40, 4, |inner| {
        let keys = || prop::sample::select(vec!["a", "b", "name", "\"metadata\"", "ä"]);
        prop_oneof![
            prop::collection::vec((keys(), inner.clone()), 1..4).prop_map(|entries| {
                let entries: Vec<_> =
                    entries.iter().map(|(key, value)| entry(&format!("{key}:"), value)).collect();
                format!("\n{}", entries.join("\n"))
            }),
            prop::collection::vec(inner, 1..4).prop_map(|items| {
                let items: Vec<_> = items.iter().map(|value| entry("-", value)).collect();
                format!("\n{}", items.join("\n"))
            }),
        ]
    });
    (tree, any::<bool>()).prop_map(|(text, windows)| if windows { text.replace('\n', "\r\n") } else { text })
}

fn entry(start: &str, value: &str) -> String {
    let value = value.replace('\n', "\n  ");
    format!("{start} {value}")
}

fn paths() -> impl Strategy<Value = FieldPath> {
    let segment = prop_oneof![
        prop::sample::select(vec!["a", "b", "name", "metadata", "ä", "x"])
            .prop_map(|key| Segment::Key(key.into())),
        (0..4_usize).prop_map(Segment::Index),
    ];
    prop::collection::vec(segment, 0..6).prop_map(FieldPath::from)
}

fn check(text: &str, places: &Places<'_>, path: &FieldPath) -> Result<(), TestCaseError> {
    let lines = Lines::new(text);
    let mut ranges: Vec<(u32, u32)> = [Anchor::Key, Anchor::Value, Anchor::Missing]
        .iter()
        .map(|anchor| places.resolve(path, *anchor))
        .collect();
    ranges.extend(places.duplicates().iter().flat_map(|duplicate| [duplicate.span, duplicate.first]));
    for (start, end) in ranges {
        let shown = text.get(start as usize..end as usize);
        prop_assert!(shown.is_some(), "{start}..{end} of {text:?}");
        prop_assert!(!shown.unwrap().contains('\n'), "{shown:?} of {text:?}");
        let region = lines.region((start, end));
        prop_assert_eq!(region.start.line, region.end.line);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_short_way_gives_what_the_composer_gives(text in prop_oneof![document(), soup()]) {
        if let Some(places) = super::plain::places(&text, &Limits::STANDARD) {
            prop_assert_eq!(Some(places), super::yaml::places(&text, &Limits::STANDARD));
        }
    }

    #[test]
    fn any_text_resolves_within_itself(text in prop_oneof![soup(), any::<String>()], path in paths()) {
        for places in [Places::of_yaml(&text, &Limits::STANDARD), Places::of_json(&text, 20)].into_iter().flatten() {
            check(&text, &places, &path)?;
        }
    }

    #[test]
    fn documents_resolve_within_themselves(text in document(), path in paths()) {
        let places = Places::of_yaml(&text, &Limits::STANDARD);
        prop_assert!(places.is_some() || text.is_empty(), "{}", text);
        if let Some(places) = places {
            check(&text, &places, &path)?;
        }
    }

    #[test]
    fn positions_are_what_counting_gives(text in prop_oneof![soup(), ".{0,300}", any::<String>()], offset in 0..400_usize) {
        let lines = Lines::new(&text);
        let offset = text.floor_char_boundary(offset);
        let (before, _) = text.split_at(offset);
        let line = before.matches('\n').count() + 1;
        let mark = usize::from(line == 1 && before.starts_with('\u{feff}'));
        let column = before.rsplit('\n').next().unwrap().chars().count() + 1 - mark;
        let position = lines.position(offset as u32);
        prop_assert_eq!((position.line as usize, position.column as usize), (line, column));
        let shown: Vec<&str> = (1..=lines.count()).map(|line| lines.text_of(&text, line).unwrap()).collect();
        let expected: Vec<&str> = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
        prop_assert_eq!(shown, expected);
    }

    /// JSON is YAML in flow style; both readers see the same places in it.
    #[test]
    fn json_is_placed_as_yaml_is(value in json_value(), path in paths()) {
        let text = value.to_string();
        let (json, yaml) = (Places::of_json(&text, 20).unwrap(), Places::of_yaml(&text, &Limits::STANDARD).unwrap());
        for anchor in [Anchor::Key, Anchor::Value, Anchor::Missing] {
            prop_assert_eq!(json.resolve(&path, anchor), yaml.resolve(&path, anchor), "{} {}", text, path);
        }
        check(&text, &json, &path)?;
    }
}

fn json_value() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        prop::sample::select(vec!["x", "a\"b", "ü 😀", "\\", "# y", ""]).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 4, |inner| {
        let keys = prop::sample::select(vec!["a", "b", "name", "metadata", "ä"]).prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((keys, inner), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

#[test]
fn a_bomb_of_aliases_costs_no_more_than_the_limit() {
    let mut text = "a0: &a0 [x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let last = level - 1;
        text.push_str(&format!("a{level}: &a{level} [*a{last}, *a{last}, *a{last}, *a{last}]\n"));
    }
    assert!(Places::of_yaml(&text, &Limits::STANDARD).is_none());
    let shallow = Places::of_yaml("a: &a [x]\nb: [*a, *a]\n", &Limits::STANDARD).unwrap();
    assert_eq!(shallow.resolve(&path("b[1][0]"), Anchor::Value), (7, 8));
}
