use super::*;
use crate::Stage;

fn rules(text: &str) -> Policy {
    let text = format!("apiVersion: audit.k8s.io/v1\nkind: Policy\n{text}");
    Policy::load(&text).unwrap().policy
}

fn error(text: &str) -> String {
    Policy::load(text).unwrap_err().to_string()
}

/// `verb group/resource/subresource namespace/name`, or `verb path`.
fn level(policy: &Policy, request: &str) -> Level {
    let words: Vec<&str> = request.split(' ').collect();
    let [verb, what, rest @ ..] = words.as_slice() else { panic!("{request}") };
    let groups = ["devs".to_owned(), "system:authenticated".to_owned()];
    let mut attributes = Attributes { user: Some("alice"), groups: &groups, verb, ..Attributes::default() };
    if what.starts_with('/') {
        attributes.path = what;
    } else {
        let mut parts = what.split(':');
        attributes.is_resource = true;
        attributes.group = parts.next().unwrap();
        attributes.resource = parts.next().unwrap();
        attributes.subresource = parts.next().unwrap_or_default();
        let (namespace, name) = rest.first().map_or(("", ""), |rest| rest.split_once('/').unwrap());
        (attributes.namespace, attributes.name) = (namespace, name);
    }
    policy.evaluate(&attributes).level
}

#[test]
fn the_first_rule_that_matches_decides() {
    let policy = rules(
        "rules:\n- level: None\n  users: [bob]\n- level: Metadata\n  userGroups: [devs]\n  verbs: [get]\n- level: Request\n",
    );
    assert_eq!(level(&policy, "get :pods"), Level::Metadata);
    assert_eq!(level(&policy, "GET :pods"), Level::Request);
    let none = rules("rules: [{level: Request, users: [bob]}]");
    assert_eq!(level(&none, "get :pods"), Level::None);
}

#[test]
fn resources_match_by_group_name_and_subresource() {
    let one = |resources: &str| rules(&format!("rules: [{{level: Request, resources: [{resources}]}}]"));
    let cases: [(&str, &[&str], &[&str]); 9] = [
        ("{}", &["get :pods", "get :pods:log n/a"], &["get apps:deployments", "get /api"]),
        ("{group: '*'}", &["get :pods", "get apps:deployments:scale"], &["get /"]),
        ("{resources: [pods]}", &["get :pods"], &["get :pods:log", "get :po", "get :podsx"]),
        ("{resources: ['*']}", &["get :pods", "get :pods:log"], &["get apps:pods"]),
        ("{resources: [pods/log]}", &["get :pods:log"], &["get :pods", "get :pods:exec"]),
        ("{resources: [pods/*]}", &["get :pods:log", "get :pods"], &["get :nodes:log"]),
        ("{resources: ['*/log']}", &["get :pods:log", "get :nodes:log"], &["get :pods", "get :pods:exec"]),
        ("{resources: ['*/*']}", &[], &["get :pods", "get :pods:log"]),
        (
            "{resources: [pods], resourceNames: [a]}",
            &["get :pods n/a"],
            &["get :pods n/b", "list :pods n/", "get :pods"],
        ),
    ];
    for (resources, matching, others) in cases {
        let policy = one(resources);
        for request in matching {
            assert_eq!(level(&policy, request), Level::Request, "{resources} {request}");
        }
        for request in others {
            assert_eq!(level(&policy, request), Level::None, "{resources} {request}");
        }
    }
}

#[test]
fn namespaces_and_paths_narrow() {
    let of = |rule: &str| rules(&format!("rules: [{{level: Request, {rule}}}]"));
    let cases: [(&str, &[&str], &[&str]); 6] = [
        ("namespaces: [m]", &["get :pods m/a"], &["get :pods n/a", "get :nodes", "get /api"]),
        ("namespaces: ['']", &["get :nodes"], &["get :pods n/a"]),
        ("nonResourceURLs: ['*']", &["get /", "get /x/y"], &["get :pods"]),
        ("nonResourceURLs: [/api]", &["get /api"], &["get /api/", "get /apis"]),
        ("nonResourceURLs: [/api*]", &["get /api", "get /apis/x"], &["get /ap"]),
        ("verbs: ['*']", &[], &["get :pods", "get /"]),
    ];
    for (rule, matching, others) in cases {
        let policy = of(rule);
        for request in matching {
            assert_eq!(level(&policy, request), Level::Request, "{rule} {request}");
        }
        for request in others {
            assert_eq!(level(&policy, request), Level::None, "{rule} {request}");
        }
    }
}

