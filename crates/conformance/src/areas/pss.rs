//! The Pod Security Standards: what is said of a pod at every level and version.

use ravelin_diag::FieldPath;
use ravelin_object::pod::{Defaulting, Pod};
use ravelin_object::read;
use ravelin_podsec::{Evaluation, Level, LevelVersion, Version};
use ravelin_yaml::Limits;
use serde::Deserialize;
use serde_json::Value;

use super::Area;
use crate::record::{Difference, Fields};

/// The newest version that the records know. Whatever is newer equals it.
const NEWEST: u64 = 37;

/// Records `{mutations, pod_raw, pod, results[{level, since, allowed, reason?, detail?}]}`, where `pod` is
/// `pod_raw` with the API server's defaults, so that the results are those of both.
pub(super) struct Pss;

impl Area for Pss {
    fn compare(&mut self, record: &Value) -> Vec<Difference> {
        let mut fields = Fields::of(record);
        let (pods, results) = match inputs(&mut fields) {
            Ok(inputs) => inputs,
            Err(difference) => return vec![difference],
        };
        // Whatever is left is something that nobody knows.
        let mut differences = fields.compare(&Value::Object(serde_json::Map::new()));
        for (field, pod) in pods {
            if let Err(difference) = judge(field, &pod, &results, &mut differences) {
                differences.push(difference);
            }
        }
        differences
    }
}

/// The pods of a record, by the field they stand in.
type Pods = [(&'static str, Value); 2];

fn inputs(fields: &mut Fields) -> Result<(Pods, Results), Difference> {
    // How the pod was made; says nothing of the verdict.
    let _: Vec<String> = fields.take("mutations")?;
    let pods = [("pod", fields.take("pod")?), ("pod_raw", fields.take("pod_raw")?)];
    Ok((pods, Results::of(&fields.take::<Vec<Entry>>("results")?)?))
}

/// Compares what is said of one pod at every level and version.
fn judge(
    field: &str,
    pod: &Value,
    results: &Results,
    differences: &mut Vec<Difference>,
) -> Result<(), Difference> {
    let unreadable = |error: &dyn std::fmt::Display| Difference::form(field, "a pod", error);
    let read = read::json(&pod.to_string(), &Limits::STANDARD).map_err(|error| unreadable(&error))?;
    let value = read.value.filter(|value| value.as_object().is_some());
    let value = value.ok_or_else(|| unreadable(&"no mapping"))?;
    let pod = Pod::decode(&value, FieldPath::root(), Defaulting::Pod).map_err(|errors| {
        unreadable(&errors.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
    })?;
    let evaluation = Evaluation::new(&pod);
    for level in Level::ALL {
        let mut runs = Vec::new();
        for version in versions() {
            let minor = if let Version::Minor(minor) = version { minor.min(NEWEST) } else { NEWEST };
            let expected = results.at(level, minor);
            add(&mut runs, version, expected, Said::of(&evaluation, LevelVersion::new(level, version)));
        }
        for run in runs {
            run.tell(&format!("{field} {level}"), differences);
        }
    }
    Ok(())
}

/// Every version of the records, the latest, and two of the future.
fn versions() -> impl Iterator<Item = Version> {
    let further = [Version::Latest, Version::Minor(NEWEST + 1), Version::Minor(99)];
    (0..=NEWEST).map(Version::Minor).chain(further)
}

/// What is said of a pod at one level and version.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    allowed: bool,
    reason: Option<String>,
    detail: Option<String>,
}

impl Said {
    const ALLOWED: Self = Self { allowed: true, reason: None, detail: None };

    fn of(evaluation: &Evaluation<'_>, at: LevelVersion) -> Self {
        let verdict = evaluation.verdict(at);
        let text = |text: String| Some(text).filter(|text| !verdict.allowed() || !text.is_empty());
        Self { allowed: verdict.allowed(), reason: text(verdict.reason()), detail: text(verdict.detail()) }
    }
}

/// An entry of `results`: what is said from one version on, until the next entry of the level.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    level: String,
    since: String,
    allowed: bool,
    reason: Option<String>,
    detail: Option<String>,
}

/// What a record says of its pods: for both levels, by minor version.
struct Results {
    baseline: Vec<Said>,
    restricted: Vec<Said>,
}

impl Results {
    fn of(entries: &[Entry]) -> Result<Self, Difference> {
        let levels = [Level::Baseline, Level::Restricted];
        for entry in entries {
            if !levels.iter().any(|level| level.as_str() == entry.level) {
                return Err(Difference::form("results", "baseline or restricted", &entry.level));
            }
        }
        let [baseline, restricted] = levels.map(|level| decode(entries, level));
        Ok(Self { baseline: baseline?, restricted: restricted? })
    }

    fn at(&self, level: Level, minor: u64) -> Option<&Said> {
        let said = match level {
            Level::Privileged => return Some(&Said::ALLOWED),
            Level::Baseline => &self.baseline,
            Level::Restricted => &self.restricted,
        };
        said.get(usize::try_from(minor).ok()?)
    }
}

/// Undoes the run-length encoding of one level.
fn decode(entries: &[Entry], level: Level) -> Result<Vec<Said>, Difference> {
    let malformed = |found: &str| {
        Difference::form(
            format!("results {level}"),
            "entries in the order of their versions, from v1.0 on",
            found,
        )
    };
    let mut starts: Vec<(u64, Said)> = Vec::new();
    for entry in entries.iter().filter(|entry| entry.level == level.as_str()) {
        let since = entry.since.strip_prefix("v1.").and_then(|minor| minor.parse().ok());
        let since = since.filter(|since| match starts.last() {
            None => *since == 0,
            Some((earlier, _)) => earlier < since && *since <= NEWEST,
        });
        let since = since.ok_or_else(|| malformed(&entry.since))?;
        let Entry { allowed, reason, detail, .. } = entry;
        starts.push((since, Said { allowed: *allowed, reason: reason.clone(), detail: detail.clone() }));
    }
    let at = |minor| starts.iter().rfind(|(since, _)| *since <= minor).map(|(_, said)| said.clone());
    (0..=NEWEST).map(at).collect::<Option<_>>().ok_or_else(|| malformed("nothing"))
}

/// Versions that follow each other, where the same is expected and something else is found, the same at each.
struct Run<'r> {
    first: Version,
    last: Version,
    expected: Option<&'r Said>,
    found: Said,
}

