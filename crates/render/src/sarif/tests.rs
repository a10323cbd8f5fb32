use super::*;
use crate::Format;
use crate::testing::{context, hostile, rendered, report};
use std::collections::BTreeSet;

fn log(report: &Report, context: &Context<'_>) -> Value {
    serde_json::from_str(&rendered(Format::Sarif, report, context)).unwrap()
}

fn all() -> Context<'static> {
    Context { show_suppressed: true, ..context() }
}

/// Asserts that an object has exactly the required fields and no others than the optional ones.
fn fields<'v>(value: &'v Value, required: &[&str], optional: &[&str]) -> &'v Value {
    let map = value.as_object().unwrap_or_else(|| panic!("no object: {value}"));
    for key in required {
        assert!(map.contains_key(*key), "{key} is missing in {value}");
    }
    for key in map.keys() {
        assert!(required.contains(&key.as_str()) || optional.contains(&key.as_str()), "{key} is in {value}");
    }
    value
}

fn items(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("no array: {value}"))
}

fn text(value: &Value) -> &str {
    value.as_str().filter(|text| !text.is_empty()).unwrap_or_else(|| panic!("no text: {value}"))
}

fn one_of(value: &Value, words: &[&str]) {
    assert!(words.contains(&text(value)), "{value} is none of {words:?}");
}

const LEVELS: [&str; 4] = ["none", "note", "warning", "error"];

/// The structure of SARIF 2.1.0, sections 3.13 to 3.58, as far as it is used: a field that the standard
/// requires is required here, and one that is unknown to this test is an error.
fn assert_is_sarif(log: &Value) {
    fields(log, &["$schema", "version", "runs"], &[]);
    assert_eq!(log["version"], "2.1.0");
    for run in items(&log["runs"]) {
        let optional = ["originalUriBaseIds", "properties"];
        fields(run, &["tool", "invocations", "results", "columnKind"], &optional);
        assert_eq!(run["columnKind"], "unicodeCodePoints");
        let driver = &fields(&run["tool"], &["driver"], &[])["driver"];
        let optional = ["version", "semanticVersion", "shortDescription", "rules", "notifications"];
        fields(driver, &["name"], &optional);
        for descriptor in items(&driver["rules"]).iter().chain(items(&driver["notifications"])) {
            assert_is_descriptor(descriptor);
        }
        let bases: BTreeSet<&str> =
            run["originalUriBaseIds"].as_object().unwrap().keys().map(String::as_str).collect();
        for invocation in items(&run["invocations"]) {
            assert_is_invocation(invocation, driver, &bases);
        }
        for result in items(&run["results"]) {
            assert_is_result(result, driver, &bases);
        }
    }
}

fn assert_is_descriptor(descriptor: &Value) {
    let optional =
        ["name", "shortDescription", "fullDescription", "help", "defaultConfiguration", "properties"];
    text(&fields(descriptor, &["id"], &optional)["id"]);
    for key in ["shortDescription", "fullDescription", "help"] {
        if let Some(message) = descriptor.get(key) {
            text(&fields(message, &["text"], &["markdown"])["text"]);
        }
    }
    if let Some(configuration) = descriptor.get("defaultConfiguration") {
        one_of(&fields(configuration, &["level"], &[])["level"], &LEVELS);
        let properties = fields(&descriptor["properties"], &["security-severity", "precision", "tags"], &[]);
        let score: f64 = text(&properties["security-severity"]).parse().unwrap();
        assert!((0.1..=10.0).contains(&score));
        one_of(&properties["precision"], &["very-high", "high", "medium", "low"]);
        let tags: BTreeSet<&str> = items(&properties["tags"]).iter().map(text).collect();
        assert_eq!(tags.len(), items(&properties["tags"]).len());
        assert!(tags.contains("security"));
    }
}

