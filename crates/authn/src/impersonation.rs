//! Who a request is to be taken for, and whether its sender may do that.
//!
//! Headers name the user; questions about access, asked through a closure, decide. Of several modes the first that
//! succeeds counts; the error of the first that fails is told. Source:
//! `k8s.io/apiserver/pkg/endpoints/filters/impersonation`. Nothing is remembered here; a host may remember the mode
//! that last succeeded for a user and have it tried first.

mod modes;

use crate::headers::Headers;
use crate::request_header::extra_key;
use ravelin_object::selector::quoted;
use ravelin_object::status::Status;
use ravelin_object::user::UserInfo;

pub use modes::Mode;

const USER: &str = "Impersonate-User";
const UID: &str = "Impersonate-Uid";
const GROUP: &str = "Impersonate-Group";
const EXTRA: &str = "Impersonate-Extra-";

/// What a request is about: what impersonation needs to know to word a denial.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestTarget {
    /// The verb: `list`; for paths the lower-case method.
    pub verb: String,
    /// Whether a resource is asked for, rather than a path.
    pub is_resource: bool,
    /// The API group.
    pub group: String,
    /// The resource.
    pub resource: String,
    /// The subresource.
    pub subresource: String,
    /// The namespace.
    pub namespace: String,
    /// The name of the object.
    pub name: String,
    /// The path.
    pub path: String,
}

/// What access is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// What the request itself is about, its selectors and API version included; only verb and user differ.
    TheRequest,
    /// A user, group, uid, attribute, service account or node.
    Resource {
        /// The API group: of today's modes `authentication.k8s.io`, of the old one the core group for users, groups
        /// and service accounts. The version is `v1`.
        group: &'static str,
        /// The resource: `users`.
        resource: &'static str,
        /// The subresource: the key of an attribute.
        subresource: String,
        /// The namespace of a service account.
        namespace: String,
        /// The name: of a user, a group; the value of an attribute.
        name: String,
    },
}

/// A question: may this user do that?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessQuestion {
    /// Who asks. For nodes that belong to the requester, their attributes are reduced to
    /// `authentication.kubernetes.io/associated-node-keys`.
    pub user: UserInfo,
    /// The verb: `impersonate:user-info`, `impersonate-on:user-info:list`, `impersonate`.
    pub verb: String,
    /// What about.
    pub target: Target,
}

/// The answer of an authorizer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessAnswer {
    /// Whether it allowed the thing.
    pub allowed: bool,
    /// Its reason.
    pub reason: String,
    /// Its error.
    pub error: Option<String>,
}

/// A user that a request may be taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impersonated {
    /// The user.
    pub user: UserInfo,
    /// How: the mode that a host may try first the next time.
    pub mode: Mode,
}

impl Impersonated {
    /// The verb that allowed it, for `authenticationMetadata.impersonationConstraint`; `None` for the old mode.
    #[must_use]
    pub fn constraint(&self) -> Option<String> {
        self.mode.constraint()
    }
}

/// Whether constrained modes are tried: the gate `ConstrainedImpersonation`, on since 1.36.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modes {
    /// All of them, in their order.
    All,
    /// Only the old one, in its own words.
    LegacyOnly,
}

/// The user that headers ask for; nothing where they ask for none. The headers are removed.
///
/// # Errors
/// Status 400 where they ask for something of a user, but name none.
pub fn wanted_user(headers: &mut Headers, modes: Modes) -> Result<Option<UserInfo>, Status> {
    let mut wanted = UserInfo {
        name: headers.get(USER).to_owned(),
        uid: headers.get(UID).to_owned(),
        groups: headers.all(GROUP).to_vec(),
        ..UserInfo::default()
    };
    let mut has_extra = false;
    for (name, values) in headers.iter() {
        let Some(key) = name.strip_prefix(EXTRA) else { continue };
        has_extra = true;
        if !values.is_empty() {
            wanted.extra.entry(extra_key(key)).or_default().extend_from_slice(values);
        }
    }
    if !wanted.name.is_empty() {
        headers.retain(|name| !matches!(name, USER | UID | GROUP) && !name.starts_with(EXTRA));
        return Ok(Some(wanted));
    }
    if wanted.uid.is_empty() && wanted.groups.is_empty() && !has_extra {
        return Ok(None);
    }
    if modes == Modes::LegacyOnly {
        let wanted = references(&wanted);
        return Err(Status::bad_request(format!("requested {wanted} without impersonating a user")));
    }
    let wanted = go_syntax(&wanted);
    Err(Status::bad_request(format!("requested {wanted} without impersonating a user name")))
}

/// What is asked for as references to objects, which Go's `%v` writes: kind, namespace, name, uid, version, resource
/// version, field path.
fn references(user: &UserInfo) -> String {
    const VERSION: &str = "authentication.k8s.io/v1";
    let groups = user.groups.iter().map(|group| format!("{{Group  {group}    }}"));
    let extra = user.extra.iter().flat_map(|(key, values)| {
        values.iter().map(move |value| format!("{{UserExtra  {value}  {VERSION}  {key}}}"))
    });
    let uid = (!user.uid.is_empty()).then(|| format!("{{UID  {}  {VERSION}  }}", user.uid));
    let all: Vec<String> = groups.chain(extra).chain(uid).collect();
    format!("[{}]", all.join(" "))
}

/// A user as Go's `%#v` writes it.
fn go_syntax(user: &UserInfo) -> String {
    let list = |texts: &[String]| {
        let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
        format!("[]string{{{}}}", texts.join(", "))
    };
    let groups = if user.groups.is_empty() { "[]string(nil)".to_owned() } else { list(&user.groups) };
    let extra = if user.extra.is_empty() {
        "map[string][]string(nil)".to_owned()
    } else {
        let entries = user.extra.iter().map(|(key, values)| format!("{}:{}", quoted(key), list(values)));
        format!("map[string][]string{{{}}}", entries.collect::<Vec<_>>().join(", "))
    };
    let (name, uid) = (quoted(&user.name), quoted(&user.uid));
    format!("&user.DefaultInfo{{Name:{name}, UID:{uid}, Groups:{groups}, Extra:{extra}}}")
}

/// Whether `requester` may be taken for `wanted` in a request. `first` is a mode to be tried before the others.
///
/// # Errors
/// Status 403, in the words of the first mode that failed.
pub fn impersonate(
    requester: &UserInfo,
    wanted: &UserInfo,
    request: &RequestTarget,
    modes: Modes,
    first: Option<Mode>,
    ask: &mut dyn FnMut(&AccessQuestion) -> AccessAnswer,
) -> Result<Impersonated, Status> {
    let all: &[Mode] = if modes == Modes::All { &Mode::ALL } else { &[Mode::Legacy] };
    let first = first.filter(|mode| all.contains(mode));
    let others = all.iter().copied().filter(|mode| Some(*mode) != first);
    let mut refused = None;
    for mode in first.into_iter().chain(others) {
        let is_alone = modes == Modes::LegacyOnly;
        let mut check = modes::Check { mode, is_alone, requester, request, ask: &mut *ask };
        match check.user(wanted) {
            Ok(Some(user)) => return Ok(Impersonated { user, mode }),
            Ok(None) => {}
            Err(refusal) => {
                refused.get_or_insert(refusal);
            }
        }
    }
    Err(refused.unwrap_or_else(|| Status::internal("all impersonation modes failed")))
}

#[cfg(test)]
mod tests;
