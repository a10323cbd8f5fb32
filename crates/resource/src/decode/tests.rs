use super::*;
use crate::{Table, read};
use ravelin_object::json_text;

/// What becomes of a body of a kind: JSON and complaints, or the error.
fn made(
    table: &Table,
    version: (&str, &str),
    kind: &str,
    text: &str,
) -> Result<(String, Vec<String>), String> {
    let body = read::body(text.as_bytes(), 512).unwrap();
    let schema = table.schemas().of_kind(version.0, version.1, kind).unwrap();
    let decoded = super::body(table.schemas(), schema, body);
    decoded.map(|decoded| (json_text(&decoded.value), decoded.strict)).map_err(|error| error.message)
}

#[test]
fn what_is_always_written_is_there_and_what_is_empty_is_not() {
    let table = Table::builtin();
    let cases = [
        ("Pod", "{}", r#"{"metadata":{},"spec":{"containers":null},"status":{}}"#),
        (
            "Pod",
            r#"{"kind":"Pod","apiVersion":"v1","spec":{"hostNetwork":false,"nodeName":"","terminationGracePeriodSeconds":0,"volumes":[],"nodeSelector":{},"containers":[{"tty":true,"resources":{"limits":{"cpu":"1000m"}}},null]},"metadata":{"creationTimestamp":null,"labels":{}}}"#,
            r#"{"kind":"Pod","apiVersion":"v1","metadata":{},"spec":{"containers":[{"name":"","resources":{"limits":{"cpu":"1"}},"tty":true},{"name":"","resources":{}}],"terminationGracePeriodSeconds":0},"status":{}}"#,
        ),
        (
            "ConfigMap",
            r#"{"data":{"a":null},"immutable":false}"#,
            r#"{"metadata":{},"immutable":false,"data":{"a":""}}"#,
        ),
        ("Secret", r#"{"data":{"a":"YR==","b":null}}"#, r#"{"metadata":{},"data":{"a":"YQ==","b":null}}"#),
        (
            "Service",
            r#"{"spec":{"ports":[{"targetPort":"http","port":80}]}}"#,
            r#"{"metadata":{},"spec":{"ports":[{"port":80,"targetPort":"http"}]},"status":{"loadBalancer":{}}}"#,
        ),
    ];
    for (kind, text, expected) in cases {
        assert_eq!(made(&table, ("", "v1"), kind, text), Ok((expected.to_owned(), Vec::new())), "{text}");
    }
}

#[test]
fn values_of_another_type_are_refused_in_the_words_of_go() {
    let table = Table::builtin();
    let cases = [
        (r#"[]"#, "json: cannot unmarshal array into Go value of type v1.Pod"),
        (r#"{"spec":1}"#, "json: cannot unmarshal number into Go struct field Pod.spec of type v1.PodSpec"),
        (
            r#"{"spec":{"containers":"x"}}"#,
            "json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container",
        ),
        (
            r#"{"spec":{"terminationGracePeriodSeconds":1.5,"hostPID":1}}"#,
            "json: cannot unmarshal number 1.5 into Go struct field PodSpec.spec.terminationGracePeriodSeconds of type int64",
        ),
        (
            r#"{"spec":{"volumes":[{"name":"a","hostPath":[]}]}}"#,
            "json: cannot unmarshal array into Go struct field Volume.spec.volumes.VolumeSource.hostPath of type v1.HostPathVolumeSource",
        ),
        (
            r#"{"metadata":{"labels":{"a":1}}}"#,
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string",
        ),
        (
            r#"{"spec":1,"metadata":{"creationTimestamp":1}}"#,
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string",
        ),
        (
            r#"{"spec":{"containers":[{"resources":{"limits":{"cpu":"x"}}}]}}"#,
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(made(&table, ("", "v1"), "Pod", text), Err(expected.to_owned()), "{text}");
    }
}

#[test]
fn strict_decoding_complains_of_what_is_unknown_or_twice() {
    let table = Table::builtin();
    let text = r#"{"foo":1,"spec":{"containers":[{"name":"a","name":"b","x":1}],"foo":{"a":1,"a":2}},"metadata":{"labels":{"a":"1","a":"2"}},"foo":2}"#;
    let (_, strict) = made(&table, ("", "v1"), "Pod", text).unwrap();
    assert_eq!(
        strict,
        [
            r#"unknown field "foo""#,
            r#"duplicate field "spec.containers[0].name""#,
            r#"unknown field "spec.containers[0].x""#,
            r#"unknown field "spec.foo""#,
            r#"duplicate field "metadata.labels.a""#,
        ]
    );
    // Of a list of paths the same follows, in the order in which the last values are.
    let schema = table.schemas().of_kind("", "v1", "Pod").unwrap();
    let body = read::body(text.as_bytes(), 512).unwrap();
    let listed = decode(table.schemas(), schema, body.value, &body.duplicates).unwrap();
    assert_eq!(listed.strict.len(), strict.len());
    assert_eq!(listed.strict.last(), Some(&r#"unknown field "foo""#.to_owned()));
    let many: Vec<String> = (0..200).map(|n| format!("\"k{n}\":1")).collect();
    let (_, strict) = made(&table, ("", "v1"), "Pod", &format!("{{{}}}", many.join(","))).unwrap();
    assert_eq!(strict.len(), MOST_COMPLAINTS);
}

#[test]
fn an_empty_list_is_nothing_once_it_was_stored() {
    let table = Table::builtin();
    let schema = table.schemas().of_kind("rbac.authorization.k8s.io", "v1", "Role").unwrap();
    let body = read::body(br#"{"rules":[]}"#, 9).unwrap();
    let decoded = decode(table.schemas(), schema, body.value, &[]).unwrap();
    assert_eq!(json_text(&decoded.value), r#"{"metadata":{},"rules":[]}"#);
    let stored = stored(table.schemas(), schema, decoded.value);
    assert_eq!(json_text(&stored), r#"{"metadata":{},"rules":null}"#);
}

#[test]
fn what_is_given_twice_is_read_into_what_is_there() {
    let table = Table::builtin();
    let cases = [
        // The fields of a struct, the keys of a mapping and the items of a list are merged; values of keys are not.
        (
            r#"{"metadata":{"name":"a","labels":{"x":"1","y":"1"}},"metadata":{"namespace":"b","labels":{"y":"2"}}}"#,
            r#"{"metadata":{"name":"a","namespace":"b","labels":{"x":"1","y":"2"}},"spec":{"containers":null},"status":{}}"#,
        ),
        (
            r#"{"spec":{"containers":[{"name":"a","image":"i"},{"name":"b"}],"containers":[{"image":"j"}]}}"#,
            r#"{"metadata":{},"spec":{"containers":[{"name":"a","image":"j","resources":{}}]},"status":{}}"#,
        ),
        // Null leaves a string and a struct as they were, and takes a pointer away.
        (
            r#"{"spec":{"nodeName":"n","nodeName":null,"priority":1,"priority":null},"spec":null}"#,
            r#"{"metadata":{},"spec":{"containers":null,"nodeName":"n"},"status":{}}"#,
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(made(&table, ("", "v1"), "Pod", text).unwrap().0, expected, "{text}");
    }
    // What comes first is refused though something else comes behind it.
    assert_eq!(
        made(&table, ("", "v1"), "Pod", r#"{"kind":1,"kind":"Pod"}"#).unwrap_err(),
        "json: cannot unmarshal number into Go struct field Pod.TypeMeta.kind of type string"
    );
}

#[test]
fn keys_repeated_at_every_depth_take_no_more_time_than_others() {
    let table = Table::builtin();
    let depth = 60;
    let start = r#"{"not":{},"not":"#.repeat(depth);
    let schema = format!("{start}{{}}{}", "}".repeat(depth));
    let text = format!(r#"{{"spec":{{"versions":[{{"schema":{{"openAPIV3Schema":{schema}}}}}]}}}}"#);
    let (value, strict) =
        made(&table, ("apiextensions.k8s.io", "v1"), "CustomResourceDefinition", &text).unwrap();
    assert_eq!((value.matches("not").count(), strict.len()), (depth, depth));
}

#[test]
fn a_mapping_in_memory_is_converted() {
    let table = Table::builtin();
    let schema = |plural: &str, group: &str| table.resource(group, "v1", plural).unwrap().schema.unwrap();
    let made = |schema, text: &str| {
        let value = read::body(text.as_bytes(), 100).unwrap().value;
        converted(table.schemas(), schema, value).map(|decoded| decoded.value).map_err(|error| error.message)
    };
    let pod = schema("pods", "");
    for (spec, why) in [
        (r#"{"hostNetwork":"x"}"#, "unrecognized type: bool"),
        (r#"{"activeDeadlineSeconds":"x"}"#, "unrecognized type: int64"),
        (r#"{"priority":true}"#, "unrecognized type: int32"),
        (r#"{"hostname":[]}"#, "unrecognized type: string"),
        (r#"{"hostname":5}"#, "cannot convert int64 to string"),
        (r#"{"hostname":1.5}"#, "unrecognized type: string"),
        (r#"{"restartPolicy":5}"#, "cannot convert int64 to v1.RestartPolicy"),
        (r#"{"activeDeadlineSeconds":1.5}"#, "cannot convert float64 to int64"),
        (r#"{"tolerations":"x"}"#, "cannot restore slice from string"),
        (r#"{"tolerations":{}}"#, "cannot restore slice from map"),
        (r#"{"nodeSelector":[]}"#, "cannot restore map from slice"),
        (r#"{"nodeSelector":{"a":5}}"#, "cannot convert int64 to string"),
        (r#"{"os":""}"#, "cannot restore struct from: string"),
        ("5", "cannot restore struct from: int64"),
    ] {
        assert_eq!(made(pod, &format!(r#"{{"spec":{spec}}}"#)), Err(why.to_owned()), "{spec}");
    }
    let deployment = schema("deployments", "apps");
    for (replicas, expected) in [("3.0", 3), ("99999999999", 1_215_752_191), ("2147483648", -2_147_483_648)] {
        let made = made(deployment, &format!(r#"{{"spec":{{"replicas":{replicas}}}}}"#)).unwrap();
        assert_eq!(made.dotted("spec.replicas"), Some(&Value::Int(expected)), "{replicas}");
    }
    let secret = made(schema("secrets", ""), r#"{"data":{"a":"_"}}"#);
    assert_eq!(secret, Err("error decoding from json: illegal base64 data at input byte 0".to_owned()));
}
