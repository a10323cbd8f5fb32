//! Whether a token that is bound to objects still holds: its times, and the objects.
//!
//! Source: `k8s.io/kubernetes/pkg/serviceaccount/claims.go`.

use super::{Account, LEEWAY, Public};
use crate::json::Json;
use crate::jws::{Claims, date};
use crate::objects::not_found;
use crate::{Context, Timestamp};

const INVALIDATED: &str = "service account token has been invalidated";

/// The claim `kubernetes.io`.
#[derive(Debug, Default)]
pub(super) struct Bound {
    namespace: String,
    account: Reference,
    pod: Option<Reference>,
    secret: Option<Reference>,
    node: Option<Reference>,
    warn_after: Option<i64>,
}

/// An object by name and uid.
#[derive(Debug, Default)]
struct Reference {
    name: String,
    uid: String,
}

impl Reference {
    fn decode(claims: &mut Claims, value: Json<'_>) -> Result<Self, String> {
        let mut reference = Self::default();
        claims.object(value, "serviceaccount.ref", |claims, name, value| match name {
            "name" => claims.text(value, &mut reference.name),
            "uid" => claims.text(value, &mut reference.uid),
            _ => Ok(()),
        })?;
        Ok(reference)
    }

    fn optional(claims: &mut Claims, value: Json<'_>) -> Result<Option<Self>, String> {
        let is_null = value.kind() == crate::json::Kind::Null;
        if is_null { Ok(None) } else { Self::decode(claims, value).map(Some) }
    }

    fn parts(self) -> (String, String) {
        (self.name, self.uid)
    }
}

impl Bound {
    pub(super) fn decode(json: Json<'_>) -> Result<Self, String> {
        let mut claims = Claims::default();
        let mut bound = Self::default();
        claims.object(json, "serviceaccount.privateClaims", |claims, name, value| {
            if name == "kubernetes.io" { bound.fill(claims, value) } else { Ok(()) }
        })?;
        claims.finish(bound)
    }

    fn fill(&mut self, claims: &mut Claims, value: Json<'_>) -> Result<(), String> {
        claims.object(value, "serviceaccount.kubernetes", |claims, name, value| {
            match name {
                "namespace" => claims.text(value, &mut self.namespace)?,
                "serviceaccount" => self.account = Reference::decode(claims, value)?,
                "pod" => self.pod = Reference::optional(claims, value)?,
                "secret" => self.secret = Reference::optional(claims, value)?,
                "node" => self.node = Reference::optional(claims, value)?,
                "warnafter" => self.warn_after = date(value)?,
                _ => {}
            }
            Ok(())
        })
    }

    pub(super) fn validated(self, public: &Public, context: &mut Context<'_>) -> Result<Account, String> {
        check_times(public, context.now)?;
        self.check_account(context)?;
        self.check_secret(context)?;
        self.check_pod(context)?;
        self.check_node(context)?;
        self.note_staleness(public, context);
        let credential = if public.id.is_empty() { String::new() } else { format!("JTI={}", public.id) };
        Ok(Account {
            namespace: self.namespace,
            name: self.account.name,
            uid: self.account.uid,
            pod: self.pod.map(Reference::parts),
            node: self.node.map(Reference::parts),
            credential,
        })
    }

    fn check_account(&self, context: &Context<'_>) -> Result<(), String> {
        let (namespace, name) = (self.namespace.as_str(), self.account.name.as_str());
        let found = context.objects.service_account(namespace, name).map_err(|error| error.to_string())?;
        let account = found.ok_or_else(|| not_found("serviceaccounts", name))?;
        if account.uid != self.account.uid {
            let (found, claimed) = (&account.uid, &self.account.uid);
            return Err(format!("service account UID ({found}) does not match claim ({claimed})"));
        }
        if is_gone(account.deletion, context.now) {
            return Err(format!("service account {namespace}/{name} has been deleted"));
        }
        Ok(())
    }

    fn check_secret(&self, context: &Context<'_>) -> Result<(), String> {
        let Some(claimed) = &self.secret else { return Ok(()) };
        let found = context.objects.secret(&self.namespace, &claimed.name).unwrap_or_default();
        let secret = found.ok_or(INVALIDATED)?;
        check_object("secret", &secret.uid, secret.deletion, claimed, context.now)
    }

    fn check_pod(&self, context: &Context<'_>) -> Result<(), String> {
        let Some(claimed) = &self.pod else { return Ok(()) };
        let found = context.objects.pod(&self.namespace, &claimed.name).unwrap_or_default();
        let pod = found.ok_or(INVALIDATED)?;
        check_object("pod", &pod.uid, pod.deletion, claimed, context.now)
    }

    /// The node of a token that is bound to a pod is only told, not looked up.
    fn check_node(&self, context: &Context<'_>) -> Result<(), String> {
        let Some(claimed) = self.node.as_ref().filter(|_| self.pod.is_none()) else { return Ok(()) };
        let found = context.objects.node(&claimed.name).unwrap_or_default();
        let node = found.ok_or(INVALIDATED)?;
        check_object("node", &node.uid, node.deletion, claimed, context.now)
    }

    fn note_staleness(&self, public: &Public, context: &mut Context<'_>) {
        let Some(warn_after) = self.warn_after.filter(|seconds| *seconds != 0) else { return };
        if is_after(context.now, warn_after) {
            let late = context.now.seconds().wrapping_sub(warn_after);
            let text = format!("subject: {}, seconds after warning threshold: {late}", public.subject);
            context.effects.annotate("authentication.k8s.io/stale-token", text);
        }
    }
}

fn check_object(
    kind: &str,
    uid: &str,
    deletion: Option<Timestamp>,
    claimed: &Reference,
    now: Timestamp,
) -> Result<(), String> {
    if uid != claimed.uid {
        let of_claim = &claimed.uid;
        return Err(format!(
            "{kind} UID ({uid}) does not match service account {kind} ref claim ({of_claim})"
        ));
    }
    if is_gone(deletion, now) { Err(INVALIDATED.to_owned()) } else { Ok(()) }
}

/// Whether an object was deleted so long ago that it does not count any more.
fn is_gone(deletion: Option<Timestamp>, now: Timestamp) -> bool {
    deletion.is_some_and(|deletion| deletion < now.plus(-LEEWAY))
}

fn check_times(public: &Public, now: Timestamp) -> Result<(), String> {
    if public.not_before.is_some_and(|start| is_before(now.plus(LEEWAY), start)) {
        return Err("service account token is not valid yet".to_owned());
    }
    if public.expiry.is_some_and(|end| is_after(now.plus(-LEEWAY), end)) {
        return Err("service account token has expired".to_owned());
    }
    if public.issued_at.is_some_and(|start| is_before(now.plus(LEEWAY), start)) {
        return Err("service account token is issued in the future".to_owned());
    }
    Ok(())
}

/// A second of a claim as Go's clock counts: from the year 1, around the ends of its numbers.
const fn of_claim(seconds: i64) -> i64 {
    seconds.wrapping_add(62_135_596_800)
}

fn is_before(now: Timestamp, claim: i64) -> bool {
    of_claim(now.seconds()) < of_claim(claim)
}

fn is_after(now: Timestamp, claim: i64) -> bool {
    (of_claim(now.seconds()), now.nanoseconds()) > (of_claim(claim), 0)
}
