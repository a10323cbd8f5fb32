//! The modes of impersonation: which users each is for, and what it asks.
//!
//! Source: `k8s.io/apiserver/pkg/endpoints/filters/impersonation/mode.go`.

use super::{AccessAnswer, AccessQuestion, RequestTarget, Target};
use crate::names::{NODE_NAME, node_of, service_account_groups, split_service_account};
use crate::{ALL_AUTHENTICATED, ALL_UNAUTHENTICATED, ANONYMOUS, NODES, SYSTEM_MASTERS};
use ravelin_object::errors::aggregated;
use ravelin_object::selector::{dns1123_subdomain_faults, quoted};
use ravelin_object::status::Status;
use ravelin_object::user::UserInfo;
use std::collections::BTreeMap;

const AUTHENTICATION: &str = "authentication.k8s.io";

/// From so many groups or attributes on, one question about all of them comes first.
const MANY: usize = 4;

/// A mode of impersonation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A service account for the node its pod runs on.
    AssociatedNode,
    /// Any node.
    ArbitraryNode,
    /// A service account.
    ServiceAccount,
    /// Any other user.
    UserInfo,
    /// Anyone, by the verb `impersonate`.
    Legacy,
}

impl Mode {
    /// Every mode, in the order in which they are tried.
    pub const ALL: [Self; 5] =
        [Self::AssociatedNode, Self::ArbitraryNode, Self::ServiceAccount, Self::UserInfo, Self::Legacy];

    /// The name that verbs hold; the old mode has none.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::AssociatedNode => Some("associated-node"),
            Self::ArbitraryNode => Some("arbitrary-node"),
            Self::ServiceAccount => Some("serviceaccount"),
            Self::UserInfo => Some("user-info"),
            Self::Legacy => None,
        }
    }

    pub(super) fn constraint(self) -> Option<String> {
        self.name().map(|name| format!("impersonate:{name}"))
    }

    /// Whether the mode is for such a user.
    fn is_for(self, wanted: &UserInfo, requester: &UserInfo) -> bool {
        let is_only_name = wanted.uid.is_empty() && wanted.groups.is_empty() && wanted.extra.is_empty();
        let node = node_of(&wanted.name);
        let account = split_service_account(&wanted.name);
        match self {
            Self::AssociatedNode => is_only_name && node.is_some_and(|node| is_on(requester, node)),
            Self::ArbitraryNode => is_only_name && node.is_some(),
            Self::ServiceAccount => is_only_name && account.is_some(),
            Self::UserInfo => node.is_none() && account.is_none(),
            Self::Legacy => true,
        }
    }
}

/// Whether the requester is a service account whose pod runs on the node.
fn is_on(requester: &UserInfo, node: &str) -> bool {
    let is_account = split_service_account(&requester.name).is_some();
    let nodes = requester.extra.get(NODE_NAME).map_or(&[][..], Vec::as_slice);
    is_account && matches!(nodes, [only] if only == node)
}

/// One attempt.
pub(super) struct Check<'a> {
    pub(super) mode: Mode,
    /// Whether there are no other modes: the filter of old, which asks in another order and tells no errors.
    pub(super) is_alone: bool,
    pub(super) requester: &'a UserInfo,
    pub(super) request: &'a RequestTarget,
    pub(super) ask: &'a mut dyn FnMut(&AccessQuestion) -> AccessAnswer,
}

/// What is asked about: resource, subresource, namespace, name.
struct Thing {
    resource: &'static str,
    subresource: String,
    namespace: String,
    name: String,
}

impl Thing {
    fn new(resource: &'static str, name: &str) -> Self {
        Self { resource, subresource: String::new(), namespace: String::new(), name: name.to_owned() }
    }
}

