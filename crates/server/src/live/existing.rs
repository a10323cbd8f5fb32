//! The pods that are there: which of them violate what their namespace enforces.
//!
//! Where an API server may admit without an answer of the webhook, this is what finds the pods that came in. It runs
//! in the background, one page at a time with pauses between them, and never on the way of a pod. What it finds is a
//! gauge, a line of the log, and an event of the namespace. Source of the event:
//! <https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/>.

use super::{ask, fetch, pods, text, value, watch};
use crate::webhook::{Webhook, today};
use anyhow::Context as _;
use http::{Method, StatusCode};
use kube::Client;
use ravelin_object::{Value, list};
use ravelin_podsec::LevelVersion;
use ravelin_podsec::admission::Admission;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How many pods are listed at a time.
const PAGE: usize = 250;

/// The pause after each page: no more than ten requests a second.
const PAUSE: Duration = Duration::from_millis(100);

/// How often a namespace is tried in one turn: a list of pages can grow too old before its end.
const TRIES: usize = 3;

/// How long until the next turn where some namespace could not be judged, at most.
const AGAIN: Duration = Duration::from_secs(300);

/// How many pods are named.
const NAMED: usize = 5;

/// The longest message of an event, in bytes.
const MESSAGE_LIMIT: usize = 1_000;

/// What was found in a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    at: LevelVersion,
    count: u64,
    /// The first few, by name, with why.
    first: Vec<String>,
    /// What tells this set of pods from another.
    digest: String,
}

/// Judges all pods as soon as the namespaces are known, then every `interval`, for ever.
pub(crate) async fn run(client: Client, webhook: Arc<Webhook>, interval: Duration) {
    let mut known = BTreeMap::new();
    loop {
        while webhook.namespaces.fault().is_some() {
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        let complete = turn(&client, &webhook, &mut known).await;
        tokio::time::sleep(if complete { interval } else { interval.min(AGAIN) }).await;
    }
}

/// Judges all pods once; whether every namespace was judged. What was known of one that was not still counts.
async fn turn(client: &Client, webhook: &Arc<Webhook>, known: &mut BTreeMap<String, Found>) -> bool {
    let mut now = BTreeMap::new();
    let mut complete = true;
    for (name, namespace) in webhook.namespaces.all() {
        let before = known.remove(&name);
        let found = match judged(client, webhook, &name, &namespace).await {
            Ok(found) => found,
            Err(error) => {
                complete = false;
                let error = format!("{error:#}");
                tracing::warn!(namespace = name, error, "the pods that are there could not be judged");
                now.extend(before.map(|before| (name, before)));
                continue;
            }
        };
        tell(client, &name, before.as_ref(), found.as_ref()).await;
        now.extend(found.map(|found| (name, found)));
    }
    *known = now;
    webhook.judge.counters.existing(known.iter().map(|(name, found)| (name.as_str(), found.at, found.count)));
    let pods: u64 = known.values().map(|found| found.count).sum();
    tracing::info!(complete, namespaces = known.len(), pods, "the pods that are there were judged");
    complete
}

/// What is found in a namespace; nothing where no pod of it violates.
async fn judged(
    client: &Client,
    webhook: &Arc<Webhook>,
    name: &str,
    namespace: &Arc<Value>,
) -> anyhow::Result<Option<Found>> {
    let held = Held { webhook: Arc::clone(webhook), name: name.to_owned(), namespace: Arc::clone(namespace) };
    let Some(at) = held.at()? else { return Ok(None) };
    let mut tries = 1;
    loop {
        match pages(client, &held, at).await {
            Err(error) if tries < TRIES => {
                tracing::debug!(namespace = name, error = format!("{error:#}"), "once more");
                tokio::time::sleep(PAUSE * 10).await;
                tries += 1;
            }
            other => return other,
        }
    }
}

async fn pages(client: &Client, held: &Held, at: LevelVersion) -> anyhow::Result<Option<Found>> {
    anyhow::ensure!(pods::is_name(&held.name), "the name of the namespace is none");
    let mut found = Found { at, count: 0, first: Vec::new(), digest: String::new() };
    let mut set = Sha256::new();
    set.update(at.to_string());
    let mut token = String::new();
    loop {
        let (name, escaped) = (&held.name, watch::escaped(&token));
        let path = format!("/api/v1/namespaces/{name}/pods?limit={PAGE}&continue={escaped}");
        let (status, body) = fetch(client, Method::GET, &path, None).await?;
        anyhow::ensure!(status.is_success(), "listing pods: the API server answered {}", status.as_u16());
        let own = held.clone();
        // Reading and judging a page takes milliseconds that reviews are not to wait for.
        let page = tokio::task::spawn_blocking(move || own.page(&body)).await?;
        let (violating, next) = page?;
        for (pod, reason) in violating {
            found.count += 1;
            for part in [&pod, &reason] {
                set.update(part);
                set.update([0]);
            }
            if found.first.len() < NAMED {
                found.first.push(format!("{pod}: {reason}"));
            }
        }
        tokio::time::sleep(PAUSE).await;
        if next.is_empty() {
            break;
        }
        token = next;
    }
    found.digest = set.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Ok((found.count > 0).then_some(found))
}

/// A namespace, and what judges its pods.
#[derive(Clone)]
struct Held {
    webhook: Arc<Webhook>,
    name: String,
    namespace: Arc<Value>,
}

/// Pods by name with why they violate, and the token of the next page.
type Page = (Vec<(String, String)>, String);

impl Held {
    fn admission(&self) -> anyhow::Result<Admission<'_>> {
        let judge = &self.webhook.judge;
        let today = today().context("the clock of the host shows no date")?;
        Ok(Admission {
            configuration: &judge.configuration,
            extension: &judge.extension,
            today,
            newest: ravelin_podsec::Version::NEWEST,
        })
    }

    fn at(&self) -> anyhow::Result<Option<LevelVersion>> {
        let admission = self.admission()?;
        let existing = admission.existing(&self.name, &self.namespace).map_err(anyhow::Error::msg)?;
        Ok(existing.map(|existing| existing.at))
    }

    fn page(&self, body: &[u8]) -> anyhow::Result<Page> {
        let admission = self.admission()?;
        let existing = admission.existing(&self.name, &self.namespace).map_err(anyhow::Error::msg)?;
        let page = value(body)?;
        let next = text(&page, "metadata.continue").to_owned();
        let judged = list::into_items(page).into_iter().filter_map(|pod| {
            let reason = existing.as_ref()?.violation(&pod)?;
            Some((text(&pod, "metadata.name").to_owned(), reason))
        });
        Ok((judged.collect(), next))
    }
}

