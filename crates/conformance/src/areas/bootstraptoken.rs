//! Bootstrap tokens: whose they are.

use std::collections::BTreeMap;

use ravelin_authn::objects::{LookupError, Node, Objects, Pod, Secret, ServiceAccount};
use ravelin_authn::{Context, Outcome, Timestamp, TokenAuthenticator, bootstrap};
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::Area;
use crate::record::{Difference, Fields};

/// Records `{now, secret (the only one), token, authenticated, user}`.
pub(super) struct BootstrapTokens;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Given {
    name: String,
    namespace: String,
    #[serde(rename = "type")]
    kind: String,
    data: Option<BTreeMap<String, String>>,
    deletion_timestamp: Option<String>,
}

impl Area for BootstrapTokens {
    fn compare(&mut self, record: &Value) -> Vec<Difference> {
        Fields::compared(record, found)
    }
}

fn found(fields: &mut Fields) -> Result<Value, Difference> {
    let _: Option<Vec<String>> = fields.take("notes")?;
    let now = time(&fields.take::<String>("now")?)?;
    let given: Given = fields.take("secret")?;
    let token: String = fields.take("token")?;
    let data = given
        .data
        .map(|data| data.into_iter().map(|(key, value)| (key, Zeroizing::new(value.into_bytes()))).collect());
    let deletion = given.deletion_timestamp.as_deref().map(time).transpose()?;
    let Given { name, namespace, kind, .. } = given;
    let only = Only(Secret { name, namespace, kind, data, deletion, ..Secret::default() });
    let mut context = Context::new(now, None, &only);
    let answer = bootstrap::BootstrapTokens.authenticate_token(&token, &mut context);
    Ok(json!({
        "authenticated": matches!(answer, Outcome::Authenticated(_)),
        "error": answer.error(),
        "user": answer.response().map(|response| {
            let user = &response.user;
            json!({ "name": user.name, "uid": user.uid, "groups": user.groups })
        }),
    }))
}

fn time(text: &str) -> Result<Timestamp, Difference> {
    Timestamp::parse_rfc3339(text).ok_or_else(|| Difference::form("time", "a time", text))
}

/// The only object there is.
struct Only(Secret);

impl Objects for Only {
    fn service_account(&self, _: &str, _: &str) -> Result<Option<ServiceAccount>, LookupError> {
        Ok(None)
    }

    fn secret(&self, namespace: &str, name: &str) -> Result<Option<Secret>, LookupError> {
        let is_it = self.0.namespace == namespace && self.0.name == name;
        Ok(is_it.then(|| self.0.clone()))
    }

    fn pod(&self, _: &str, _: &str) -> Result<Option<Pod>, LookupError> {
        Ok(None)
    }

    fn node(&self, _: &str) -> Result<Option<Node>, LookupError> {
        Ok(None)
    }
}
