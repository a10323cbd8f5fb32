//! How an object is deleted: at once, or after a time of grace.

use crate::fields::{generation, int, set, set_generation, struct_at, text};
use crate::kind::Kind;
use crate::rules::traits;
use ravelin_object::Value;

/// What a delete of an object comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// The object is deleted at once. The seconds are what the request's `gracePeriodSeconds` has become.
    Now(Option<i64>),
    /// The object has been marked and is to be stored; it is deleted later. The seconds are the period of grace;
    /// where they are zero it is deleted right after that.
    Graceful(i64),
    /// It is being deleted already, and nothing changes. The seconds are the period that goes on.
    Pending(i64),
}

/// Decides how an object is deleted, and marks it (`deletionTimestamp`, `deletionGracePeriodSeconds`, the next
/// generation) where it is deleted gracefully.
///
/// `requested` is `gracePeriodSeconds` of the request; `later` gives the time that many seconds after a time
/// (nothing: now), both in RFC 3339, and nothing where a time cannot be read. Preconditions are not looked at.
///
/// Source: `k8s.io/apiserver/pkg/registry/rest` `BeforeDelete`, `podStrategy.CheckGracefulDelete`.
pub fn graceful_delete(
    kind: Kind<'_>,
    object: &mut Value,
    requested: Option<i64>,
    later: &dyn Fn(Option<&str>, i64) -> Option<String>,
) -> Deletion {
    let requested = requested.map(at_least_one);
    let pending =
        object.dotted("metadata.deletionGracePeriodSeconds").and_then(Value::as_int).map(at_least_one);
    if traits(kind).graceful.is_none() {
        return Deletion::Now(requested);
    }
    if object.dotted("metadata.deletionTimestamp").is_some() {
        return shorten(object, requested, pending, later);
    }
    let period = pod_period(object, requested);
    let Some(timestamp) = later(None, period) else { return Deletion::Now(Some(period)) };
    mark(object, timestamp, period);
    let counted = generation(object);
    if counted > 0 {
        set_generation(object, counted.wrapping_add(1));
    }
    Deletion::Graceful(period)
}

/// A deletion that has begun can only be shortened.
fn shorten(
    object: &mut Value,
    requested: Option<i64>,
    pending: Option<i64>,
    later: &dyn Fn(Option<&str>, i64) -> Option<String>,
) -> Deletion {
    let Some(pending) = pending.filter(|period| *period != 0) else { return Deletion::Now(requested) };
    let Some(mut period) = requested else { return Deletion::Pending(pending) };
    if period >= pending {
        return Deletion::Pending(pending);
    }
    let old = text(object, "metadata.deletionTimestamp");
    let (Some(mut timestamp), Some(now)) = (later(Some(old), period.wrapping_sub(pending)), later(None, 0))
    else {
        return Deletion::Now(Some(period));
    };
    // RFC 3339 in UTC without fractions is in order as text.
    if timestamp < now {
        timestamp = now;
        period = period.min(1);
    }
    mark(object, timestamp, period);
    Deletion::Graceful(period)
}

fn mark(object: &mut Value, timestamp: String, period: i64) {
    if let Some(metadata) = struct_at(object, "metadata") {
        set(metadata, "deletionTimestamp", timestamp);
        set(metadata, "deletionGracePeriodSeconds", period);
    }
}

/// A pod that runs nowhere, or has ended, needs no time.
fn pod_period(pod: &Value, requested: Option<i64>) -> i64 {
    let is_unscheduled = text(pod, "spec.nodeName").is_empty();
    if is_unscheduled || matches!(text(pod, "status.phase"), "Failed" | "Succeeded") {
        return 0;
    }
    at_least_one(requested.unwrap_or_else(|| int(pod, "spec.terminationGracePeriodSeconds")))
}

const fn at_least_one(period: i64) -> i64 {
    if period < 0 { 1 } else { period }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::testing::{sorted, value};

    const POD: Kind<'_> = Kind { group: "", version: "v1", kind: "Pod" };

    /// Times are plain numbers here.
    fn later(from: Option<&str>, seconds: i64) -> Option<String> {
        let from: i64 = from.map_or(Some(1000), |text| text.parse().ok())?;
        Some(format!("{:06}", from + seconds))
    }

    fn delete(pod: &str, requested: Option<i64>) -> (Deletion, Value) {
        let mut pod = value(pod);
        let deletion = graceful_delete(POD, &mut pod, requested, &later);
        (deletion, sorted(pod))
    }

    #[test]
    fn pods_have_time_unless_they_need_none() {
        let scheduled =
            r#"{"metadata":{"generation":1},"spec":{"nodeName":"n","terminationGracePeriodSeconds":30}}"#;
        for (pod, requested, period) in [
            (scheduled, None, 30),
            (scheduled, Some(5), 5),
            (scheduled, Some(0), 0),
            (scheduled, Some(-7), 1),
            (r#"{"spec":{"nodeName":"n","terminationGracePeriodSeconds":-3}}"#, None, 1),
            (r#"{"spec":{"terminationGracePeriodSeconds":30}}"#, None, 0),
            (
                r#"{"spec":{"nodeName":"n","terminationGracePeriodSeconds":30},"status":{"phase":"Succeeded"}}"#,
                Some(9),
                0,
            ),
            (r#"{"spec":{"nodeName":"n"}}"#, None, 0),
        ] {
            assert_eq!(delete(pod, requested).0, Deletion::Graceful(period), "{pod} {requested:?}");
        }
        let (_, marked) = delete(scheduled, None);
        assert_eq!(
            marked.field("metadata"),
            Some(&value(r#"{"generation":2,"deletionTimestamp":"001030","deletionGracePeriodSeconds":30}"#))
        );
    }

    #[test]
    fn a_deletion_that_has_begun_is_only_shortened() {
        let pod = r#"{"metadata":{"generation":2,"deletionTimestamp":"001020","deletionGracePeriodSeconds":30},"spec":{"nodeName":"n"}}"#;
        assert_eq!(delete(pod, None).0, Deletion::Pending(30));
        assert_eq!(delete(pod, Some(30)).0, Deletion::Pending(30));
        let (deletion, shorter) = delete(pod, Some(15));
        assert_eq!(deletion, Deletion::Graceful(15));
        assert_eq!(text(&shorter, "metadata.deletionTimestamp"), "001005");
        // The end would have been in the past: now, with the least of grace.
        let (deletion, shorter) = delete(pod, Some(5));
        assert_eq!(deletion, Deletion::Graceful(1));
        assert_eq!(text(&shorter, "metadata.deletionTimestamp"), "001000");
        assert_eq!(delete(pod, Some(0)).0, Deletion::Graceful(0));
        let ended = r#"{"metadata":{"deletionTimestamp":"001020","deletionGracePeriodSeconds":0}}"#;
        assert_eq!(delete(ended, None).0, Deletion::Now(None));
    }

    #[test]
    fn other_kinds_go_at_once() {
        let mut object = value("{}");
        let kind = Kind { group: "", version: "v1", kind: "ConfigMap" };
        assert_eq!(graceful_delete(kind, &mut object, Some(3), &later), Deletion::Now(Some(3)));
        assert_eq!(object, value("{}"));
    }
}
