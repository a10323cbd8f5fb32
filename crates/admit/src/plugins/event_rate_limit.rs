//! `EventRateLimit`: how many events come in.

use super::prelude::*;
use crate::config::{integer, known, named, of_kind, sequence, string};
use crate::state::Recent;
use ravelin_object::errors::aggregated;
use ravelin_object::fault::{Fault, joined};
use std::time::Duration;

pub(super) const ENTRY: Entry = Entry {
    name: "EventRateLimit",
    about: "Refuses events beyond a rate: of the server, of a namespace, of a user, or of a source and its object.",
    source: "k8s.io/kubernetes/plugin/pkg/admission/eventratelimit",
    build,
};

struct EventRateLimit {
    limits: Vec<Limit>,
}

/// A limit, and what is left of it for each key.
struct Limit {
    kind: &'static str,
    per_second: f64,
    burst: f64,
    buckets: Recent<Bucket>,
}

/// What is left of a limit.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    last: Duration,
}

const KINDS: [&str; 4] = ["Server", "Namespace", "User", "SourceAndObject"];
/// How many keys of a limit are remembered, unless it says otherwise.
const CACHE_SIZE: usize = 4096;

fn build(configuration: &Configuration) -> Result<Box<dyn Plugin>, Error> {
    let kinds = [("eventratelimit.admission.k8s.io/v1alpha1", "Configuration")];
    let given = of_kind(configuration, ENTRY.name, &kinds, &["limits"])?;
    let limits = given.map_or(Ok(&[][..]), |given| sequence(given, "limits"));
    let limits = limits.map_err(|error| named(ENTRY.name, error))?;
    let mut faults = Vec::new();
    if limits.is_empty() {
        faults.push(Fault::invalid("limits", Value::Null, "must not be empty"));
    }
    let mut built = Vec::new();
    for (index, limit) in limits.iter().enumerate() {
        let path = format!("limits[{index}]");
        built.extend(limit_of(limit, &path, &mut faults).map_err(|error| named(ENTRY.name, error))?);
    }
    if faults.is_empty() {
        return Ok(Box::new(EventRateLimit { limits: built }));
    }
    Err(Error::Plugin { plugin: ENTRY.name, why: joined(&faults) })
}

fn limit_of(limit: &Value, path: &str, faults: &mut Vec<Fault>) -> Result<Option<Limit>, Error> {
    known(limit, path, &["type", "qps", "burst", "cacheSize"])?;
    let of = string(limit, path, "type")?;
    let kind = KINDS.into_iter().find(|kind| *kind == of);
    if kind.is_none() {
        faults.push(Fault::not_supported(format!("{path}.type"), of, &KINDS));
    }
    let [burst, qps, size] =
        [integer(limit, path, "burst")?, integer(limit, path, "qps")?, integer(limit, path, "cacheSize")?];
    for (key, number) in [("burst", burst), ("qps", qps)] {
        if number <= 0 {
            faults.push(Fault::invalid(format!("{path}.{key}"), i64::from(number), "must be positive"));
        }
    }
    if size < 0 && of != "Server" {
        faults.push(Fault::invalid(format!("{path}.cacheSize"), i64::from(size), "must not be negative"));
    }
    let size = usize::try_from(size).ok().filter(|size| *size > 0).unwrap_or(CACHE_SIZE);
    Ok(kind.map(|kind| Limit {
        kind,
        per_second: f64::from(qps),
        burst: f64::from(burst),
        buckets: Recent::new(if kind == "Server" { 1 } else { size }),
    }))
}

impl Plugin for EventRateLimit {
    identity!([Create, Update], mutates: false, validates: true);

    fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&Value>,
        _: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        if !attributes.is_kind("", "Event") || attributes.dry_run {
            return Ok(());
        }
        let reached = self.limits.iter().filter_map(|limit| {
            let key = limit.key(attributes, object);
            let text = format!("limit reached on type {} for key {key}", limit.kind);
            (!limit.accepts(&key, context.now)).then_some(text)
        });
        let reached: Vec<String> = reached.collect();
        match aggregated(reached) {
            None => Ok(()),
            Some(text) => Err(Status::new(429, "TooManyRequests", format!("Too many requests: {text}"))),
        }
    }
}

