use super::{DuplicateKey, Lines, Places};
use ravelin_diag::{Anchor, FieldPath, Segment};
use ravelin_engine::report::{Position, Region};
use ravelin_yaml::Limits;

/// `a.b[1]` as a path.
pub(super) fn path(text: &str) -> FieldPath {
    let mut path = FieldPath::root();
    for part in text.split(['.', '[']).filter(|part| !part.is_empty()) {
        path.push(match part.strip_suffix(']') {
            Some(index) => Segment::Index(index.parse().unwrap()),
            None => Segment::Key(part.into()),
        });
    }
    path
}

/// The line that a path resolves to, the resolved part between `«` and `»`.
fn mark(text: &str, (start, end): (u32, u32)) -> String {
    let (before, rest) = text.split_at(start as usize);
    let (found, behind) = rest.split_at((end - start) as usize);
    let before = before.rsplit('\n').next().unwrap();
    let behind = behind.split(['\r', '\n']).next().unwrap();
    format!("{before}«{found}»{behind}")
}

#[track_caller]
fn yaml(text: &str, at: &str, anchor: Anchor) -> String {
    mark(text, Places::of_yaml(text, &Limits::STANDARD).unwrap().resolve(&path(at), anchor))
}

#[track_caller]
fn json(text: &str, at: &str, anchor: Anchor) -> String {
    mark(text, Places::of_json(text, 100).unwrap().resolve(&path(at), anchor))
}

