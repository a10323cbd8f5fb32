use super::*;

/// What upstream's encoder makes of an event, computed by it.
const LINES: [&str; 4] = [
    r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"None","auditID":"","stage":"Panic","requestURI":"","verb":"","user":{},"requestReceivedTimestamp":null,"stageTimestamp":null}"#,
    r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"RequestResponse","auditID":"a-1","stage":"ResponseComplete","requestURI":"/api/v1/pods?a=\u003c\u0026","verb":"create","user":{"username":"alice","uid":"7","groups":["a","b"],"extra":{"k":["v",""],"z":[]}},"impersonatedUser":{"username":"bob"},"authenticationMetadata":{"impersonationConstraint":"impersonate:user-info"},"sourceIPs":["::1"],"userAgent":"é\u2028","objectRef":{"resource":"pods","namespace":"n","name":"p","uid":"u","apiGroup":"g","apiVersion":"v1","resourceVersion":"3","subresource":"s"},"responseStatus":{"metadata":{},"status":"Failure","message":"m","reason":"r","details":{"name":"n","group":"g","kind":"k","uid":"u","causes":[{"reason":"r","message":"m","field":"f"},{}],"retryAfterSeconds":1},"code":500},"requestObject":{"b":1.0,"a":[1e3]},"responseObject":"x","requestReceivedTimestamp":"2026-01-02T03:04:05.000006Z","stageTimestamp":"2026-01-02T03:04:05.100000Z","annotations":{"a":"1","b":""}}"#,
    r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Request","auditID":"x","stage":"ResponseStarted","requestURI":"/","verb":"get","user":{},"impersonatedUser":{},"objectRef":{},"responseStatus":{"metadata":{}},"requestReceivedTimestamp":"1970-01-01T00:00:00.000000Z","stageTimestamp":null}"#,
    r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"x","stage":"RequestReceived","requestURI":"/","verb":"get","user":{},"responseStatus":{"metadata":{},"details":{},"code":-1},"requestReceivedTimestamp":null,"stageTimestamp":null}"#,
];

#[test]
fn events_read_and_are_written_as_upstream_writes_them() {
    for line in LINES {
        assert_eq!(Event::read(line).unwrap().to_json(), line);
    }
}

#[test]
fn a_list_holds_events_without_kinds() {
    let events = LINES.map(|line| Event::read(line).unwrap());
    let list = event_list(&events[..1]);
    let item = LINES[0].replace(r#""kind":"Event","apiVersion":"audit.k8s.io/v1","#, "");
    assert_eq!(
        list,
        format!(
            "{{\"kind\":\"EventList\",\"apiVersion\":\"audit.k8s.io/v1\",\"metadata\":{{}},\"items\":[{item}]}}\n"
        )
    );
    let read = Event::read(&item).unwrap();
    assert_eq!(read, events[0]);
    assert!(event_list([]).ends_with("\"items\":[]}\n"));
    assert_eq!(event_list(&events).matches("\"auditID\"").count(), events.len());
}

#[test]
fn of_equal_keys_the_last_counts_and_unknown_ones_are_passed_over() {
    let line = LINES[3].replace(
        "\"verb\":\"get\"",
        "\"verb\":\"get\",\"timestamp\":[{}],\"verb\":\"list\",\"user\":{\"x\":1,\"username\":\"a\"}",
    );
    let event = Event::read(&line).unwrap();
    assert_eq!(event.verb, "list");
    let twice = line
        .replace("\"annotations\"", "")
        .replace("\"auditID\":\"x\"", "\"user\":{\"uid\":\"1\"},\"auditID\":\"x\"");
    assert_eq!(Event::read(&twice).unwrap().user, UserInfo::default(), "the last user is empty");
}

#[test]
fn what_is_no_event_says_why_and_does_not_repeat_it() {
    let cases = [
        ("", "expected an event as a JSON object: EOF while parsing a value at line 1 column 0"),
        ("\"secret\"", "expected an event as a JSON object: another value"),
        ("[]", "expected an event as a JSON object: another value"),
        ("{\"kind\":1}", "kind: expected a string"),
        (
            "{\"kind\":\"Pod\",\"apiVersion\":\"v1\"}",
            "expected kind `Event` of `audit.k8s.io/v1`, found `Pod` of `v1`",
        ),
        ("{}", "level: expected a level"),
        (
            "{\"kind\":\"Event\",\"apiVersion\":\"v1\"}",
            "expected kind `Event` of `audit.k8s.io/v1`, found `Event` of `v1`",
        ),
        ("%\"level\":\"x\"}", "level: expected a level"),
        ("%\"level\":\"None\"}", "stage: expected a stage"),
        ("%\"level\":\"None\",\"stage\":\"Panic\",\"user\":\"secret\"}", "user: expected an object"),
        ("%\"level\":\"None\",\"stage\":\"Panic\",\"user\":{\"groups\":[1]}}", "user: expected a string"),
        (
            "%\"level\":\"None\",\"stage\":\"Panic\",\"responseStatus\":{\"code\":3000000000}}",
            "responseStatus: expected an integer of 32 bits",
        ),
        (
            "%\"level\":\"None\",\"stage\":\"Panic\",\"stageTimestamp\":\"now\"}",
            "stageTimestamp: expected a time such as `2006-01-02T15:04:05.000000Z`",
        ),
    ];
    for (text, expected) in cases {
        let text = text.replace('%', "{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",");
        assert_eq!(Event::read(&text).unwrap_err().to_string(), expected, "{text}");
    }
    let deep = format!(
        "{{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":\"None\",\"stage\":\"Panic\",\"user\":{}",
        "[".repeat(100_000)
    );
    assert!(Event::read(&deep).is_err());
}

#[test]
fn an_event_shown_for_debugging_keeps_its_bodies_to_itself() {
    let shown = format!("{:?}", Event::read(LINES[1]).unwrap());
    assert!(shown.contains("Body(19 bytes)") && !shown.contains("1e3"), "{shown}");
}