/// Says what was found in a namespace, if it is not what was said before.
async fn tell(client: &Client, name: &str, before: Option<&Found>, now: Option<&Found>) {
    let Some(found) = now else {
        if before.is_some() {
            tracing::info!(namespace = name, "no pod violates what its namespace enforces any more");
        }
        return;
    };
    if before.is_some_and(|before| before.digest == found.digest) {
        return;
    }
    let (policy, pods) = (found.at.to_string(), found.first.join("; "));
    tracing::warn!(
        namespace = name,
        policy,
        count = found.count,
        pods,
        "pods that are there violate what their namespace enforces"
    );
    if let Err(error) = post(client, name, found).await {
        tracing::warn!(namespace = name, error = format!("{error:#}"), "the event could not be written");
    }
}

/// Writes an event. Its name says what it is about, so that replicas do not say it twice.
async fn post(client: &Client, namespace: &str, found: &Found) -> anyhow::Result<()> {
    let now = time::OffsetDateTime::now_utc();
    let now = format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        now.year(),
        u8::from(now.month()),
        now.day(),
        now.hour(),
        now.minute(),
        now.second()
    );
    let event = json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": format!("ravelin-pod-security.{}", found.digest), "namespace": namespace},
        "involvedObject": {"apiVersion": "v1", "kind": "Namespace", "name": namespace, "namespace": namespace},
        "type": "Warning",
        "reason": "PodSecurityViolation",
        "message": message(found),
        "count": 1,
        "firstTimestamp": now,
        "lastTimestamp": now,
        "source": {"component": "ravelin-webhook"},
        "reportingComponent": "ravelin.dev/webhook",
    });
    let path = format!("/api/v1/namespaces/{namespace}/events");
    let content = Some(("application/json", event.to_string().into_bytes()));
    let answer = ask(client, Method::POST, &path, content).await?;
    if answer.status == StatusCode::CONFLICT {
        // Another replica has said it, or this one before it began anew.
        return Ok(());
    }
    answer.success("writing the event").map(drop)
}

fn message(found: &Found) -> String {
    let who = if found.count == 1 { "1 existing pod violates" } else { "existing pods violate" };
    let count = if found.count == 1 { String::new() } else { format!("{} ", found.count) };
    let mut message = format!("{count}{who} PodSecurity \"{}\": {}", found.at, found.first.join("; "));
    let unnamed = found.count.saturating_sub(u64::try_from(found.first.len()).unwrap_or(u64::MAX));
    let rest = if unnamed > 0 { format!("; and {unnamed} more") } else { String::new() };
    if message.len() + rest.len() > MESSAGE_LIMIT {
        let mut end = MESSAGE_LIMIT - rest.len() - "...".len();
        while !message.is_char_boundary(end) {
            end -= 1;
        }
        message.truncate(end);
        message.push_str("...");
    }
    message + &rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use ravelin_podsec::{Level, Version};

    #[test]
    fn messages_name_some_and_count_the_rest() {
        let found = |count, first: Vec<String>| Found {
            at: LevelVersion::new(Level::Baseline, Version::Latest),
            count,
            first,
            digest: String::new(),
        };
        let one = message(&found(1, vec!["a: host namespaces".to_owned()]));
        assert_eq!(one, "1 existing pod violates PodSecurity \"baseline:latest\": a: host namespaces");
        let two = message(&found(7, vec!["a: x".to_owned(), "b: y".to_owned()]));
        assert_eq!(two, "7 existing pods violate PodSecurity \"baseline:latest\": a: x; b: y; and 5 more");
        let long = message(&found(2, vec!["\u{e4}".repeat(2_000)]));
        assert!(long.len() <= MESSAGE_LIMIT && long.ends_with("...; and 1 more"), "{long}");
    }
}