fn assert_is_invocation(invocation: &Value, driver: &Value, bases: &BTreeSet<&str>) {
    fields(invocation, &["executionSuccessful", "toolExecutionNotifications"], &[]);
    assert!(invocation["executionSuccessful"].is_boolean());
    for notification in items(&invocation["toolExecutionNotifications"]) {
        fields(notification, &["message", "level", "descriptor"], &["locations"]);
        text(&fields(&notification["message"], &["text"], &[])["text"]);
        one_of(&notification["level"], &LEVELS);
        let descriptor = fields(&notification["descriptor"], &["id", "index"], &[]);
        let index = usize::try_from(descriptor["index"].as_u64().unwrap()).unwrap();
        assert_eq!(driver["notifications"][index]["id"], descriptor["id"]);
        for location in notification.get("locations").map(items).unwrap_or_default() {
            assert_is_location(location, bases);
        }
    }
}

fn assert_is_result(result: &Value, driver: &Value, bases: &BTreeSet<&str>) {
    let required = ["ruleId", "ruleIndex", "message", "level", "locations", "partialFingerprints"];
    fields(result, &required, &["kind", "baselineState", "suppressions", "properties"]);
    let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(driver["rules"][index]["id"], result["ruleId"]);
    text(&fields(&result["message"], &["text"], &[])["text"]);
    one_of(&result["level"], &LEVELS);
    assert_eq!(items(&result["locations"]).len(), 1);
    assert_is_location(&result["locations"][0], bases);
    for fingerprint in result["partialFingerprints"].as_object().unwrap().values() {
        assert_eq!(text(fingerprint).len(), 32);
    }
    if let Some(state) = result.get("baselineState") {
        one_of(state, &["new", "unchanged", "updated", "absent"]);
    }
    for suppression in result.get("suppressions").map(items).unwrap_or_default() {
        one_of(
            &fields(suppression, &["kind"], &["status", "justification"])["kind"],
            &["inSource", "external"],
        );
        one_of(&suppression["status"], &["accepted", "underReview", "rejected"]);
        if let Some(justification) = suppression.get("justification") {
            text(justification);
        }
    }
}