use Anchor::{Key, Missing, Value};

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata:
  name: web  # words
  labels: {app: web, \"tier\": 'front end'}
spec:
  hostPID: true
  securityContext:
    runAsNonRoot: false
  containers:
  - name: app
    image: nginx:1
    args: [--one, '--two']
    securityContext:
      capabilities:
        add:
          - SYS_ADMIN # no
          - \"NET_RAW\"
  - image: busybox  # nameless
    name: side
  - image: nginx
  - {image: a, command: [b]}
  empty:
  script: |
    one
    two
";

#[test]
fn a_value_is_a_scalar_or_the_key_of_a_collection() {
    assert_eq!(yaml(POD, "spec.hostPID", Value), "  hostPID: «true»");
    assert_eq!(yaml(POD, "spec.containers[0].image", Value), "    image: «nginx:1»");
    assert_eq!(yaml(POD, "spec.containers[0].securityContext", Value), "    «securityContext»:");
    assert_eq!(yaml(POD, "spec.containers", Value), "  «containers»:");
    assert_eq!(yaml(POD, "spec.containers[0].args", Value), "    «args»: [--one, '--two']");
    assert_eq!(yaml(POD, "spec.containers[0].args[1]", Value), "    args: [--one, «'--two'»]");
    let add = "spec.containers[0].securityContext.capabilities.add";
    assert_eq!(yaml(POD, &format!("{add}[0]"), Value), "          - «SYS_ADMIN» # no");
    assert_eq!(yaml(POD, &format!("{add}[1]"), Value), "          - «\"NET_RAW\"»");
    assert_eq!(yaml(POD, "metadata.labels.tier", Value), "  labels: {app: web, \"tier\": «'front end'»}");
    assert_eq!(yaml(POD, "spec.script", Value), "  script: «|»");
    assert_eq!(yaml(POD, "spec.empty", Value), "  «empty»:");
}

#[test]
fn an_item_is_its_first_line() {
    for anchor in [Value, Key] {
        assert_eq!(yaml(POD, "spec.containers[0]", anchor), "  - «name: app»");
        assert_eq!(yaml(POD, "spec.containers[1]", anchor), "  - «image: busybox»  # nameless");
        assert_eq!(yaml(POD, "spec.containers[3]", anchor), "  - «{image: a, command: [b]}»");
    }
    let nested = "a:\n- - b\n  - c\n-\n- # d\n  e: {f: g,\n    h: i}\n- {j: k,\n  l: m}\n- {\n  n: o}\n- p:\n    q: r\n- |\n s\n t\n";
    assert_eq!(yaml(nested, "a[0]", Value), "- «- b»");
    assert_eq!(yaml(nested, "a[0][1]", Value), "  - «c»");
    assert_eq!(yaml(nested, "a[1]", Value), "«-»");
    assert_eq!(yaml(nested, "a[2]", Value), "  «e»: {f: g,");
    assert_eq!(yaml(nested, "a[3]", Value), "- «{j: k»,");
    assert_eq!(yaml(nested, "a[4]", Value), "- «{»");
    assert_eq!(yaml(nested, "a[5]", Value), "- «p»:");
    assert_eq!(yaml(nested, "a[6]", Value), "- «|»");
    assert_eq!(yaml("a:\n- b:\n    c\n- ü:   # d\n    e\n", "a[0]", Value), "- «b»:");
    assert_eq!(yaml("- {b\n  c}\n- {b:\n  c}\n", "[0]", Value), "- «{b»");
    assert_eq!(yaml("- {b\n  c}\n- {b:\n  c}\n", "[1]", Value), "- «{b»:");
}

#[test]
fn a_key_is_its_token() {
    assert_eq!(yaml(POD, "spec.hostPID", Key), "  «hostPID»: true");
    assert_eq!(yaml(POD, "metadata.labels.tier", Key), "  labels: {app: web, «\"tier\"»: 'front end'}");
    assert_eq!(yaml("on: 1\n8: 2\n", "true", Key), "«on»: 1");
    assert_eq!(yaml("on: 1\n8: 2\n", "8", Value), "8: «2»");
}

#[test]
fn a_missing_field_is_its_nearest_ancestor() {
    assert_eq!(yaml(POD, "spec.securityContext.seccompProfile.type", Missing), "  «securityContext»:");
    assert_eq!(yaml(POD, "spec.volumes[0]", Missing), "«spec»:");
    assert_eq!(yaml(POD, "spec.containers[0].resources.limits", Missing), "  - name: «app»");
    assert_eq!(yaml(POD, "spec.containers[1].resources", Missing), "    name: «side»");
    assert_eq!(yaml(POD, "spec.containers[2].resources", Missing), "  - «image: nginx»");
    assert_eq!(yaml(POD, "spec.containers[3].resources", Missing), "  - «{image: a, command: [b]}»");
    assert_eq!(yaml(POD, "spec.containers[9].resources", Missing), "  «containers»:");
    assert_eq!(yaml(POD, "spec.containers[0].args[0].x", Missing), "    args: [«--one», '--two']");
    assert_eq!(yaml(POD, "spec.hostPID", Missing), "  «hostPID»: true");
    assert_eq!(yaml(POD, "spec.empty.x", Missing), "  «empty»:");
    for anchor in [Missing, Value, Key] {
        assert_eq!(yaml(POD, "status.phase", anchor), "  name: «web»  # words");
        assert_eq!(yaml(POD, "", anchor), "  name: «web»  # words");
    }
}

#[test]
fn an_item_of_a_list_is_known_by_its_metadata() {
    let list =
        "kind: List\nitems:\n- kind: Pod\n  metadata:\n    name: a\n- kind: Pod\n  metadata: {labels: {}}\n";
    assert_eq!(yaml(list, "items[0].spec", Missing), "    name: «a»");
    assert_eq!(yaml(list, "items[1].spec", Missing), "- «kind: Pod»");
    assert_eq!(yaml(list, "metadata", Missing), "«kind»: List");
}

#[test]
fn documents_without_a_name_are_their_first_key() {
    assert_eq!(yaml("---\n# words\n\"a\": {b: c}\n", "x", Missing), "«\"a\"»: {b: c}");
    assert_eq!(yaml("metadata: {name: }\nkind: Pod\n", "spec", Missing), "metadata: {«name»: }");
    assert_eq!(yaml("metadata: {name: {}}\nkind: Pod\n", "spec", Missing), "«metadata»: {name: {}}");
    assert_eq!(yaml("- a\n- b\n", "x", Missing), "«- a»");
    assert_eq!(yaml("word", "x", Missing), "«word»");
    assert_eq!(yaml("{}", "x", Missing), "«{}»");
    assert!(Places::of_yaml("# words\n", &Limits::STANDARD).is_none());
    assert!(Places::of_yaml("a: [", &Limits::STANDARD).is_none());
}

#[test]
fn what_an_alias_brings_is_where_it_is_written() {
    let text = "\
base: &base
  name: base
  securityContext: &sc {privileged: true}
  image: &image nginx
containers:
- <<: *base
  name: one
- *base
- name: two
  image: *image
  securityContext:
    <<: *sc
    runAsUser: 0
- <<: *base
  image: b
- <<: {image: c}
";
    let privileged = "  securityContext: &sc {privileged: «true»}";
    assert_eq!(yaml(text, "containers[0].securityContext.privileged", Value), privileged);
    assert_eq!(
        yaml(text, "containers[0].securityContext", Key),
        "  «securityContext»: &sc {privileged: true}"
    );
    assert_eq!(yaml(text, "containers[0].name", Value), "  name: «one»");
    assert_eq!(yaml(text, "containers[0].x", Missing), "  name: «one»");
    assert_eq!(yaml(text, "containers[1].securityContext.privileged", Value), privileged);
    assert_eq!(yaml(text, "containers[1].x", Missing), "  name: «base»");
    assert_eq!(yaml(text, "containers[2].image", Value), "  image: &image «nginx»");
    assert_eq!(yaml(text, "containers[2].image", Key), "  «image»: *image");
    assert_eq!(yaml(text, "containers[2].securityContext.privileged", Value), privileged);
    assert_eq!(yaml(text, "containers[2].securityContext.x", Missing), "  «securityContext»:");
    assert_eq!(yaml(text, "containers[3].image", Value), "  image: «b»");
    // Its name is written elsewhere, so the item itself is pointed at.
    assert_eq!(yaml(text, "containers[3].x", Missing), "- «<<: *base»");
    assert_eq!(yaml(text, "containers[4].image", Value), "- <<: {image: «c»}");
}

#[test]
fn a_name_by_alias_is_its_key() {
    let text = "x: &n web\nmetadata:\n  name: *n\ncontainers:\n- name: *n\n  image: a\n";
    assert_eq!(yaml(text, "containers[0].x", Missing), "- «name»: *n");
    assert_eq!(yaml(text, "containers[0]", Value), "- «name»: *n");
    assert_eq!(yaml(text, "containers[0].name", Value), "x: &n «web»");
}

#[test]
fn nothing_underlines_more_than_a_line() {
    let text = "a: 'one\n  two'\nb: >-\n  x\n\n  y\nc: one\n  two\nd: \"x\\\n  y\"\r\n";
    assert_eq!(yaml(text, "a", Value), "a: «'one»");
    assert_eq!(yaml(text, "b", Value), "b: «>-»");
    assert_eq!(yaml(text, "c", Value), "c: «one»");
    assert_eq!(yaml(text, "d", Value), "d: «\"x\\»");
    let long = format!("a:\n- {{b: {}, c: d}}\n", "x".repeat(200));
    assert_eq!(yaml(&long, "a[0]", Value), format!("- «{{b»: {}, c: d}}", "x".repeat(200)));
    let long = format!("a:\n- {{b: c, d: {}}}\n", "ü".repeat(200));
    assert_eq!(yaml(&long, "a[0]", Value), format!("- «{{b: c», d: {}}}", "ü".repeat(200)));
}

#[test]
fn other_texts() {
    let text = "\u{feff}größe: ä😀ö\r\nb:\r\n- ü: 日本\r\n  c: d\r\n";
    assert_eq!(yaml(text, "größe", Value), "\u{feff}größe: «ä😀ö»");
    assert_eq!(yaml(text, "b[0]", Value), "- «ü: 日本»");
    assert_eq!(yaml(text, "b[0].ü", Key), "- «ü»: 日本");
    assert_eq!(yaml("a:\t1\t# x\nb:\t\n- 2\t\n", "a", Value), "a:\t«1»\t# x");
    assert_eq!(yaml("a: !!str 1\nb: &x !!map {c: d}\ne: [!!str 2]", "a", Value), "a: !!str «1»");
    assert_eq!(yaml("e: [&x !!str 2]", "e[0]", Value), "e: [&x !!str «2»]");
    assert_eq!(yaml("? a\n: b\n? c\n", "a", Value), ": «b»");
    assert_eq!(yaml("? a\n: b\n? c\n", "c", Value), "? «c»");
}

#[test]
fn duplicate_keys_have_both_places() {
    let text = "a: 1\nb: {c: 1, \"c\": 2}\na: 3\n";
    let places = Places::of_yaml(text, &Limits::STANDARD).unwrap();
    let shown: Vec<_> = places
        .duplicates()
        .iter()
        .map(|duplicate| (duplicate.key.as_str(), mark(text, duplicate.span), mark(text, duplicate.first)))
        .collect();
    let inner = ("c", "b: {c: 1, «\"c\"»: 2}".to_owned(), "b: {«c»: 1, \"c\": 2}".to_owned());
    assert_eq!(shown, [inner, ("a", "«a»: 3".to_owned(), "«a»: 1".to_owned())]);
    assert_eq!(yaml(text, "a", Value), "a: «3»");
    assert_eq!(yaml(text, "b.c", Key), "b: {c: 1, «\"c\"»: 2}");
}

#[test]
fn json_values_and_keys() {
    let text = r#"{"kind": "Pod", "metadata": {"name": "web"}, "spec": {"hostPID": true, "n": -1.5e3,
  "containers": [ {"name": "a", "image": "x\"y"},
    {
      "image": "b" },
    [], [1, {}] ] } }"#;
    assert_eq!(json(text, "kind", Value), mark(text, at(text, "\"Pod\"")));
    assert_eq!(json(text, "spec.hostPID", Value), mark(text, at(text, "true")));
    assert_eq!(json(text, "spec.hostPID", Key), mark(text, at(text, "\"hostPID\"")));
    assert_eq!(json(text, "spec.n", Value), mark(text, at(text, "-1.5e3")));
    assert_eq!(json(text, "spec.containers", Value), mark(text, at(text, "\"containers\"")));
    assert_eq!(
        json(text, "spec.containers[0]", Value),
        mark(text, at(text, r#"{"name": "a", "image": "x\"y"}"#))
    );
    assert_eq!(json(text, "spec.containers[0].x", Missing), mark(text, at(text, "\"a\"")));
    assert_eq!(json(text, "spec.containers[0].image", Value), mark(text, at(text, r#""x\"y""#)));
    assert_eq!(json(text, "spec.containers[1]", Value), "    «{»");
    assert_eq!(json(text, "spec.containers[2][0]", Missing), "    «[]», [1, {}] ] } }");
    assert_eq!(json(text, "spec.containers[3][1]", Value), "    [], [1, «{}»] ] } }");
    assert_eq!(json(text, "status", Missing), mark(text, at(text, "\"web\"")));
}

fn at(text: &str, part: &str) -> (u32, u32) {
    let start = text.find(part).unwrap();
    (start as u32, (start + part.len()) as u32)
}

#[test]
fn json_keys_are_unescaped_and_the_last_wins() {
    let text = r#"{"aé\n": 1, "a\u00e9\n": 2, "\ud83d\ude00": {"b": [], "b": 7}, "aé\n": 4}"#;
    assert_eq!(json(text, "aé\n", Value), mark(text, at(text, "4")));
    assert_eq!(json(text, "😀.b", Value), mark(text, at(text, "7")));
    let places = Places::of_json(text, 100).unwrap();
    let keys: Vec<_> = places.duplicates().iter().map(|duplicate| duplicate.key.as_str()).collect();
    assert_eq!(keys, ["aé\n", "b", "aé\n"]);
    let first = at(text, r#""aé\n""#);
    assert_eq!(places.duplicates()[0].first, first);
    assert_eq!(places.duplicates()[2].first, first);
    let same = DuplicateKey { key: "aé\n".to_owned(), span: at(text, r#""a\u00e9\n""#), first };
    assert_eq!(places.duplicates()[0], same);
}

#[test]
fn json_that_is_none_has_no_places() {
    for text in [
        "",
        " ",
        "{",
        "[",
        "{]",
        "[}",
        "[1",
        "[1,",
        "[,]",
        "{,}",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,}",
        "{a:1}",
        "\"",
        "\"\\",
        "\"\\\"",
        "{\"\\ud83d\":1}",
        "{\"a\" 1}",
        "[1 2]",
        "]",
        ":",
        ",",
        "{1:2}",
        "{\"\\x\":1}",
        "\u{feff}",
    ] {
        let places = Places::of_json(text, 100);
        assert!(places.is_none() || text == "\u{feff}", "{text}");
    }
}

#[test]
fn json_depth_is_bounded() {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert!(Places::of_json(&nested(512), 512).is_some());
    assert!(Places::of_json(&nested(513), 512).is_none());
    assert!(Places::of_json(&nested(200_000), usize::MAX).is_some());
    assert!(Places::of_json(&"{\"a\":".repeat(200_000), 512).is_none());
}

/// Both readers agree on what is JSON and YAML at once.
#[test]
fn json_and_yaml_agree() {
    let text = r#"{"kind":"Pod","metadata":{"name":"web"},"spec":{"containers":[{"name":"a","args":["x",1]},{"image":"b"}]}}"#;
    for at in [
        "",
        "kind",
        "metadata",
        "spec.containers",
        "spec.containers[0]",
        "spec.containers[1].x",
        "spec.containers[0].args[1]",
        "x.y",
    ] {
        for anchor in [Key, Value, Missing] {
            assert_eq!(json(text, at, anchor), yaml(text, at, anchor), "{at} {anchor:?}");
        }
    }
}

fn position(lines: &Lines, offset: usize) -> (u32, u32) {
    let Position { line, column } = lines.position(offset as u32);
    (line, column)
}

#[test]
fn positions_count_characters() {
    let text = "a: 1\r\nä😀: ü\n\nx";
    let lines = Lines::new(text);
    assert_eq!(position(&lines, 0), (1, 1));
    assert_eq!(position(&lines, text.find('1').unwrap()), (1, 4));
    assert_eq!(position(&lines, text.find('ä').unwrap()), (2, 1));
    assert_eq!(position(&lines, text.find('ü').unwrap()), (2, 5));
    // Inside the emoji, then behind it.
    assert_eq!(position(&lines, text.find('😀').unwrap() + 2), (2, 2));
    assert_eq!(position(&lines, text.find('😀').unwrap() + 4), (2, 3));
    assert_eq!(position(&lines, text.len() - 1), (4, 1));
    assert_eq!(position(&lines, text.len()), (4, 2));
    assert_eq!(position(&lines, usize::MAX), (4, 2));
    assert_eq!(lines.count(), 4);
    assert_eq!(lines.text_of(text, 1), Some("a: 1"));
    assert_eq!(lines.text_of(text, 2), Some("ä😀: ü"));
    assert_eq!(lines.text_of(text, 3), Some(""));
    assert_eq!(lines.text_of(text, 4), Some("x"));
    assert_eq!([lines.text_of(text, 0), lines.text_of(text, 5)], [None, None]);
}

#[test]
fn a_byte_order_mark_takes_no_column() {
    let lines = Lines::new("\u{feff}kind\n\u{feff}x");
    assert_eq!(position(&lines, 0), (1, 1));
    assert_eq!(position(&lines, 2), (1, 1));
    assert_eq!(position(&lines, 3), (1, 1));
    assert_eq!(position(&lines, 5), (1, 3));
    assert_eq!(position(&lines, 11), (2, 2));
}

#[test]
fn an_empty_text_has_a_line() {
    let lines = Lines::new("");
    let start = Position { line: 1, column: 1 };
    assert_eq!(lines.region((0, 0)), Region { start, end: start, bytes: (0, 0) });
    assert_eq!(lines.count(), 1);
    assert_eq!(Lines::new("\n").position(1), Position { line: 2, column: 1 });
}

#[test]
fn a_region_has_both_ends() {
    let text = "ab: ü\nc";
    let region = Lines::new(text).region((4, 6));
    assert_eq!((region.start.line, region.start.column, region.end.line, region.end.column), (1, 5, 1, 6));
    assert_eq!(region.bytes, (4, 6));
}