#[test]
fn nobody_matches_no_rule_that_names_somebody() {
    let nobody = Attributes { verb: "get", path: "/", ..Attributes::default() };
    for rule in ["users: ['']", "userGroups: ['']"] {
        let policy = rules(&format!("rules: [{{level: Request, {rule}}}]"));
        assert_eq!(policy.evaluate(&nobody).level, Level::None, "{rule}");
    }
    assert_eq!(rules("rules: [{level: Request}]").evaluate(&nobody).level, Level::Request);
}

#[test]
fn stages_add_up_and_managed_fields_are_overridden() {
    let policy = rules(
        "omitStages: [Panic]\nomitManagedFields: true\nrules:\n- {level: Request, verbs: [a], omitStages: [RequestReceived, Panic]}\n\
         - {level: Request, verbs: [b], omitManagedFields: false}\n",
    );
    let of = |verb| policy.evaluate(&Attributes { verb, ..Attributes::default() });
    let stages = |config: AuditConfig| config.omit_stages.iter().collect::<Vec<_>>();
    assert_eq!(stages(of("a")), [Stage::RequestReceived, Stage::Panic]);
    assert!(of("a").omit_managed_fields);
    assert_eq!((stages(of("b")), of("b").omit_managed_fields), (vec![Stage::Panic], false));
    assert_eq!((stages(of("c")), of("c").omit_managed_fields), (vec![Stage::Panic], true));
    assert_eq!(of("c").level, Level::None);
}

#[test]
fn what_does_not_load_is_refused_in_upstreams_words() {
    let head = "apiVersion: audit.k8s.io/v1\nkind: Policy\n";
    let cases = [
        ("{", "failed decoding: couldn't get version/kind; json parse error: unexpected end of JSON input"),
        ("rules: []", "unknown group version field audit.k8s.io/__internal, Kind=Policy in policy"),
        ("apiVersion: x/", "failed decoding: Object 'apiVersion' is missing in 'apiVersion: x/'"),
        ("apiVersion: a/b/c", "failed decoding: unexpected GroupVersion string: a/b/c"),
        (
            "kind: [1]",
            "failed decoding: couldn't get version/kind; json parse error: json: cannot unmarshal array into Go struct field .kind of type string",
        ),
        (
            "kind: Pod",
            "failed decoding: no kind \"Pod\" is registered for the internal version of group \"audit.k8s.io\" in scheme \"pkg/audit/scheme.go:30\"",
        ),
        ("%s", "loaded illegal policy with 0 rules"),
        (
            "%srules: {}",
            "failed decoding: json: cannot unmarshal object into Go struct field Policy.rules of type []v1.PolicyRule",
        ),
        (
            "%srules: [x]",
            "failed decoding: json: cannot unmarshal string into Go struct field Policy.rules of type v1.PolicyRule",
        ),
        (
            "%srules: [{level: 1}]",
            "failed decoding: json: cannot unmarshal number into Go struct field PolicyRule.rules.level of type v1.Level",
        ),
        (
            "%srules: [{resources: [{group: 1}]}]",
            "failed decoding: json: cannot unmarshal number into Go struct field GroupResources.rules.resources.group of type string",
        ),
        (
            "%smetadata: {labels: {a: 1}}",
            "failed decoding: json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string",
        ),
        (
            "%srules: [{level: none}]",
            "rules[0].level: Unsupported value: \"none\": supported values: \"None\", \"Metadata\", \"Request\", \"RequestResponse\"",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(error(&text.replace("%s", head)), expected, "{text}");
    }
}

#[test]
fn the_first_wrong_type_is_that_of_json() {
    let yaml = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{verbs: 1, level: 1}]";
    assert!(error(yaml).contains("rules.level of type v1.Level"), "keys are sorted");
    let json = r#"{"apiVersion":"audit.k8s.io/v1","kind":"Policy","rules":[{"verbs":1,"level":1}]}"#;
    assert!(error(json).contains("rules.verbs of type []string"), "keys stand as in the text");
}

