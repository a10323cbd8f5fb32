//! Tokens of service accounts: those that are bound to objects and expire, and those that secrets hold.
//!
//! Source: `k8s.io/kubernetes/pkg/serviceaccount`.

mod bound;
mod legacy;

use crate::json::Json;
use crate::jws::{Claims, Signed, audience, date, unverified_issuer};
use crate::keys::PublicKey;
use crate::names::{CREDENTIAL_ID, NODE_NAME, service_account_groups, service_account_user};
use crate::union::intersection;
use crate::{Context, Outcome, Response, TokenAuthenticator};
use ravelin_object::errors::aggregated;
use ravelin_object::selector::quoted;
use ravelin_object::user::UserInfo;

pub use legacy::LEGACY_ISSUER;

/// Tolerance in seconds when times of tokens are compared, and how long an object that is being deleted counts.
pub(crate) const LEEWAY: i64 = 60;

/// Which tokens are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Bound,
    Legacy { lookup: bool },
}

/// Authenticates tokens of service accounts.
#[derive(Clone, Debug)]
pub struct ServiceAccountTokens {
    form: Form,
    issuers: Vec<String>,
    keys: Vec<PublicKey>,
    implicit_audiences: Vec<String>,
}

impl ServiceAccountTokens {
    /// Tokens that are bound to objects and expire. The first issuer is the one of new tokens; tokens of the others
    /// are accepted too. `api_audiences` are what a token must be for where a request asks for nothing else.
    #[must_use]
    pub fn bound(issuers: Vec<String>, keys: Vec<PublicKey>, api_audiences: Vec<String>) -> Self {
        Self { form: Form::Bound, issuers, keys, implicit_audiences: api_audiences }
    }

    /// Tokens that secrets hold. `lookup` is `--service-account-lookup`: whether the secret must still hold the token.
    #[must_use]
    pub fn legacy(keys: Vec<PublicKey>, api_audiences: Vec<String>, lookup: bool) -> Self {
        let issuers = vec![LEGACY_ISSUER.to_owned()];
        Self { form: Form::Legacy { lookup }, issuers, keys, implicit_audiences: api_audiences }
    }

    fn claims(&self, signed: &Signed) -> Result<(Public, Private), String> {
        let candidates: Vec<&PublicKey> = self
            .keys
            .iter()
            .filter(|key| signed.key_id().is_empty() || key.id() == signed.key_id())
            .collect();
        if candidates.is_empty() {
            return Err("invalid signature, no keys found".to_owned());
        }
        let mut errors = Vec::new();
        for key in candidates {
            match signed.verified(key).and_then(|payload| self.decoded(payload)) {
                Ok(claims) => return Ok(claims),
                Err(error) => errors.push(error),
            }
        }
        Err(aggregated(errors).unwrap_or_default())
    }

    fn decoded(&self, payload: &[u8]) -> Result<(Public, Private), String> {
        let Some(json) = Json::parse(payload) else {
            return Err("the payload of the token is no JSON".to_owned());
        };
        let public = Public::decode(json)?;
        let private = match self.form {
            Form::Bound => Private::Bound(bound::Bound::decode(json)?),
            Form::Legacy { .. } => Private::Legacy(legacy::Legacy::decode(json)?),
        };
        Ok((public, private))
    }

    fn account_of(&self, token: &str, context: &mut Context<'_>) -> Result<Option<Response>, String> {
        let is_ours = unverified_issuer(token).is_some_and(|issuer| self.issuers.contains(&issuer));
        if !is_ours {
            return Ok(None);
        }
        let Some(signed) = Signed::parse(token) else { return Ok(None) };
        let (public, private) = self.claims(&signed)?;
        if !self.issuers.contains(&public.issuer) {
            return Err(format!("token issuer {} is invalid", quoted(&public.issuer)));
        }
        let audiences = self.audiences(&public, context)?;
        let account = match (private, self.form) {
            (Private::Legacy(claims), Form::Legacy { lookup: true }) => {
                claims.validated(&public, Some(token), context)
            }
            (Private::Legacy(claims), _) => claims.validated(&public, None, context),
            (Private::Bound(claims), _) => claims.validated(&public, context),
        };
        Ok(Some(Response { user: account?.user(), audiences }))
    }