fn assert_is_location(location: &Value, bases: &BTreeSet<&str>) {
    fields(location, &["physicalLocation"], &["logicalLocations"]);
    let physical = fields(&location["physicalLocation"], &["artifactLocation"], &["region"]);
    let artifact = fields(&physical["artifactLocation"], &["uri"], &["uriBaseId"]);
    let uri = text(&artifact["uri"]);
    assert!(uri.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/%:".contains(&byte)), "{uri}");
    match artifact.get("uriBaseId") {
        Some(base) => assert!(bases.contains(text(base)) && !uri.starts_with('/') && !uri.contains(':')),
        None => assert!(uri.starts_with("file:///")),
    }
    if let Some(region) = physical.get("region") {
        fields(region, &["startLine", "startColumn"], &["endLine", "endColumn"]);
        let number = |key: &str| region.get(key).map(|value| value.as_u64().filter(|n| *n > 0).unwrap());
        let start = (number("startLine"), number("startColumn"));
        if number("endLine").is_some() {
            assert!((number("endLine"), number("endColumn")) >= start);
        }
    }
    for logical in location.get("logicalLocations").map(items).unwrap_or_default() {
        for value in
            fields(logical, &["name", "fullyQualifiedName", "kind"], &[]).as_object().unwrap().values()
        {
            text(value);
        }
    }
}

#[test]
fn output_keeps_the_structure_of_sarif() {
    for report in [report(), hostile(), Report::default()] {
        assert_is_sarif(&log(&report, &all()));
        assert_is_sarif(&log(&report, &context()));
    }
}

#[test]
fn every_check_is_a_rule() {
    let log = log(&Report::default(), &context());
    let rules = items(&log["runs"][0]["tool"]["driver"]["rules"]);
    let ids: Vec<&str> = rules.iter().map(|rule| text(&rule["id"])).collect();
    assert_eq!(ids, ravelin_engine::checks::all().iter().map(|meta| meta.id).collect::<Vec<_>>());
}

#[test]
fn a_result_points_at_its_place() {
    let log = log(&report(), &context());
    let results = items(&log["runs"][0]["results"]);
    let result = results
        .iter()
        .find(|result| {
            result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "deploy/web.yaml"
        })
        .unwrap();
    insta::assert_json_snapshot!(result, @r#"
        {
          "baselineState": "new",
          "kind": "fail",
          "level": "error",
          "locations": [
            {
              "logicalLocations": [
                {
                  "fullyQualifiedName": "apps/v1/Deployment/shop/web",
                  "kind": "resource",
                  "name": "web"
                }
              ],
              "physicalLocation": {
                "artifactLocation": {
                  "uri": "deploy/web.yaml",
                  "uriBaseId": "%SRCROOT%"
                },
                "region": {
                  "endColumn": 20,
                  "endLine": 7,
                  "startColumn": 16,
                  "startLine": 7
                }
              }
            }
          ],
          "message": {
            "text": "`hostPID` is `true`: the pod shares a namespace of its node. Remove the field."
          },
          "partialFingerprints": {
            "ravelin/v1": "8b5efc9ce30a688ac7e69cc32385d9ed"
          },
          "properties": {
            "confidence": "high",
            "modes": [
              "enforce",
              "warn"
            ],
            "path": "spec.template.spec.hostPID",
            "pointer": "/spec/template/spec/hostPID",
            "severity": "high"
          },
          "ruleId": "pss/host-namespaces",
          "ruleIndex": 7
        }
        "#);
}

#[test]
fn what_could_not_be_judged_is_a_notification() {
    let log = log(&report(), &context());
    insta::assert_json_snapshot!(log["runs"][0]["invocations"], @r#"
        [
          {
            "executionSuccessful": false,
            "toolExecutionNotifications": [
              {
                "descriptor": {
                  "id": "not-judged",
                  "index": 0
                },
                "level": "error",
                "locations": [
                  {
                    "physicalLocation": {
                      "artifactLocation": {
                        "uri": "broken.yaml",
                        "uriBaseId": "%SRCROOT%"
                      },
                      "region": {
                        "startColumn": 8,
                        "startLine": 2
                      }
                    }
                  }
                ],
                "message": {
                  "text": "mapping values are not allowed here"
                }
              },
              {
                "descriptor": {
                  "id": "unknown",
                  "index": 1
                },
                "level": "note",
                "message": {
                  "text": "which labels the namespace `shop` has"
                }
              }
            ]
          }
        ]
        "#);
}

#[test]
fn suppressed_results_are_there_only_where_they_are_asked_for() {
    let suppressions = |context: &Context<'_>| -> Vec<Value> {
        let log = log(&report(), context);
        items(&log["runs"][0]["results"])
            .iter()
            .filter_map(|result| result.get("suppressions").cloned())
            .collect()
    };
    assert_eq!(suppressions(&context()), Vec::<Value>::new());
    let expected = json!([{"kind": "inSource", "status": "accepted", "justification": "it is the debugger"}]);
    assert_eq!(suppressions(&all()), [expected]);
    assert_eq!(suppression(&SuppressedBy::Entry(0), ""), json!({"kind": "external", "status": "accepted"}));
}

#[test]
fn a_baseline_gives_every_result_a_state() {
    let states = |report: &Report| -> Vec<Value> {
        items(&log(report, &context())["runs"][0]["results"])
            .iter()
            .map(|result| result["baselineState"].clone())
            .collect()
    };
    assert_eq!(states(&report()).iter().filter(|state| *state == "unchanged").count(), 1);
    assert_eq!(states(&report()).iter().filter(|state| *state == "new").count(), 4);
    assert_eq!(states(&hostile()), [Value::Null, Value::Null]);
}

#[test]
fn a_message_holds_no_link() {
    assert_eq!(message("see [x](https://evil)", ""), "see [x] (https://evil).");
    assert_eq!(message("bad", "Stop"), "bad. Stop.");
}