#[test]
fn what_strict_decoding_refuses_is_a_warning() {
    let load = |text: &str| Policy::load(&format!("apiVersion: audit.k8s.io/v1\n{text}")).unwrap().warning;
    assert_eq!(load("rules: [{level: None}]"), None);
    let unknown = load("rules: [{level: None, resources: [{Group: a}]}, {level: None, user: [a]}]\nx: 1");
    assert_eq!(
        unknown.as_deref(),
        Some(
            "strict decoding error: unknown field \"rules[0].resources[0].Group\", unknown field \"rules[1].user\", unknown field \"x\""
        )
    );
    assert!(load("rules: [{level: None, level: None}]").unwrap().contains("twice"));
}

#[test]
fn errors_of_yaml_read_as_upstream_words_them() {
    let cases = [
        ("a: b\n\tc: d", "yaml: line 2: found a tab character that violates indentation"),
        ("\ta: b", "yaml: found character that cannot start any token"),
        ("a: b\nc:\n - d\n- e\n", "yaml: line 3: did not find expected key"),
        ("a: [b\nc: d\n", "yaml: line 1: did not find expected ',' or ']'"),
        ("a: 1\nb: @x\n", "yaml: line 2: found character that cannot start any token"),
        ("a: 1\nb\nc: 1\n", "yaml: line 3: could not find expected ':'"),
        ("x:\n  - a: 1\n   b: 1\n", "yaml: line 2: did not find expected '-' indicator"),
        ("# c\na: 1\n b: 2\nc:\n - d\n- e\n", "yaml: line 3: mapping values are not allowed in this context"),
        ("a: &\n", "yaml: did not find expected alphabetic or numeric character"),
        ("a: 1\n*b: 2\n", "yaml: unknown anchor 'b' referenced"),
        ("a: 'x\n", "yaml: line 2: found unexpected end of stream"),
        ("a: \"x\\q\"\n", "yaml: found unknown escape character"),
        ("a: {b: 1\n", "yaml: line 1: did not find expected ',' or '}'"),
        ("a: !<x\n", "yaml: did not find the expected '>'"),
        ("%FOO\n---\na: 1", "yaml: found unknown directive name"),
        ("a: b: c\n", "yaml: mapping values are not allowed in this context"),
        ("a: *x\n", "yaml: unknown anchor 'x' referenced"),
        ("- a\nb: 1\n", "yaml: line 1: did not find expected '-' indicator"),
        ("a: |x\n b\n", "yaml: did not find expected comment or line break"),
        ("\"a\": 1\n  b: 2\n", "yaml: line 2: mapping values are not allowed in this context"),
        ("a:\n  b: 1\n c: 2\n", "yaml: line 2: did not find expected key"),
        ("a: 1\nb: 2\n  c: 3\n", "yaml: line 3: mapping values are not allowed in this context"),
        ("rules:\n- level: None\n x: 1\n", "yaml: line 2: did not find expected key"),
        ("a\0b", "yaml: control characters are not allowed"),
        ("a: [1, 2\n", "yaml: line 1: did not find expected ',' or ']'"),
        ("a: 1\nkey\n", "yaml: line 3: could not find expected ':'"),
        ("a: 'x'y\n", "yaml: did not find expected key"),
        ("a: ]\n", "yaml: did not find expected node content"),
        ("- - a\n  b: 1\n", "yaml: line 1: did not find expected '-' indicator"),
    ];
    for (text, expected) in cases {
        assert_eq!(error(text), format!("failed decoding: {expected}"), "{text}");
    }
}
