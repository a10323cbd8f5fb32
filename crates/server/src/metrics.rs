//! Metrics in the text format of Prometheus, as `k8s.io/component-base/metrics` writes them.
//!
//! Written here because the names and help texts must come out exactly as upstream's: the crates for metrics write
//! OpenMetrics, which names a counter without its `_total`. The number of series is bounded: label values come from
//! requests.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The content type of the text format.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What a family of metrics is called.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// Its name, with the `_total` of a counter.
    pub name: &'static str,
    /// What it counts, in a sentence.
    pub help: &'static str,
    /// The names of its labels, in the order of the alphabet, in which they are written.
    pub labels: &'static [&'static str],
}

/// How many series a family may have; what would be one more counts for the series whose values are all `other`.
const MOST_SERIES: usize = 1_000;

/// Counters that only grow, one for each set of label values.
#[derive(Debug)]
pub struct Counters {
    family: Family,
    series: Mutex<BTreeMap<Vec<String>, u64>>,
}

impl Counters {
    /// Counters without a series yet.
    #[must_use]
    pub const fn new(family: Family) -> Self {
        Self { family, series: Mutex::new(BTreeMap::new()) }
    }

    /// Adds to the series with these values, which follow the labels of the family; adding 0 makes it appear.
    pub fn add(&self, values: &[&str], count: u64) {
        let mut series = locked(&self.series);
        *bounded(&mut series, values) += count;
    }

    /// Appends the text of the family, if it has a series.
    pub fn write(&self, out: &mut String) {
        let series = locked(&self.series);
        if series.is_empty() {
            return;
        }
        head(out, &self.family, "counter");
        for (values, count) in &*series {
            line(out, self.family.name, "", &pairs(&self.family, values), None, &count.to_string());
        }
    }
}

/// Values that are set anew all together, one for each set of label values.
#[derive(Debug)]
pub struct Gauges {
    family: Family,
    series: Mutex<BTreeMap<Vec<String>, u64>>,
}

impl Gauges {
    /// Gauges without a series yet.
    #[must_use]
    pub const fn new(family: Family) -> Self {
        Self { family, series: Mutex::new(BTreeMap::new()) }
    }

    /// These are all series there are. What would be one too many is added up under `other`.
    pub fn replace<'v, const N: usize>(&self, all: impl IntoIterator<Item = ([&'v str; N], u64)>) {
        let mut series = BTreeMap::new();
        for (values, value) in all {
            *bounded(&mut series, &values) += value;
        }
        *locked(&self.series) = series;
    }

    /// Appends the text of the family, if it has a series.
    pub fn write(&self, out: &mut String) {
        let series = locked(&self.series);
        if series.is_empty() {
            return;
        }
        head(out, &self.family, "gauge");
        for (values, value) in &*series {
            line(out, self.family.name, "", &pairs(&self.family, values), None, &value.to_string());
        }
    }
}

/// The upper bounds of the buckets of a duration, in seconds.
const BOUNDS: [f64; 14] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 10.0];

#[derive(Clone, Debug, Default)]
struct Distribution {
    buckets: [u64; BOUNDS.len()],
    count: u64,
    sum: Duration,
}

/// How long something took, one distribution for each set of label values.
#[derive(Debug)]
pub struct Durations {
    family: Family,
    series: Mutex<BTreeMap<Vec<String>, Distribution>>,
}

impl Durations {
    /// Distributions without a series yet.
    #[must_use]
    pub const fn new(family: Family) -> Self {
        Self { family, series: Mutex::new(BTreeMap::new()) }
    }

    /// Adds one observation to the series with these values.
    pub fn observe(&self, values: &[&str], took: Duration) {
        let mut series = locked(&self.series);
        let distribution = bounded(&mut series, values);
        let seconds = took.as_secs_f64();
        for (bucket, bound) in distribution.buckets.iter_mut().zip(BOUNDS) {
            *bucket += u64::from(seconds <= bound);
        }
        distribution.count += 1;
        distribution.sum = distribution.sum.saturating_add(took);
    }

    /// Appends the text of the family, if it has a series.
    pub fn write(&self, out: &mut String) {
        let series = locked(&self.series);
        if series.is_empty() {
            return;
        }
        head(out, &self.family, "histogram");
        for (values, distribution) in &*series {
            let labels = pairs(&self.family, values);
            let name = self.family.name;
            for (bucket, bound) in distribution.buckets.iter().zip(BOUNDS) {
                line(out, name, "_bucket", &labels, Some(&bound.to_string()), &bucket.to_string());
            }
            line(out, name, "_bucket", &labels, Some("+Inf"), &distribution.count.to_string());
            line(out, name, "_sum", &labels, None, &distribution.sum.as_secs_f64().to_string());
            line(out, name, "_count", &labels, None, &distribution.count.to_string());
        }
    }
}

/// Appends a family with the one value it has now.
pub fn gauge(out: &mut String, name: &'static str, help: &'static str, value: f64) {
    single(out, name, help, "gauge", &value.to_string());
}

