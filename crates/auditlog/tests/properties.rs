//! What holds of every request, whatever happens to it: no event holds more than its level allows.
#![expect(clippy::unwrap_used, reason = "a test may stop the process")]

use proptest::prelude::*;
use ravelin_auditlog::{
    AuditConfig, Event, Level, MicroTime, ObjectReference, Recorder, RequestFacts, Stage, UserInfo,
};
use ravelin_object::{Value, read};
use ravelin_yaml::Limits;

/// Something that happens to a request.
#[derive(Clone, Debug)]
enum Step {
    Received,
    RequestObject,
    Patch,
    ResponseObject,
    ResponseStatus,
    Started(i32),
    Complete,
    Panic,
    Annotate(u8, u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        Just(Step::Received),
        Just(Step::RequestObject),
        Just(Step::Patch),
        Just(Step::ResponseObject),
        Just(Step::ResponseStatus),
        (100..600_i32).prop_map(Step::Started),
        Just(Step::Complete),
        Just(Step::Panic),
        (0..3_u8, 0..3_u8).prop_map(|(key, value)| Step::Annotate(key, value)),
    ];
    prop::collection::vec(step, 0..12)
}

fn configs() -> impl Strategy<Value = AuditConfig> {
    let stages = prop::sample::subsequence(Stage::ALL.to_vec(), 0..4);
    (prop::sample::select(Level::ALL.to_vec()), stages, any::<bool>()).prop_map(
        |(level, stages, omit_managed_fields)| AuditConfig {
            level,
            omit_stages: stages.into_iter().collect(),
            omit_managed_fields,
        },
    )
}

fn value(text: &str) -> Value {
    read::json(text, &Limits::STANDARD).unwrap().value.unwrap()
}

/// Carries the steps out and gives the events.
fn record(config: AuditConfig, is_long: bool, steps: &[Step]) -> Vec<Event> {
    let object =
        value(r#"{"kind":"Secret","metadata":{"name":"s","managedFields":[1]},"data":{"k":"REQUEST-MARK"}}"#);
    let answer = value(r#"{"kind":"Secret","metadata":{"managedFields":[1]},"data":{"k":"RESPONSE-MARK"}}"#);
    let status = value(r#"{"kind":"Status","apiVersion":"v1","message":"no","x":"RESPONSE-MARK"}"#);
    let mut events = Vec::new();
    let mut recorder = Recorder::new("id");
    let request = RequestFacts {
        user: Some(UserInfo::named("alice")),
        received: Some(MicroTime::from_unix_micros(5)),
        ..RequestFacts::default()
    };
    recorder.begin(config, request, is_long);
    for (index, step) in steps.iter().enumerate() {
        let now = MicroTime::from_unix_micros(i64::try_from(index).unwrap() * 1_000_000);
        let mut sink = |event: &Event| {
            events.push(event.clone());
            true
        };
        match step {
            Step::Received => {
                recorder.received(&mut sink);
            }
            Step::RequestObject => recorder.request_object(&object, &ObjectReference::default()),
            Step::Patch => recorder.request_patch(b"{\"data\": \"REQUEST-MARK\"}"),
            Step::ResponseObject => recorder.response_object(&answer),
            Step::ResponseStatus => recorder.response_object(&status),
            Step::Started(code) => recorder.response_started(*code, now, &mut sink),
            Step::Complete => recorder.complete(&[], now, &mut sink),
            Step::Panic => recorder.panicked("boom", now, &mut sink),
            Step::Annotate(key, value) => {
                recorder.annotate(&key.to_string(), &value.to_string());
            }
        }
    }
    events
}

proptest! {
    #[test]
    fn no_event_holds_more_than_its_level_allows(config in configs(), is_long: bool, steps in steps()) {
        let events = record(config, is_long, &steps);
        prop_assert!(config.level > Level::None || events.is_empty());
        for event in &events {
            let line = event.to_line();
            prop_assert!(config.level >= Level::Request || !line.contains("REQUEST-MARK"), "{line}");
            prop_assert!(config.level >= Level::RequestResponse || !line.contains("RESPONSE-MARK"), "{line}");
            prop_assert!(!config.omit_managed_fields || !line.contains("managedFields"), "{line}");
            prop_assert!(!config.omit_stages.contains(event.stage));
            prop_assert_eq!(event.level, config.level);
        }
    }

    #[test]
    fn a_request_ends_once(config in configs(), is_long: bool, steps in steps()) {
        let events = record(config, is_long, &steps);
        let is_end = |event: &Event| matches!(event.stage, Stage::ResponseComplete | Stage::Panic);
        let ends = events.iter().filter(|event| is_end(event)).count();
        prop_assert!(ends <= 1);
        prop_assert!(ends == 0 || events.last().is_some_and(is_end));
        prop_assert!(events.iter().filter(|event| event.stage == Stage::ResponseStarted).count() <= usize::from(is_long));
    }

    #[test]
    fn an_event_reads_as_what_was_written(config in configs(), is_long: bool, steps in steps(), text in ".*") {
        for mut event in record(config, is_long, &steps) {
            event.request_uri.clone_from(&text);
            event.annotations.insert(text.clone(), text.clone());
            let line = event.to_line();
            prop_assert_eq!(line.matches('\n').count(), 1);
            prop_assert_eq!(Event::read(&line), Ok(event));
        }
    }
}