/// Adds what is said at a version to the runs, where it differs.
fn add<'r>(runs: &mut Vec<Run<'r>>, version: Version, expected: Option<&'r Said>, found: Said) {
    match runs.last_mut() {
        _ if expected == Some(&found) => {}
        Some(run) if run.expected == expected && run.found == found => run.last = version,
        _ => runs.push(Run { first: version, last: version, expected, found }),
    }
}

impl Run<'_> {
    fn tell(&self, subject: &str, differences: &mut Vec<Difference>) {
        let Self { first, last, expected, found } = self;
        let values = |said: &Said| {
            let text = |text: &Option<String>| text.clone().map(Value::String);
            [
                ("allowed", Some(Value::Bool(said.allowed))),
                ("reason", text(&said.reason)),
                ("detail", text(&said.detail)),
            ]
        };
        let versions = if first == last { first.to_string() } else { format!("{first} to {last}") };
        let expected = expected.map_or([const { ("", None) }; 3], values);
        for ((_, expected), (name, found)) in expected.into_iter().zip(values(found)) {
            if expected != found {
                let field = format!("{subject} {versions} {name}");
                differences.push(Difference::new(field, expected.as_ref(), found.as_ref()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn compared(results: &Value) -> Vec<String> {
        let pod = json!({"spec": {"hostPID": true, "containers": []}});
        let record = json!({"id": "pss-1", "mutations": [], "pod": pod, "pod_raw": {}, "results": results});
        Pss.compare(&record).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_run_of_versions_is_told_once() {
        let reason = "host namespaces";
        let results = json!([
            {"level": "baseline", "since": "v1.0", "allowed": false, "reason": reason, "detail": "host namespaces (hostPID=true)"},
            {"level": "baseline", "since": "v1.7", "allowed": false, "reason": reason, "detail": "x"},
            {"level": "baseline", "since": "v1.9", "allowed": true},
            {"level": "restricted", "since": "v1.0", "allowed": true},
        ]);
        let told = compared(&results);
        assert_eq!(
            told[..4],
            [
                "pod baseline v1.7 to v1.8 detail: expected \"x\", found \"host namespaces (hostPID=true)\"",
                "pod baseline v1.9 to v1.99 allowed: expected true, found false",
                "pod baseline v1.9 to v1.99 reason: expected nothing, found \"host namespaces\"",
                "pod baseline v1.9 to v1.99 detail: expected nothing, found \"host namespaces (hostPID=true)\"",
            ]
        );
        assert!(told.iter().any(|line| line.starts_with("pod restricted v1.0 ")), "{told:#?}");
        assert!(told.iter().any(|line| line.starts_with("pod_raw baseline v1.0 ")), "{told:#?}");
    }

    #[test]
    fn results_of_another_form_differ() {
        let allowed = |level: &str, since: &str| json!({"level": level, "since": since, "allowed": true});
        let form = "expected entries in the order of their versions, from v1.0 on";
        let base = allowed("baseline", "v1.0");
        for (results, expected) in [
            (json!([base]), format!("results restricted: {form}, found nothing")),
            (json!([allowed("baseline", "v1.1")]), format!("results baseline: {form}, found v1.1")),
            (json!([base, allowed("baseline", "v1.38")]), format!("results baseline: {form}, found v1.38")),
            (json!([base, base]), format!("results baseline: {form}, found v1.0")),
            (
                json!([allowed("privileged", "v1.0")]),
                "results: expected baseline or restricted, found privileged".to_owned(),
            ),
        ] {
            assert_eq!(compared(&results), [expected]);
        }
        let mut further = base;
        further["code"] = json!(1);
        assert!(compared(&json!([further]))[0].contains("unknown field `code`"));
    }
}
