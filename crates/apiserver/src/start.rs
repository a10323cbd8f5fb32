//! What is there from the start: namespaces, the default policy, priority classes, the service `kubernetes`.
//!
//! Everything is reconciled at each start: what is missing is made, and of the default policy what an administrator has
//! taken away comes back, unless they said that it shall not.
//!
//! Source: `k8s.io/kubernetes/pkg/registry/rbac/rest/storage_rbac.go`, `k8s.io/component-helpers/auth/rbac/reconciliation`.

mod policy;

use crate::allocator::Cidr;
use crate::codec;
use crate::registry::{Registry, key, refused};
use crate::{clock, random};
use ravelin_object::status::Status;
use ravelin_object::{Map, Value};
use ravelin_store::{StoreError, Write};

/// The namespaces that are always there.
const NAMESPACES: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];

/// An object in the making.
fn object(api_version: &str, kind: &str, namespace: &str, name: &str) -> Value {
    let mut metadata = Map::new();
    metadata.set("name", name.into());
    if !namespace.is_empty() {
        metadata.set("namespace", namespace.into());
    }
    metadata.set("uid", random::uuid().into());
    metadata.set("creationTimestamp", clock::rfc3339().into());
    let mut object = Map::new();
    object.set("kind", kind.into());
    object.set("apiVersion", api_version.into());
    object.set("metadata", metadata.into());
    object.into()
}

fn map<const N: usize>(entries: [(&'static str, Value); N]) -> Value {
    let mut map = Map::new();
    for (key, value) in entries {
        map.set(key, value);
    }
    map.into()
}

fn set(object: &mut Value, key: &'static str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.set(key, value);
    }
}

/// A namespace as the server makes it.
pub(crate) fn namespace(name: &str) -> Value {
    let mut namespace = object("v1", "Namespace", "", name);
    crate::rest::metadata::set(&mut namespace, "labels", map([("kubernetes.io/metadata.name", name.into())]));
    set(&mut namespace, "spec", map([("finalizers", vec![Value::from("kubernetes")].into())]));
    set(&mut namespace, "status", map([("phase", "Active".into())]));
    namespace
}

fn priority_class(name: &str, value: i64, description: &str) -> Value {
    let mut class = object("scheduling.k8s.io/v1", "PriorityClass", "", name);
    crate::rest::metadata::set(&mut class, "generation", Value::Int(1));
    set(&mut class, "value", Value::Int(value));
    set(&mut class, "description", description.into());
    set(&mut class, "preemptionPolicy", "PreemptLowerPriority".into());
    class
}

/// The service by which pods reach this server.
fn service(range: Cidr, port: u16) -> Value {
    let mut service = object("v1", "Service", "default", "kubernetes");
    let labels = map([("component", "apiserver".into()), ("provider", "kubernetes".into())]);
    crate::rest::metadata::set(&mut service, "labels", labels);
    let address = range.first().to_string();
    let ports = map([
        ("name", "https".into()),
        ("protocol", "TCP".into()),
        ("port", Value::Int(443)),
        ("targetPort", Value::Int(port.into())),
    ]);
    let texts = |texts: &[&str]| Value::Array(texts.iter().map(|text| (*text).into()).collect());
    let spec = map([
        ("ports", vec![ports].into()),
        ("clusterIP", address.as_str().into()),
        ("clusterIPs", texts(&[address.as_str()])),
        ("type", "ClusterIP".into()),
        ("sessionAffinity", "None".into()),
        ("ipFamilies", texts(&["IPv4"])),
        ("ipFamilyPolicy", "SingleStack".into()),
        ("internalTrafficPolicy", "Cluster".into()),
    ]);
    set(&mut service, "spec", spec);
    set(&mut service, "status", map([("loadBalancer", Map::new().into())]));
    service
}

/// What the API server tells those who stand behind it: which proxies to believe.
fn authentication(client_authorities: &str, request_header: Option<&RequestHeaderFacts>) -> Value {
    let mut config = object("v1", "ConfigMap", "kube-system", "extension-apiserver-authentication");
    let mut data = Map::new();
    if !client_authorities.is_empty() {
        data.set("client-ca-file", client_authorities.into());
    }
    if let Some(facts) = request_header {
        let list = |names: &[String]| {
            let texts: Vec<String> = names.iter().map(|name| ravelin_object::json_string(name)).collect();
            Value::from(format!("[{}]", texts.join(",")))
        };
        data.set("requestheader-allowed-names", list(&facts.allowed_names));
        data.set("requestheader-client-ca-file", facts.authorities.as_str().into());
        data.set("requestheader-extra-headers-prefix", list(&facts.extra_prefixes));
        data.set("requestheader-group-headers", list(&facts.groups));
        data.set("requestheader-uid-headers", list(&facts.uids));
        data.set("requestheader-username-headers", list(&facts.users));
    }
    if !data.is_empty() {
        set(&mut config, "data", data.into());
    }
    config
}

/// Since when the use of legacy tokens is noted: one that has no note was not used since.
///
/// Source: `k8s.io/kubernetes/pkg/controlplane/controller/legacytokentracking`.
fn tracking() -> Value {
    let name = "kube-apiserver-legacy-service-account-token-tracking";
    let mut config = object("v1", "ConfigMap", "kube-system", name);
    set(&mut config, "data", map([("since", clock::timestamp().date().into())]));
    config
}

/// What is published about proxies in front.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestHeaderFacts {
    pub(crate) authorities: String,
    pub(crate) allowed_names: Vec<String>,
    pub(crate) users: Vec<String>,
    pub(crate) uids: Vec<String>,
    pub(crate) groups: Vec<String>,
    pub(crate) extra_prefixes: Vec<String>,
}

/// What the start needs to know.
pub(crate) struct Facts<'a> {
    /// The range of addresses of services.
    pub(crate) range: Cidr,
    /// The port of this server.
    pub(crate) port: u16,
    /// The authorities of clients, PEM.
    pub(crate) client_authorities: &'a str,
    /// The proxies in front.
    pub(crate) request_header: Option<&'a RequestHeaderFacts>,
}

/// Makes what is not there yet.
///
/// # Errors
/// Where the store fails.
pub(crate) async fn bootstrap(registry: &Registry, facts: &Facts<'_>) -> Result<(), Status> {
    let mut wanted: Vec<(&str, &str, Value)> =
        NAMESPACES.iter().map(|name| ("", "namespaces", namespace(name))).collect();
    let classes = "scheduling.k8s.io";
    let node = priority_class(
        "system-node-critical",
        2_000_001_000,
        "Used for system critical pods that must not be moved from their current node.",
    );
    let cluster = priority_class(
        "system-cluster-critical",
        2_000_000_000,
        "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
    );
    wanted.push((classes, "priorityclasses", node));
    wanted.push((classes, "priorityclasses", cluster));
    wanted.push(("", "services", service(facts.range, facts.port)));
    wanted.push(("", "configmaps", authentication(facts.client_authorities, facts.request_header)));
    wanted.push(("", "configmaps", tracking()));
    let mut tickets = Vec::new();
    for (group, plural, object) in &wanted {
        let text = |key| crate::rest::metadata::text(object, key);
        let key = key(group, plural, text("namespace"), text("name"));
        tickets.push(registry.store.submit(Write::create(key, codec::encode(object))));
    }
    for write in policy::writes(registry)? {
        tickets.push(registry.store.submit(write));
    }
    for ticket in tickets {
        match ticket.await {
            Ok(_) | Err(StoreError::Exists(_)) => {}
            Err(error) => return Err(refused(&error)),
        }
    }
    Ok(())
}