impl Check<'_> {
    /// The user as whom the request goes on; nothing where the mode is not for such a user.
    pub(super) fn user(&mut self, wanted: &UserInfo) -> Result<Option<UserInfo>, Status> {
        if !self.mode.is_for(wanted, self.requester) {
            return Ok(None);
        }
        if let Some(mode) = self.mode.name() {
            let verb = format!("impersonate-on:{mode}:{}", self.request.verb);
            self.authorize(verb, Target::TheRequest)?;
        }
        let mut user = wanted.clone();
        self.name(wanted, &mut user)?;
        if !self.is_alone {
            self.uid(&wanted.uid)?;
        }
        self.groups(&wanted.groups)?;
        self.extra(&wanted.extra)?;
        if self.is_alone {
            self.uid(&wanted.uid)?;
        }
        if user.name == ANONYMOUS {
            ensure(&mut user.groups, ALL_UNAUTHENTICATED);
        } else if !user.is_in(ALL_UNAUTHENTICATED) {
            ensure(&mut user.groups, ALL_AUTHENTICATED);
        }
        Ok(Some(user))
    }

    const fn is_constrained(&self) -> bool {
        !matches!(self.mode, Mode::Legacy)
    }

    /// The API group of users, groups, accounts and nodes.
    const fn group(&self) -> &'static str {
        if self.is_constrained() { AUTHENTICATION } else { "" }
    }

    fn name(&mut self, wanted: &UserInfo, user: &mut UserInfo) -> Result<(), Status> {
        let mut thing = Thing::new("users", &wanted.name);
        if let Some(node) = node_of(&wanted.name).filter(|_| self.is_constrained()) {
            thing = Thing::new("nodes", node);
            user.groups = vec![NODES.to_owned()];
        }
        if let Some((namespace, name)) = split_service_account(&wanted.name) {
            thing = Thing { namespace: namespace.to_owned(), ..Thing::new("serviceaccounts", name) };
            if wanted.groups.is_empty() {
                user.groups = service_account_groups(namespace);
            }
        }
        self.thing(self.group(), thing)
    }

    fn uid(&mut self, uid: &str) -> Result<(), Status> {
        if uid.is_empty() { Ok(()) } else { self.thing(AUTHENTICATION, Thing::new("uids", uid)) }
    }

    fn groups(&mut self, groups: &[String]) -> Result<(), Status> {
        if groups.is_empty() {
            return Ok(());
        }
        let of_groups = self.group();
        if self.is_constrained() {
            let forbidden = [
                ("", "impersonating the empty string group is not allowed"),
                (SYSTEM_MASTERS, "impersonating the system:masters group is not allowed"),
            ];
            if let Some((name, why)) =
                forbidden.iter().find(|(name, _)| groups.iter().any(|group| group == name))
            {
                return Err(self.denied(of_groups, Thing::new("groups", name), why));
            }
            let is_all = groups.len() >= MANY && self.thing(of_groups, Thing::new("groups", "*")).is_ok();
            if is_all {
                return Ok(());
            }
        }
        groups.iter().try_for_each(|group| self.thing(of_groups, Thing::new("groups", group)))
    }

    fn extra(&mut self, extra: &BTreeMap<String, Vec<String>>) -> Result<(), Status> {
        if extra.is_empty() {
            return Ok(());
        }
        let of =
            |key: &str, value: &str| Thing { subresource: key.to_owned(), ..Thing::new("userextras", value) };
        if self.is_constrained() {
            if let Err(why) = extra.iter().try_for_each(|(key, values)| check_extra(key, values)) {
                return Err(self.denied(AUTHENTICATION, Thing::new("userextras", ""), &why));
            }
            let is_large = extra.len() >= MANY || extra.values().map(Vec::len).sum::<usize>() >= MANY;
            if is_large && self.thing(AUTHENTICATION, of("*", "*")).is_ok() {
                return Ok(());
            }
        }
        for (key, values) in extra {
            for value in values {
                self.thing(AUTHENTICATION, of(key, value))?;
            }
        }
        Ok(())
    }

    fn thing(&mut self, group: &'static str, thing: Thing) -> Result<(), Status> {
        let verb = self.mode.constraint().unwrap_or_else(|| "impersonate".to_owned());
        let target = self.target(group, thing);
        self.authorize(verb, target)
    }

    fn target(&self, group: &'static str, thing: Thing) -> Target {
        // Which node it is has been seen to; access is to nodes one belongs to, whichever they are.
        let name = if self.mode == Mode::AssociatedNode { "*".to_owned() } else { thing.name };
        let Thing { resource, subresource, namespace, .. } = thing;
        Target::Resource { group, resource, subresource, namespace, name }
    }

    fn authorize(&mut self, verb: String, target: Target) -> Result<(), Status> {
        let mut user = self.requester.clone();
        if self.mode == Mode::AssociatedNode {
            let keys = user.extra.keys().cloned().collect();
            user.extra =
                BTreeMap::from([("authentication.kubernetes.io/associated-node-keys".to_owned(), keys)]);
        }
        let question = AccessQuestion { user, verb, target };
        let answer = (self.ask)(&question);
        if answer.allowed && (answer.error.is_none() || !self.is_alone) {
            return Ok(());
        }
        let error = answer.error.filter(|_| !self.is_alone);
        let why = match (error, answer.reason) {
            (Some(error), reason) if !reason.is_empty() => format!("{error}: {reason}"),
            (Some(error), _) => error,
            (None, reason) => reason,
        };
        Err(self.refusal(&question, &why))
    }

    fn denied(&self, group: &'static str, thing: Thing, why: &str) -> Status {
        let verb = self.mode.constraint().unwrap_or_else(|| "impersonate".to_owned());
        let target = self.target(group, thing);
        self.refusal(&AccessQuestion { user: self.requester.clone(), verb, target }, why)
    }

    /// Source: `k8s.io/apiserver/pkg/endpoints/handlers/responsewriters` `ForbiddenStatusError`.
    fn refusal(&self, question: &AccessQuestion, why: &str) -> Status {
        let (user, verb) = (quoted(&question.user.name), &question.verb);
        let request = self.request;
        let (group, resource, subresource, namespace, name) = match &question.target {
            Target::TheRequest if !request.is_resource => {
                let text = format!("User {user} cannot {verb} path {}", quoted(&request.path));
                return Status::forbidden("", "", &request.name, &with_reason(&text, why));
            }
            Target::TheRequest => (
                request.group.as_str(),
                request.resource.as_str(),
                &request.subresource,
                &request.namespace,
                &request.name,
            ),
            Target::Resource { group, resource, subresource, namespace, name } => {
                (*group, *resource, subresource, namespace, name)
            }
        };
        let what =
            if subresource.is_empty() { resource.to_owned() } else { format!("{resource}/{subresource}") };
        let place = if namespace.is_empty() {
            "at the cluster scope".to_owned()
        } else {
            format!("in the namespace {}", quoted(namespace))
        };
        let (what, of_group) = (quoted(&what), quoted(group));
        let text = format!("User {user} cannot {verb} resource {what} in API group {of_group} {place}");
        Status::forbidden(group, resource, name, &with_reason(&text, why))
    }
}

