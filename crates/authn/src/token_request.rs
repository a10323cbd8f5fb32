//! Tokens on request: `serviceaccounts/NAME/token`.
//!
//! A request is prepared, admitted by whoever is asked about that, and then answered with a token. Source:
//! `k8s.io/kubernetes/pkg/registry/core/serviceaccount/storage/token.go`, `pkg/serviceaccount/claims.go`.

use crate::jws::sign;
use crate::keys::SigningKey;
use crate::names::service_account_user;
use crate::objects::{LookupError, Objects};
use crate::{Effects, Timestamp};
use ravelin_diag::FieldPath;
use ravelin_object::fault::Fault;
use ravelin_object::json_string;
use ravelin_object::status::Status;
use ravelin_object::{Decoder, Map, Value};

/// The requested expiration, in seconds, of tokens that are mounted into pods: those may be extended.
pub const WARN_ONLY_EXPIRATION: i64 = 60 * 60 + 7;
/// How long extended tokens live, in seconds: a year.
pub const EXTENDED_EXPIRATION: i64 = 24 * 365 * 60 * 60;

const GROUP: &str = "authentication.k8s.io";
const KIND: &str = "TokenRequest";
/// The shortest and the longest time, in seconds, a token may be asked for.
const SHORTEST: i64 = 10 * 60;
const LONGEST: i64 = 1 << 32;

/// Who issues tokens, and how.
#[derive(Clone, Copy, Debug)]
pub struct Issuer<'a> {
    /// The first of `--service-account-issuer`.
    pub issuer: &'a str,
    /// The key that signs: `--service-account-signing-key-file`.
    pub key: &'a SigningKey,
    /// What tokens are for unless a request says otherwise: `--api-audiences`.
    pub api_audiences: &'a [String],
    /// The longest a token lives, in seconds: `--service-account-max-token-expiration`; 0: as long as asked for.
    pub max_expiration: i64,
    /// Whether tokens of pods live longer than asked for: `--service-account-extend-token-expiration`.
    pub extend_expiration: bool,
    /// How long these live: [`EXTENDED_EXPIRATION`].
    pub extended_expiration: i64,
}

/// A request that is sound, with everything filled in. Its token is not made yet.
#[derive(Clone, Debug)]
pub struct Prepared {
    object: Map,
    namespace: String,
    name: String,
    uid: String,
    audiences: Vec<String>,
    expiration: i64,
    bound_to: Option<BoundObject>,
    now: Timestamp,
}

#[derive(Clone, Debug, Default)]
struct BoundObject {
    kind: String,
    api_version: String,
    name: String,
    uid: String,
}

/// What a request says.
#[derive(Debug, Default)]
struct Body {
    name: String,
    namespace: String,
    uid: String,
    audiences: Vec<String>,
    expiration: Option<i64>,
    bound_to: Option<BoundObject>,
}