/// Appends a family with the one count it has come to.
pub fn counter(out: &mut String, name: &'static str, help: &'static str, count: u64) {
    single(out, name, help, "counter", &count.to_string());
}

fn single(out: &mut String, name: &'static str, help: &'static str, kind: &str, value: &str) {
    head(out, &Family { name, help, labels: &[] }, kind);
    line(out, name, "", &[], None, value);
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Counting on after a panic elsewhere is better than stopping.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn bounded<'s, T: Default>(series: &'s mut BTreeMap<Vec<String>, T>, values: &[&str]) -> &'s mut T {
    let own: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
    let is_full = series.len() >= MOST_SERIES && !series.contains_key(&own);
    let key = if is_full { vec!["other".to_owned(); values.len()] } else { own };
    series.entry(key).or_default()
}

fn pairs<'a>(family: &Family, values: &'a [String]) -> Vec<(&'static str, &'a str)> {
    family.labels.iter().copied().zip(values.iter().map(String::as_str)).collect()
}

fn head(out: &mut String, family: &Family, kind: &str) {
    let help = family.help.replace('\\', "\\\\").replace('\n', "\\n");
    // Writing to a string does not fail.
    let _ = writeln!(out, "# HELP {} {help}\n# TYPE {} {kind}", family.name, family.name);
}

fn line(
    out: &mut String,
    name: &str,
    suffix: &str,
    labels: &[(&str, &str)],
    bound: Option<&str>,
    value: &str,
) {
    let mut all: Vec<String> = labels
        .iter()
        .map(|(label, value)| {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            format!("{label}=\"{value}\"")
        })
        .collect();
    all.extend(bound.map(|bound| format!("le=\"{bound}\"")));
    let all = if all.is_empty() { String::new() } else { format!("{{{}}}", all.join(",")) };
    let _ = writeln!(out, "{name}{suffix}{all} {value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAMILY: Family =
        Family { name: "things_total", help: "Number of things.", labels: &["kind", "of"] };

    #[test]
    fn counters_are_written_in_order_with_their_suffix_once() {
        let counters = Counters::new(FAMILY);
        counters.add(&["b", "\"x\"\n"], 2);
        counters.add(&["a", ""], 0);
        counters.add(&["b", "\"x\"\n"], 1);
        let mut out = String::new();
        counters.write(&mut out);
        assert_eq!(
            out,
            "# HELP things_total Number of things.\n# TYPE things_total counter\n\
             things_total{kind=\"a\",of=\"\"} 0\nthings_total{kind=\"b\",of=\"\\\"x\\\"\\n\"} 3\n"
        );
    }

    #[test]
    fn the_number_of_series_is_bounded() {
        let counters = Counters::new(FAMILY);
        for number in 0..5_000 {
            counters.add(&["a", &number.to_string()], 1);
        }
        let mut out = String::new();
        counters.write(&mut out);
        assert_eq!(out.lines().count(), 2 + MOST_SERIES + 1);
        assert!(out.contains("things_total{kind=\"other\",of=\"other\"} 4000\n"), "{out}");
    }

    #[test]
    fn gauges_are_replaced_and_bounded() {
        let gauges = Gauges::new(FAMILY);
        let numbers: Vec<String> = (0..1_500).map(|number| number.to_string()).collect();
        gauges.replace(numbers.iter().map(|number| (["a", number.as_str()], 2)));
        let mut out = String::new();
        gauges.write(&mut out);
        assert!(out.contains("# TYPE things_total gauge\n") && out.lines().count() == 2 + MOST_SERIES + 1);
        assert!(out.contains("things_total{kind=\"other\",of=\"other\"} 1000\n"), "{out}");
        gauges.replace([(["b", "c"], 3)]);
        let mut out = String::new();
        gauges.write(&mut out);
        assert_eq!(out.lines().nth(2), Some("things_total{kind=\"b\",of=\"c\"} 3"));
        assert_eq!(out.lines().count(), 3);
    }

    #[test]
    fn durations_fall_into_every_bucket_above_them() {
        let durations = Durations::new(Family { name: "took_seconds", help: "Time.", labels: &["code"] });
        durations.observe(&["200"], Duration::from_millis(30));
        durations.observe(&["200"], Duration::from_secs(20));
        let mut out = String::new();
        durations.write(&mut out);
        for wanted in [
            "took_seconds_bucket{code=\"200\",le=\"0.025\"} 0\n",
            "took_seconds_bucket{code=\"200\",le=\"0.05\"} 1\n",
            "took_seconds_bucket{code=\"200\",le=\"10\"} 1\n",
            "took_seconds_bucket{code=\"200\",le=\"+Inf\"} 2\n",
            "took_seconds_sum{code=\"200\"} 20.03\n",
            "took_seconds_count{code=\"200\"} 2\n",
        ] {
            assert!(out.contains(wanted), "{wanted} in {out}");
        }
    }
}
