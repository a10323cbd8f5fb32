//! Tokens of service accounts: whose they are, and why not.

use std::collections::BTreeMap;

use ravelin_authn::keys::{PublicKey, public_keys_from_pem};
use ravelin_authn::objects::{LookupError, Node, Objects, Pod, Secret, ServiceAccount};
use ravelin_authn::service_account::ServiceAccountTokens;
use ravelin_authn::{Context, Outcome, Timestamp, TokenAuthenticator};
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::Area;
use crate::record::{Difference, Fields};

/// A record of the kind `keys`, and those of the kind `authenticate` that follow it.
#[derive(Default)]
pub(super) struct AccountTokens {
    keys: BTreeMap<String, PublicKey>,
}

/// A key among outputs: its id and algorithm are compared, not read.
#[derive(Deserialize)]
struct Key {
    name: String,
    pem: String,
}

/// An object of any kind.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Given {
    name: String,
    #[serde(default)]
    namespace: String,
    uid: String,
    deletion_timestamp: Option<String>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    secrets: Option<Vec<String>>,
    token: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct All {
    nodes: Vec<Given>,
    pods: Vec<Given>,
    secrets: Vec<Given>,
    service_accounts: Vec<Given>,
}

impl Area for AccountTokens {
    fn compare(&mut self, record: &Value) -> Vec<Difference> {
        Fields::compared(record, |fields| self.found(fields))
    }
}

impl AccountTokens {
    fn found(&mut self, fields: &mut Fields) -> Result<Value, Difference> {
        match fields.take::<String>("kind")?.as_str() {
            "keys" => return self.keys(fields),
            "authenticate" => {}
            other => return Err(Difference::form("kind", "keys or authenticate", other)),
        }
        let _: Option<Vec<String>> = fields.take("notes")?;
        let now: i64 = fields.take("now")?;
        if now < 946_684_800 {
            return Err(Difference::form("now", "seconds since 1970, after the year 2000", now));
        }
        let now = Timestamp::from_unix(now);
        let issuers: Vec<String> = fields.take("issuers")?;
        let audiences: Option<Vec<String>> = fields.take("api_audiences")?;
        let audiences = audiences.unwrap_or_default();
        let asked: Option<Vec<String>> = fields.take("requested_audiences")?;
        let trusted: Vec<String> = fields.take("trusted_keys")?;
        let mut objects: All = fields.take("objects")?;
        let token: String = fields.take("token")?;
        for secret in &mut objects.secrets {
            if secret.token.as_deref() == Some("SAME") {
                secret.token = Some(token.clone());
            }
        }
        let keys = trusted.iter().filter_map(|name| self.keys.get(name).cloned()).collect();
        let tokens = match fields.take::<String>("type")?.as_str() {
            "bound" => ServiceAccountTokens::bound(issuers, keys, audiences),
            "legacy" => ServiceAccountTokens::legacy(keys, audiences, true),
            other => return Err(Difference::form("type", "bound or legacy", other)),
        };
        let mut context = Context::new(now, asked.as_deref(), &objects);
        let answer = tokens.authenticate_token(&token, &mut context);
        let annotations = &context.effects.audit_annotations;
        Ok(json!({ "result": {
            "authenticated": matches!(answer, Outcome::Authenticated(_)),
            "error": answer.error(),
            "audiences": answer.response().map(|response| &response.audiences),
            "audit_annotations": (!annotations.is_empty()).then_some(annotations),
            "user": answer.response().map(|response| {
                let user = &response.user;
                let extra = (!user.extra.is_empty()).then_some(&user.extra);
                json!({ "name": user.name, "uid": user.uid, "groups": user.groups, "extra": extra })
            }),
        }}))
    }

    /// Reads keys, and compares how they are named.
    fn keys(&mut self, fields: &Fields) -> Result<Value, Difference> {
        let given: Vec<Key> = fields.peek("keys")?;
        let mut found = Vec::new();
        for key in given {
            let read = public_keys_from_pem(key.pem.as_bytes())
                .map_err(|error| Difference::form(&key.name, "a key", error))?;
            let Some(read) = read.into_iter().next() else { continue };
            found.push(json!({
                "name": key.name, "kid": read.id(), "alg": read.algorithm(), "pem": key.pem,
            }));
            self.keys.insert(key.name, read);
        }
        Ok(json!({ "keys": found }))
    }
}

impl Given {
    fn deletion(&self) -> Option<Timestamp> {
        self.deletion_timestamp.as_deref().and_then(Timestamp::parse_rfc3339)
    }
}

fn named<'a>(objects: &'a [Given], namespace: &str, name: &str) -> Option<&'a Given> {
    objects.iter().find(|object| object.namespace == namespace && object.name == name)
}

impl Objects for All {
    fn service_account(&self, namespace: &str, name: &str) -> Result<Option<ServiceAccount>, LookupError> {
        let found = named(&self.service_accounts, namespace, name);
        Ok(found.map(|object| ServiceAccount {
            uid: object.uid.clone(),
            deletion: object.deletion(),
            secrets: object.secrets.clone().unwrap_or_default(),
        }))
    }

    fn secret(&self, namespace: &str, name: &str) -> Result<Option<Secret>, LookupError> {
        Ok(named(&self.secrets, namespace, name).map(|object| {
            let token = object.token.clone().filter(|token| !token.is_empty());
            let data =
                token.map(|token| BTreeMap::from([("token".to_owned(), Zeroizing::new(token.into_bytes()))]));
            Secret {
                name: object.name.clone(),
                namespace: object.namespace.clone(),
                uid: object.uid.clone(),
                deletion: object.deletion(),
                labels: object.labels.clone(),
                data,
                ..Secret::default()
            }
        }))
    }

    fn pod(&self, namespace: &str, name: &str) -> Result<Option<Pod>, LookupError> {
        let found = named(&self.pods, namespace, name);
        Ok(found.map(|object| Pod { uid: object.uid.clone(), deletion: object.deletion(), ..Pod::default() }))
    }

    fn node(&self, name: &str) -> Result<Option<Node>, LookupError> {
        let found = named(&self.nodes, "", name);
        Ok(found.map(|object| Node { uid: object.uid.clone(), deletion: object.deletion() }))
    }
}
