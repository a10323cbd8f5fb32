use super::*;
use crate::{RequestFacts, StageSet};
use ravelin_object::read;
use ravelin_yaml::Limits;

fn value(text: &str) -> Value {
    read::json(text, &Limits::STANDARD).unwrap().value.unwrap()
}

fn at(micros: i64) -> MicroTime {
    MicroTime::from_unix_micros(micros)
}

fn config(level: Level) -> AuditConfig {
    AuditConfig { level, ..AuditConfig::default() }
}

fn facts() -> RequestFacts {
    RequestFacts {
        uri: "/api/v1/namespaces/n/configmaps".to_owned(),
        verb: "create".to_owned(),
        user: Some(UserInfo::named("alice")),
        object: Some(ObjectReference {
            resource: "configmaps".to_owned(),
            namespace: "n".to_owned(),
            api_version: "v1".to_owned(),
            ..ObjectReference::default()
        }),
        received: Some(at(1_000)),
        ..RequestFacts::default()
    }
}

/// Carries a request out with `steps` and gives the events.
fn record(
    config: AuditConfig,
    is_long: bool,
    steps: impl FnOnce(&mut Recorder, &mut dyn Sink),
) -> Vec<Event> {
    let mut events = Vec::new();
    let mut sink = |event: &Event| {
        events.push(event.clone());
        true
    };
    let mut recorder = Recorder::new("id");
    recorder.begin(config, facts(), is_long);
    recorder.received(&mut sink);
    steps(&mut recorder, &mut sink);
    events
}

fn stages(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(|event| event.stage.name()).collect()
}

const OBJECT: &str = r#"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"m","uid":"u","resourceVersion":"4","managedFields":[{}]}}"#;

#[test]
fn a_level_decides_what_is_kept() {
    for level in Level::ALL {
        let events = record(config(level), false, |recorder, sink| {
            recorder.request_object(&value(OBJECT), &ObjectReference::default());
            recorder.response_object(&value(OBJECT));
            recorder.response_started(201, at(2_000), sink);
            recorder.complete(&[], at(3_000), sink);
        });
        if level == Level::None {
            assert_eq!(events, []);
            continue;
        }
        assert_eq!(stages(&events), ["RequestReceived", "ResponseComplete"]);
        let last = &events[1];
        assert_eq!(last.request_object.is_some(), level >= Level::Request);
        assert_eq!(last.response_object.is_some(), level >= Level::RequestResponse);
        assert_eq!(last.response_status, Some(Status { code: 201, ..Status::default() }));
        let reference = last.object_ref.clone().unwrap();
        assert_eq!(
            (reference.name.as_str(), reference.uid.as_str(), reference.resource_version.as_str()),
            ("m", "u", "4")
        );
        assert_eq!((events[0].stage_time, last.stage_time), (Some(at(1_000)), Some(at(3_000))));
        assert_eq!(events[0].request_object, None);
    }
}

#[test]
fn stages_that_are_left_out_are() {
    for (omitted, expected) in [
        (Stage::RequestReceived, ["ResponseStarted", "ResponseComplete"]),
        (Stage::ResponseStarted, ["RequestReceived", "ResponseComplete"]),
        (Stage::ResponseComplete, ["RequestReceived", "ResponseStarted"]),
    ] {
        let omit_stages: StageSet = [omitted].into_iter().collect();
        let config = AuditConfig { omit_stages, ..config(Level::Metadata) };
        let events = record(config, true, |recorder, sink| {
            recorder.response_started(200, at(2), sink);
            recorder.response_started(500, at(3), sink);
            recorder.complete(&[], at(4), sink);
            recorder.complete(&[], at(5), sink);
            recorder.panicked("late", at(6), sink);
        });
        assert_eq!(stages(&events), expected);
        assert_eq!(events[1].response_status.as_ref().map_or(200, |status| status.code), 200);
    }
}