/// The text, safe to be shown as HTML, and the reason.
fn with_reason(text: &str, why: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    if why.is_empty() { text } else { format!("{text}: {why}") }
}

fn ensure(groups: &mut Vec<String>, group: &str) {
    if !groups.iter().any(|other| other == group) {
        groups.push(group.to_owned());
    }
}

fn check_extra(key: &str, values: &[String]) -> Result<(), String> {
    if key.is_empty() {
        return Err("impersonating the empty string key in extra is not allowed".to_owned());
    }
    if let Some(faults) = aggregated(prefixed_path_faults(key)) {
        return Err(format!("impersonating an invalid key in extra is not allowed: {faults}"));
    }
    if key != key.to_lowercase() {
        return Err(format!("impersonating a non-lowercase key in extra is not allowed: {}", quoted(key)));
    }
    if values.is_empty() {
        return Err("impersonating empty values in extra is not allowed".to_owned());
    }
    if values.iter().any(String::is_empty) {
        return Err("impersonating the empty string value in extra is not allowed".to_owned());
    }
    Ok(())
}

/// Source: `k8s.io/apimachinery/pkg/util/validation` `IsDomainPrefixedPath`.
fn prefixed_path_faults(key: &str) -> Vec<String> {
    let invalid = |value: &str, why: &str| format!("extra.key: Invalid value: {}: {why}", quoted(value));
    let parts = key.split_once('/').filter(|(host, path)| !host.is_empty() && !path.is_empty());
    let Some((host, path)) = parts else {
        return vec![invalid(key, "must be a domain-prefixed path (such as \"acme.io/foo\")")];
    };
    let mut faults: Vec<String> =
        dns1123_subdomain_faults(host).iter().map(|fault| invalid(host, fault)).collect();
    let is_of_path = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&byte);
    if !path.bytes().all(is_of_path) {
        let why = "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')";
        faults.push(invalid(path, why));
    }
    faults
}
