//! The stage that begins the record of a request, and what ends it.
//!
//! Source: `k8s.io/apiserver/pkg/endpoints/filters/{audit,authn_audit}.go`.

use crate::api::Api;
use crate::clock;
use crate::exchange::Exchange;
use ravelin_auditlog::{Attributes, AuditConfig, ObjectReference, RequestFacts, UserInfo, source_ips};
use ravelin_object::status::Status;

/// Begins the record. The policy sees who authenticated, not who is impersonated.
///
/// # Errors
/// 500 where the first event must be safe before anything else happens, and is not.
pub(crate) fn begin(api: &Api, exchange: &mut Exchange) -> Result<(), Status> {
    let Some(config) = config(api, exchange, true) else { return Ok(()) };
    let facts = facts(exchange, true);
    let is_long_running = exchange.is_long_running();
    exchange.recorder.begin(config, facts, is_long_running);
    if exchange.recorder.received(&mut api.audit.sink()) {
        return Ok(());
    }
    if api.audit.is_strict() { Err(Status::internal("audit event could not be written")) } else { Ok(()) }
}

/// Begins the record of a request that nobody can be told to have made.
pub(crate) fn begin_failed(api: &Api, exchange: &mut Exchange, message: &str) {
    let Some(config) = config(api, exchange, false) else { return };
    let facts = facts(exchange, false);
    exchange.recorder.begin_failed(config, facts, message);
    exchange.ends_at_once = true;
}

/// Ends the record of a request that failed in a way it should not.
pub(crate) fn panicked(api: &Api, exchange: &mut Exchange, message: &str) {
    exchange.recorder.panicked(message, clock::micro_time(), &mut api.audit.sink());
}

fn config(api: &Api, exchange: &Exchange, is_authenticated: bool) -> Option<AuditConfig> {
    let info = &exchange.info;
    let (user, groups): (_, &[String]) = if is_authenticated {
        (Some(exchange.user.name.as_str()), &exchange.user.groups)
    } else {
        (None, &[])
    };
    api.audit.evaluate(&Attributes {
        user,
        groups,
        verb: &info.verb,
        is_resource: info.is_resource,
        group: &info.api_group,
        namespace: &info.namespace,
        resource: &info.resource,
        subresource: &info.subresource,
        name: &info.name,
        path: &info.path,
    })
}

/// A user as events have it.
pub(crate) fn recorded(user: &ravelin_authn::UserInfo) -> UserInfo {
    UserInfo {
        username: user.name.clone(),
        uid: user.uid.clone(),
        groups: user.groups.clone(),
        extra: user.extra.clone(),
    }
}

fn facts(exchange: &Exchange, is_authenticated: bool) -> RequestFacts {
    let info = &exchange.info;
    let object = info.is_resource.then(|| ObjectReference {
        resource: info.resource.clone(),
        namespace: info.namespace.clone(),
        name: info.name.clone(),
        api_group: info.api_group.clone(),
        api_version: info.api_version.clone(),
        subresource: info.subresource.clone(),
        ..ObjectReference::default()
    });
    let header = |name| Some(exchange.header(name)).filter(|value| !value.is_empty());
    RequestFacts {
        uri: exchange.target.clone(),
        verb: info.verb.clone(),
        user: is_authenticated.then(|| recorded(&exchange.user)),
        source_ips: source_ips(
            header("x-forwarded-for"),
            header("x-real-ip"),
            &exchange.peer.address.to_string(),
        ),
        user_agent: exchange.header("user-agent").to_owned(),
        object,
        received: Some(exchange.received),
    }
}