#[test]
fn an_error_is_in_the_status_at_every_level_and_in_the_body_at_the_highest() {
    let status = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"no","reason":"NotFound","details":{"name":"m"},"code":404}"#;
    for level in [Level::Metadata, Level::RequestResponse] {
        let events = record(config(level), false, |recorder, sink| {
            recorder.response_object(&value(status));
            recorder.response_started(404, at(2), sink);
            recorder.complete(&[], at(3), sink);
        });
        let json = events[1].to_json();
        assert!(json.contains(r#""responseStatus":{"metadata":{},"status":"Failure","message":"no","reason":"NotFound","details":{"name":"m"},"code":404}"#), "{json}");
        let body = events[1].response_object.as_ref().map(Body::as_json);
        assert_eq!(body, (level == Level::RequestResponse).then_some(status));
    }
}

#[test]
fn managed_fields_are_left_out_where_the_policy_says_so() {
    for omit_managed_fields in [false, true] {
        let config = AuditConfig { omit_managed_fields, ..config(Level::RequestResponse) };
        let events = record(config, false, |recorder, sink| {
            recorder.request_object(&value(OBJECT), &ObjectReference::default());
            recorder.response_object(&value(OBJECT));
            recorder.complete(&[], at(3), sink);
        });
        for body in [&events[1].request_object, &events[1].response_object] {
            let body = body.as_ref().unwrap().as_json();
            assert_eq!(body.contains("managedFields"), !omit_managed_fields, "{body}");
        }
    }
}

#[test]
fn a_connection_that_closes_early_is_told_so() {
    for (is_long, expected) in [
        (false, vec!["RequestReceived", "ResponseComplete"]),
        (true, vec!["RequestReceived", "ResponseStarted", "ResponseComplete"]),
    ] {
        let events =
            record(config(Level::Metadata), is_long, |recorder, sink| recorder.complete(&[], at(3), sink));
        assert_eq!(stages(&events), expected);
        let status = events.last().unwrap().response_status.clone().unwrap();
        assert_eq!((status.code, status.message.as_str()), (200, "Connection closed early"));
    }
}

#[test]
fn a_panic_is_a_stage_of_its_own() {
    let events = record(config(Level::Metadata), false, |recorder, sink| {
        recorder.panicked("boom", at(3), sink);
        recorder.complete(&[], at(4), sink);
    });
    assert_eq!(stages(&events), ["RequestReceived", "Panic"]);
    let status = events[1].response_status.clone().unwrap();
    assert_eq!((status.code, status.message.as_str()), (500, "APIServer panic'd: boom"));
}

#[test]
fn failed_authentication_is_one_event() {
    let mut events = Vec::new();
    let mut sink = |event: &Event| {
        events.push(event.clone());
        true
    };
    let mut recorder = Recorder::new("id");
    let facts = RequestFacts { user: None, ..facts() };
    recorder.begin_failed(config(Level::Metadata), facts, "Authentication failed, attempted: bearer");
    let message = recorder.event().response_status.clone().unwrap().message;
    assert_eq!(message, "Authentication failed, attempted: bearer");
    let answer = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}"#;
    recorder.response_object(&value(answer));
    recorder.response_started(401, at(2), &mut sink);
    assert_eq!(stages(&events), ["ResponseStarted"]);
    let json = events[0].to_json();
    assert!(json.contains(r#""user":{},"#), "{json}");
    assert!(json.contains(r#""responseStatus":{"metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}"#), "{json}");
}

#[test]
fn the_first_value_of_an_annotation_stays() {
    let mut recorder = Recorder::new("id");
    assert_eq!(recorder.annotate("early", "1"), Annotated::Kept, "before the policy is asked");
    recorder.begin(config(Level::Metadata), facts(), false);
    assert_eq!(recorder.annotate("early", "1"), Annotated::Kept);
    assert_eq!(recorder.annotate("early", "2"), Annotated::Refused);
    assert_eq!(recorder.event().annotations.get("early").map(String::as_str), Some("1"));
    recorder.begin(config(Level::None), facts(), false);
    assert_eq!(recorder.level(), Level::Metadata, "the policy is asked once");
    let mut none = Recorder::new("id");
    none.annotate("early", "secret");
    none.begin(config(Level::None), facts(), false);
    assert_eq!((none.annotate("a", "b"), none.event().annotations.len()), (Annotated::Disabled, 0));
}

#[test]
fn impersonation_is_told_beside_the_user() {
    let events = record(config(Level::Metadata), false, |recorder, sink| {
        let constraint = "impersonate:user-info".to_owned();
        recorder.impersonated(Impersonation { user: UserInfo::named("ghost"), constraint });
        recorder.complete(&[], at(3), sink);
    });
    assert!(events[1].to_json().contains(r#""user":{"username":"alice"},"impersonatedUser":{"username":"ghost"},"authenticationMetadata":{"impersonationConstraint":"impersonate:user-info"}"#));
    assert_eq!(events[0].impersonated_user, None);
}

#[test]
fn a_patch_is_kept_as_it_came() {
    let events = record(config(Level::Request), false, |recorder, sink| {
        recorder.request_patch(b"{ \"data\": {\"c\": 1.0} }\n");
        recorder.complete(&[], at(3), sink);
    });
    assert_eq!(events[1].request_object.as_ref().unwrap().as_json(), r#"{"data":{"c":1.0}}"#);
}

#[test]
fn an_object_fills_in_what_the_path_left_open() {
    let mut recorder = Recorder::new("id");
    recorder.begin(config(Level::Metadata), RequestFacts { object: None, ..facts() }, false);
    let resource = ObjectReference {
        resource: "configmaps".to_owned(),
        api_group: "g".to_owned(),
        api_version: "v1".to_owned(),
        ..ObjectReference::default()
    };
    recorder.request_object(&value(r#"{"metadata":{"generateName":"x-","namespace":"m"}}"#), &resource);
    let reference = recorder.event().object_ref.clone().unwrap();
    assert_eq!(reference, ObjectReference { namespace: "m".to_owned(), ..resource });
}

#[test]
fn slow_requests_tell_what_took_so_long() {
    let latencies = [
        Latency { key: "apiserver.latency.k8s.io/etcd", took: Duration::from_micros(250_500) },
        Latency { key: "apiserver.latency.k8s.io/authentication", took: Duration::ZERO },
    ];
    for (took, expected) in [(500_000, 0), (500_001, 2)] {
        let events = record(config(Level::Metadata), false, |recorder, sink| {
            recorder.complete(&latencies, at(1_000 + took), sink);
        });
        assert_eq!(events[1].annotations.len(), expected);
        if expected > 0 {
            assert_eq!(events[1].annotations["apiserver.latency.k8s.io/total"], "500.001ms");
            assert_eq!(events[1].annotations["apiserver.latency.k8s.io/etcd"], "250.5ms");
        }
    }
}

#[test]
fn a_sink_that_fails_is_heard() {
    let mut recorder = Recorder::new("id");
    recorder.begin(config(Level::Metadata), facts(), false);
    assert!(!recorder.received(&mut |_: &Event| false));
    let omit_stages = [Stage::RequestReceived].into_iter().collect();
    let mut quiet = Recorder::new("id");
    quiet.begin(AuditConfig { omit_stages, ..config(Level::Metadata) }, facts(), false);
    assert!(quiet.received(&mut |_: &Event| false), "nothing was to be kept");
}

#[test]
fn durations_print_as_in_go() {
    let cases = [
        (0, "0s"),
        (7, "7ns"),
        (2_000, "2µs"),
        (1_500_000, "1.5ms"),
        (1_000_000_001, "1.000000001s"),
        (61_500_000_000, "1m1.5s"),
        (3_600_000_000_000, "1h0m0s"),
    ];
    for (nanos, expected) in cases {
        assert_eq!(go_duration(Duration::from_nanos(nanos)), expected);
    }
}