    fn audiences(&self, public: &Public, context: &mut Context<'_>) -> Result<Vec<String>, String> {
        let of_token = if public.audience.is_empty() {
            context.effects.annotate("authentication.k8s.io/legacy-token", public.subject.as_str());
            &self.implicit_audiences
        } else {
            &public.audience
        };
        let wanted = context.audiences.unwrap_or(&self.implicit_audiences);
        let both = intersection(of_token, wanted);
        if both.is_empty() && !self.implicit_audiences.is_empty() {
            let (of_token, wanted) = (listed(of_token), listed(wanted));
            return Err(format!("token audiences {of_token} is invalid for the target audiences {wanted}"));
        }
        Ok(both)
    }
}

impl TokenAuthenticator for ServiceAccountTokens {
    fn authenticate_token(&self, token: &str, context: &mut Context<'_>) -> Outcome {
        match self.account_of(token, context) {
            Ok(Some(response)) => Outcome::Authenticated(Box::new(response)),
            Ok(None) => Outcome::NotMine,
            Err(error) => Outcome::failed(error),
        }
    }
}

/// Texts as Go's `%q` shows a list of them.
fn listed(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", texts.join(" "))
}

/// The registered claims.
#[derive(Debug, Default)]
struct Public {
    issuer: String,
    subject: String,
    audience: Vec<String>,
    expiry: Option<i64>,
    not_before: Option<i64>,
    issued_at: Option<i64>,
    id: String,
}

impl Public {
    fn decode(json: Json<'_>) -> Result<Self, String> {
        let mut claims = Claims::default();
        let mut public = Self::default();
        claims.object(json, "jwt.Claims", |claims, name, value| {
            match name {
                "iss" => claims.text(value, &mut public.issuer)?,
                "sub" => claims.text(value, &mut public.subject)?,
                "aud" => public.audience = audience(value)?,
                "exp" => public.expiry = date(value)?,
                "nbf" => public.not_before = date(value)?,
                "iat" => public.issued_at = date(value)?,
                "jti" => claims.text(value, &mut public.id)?,
                _ => {}
            }
            Ok(())
        })?;
        claims.finish(public)
    }
}

/// The claims that are Kubernetes' own.
enum Private {
    Bound(bound::Bound),
    Legacy(legacy::Legacy),
}

/// A service account that a token stands for.
///
/// Source: `serviceaccount.ServiceAccountInfo`.
#[derive(Default)]
struct Account {
    namespace: String,
    name: String,
    uid: String,
    pod: Option<(String, String)>,
    node: Option<(String, String)>,
    credential: String,
}

impl Account {
    fn user(self) -> UserInfo {
        let mut user = UserInfo {
            name: service_account_user(&self.namespace, &self.name),
            uid: self.uid,
            groups: service_account_groups(&self.namespace),
            ..UserInfo::default()
        };
        let mut set = |key: &str, value: String| user.extra.insert(key.to_owned(), vec![value]);
        if let Some((name, uid)) = self.pod.filter(|(name, uid)| !name.is_empty() && !uid.is_empty()) {
            set("authentication.kubernetes.io/pod-name", name);
            set("authentication.kubernetes.io/pod-uid", uid);
        }
        if !self.credential.is_empty() {
            set(CREDENTIAL_ID, self.credential);
        }
        if let Some((name, uid)) = self.node.filter(|(name, _)| !name.is_empty()) {
            set(NODE_NAME, name);
            if !uid.is_empty() {
                set("authentication.kubernetes.io/node-uid", uid);
            }
        }
        user
    }
}

#[cfg(test)]
mod tests;