impl Limit {
    fn key(&self, attributes: &Attributes<'_>, event: Option<&Value>) -> String {
        match self.kind {
            "Namespace" => attributes.namespace.to_owned(),
            "User" => attributes.user.name.clone(),
            "SourceAndObject" => {
                let Some(event) = event else { return String::new() };
                let keys = [
                    "source.component",
                    "source.host",
                    "involvedObject.kind",
                    "involvedObject.namespace",
                    "involvedObject.name",
                    "involvedObject.uid",
                    "involvedObject.apiVersion",
                ];
                keys.iter().map(|keys| text(event, keys)).collect()
            }
            _ => String::new(),
        }
    }

    /// Whether there is a token left for a key, which is taken.
    ///
    /// Source: `golang.org/x/time/rate` `Limiter.AllowN`.
    fn accepts(&self, key: &str, now: Duration) -> bool {
        let full = || Bucket { tokens: self.burst, last: now };
        self.buckets.with(key, full, |bucket| {
            let elapsed = now.saturating_sub(bucket.last).as_secs_f64();
            let tokens = elapsed.mul_add(self.per_second, bucket.tokens).min(self.burst) - 1.0;
            let accepted = tokens > -1e-9 * self.per_second;
            if accepted {
                *bucket = Bucket { tokens, last: now };
            }
            accepted
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::{Records, attributes, configuration, configured, object, with_context};

    const HEAD: &str = "apiVersion: eventratelimit.admission.k8s.io/v1alpha1, kind: Configuration";

    fn plugin(limits: &str) -> Result<Box<dyn Plugin>, String> {
        let text = format!("{{{HEAD}, limits: {limits}}}");
        configured(ENTRY.name, &configuration(ENTRY.name, &text)).map_err(|error| error.to_string())
    }

    #[test]
    fn events_beyond_the_rate_are_refused() {
        let plugin =
            plugin("[{type: Namespace, qps: 2, burst: 3}, {type: Server, qps: 1, burst: 10}]").unwrap();
        let event = object("{}");
        with_context(&Records::default(), |context| {
            let mut ask = |namespace: &'static str, later: u64, dry_run| {
                context.now += Duration::from_millis(later);
                let mut about = attributes(Operation::Create, "events");
                (about.namespace, about.dry_run) = (namespace, dry_run);
                plugin.validate(&about, Some(&event), None, context).map_err(|status| status.message)
            };
            let refused = Err("Too many requests: limit reached on type Namespace for key a".to_owned());
            let said: Vec<_> = (0..4).map(|_| ask("a", 0, false)).collect();
            assert_eq!(said, [Ok(()), Ok(()), Ok(()), refused.clone()]);
            assert_eq!((ask("a", 0, true), ask("b", 0, false)), (Ok(()), Ok(())));
            assert_eq!(
                (ask("a", 499, false), ask("a", 1, false), ask("a", 0, false)),
                (refused.clone(), Ok(()), refused)
            );
        });
    }

    #[test]
    fn keys_are_what_is_limited() {
        let event = object("{source: {component: c, host: h}, involvedObject: {kind: Pod, name: p, uid: u}}");
        let about = attributes(Operation::Create, "events");
        let key = |kind: &'static str| {
            Limit { kind, per_second: 1.0, burst: 1.0, buckets: Recent::new(1) }.key(&about, Some(&event))
        };
        assert_eq!(KINDS.map(key), ["", "ns", "alice", "chPodpu"].map(str::to_owned));
    }

    #[test]
    fn a_configuration_is_validated() {
        let cases = [
            ("[]", "limits: Invalid value: null: must not be empty"),
            ("[{type: User, qps: 1}]", "limits[0].burst: Invalid value: 0: must be positive"),
            (
                "[{type: User, qps: 1, burst: 1, cacheSize: -1}]",
                "limits[0].cacheSize: Invalid value: -1: must not be negative",
            ),
            (
                "[{type: X, qps: 1, burst: 1}]",
                "limits[0].type: Unsupported value: \"X\": supported values: \"Server\", \"Namespace\", \"User\", \
                 \"SourceAndObject\"",
            ),
            (
                "[{type: User, qps: 1, burst: 1, x: 1}]",
                "strict decoding error: unknown field \"limits[0].x\"",
            ),
        ];
        for (limits, why) in cases {
            let said = plugin(limits).err().unwrap();
            assert_eq!(said, format!("couldn't init admission plugin \"EventRateLimit\": {why}"));
        }
    }
}
