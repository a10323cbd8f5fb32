//! Ingresses, network policies, slices of endpoints, and addresses.

use crate::core::load_balancer;
use crate::time::Clock;
use crate::{Family, field, label};
use ravelin_object::Value;
use ravelin_object::status::qualified;

pub(crate) const PRINTERS: Family = &[
    ("discovery.k8s.io", "EndpointSlice", endpoint_slice),
    ("networking.k8s.io", "IPAddress", ip_address),
    ("networking.k8s.io", "Ingress", ingress),
    ("networking.k8s.io", "IngressClass", ingress_class),
    ("networking.k8s.io", "NetworkPolicy", network_policy),
    ("networking.k8s.io", "ServiceCIDR", service_cidr),
];

const MOST: usize = 3;

fn ingress(object: &Value, clock: &Clock) -> Vec<Value> {
    let addresses: Vec<String> = load_balancer(object).into_iter().collect();
    let ports = if field::list(object, "spec.tls").is_empty() { "80" } else { "80, 443" };
    vec![
        field::name(object),
        Value::from(field::optional_text(object, "spec.ingressClassName").unwrap_or("<none>")),
        Value::from(hosts(field::list(object, "spec.rules"))),
        Value::from(addresses.join(",")),
        Value::from(ports),
        clock.age(object),
    ]
}

/// The first three hosts; how many more there are counts rules without a host too.
fn hosts(rules: &[Value]) -> String {
    let mut hosts = Vec::new();
    let mut has_more = false;
    for rule in rules {
        has_more |= hosts.len() == MOST;
        let host = field::text(rule, "host");
        if !has_more && !host.is_empty() {
            hosts.push(host);
        }
    }
    match (hosts.is_empty(), has_more) {
        (true, _) => "*".to_owned(),
        (false, true) => format!("{} + {} more...", hosts.join(","), rules.len() - MOST),
        (false, false) => hosts.join(","),
    }
}

fn ingress_class(object: &Value, clock: &Clock) -> Vec<Value> {
    let mut name = field::text(object, "metadata.name").to_owned();
    if field::annotation(object, "ingressclass.kubernetes.io/is-default-class") == Some("true") {
        name.push_str(" (default)");
    }
    let parameters = object.dotted("spec.parameters").map_or_else(
        || "<none>".to_owned(),
        |parameters| {
            let group = field::optional_text(parameters, "apiGroup");
            let group = group.map_or_else(String::new, |group| format!(".{group}"));
            format!("{}{group}/{}", field::text(parameters, "kind"), field::text(parameters, "name"))
        },
    );
    vec![
        Value::from(name),
        field::cell(object, "spec.controller"),
        Value::from(parameters),
        clock.age(object),
    ]
}

fn network_policy(object: &Value, clock: &Clock) -> Vec<Value> {
    vec![field::name(object), Value::from(label::selector(object, "spec.podSelector")), clock.age(object)]
}

fn service_cidr(object: &Value, clock: &Clock) -> Vec<Value> {
    vec![field::name(object), Value::from(field::texts(object, "spec.cidrs").join(",")), clock.age(object)]
}

/// It has a cell more than there are columns.
fn ip_address(object: &Value, clock: &Clock) -> Vec<Value> {
    let parent = object.dotted("spec.parentRef").map_or_else(
        || "<none>".to_owned(),
        |parent| {
            let resource =
                qualified(field::text(parent, "group"), field::text(parent, "resource")).to_lowercase();
            let namespace = match field::text(parent, "namespace") {
                "" => String::new(),
                namespace => format!("/{namespace}"),
            };
            format!("{resource}{namespace}/{}", field::text(parent, "name"))
        },
    );
    vec![field::name(object), Value::from(parent), clock.age(object)]
}

fn endpoint_slice(object: &Value, clock: &Clock) -> Vec<Value> {
    let ports = field::list(object, "ports").iter().map(|port| {
        let number = field::optional_int(port, "port").map(|port| port.to_string());
        number
            .or_else(|| field::optional_text(port, "name").map(str::to_owned))
            .unwrap_or_else(|| "*".to_owned())
    });
    let endpoints = field::list(object, "endpoints").iter();
    let addresses = endpoints.flat_map(|endpoint| field::texts(endpoint, "addresses")).map(str::to_owned);
    vec![
        field::name(object),
        field::cell(object, "addressType"),
        Value::from(field::first_of(&ports.collect::<Vec<_>>(), MOST)),
        Value::from(field::first_of(&addresses.collect::<Vec<_>>(), MOST)),
        clock.age(object),
    ]
}