/// Prepares a request for a token of the service account that the path names.
///
/// # Errors
/// Where the request contradicts its path or the account, or is not valid.
pub fn prepare(
    body: &Value,
    namespace: &str,
    name: &str,
    issuer: &Issuer<'_>,
    objects: &dyn Objects,
    now: Timestamp,
) -> Result<Prepared, Status> {
    let read = Body::decode(body)?;
    check_names(&read, namespace, name)?;
    let account = found(objects.service_account(namespace, name), "serviceaccounts", name)?;
    if !read.uid.is_empty() && read.uid != account.uid {
        let why = format!(
            "the UID in the token request ({}) does not match the UID of the service account ({})",
            read.uid, account.uid
        );
        return Err(Status::conflict(GROUP, KIND, name, &why));
    }
    let expiration = read.expiration.unwrap_or(60 * 60);
    check_expiration(expiration)?;
    let audiences = if read.audiences.is_empty() { issuer.api_audiences.to_vec() } else { read.audiences };
    let mut prepared = Prepared {
        object: body.as_object().cloned().unwrap_or_default(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        uid: account.uid,
        audiences,
        expiration,
        bound_to: read.bound_to,
        now,
    };
    prepared.fill();
    Ok(prepared)
}

impl Body {
    fn decode(body: &Value) -> Result<Self, Status> {
        let mut decoder = Decoder::new(FieldPath::root());
        let mut read = decoder
            .mapping(Some(body), "spec", |decoder, spec| Self {
                audiences: decoder.strings(Some(spec), "audiences").into_iter().map(str::to_owned).collect(),
                expiration: decoder.integer(Some(spec), "expirationSeconds"),
                bound_to: decoder.mapping(Some(spec), "boundObjectRef", |decoder, bound| BoundObject {
                    kind: text(decoder, bound, "kind"),
                    api_version: text(decoder, bound, "apiVersion"),
                    name: text(decoder, bound, "name"),
                    uid: text(decoder, bound, "uid"),
                }),
                ..Self::default()
            })
            .unwrap_or_default();
        let metadata = decoder.mapping(Some(body), "metadata", |decoder, metadata| {
            ["name", "namespace", "uid"].map(|key| text(decoder, metadata, key))
        });
        [read.name, read.namespace, read.uid] = metadata.unwrap_or_default();
        decoder.finish(read).map_err(|errors| {
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Status::bad_request(errors.join(", "))
        })
    }
}

fn text(decoder: &mut Decoder, holder: &Value, key: &str) -> String {
    decoder.string(Some(holder), key).unwrap_or_default().to_owned()
}

fn check_names(read: &Body, namespace: &str, name: &str) -> Result<(), Status> {
    let of_path = [("name", &read.name, name), ("namespace", &read.namespace, namespace)];
    for (key, found, wanted) in of_path {
        if !found.is_empty() && found != wanted {
            let detail = format!("must match the service account {key} if specified");
            let fault = Fault::invalid(format!("metadata.{key}"), found.as_str(), detail);
            return Err(Status::invalid(GROUP, KIND, name, &[fault]));
        }
    }
    Ok(())
}

/// Whether a name can be part of a path.
///
/// Source: `k8s.io/apiserver/pkg/registry/generic/registry/store.go` `NamespaceKeyFunc`.
fn check_segment(name: &str) -> Result<(), Status> {
    if name.is_empty() {
        return Err(Status::bad_request("Name parameter required."));
    }
    let faults = ravelin_object::selector::path_segment_faults(name);
    let Some(why) = faults.first() else { return Ok(()) };
    let name = ravelin_object::selector::quoted(name);
    Err(Status::bad_request(format!("Name parameter invalid: {name}: {why}")))
}

fn check_expiration(seconds: i64) -> Result<(), Status> {
    let wrong = if seconds < SHORTEST {
        "may not specify a duration less than 10 minutes"
    } else if seconds > LONGEST {
        "may not specify a duration larger than 2^32 seconds"
    } else {
        return Ok(());
    };
    Err(Status::invalid(GROUP, KIND, "", &[Fault::invalid("spec.expirationSeconds", seconds, wrong)]))
}

fn found<T>(looked_up: Result<Option<T>, LookupError>, resource: &str, name: &str) -> Result<T, Status> {
    match looked_up {
        Ok(found) => found.ok_or_else(|| Status::not_found("", resource, name)),
        Err(error) => Err(Status::internal(&error.to_string())),
    }
}

/// The objects whose names and uids go into a token.
#[derive(Debug, Default)]
struct References {
    pod: Option<(String, String)>,
    secret: Option<(String, String)>,
    node: Option<(String, String)>,
}

impl Prepared {
    /// The request with everything filled in: what admission looks at.
    #[must_use]
    pub fn object(&self) -> Value {
        Value::Object(self.object.clone())
    }

    /// Issues the token: the request with a status. `id` is the token's, a random UUID.
    ///
    /// # Errors
    /// Where the object it is bound to is not there or another one, or the key cannot sign.
    pub fn issue(
        mut self,
        issuer: &Issuer<'_>,
        objects: &dyn Objects,
        id: &str,
        effects: &mut Effects,
    ) -> Result<Value, Status> {
        let references = self.references(objects)?;
        if issuer.max_expiration > 0 && self.expiration > issuer.max_expiration {
            let (asked, most) = (self.expiration, issuer.max_expiration);
            effects
                .warnings
                .push(format!("requested expiration of {asked} seconds shortened to {most} seconds"));
            self.expiration = most;
            self.fill();
        }
        let is_extended = issuer.extend_expiration
            && references.pod.is_some()
            && self.expiration == WARN_ONLY_EXPIRATION
            && self.audiences.iter().all(|audience| issuer.api_audiences.contains(audience));
        let (lifetime, warn_after) = if is_extended {
            (issuer.extended_expiration, Some(self.now.seconds().saturating_add(self.expiration)))
        } else {
            (self.expiration, None)
        };
        let payload = self.payload(issuer.issuer, id, &references, lifetime, warn_after);
        let token = sign(issuer.key, &payload)
            .map_err(|error| Status::internal(&format!("failed to generate token: {error}")))?;
        if !id.is_empty() {
            effects.annotate("authentication.kubernetes.io/issued-credential-id", format!("JTI={id}"));
        }
        let mut status = Map::new();
        status.set("token", token.as_str().into());
        status.set("expirationTimestamp", self.now.plus(self.expiration).to_string().as_str().into());
        self.object.set("status", Value::Object(status));
        Ok(Value::Object(self.object))
    }

    /// Writes what is filled in into the object.
    fn fill(&mut self) {
        let mut metadata =
            self.object.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default();
        for (key, text) in [("name", &self.name), ("namespace", &self.namespace), ("uid", &self.uid)] {
            metadata.set(key, text.as_str().into());
        }
        metadata.set("creationTimestamp", self.now.to_string().as_str().into());
        let mut spec = Map::new();
        let audiences = self.audiences.iter().map(|audience| audience.as_str().into());
        spec.set("audiences", Value::Array(audiences.collect()));
        spec.set("expirationSeconds", Value::Int(self.expiration));
        let bound = self.bound_to.as_ref().map_or(Value::Null, |bound| {
            let mut map = Map::new();
            let texts = [
                ("kind", &bound.kind),
                ("apiVersion", &bound.api_version),
                ("name", &bound.name),
                ("uid", &bound.uid),
            ];
            for (key, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
                map.set(key, text.as_str().into());
            }
            Value::Object(map)
        });
        spec.set("boundObjectRef", bound);
        self.object.set("metadata", Value::Object(metadata));
        self.object.set("spec", Value::Object(spec));
        let mut status = Map::new();
        status.set("token", "".into());
        status.set("expirationTimestamp", Value::Null);
        self.object.set("status", Value::Object(status));
    }

    /// The object the token is to be bound to, looked up.
    fn references(&self, objects: &dyn Objects) -> Result<References, Status> {
        let Some(bound) = &self.bound_to else { return Ok(References::default()) };
        let mut references = References::default();
        let group = match bound.api_version.split('/').collect::<Vec<_>>().as_slice() {
            [group, _] => *group,
            _ => "",
        };
        if matches!((group, bound.kind.as_str()), ("", "Pod" | "Secret")) {
            check_segment(&bound.name)?;
        }
        let uid = match (group, bound.kind.as_str()) {
            ("", "Pod") => self.pod_reference(bound, objects, &mut references)?,
            ("", "Node") => {
                let node = found(objects.node(&bound.name), "nodes", &bound.name)?;
                references.node = Some((bound.name.clone(), node.uid.clone()));
                node.uid
            }
            ("", "Secret") => {
                let secret = found(objects.secret(&self.namespace, &bound.name), "secrets", &bound.name)?;
                references.secret = Some((bound.name.clone(), secret.uid.clone()));
                secret.uid
            }
            _ => {
                let version =
                    bound.api_version.rsplit_once('/').map_or(bound.api_version.as_str(), |(_, v)| v);
                let kind = &bound.kind;
                return Err(Status::bad_request(format!(
                    "cannot bind token to object of type {group}/{version}, Kind={kind}"
                )));
            }
        };
        if !bound.uid.is_empty() && bound.uid != uid {
            let why = format!(
                "the UID in the bound object reference ({}) does not match the UID in record. The object might \
                 have been deleted and then recreated",
                bound.uid
            );
            return Err(Status::conflict("", &bound.kind, &bound.name, &why));
        }
        Ok(references)
    }

    fn pod_reference(
        &self,
        bound: &BoundObject,
        objects: &dyn Objects,
        references: &mut References,
    ) -> Result<String, Status> {
        let pod = found(objects.pod(&self.namespace, &bound.name), "pods", &bound.name)?;
        if pod.service_account_name != self.name {
            return Err(Status::bad_request(format!(
                "cannot bind token for serviceaccount {} to pod running with different serviceaccount name.",
                ravelin_object::selector::quoted(&self.name)
            )));
        }
        if !pod.node_name.is_empty() {
            // A node that is not there is named all the same.
            let node = objects.node(&pod.node_name).map_err(|error| Status::internal(&error.to_string()))?;
            references.node = Some((pod.node_name, node.map(|node| node.uid).unwrap_or_default()));
        }
        references.pod = Some((bound.name.clone(), pod.uid.clone()));
        Ok(pod.uid)
    }

    /// The claims, keys sorted as Go sorts those of mappings; what is empty is left out.
    fn payload(
        &self,
        issuer: &str,
        id: &str,
        references: &References,
        lifetime: i64,
        warn_after: Option<i64>,
    ) -> String {
        let now = self.now.seconds();
        let own = (self.name.clone(), self.uid.clone());
        let mut private = Vec::new();
        if !self.namespace.is_empty() {
            private.push(format!("\"namespace\":{}", json_string(&self.namespace)));
        }
        let named = [
            ("node", &references.node),
            ("pod", &references.pod),
            ("secret", &references.secret),
            ("serviceaccount", &Some(own)),
        ];
        for (key, reference) in named {
            if let Some(reference) = reference {
                private.push(format!("\"{key}\":{}", reference_json(reference)));
            }
        }
        if let Some(seconds) = warn_after {
            private.push(format!("\"warnafter\":{seconds}"));
        }
        let mut claims = Vec::new();
        if !self.audiences.is_empty() {
            let audiences: Vec<String> = self.audiences.iter().map(|text| json_string(text)).collect();
            claims.push(format!("\"aud\":[{}]", audiences.join(",")));
        }
        claims.push(format!("\"exp\":{}", now.saturating_add(lifetime)));
        claims.push(format!("\"iat\":{now}"));
        for (key, text) in [("iss", issuer), ("jti", id)] {
            if !text.is_empty() {
                claims.push(format!("\"{key}\":{}", json_string(text)));
            }
        }
        claims.push(format!("\"kubernetes.io\":{{{}}}", private.join(",")));
        claims.push(format!("\"nbf\":{now}"));
        claims.push(format!("\"sub\":{}", json_string(&service_account_user(&self.namespace, &self.name))));
        format!("{{{}}}", claims.join(","))
    }
}

fn reference_json((name, uid): &(String, String)) -> String {
    let parts = [("name", name), ("uid", uid)];
    let parts = parts.iter().filter(|(_, text)| !text.is_empty());
    let parts: Vec<String> = parts.map(|(key, text)| format!("\"{key}\":{}", json_string(text))).collect();
    format!("{{{}}}", parts.join(","))
}

#[cfg(test)]
mod tests;
