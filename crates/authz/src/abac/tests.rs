use super::*;

fn load(text: &str) -> PolicyFile {
    PolicyFile::load("f", text.as_bytes()).unwrap()
}

fn error(text: &str) -> String {
    let whole = PolicyFile::load("f", text.as_bytes()).unwrap_err().to_string();
    whole.strip_prefix(&format!("error reading policy file f, line 1: {text}: ")).unwrap_or(&whole).to_owned()
}

fn asks(user: &str, groups: &[&str], verb: &str, resource: &str) -> Attributes {
    Attributes {
        user: User {
            name: user.to_owned(),
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
            ..User::default()
        },
        verb: verb.to_owned(),
        is_resource: true,
        resource: resource.to_owned(),
        namespace: "a".to_owned(),
        ..Attributes::default()
    }
}

#[test]
fn versions_are_converted() {
    let v1beta1 = |spec: &str| {
        load(&format!(
            r#"{{"apiVersion":"abac.authorization.kubernetes.io/v1beta1","kind":"Policy","spec":{spec}}}"#
        ))
    };
    assert_eq!(v1beta1(r#"{"user":"*","group":"x"}"#).policies[0].group, "system:authenticated");
    assert_eq!(v1beta1("{}").policies[0], Policy::default());
    let old = load("{\"user\":\"a\",\"user\":\"b\",\"User\":\"c\"}\r\n# comment\n\nuser: d\n");
    assert_eq!(old.unversioned, 2);
    assert_eq!(old.policies[0].user, "b");
    assert_eq!(old.policies[1].user, "d");
    assert_eq!(old.policies[0].non_resource_path, "*");
    assert_eq!(load(r#"{"user":"\ud83d\ude00\ud800"}"#).policies[0].user, "😀\u{fffd}");
}

#[test]
fn lines_that_are_no_policies_are_named() {
    for (line, expected) in [
        ("{", "couldn't get version/kind; json parse error: unexpected end of JSON input"),
        ("{\"a\" 1}", "couldn't get version/kind; json parse error: invalid character '1' after object key"),
        (
            "{\"a\":01}",
            "couldn't get version/kind; json parse error: invalid character '1' after object key:value pair",
        ),
        (
            "{\"a\":tru}",
            "couldn't get version/kind; json parse error: invalid character '}' in literal true (expecting 'e')",
        ),
        (
            "{'a'}",
            "couldn't get version/kind; json parse error: invalid character '\\'' looking for beginning of object key string",
        ),
        ("{\"user\":1}", "json: cannot unmarshal number into Go struct field Policy.user of type string"),
        ("{\"apiVersion\":\"a/b/c\"}", "unexpected GroupVersion string: a/b/c"),
        (
            "{\"apiVersion\":\"abac.authorization.kubernetes.io/v1beta1\"}",
            "converting (v1beta1.Policy) to (v0.Policy): unknown conversion",
        ),
        (
            "{\"kind\":\"Other\"}",
            "no kind \"Other\" is registered for version \"abac.authorization.kubernetes.io/v0\" in scheme \"pkg/apis/abac/register.go:33\"",
        ),
    ] {
        assert_eq!(error(line), expected, "{line}");
    }
    let deep = format!("{{\"a\":{}", "[".repeat(20_000));
    assert!(error(&deep).ends_with("exceeded max depth"));
    assert_eq!(
        error(&format!("#{}", "x".repeat(65_535))),
        "error reading policy file f: bufio.Scanner: token too long"
    );
    assert!(load(&format!("#{}\n", "x".repeat(65_534))).policies.is_empty());
}

#[test]
fn policies_allow_what_they_cover() {
    let file = load(
        "{\"user\":\"u\",\"resource\":\"pods\",\"readonly\":true}\n{\"group\":\"*\",\"namespace\":\"b\"}",
    );
    assert_eq!(file.authorize(&asks("u", &[], "get", "pods")).decision, Decision::Allow);
    for attributes in [
        asks("u", &[], "delete", "pods"),
        asks("v", &[], "get", "pods"),
        asks("v", &["system:authenticated"], "get", "pods"),
    ] {
        let answer = file.authorize(&attributes);
        assert_eq!((answer.decision, answer.reason.as_str()), (Decision::NoOpinion, "No policy matched."));
    }
    let rules = file.rules_for(&asks("u", &[], "", "").user, "any");
    assert_eq!(rules.resource_rules.len(), 1);
    assert_eq!(rules.resource_rules[0].verbs, ["get", "list", "watch"]);
    assert!(rules.non_resource_rules.is_empty());
}
