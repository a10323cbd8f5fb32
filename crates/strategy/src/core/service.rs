//! Services: defaults by type, and what goes when the type changes. Addresses and ports are not allocated here.

use crate::fields::{
    annotation, copy, default, default_text, empty, int, is_nil, items_mut, list, object, remove, set,
    struct_at, text,
};
use crate::ip::{cidr_warnings, ip_warnings};
use crate::kind::Context;
use crate::rules::{Rules, keep_spec};
use ravelin_object::Value;
use std::collections::BTreeSet;

/// Source: `k8s.io/kubernetes/pkg/registry/core/service/strategy.go`.
pub(crate) const RULES: Rules = Rules {
    defaults,
    create,
    update,
    subresources: &[("status", keep_spec)],
    warn_on_create: warnings,
    warn_on_update,
    ..Rules::new("", "Service").namespaced().returning_deleted().created_by_update()
};

/// Source: `SetDefaults_Service` in `k8s.io/kubernetes/pkg/apis/core/v1/defaults.go`.
fn defaults(service: &mut Value) {
    let Some(spec) = struct_at(service, "spec") else { return };
    default_text(spec, "sessionAffinity", "None");
    match text(spec, "sessionAffinity") {
        "None" => remove(spec, "sessionAffinityConfig"),
        "ClientIP" if is_nil(spec, "sessionAffinityConfig.clientIP.timeoutSeconds") => {
            let client = object([("timeoutSeconds", Value::Int(10800))]);
            set(spec, "sessionAffinityConfig", object([("clientIP", client)]));
        }
        _ => {}
    }
    default_text(spec, "type", "ClusterIP");
    for port in items_mut(spec, "ports") {
        default_text(port, "protocol", "TCP");
        let is_unset = match port.field("targetPort") {
            None | Some(Value::Int(0)) => true,
            Some(target) => target.as_str() == Some(""),
        };
        if is_unset {
            let number = int(port, "port");
            set(port, "targetPort", number);
        }
    }
    if is_externally_accessible(spec) {
        default_text(spec, "externalTrafficPolicy", "Cluster");
    }
    let is_balanced = text(spec, "type") == "LoadBalancer";
    if matches!(text(spec, "type"), "NodePort" | "LoadBalancer" | "ClusterIP") {
        default(spec, "internalTrafficPolicy", "Cluster");
    }
    if is_balanced {
        default(spec, "allocateLoadBalancerNodePorts", true);
        for ingress in items_mut(service, "status.loadBalancer.ingress") {
            if !text(ingress, "ip").is_empty() {
                default(ingress, "ipMode", "VIP");
            }
        }
    }
}

fn is_externally_accessible(spec: &Value) -> bool {
    match text(spec, "type") {
        "LoadBalancer" | "NodePort" => true,
        "ClusterIP" => !list(spec, "externalIPs").is_empty(),
        _ => false,
    }
}

fn create(service: &mut Value, _: &mut Context<'_>) {
    set(service, "status", object([("loadBalancer", empty())]));
}

fn update(service: &mut Value, old: &Value, _: &mut Context<'_>) {
    copy(service, old, "status");
    let nothing = empty();
    let old_spec = old.field("spec").unwrap_or(&nothing);
    let Some(spec) = struct_at(service, "spec") else { return };
    drop_by_type(spec, old_spec);
    if text(spec, "type") != "LoadBalancer"
        && let Some(status) = struct_at(service, "status")
    {
        set(status, "loadBalancer", empty());
    }
}

/// What a type does not use any more goes, if the user did not change it along with the type.
///
/// Source: `dropTypeDependentFields`.
fn drop_by_type(spec: &mut Value, old: &Value) {
    let needs_address = |spec: &Value| text(spec, "type") != "ExternalName";
    let same_text = |spec: &Value, key: &str| text(spec, key) == text(old, key);
    if needs_address(old) && !needs_address(spec) {
        if same_text(spec, "clusterIP") && list(spec, "clusterIPs") == list(old, "clusterIPs") {
            remove(spec, "clusterIP");
            remove(spec, "clusterIPs");
        }
        if list(spec, "ipFamilies") == list(old, "ipFamilies") {
            remove(spec, "ipFamilies");
        }
        if same_text(spec, "ipFamilyPolicy") {
            remove(spec, "ipFamilyPolicy");
        }
    }
    let needs_node_port = |spec: &Value| matches!(text(spec, "type"), "NodePort" | "LoadBalancer");
    if needs_node_port(old) && !needs_node_port(spec) && node_ports(spec).is_subset(&node_ports(old)) {
        for port in items_mut(spec, "ports") {
            remove(port, "nodePort");
        }
    }
    let needs_health_port =
        |spec: &Value| text(spec, "type") == "LoadBalancer" && text(spec, "externalTrafficPolicy") == "Local";
    if needs_health_port(old)
        && !needs_health_port(spec)
        && int(spec, "healthCheckNodePort") == int(old, "healthCheckNodePort")
    {
        remove(spec, "healthCheckNodePort");
    }
    let was_balanced = text(old, "type") == "LoadBalancer";
    if was_balanced && text(spec, "type") != "LoadBalancer" {
        for key in ["allocateLoadBalancerNodePorts", "loadBalancerClass"] {
            if spec.field(key) == old.field(key) {
                remove(spec, key);
            }
        }
    }
    if is_externally_accessible(old)
        && !is_externally_accessible(spec)
        && same_text(spec, "externalTrafficPolicy")
    {
        remove(spec, "externalTrafficPolicy");
    }
}

fn node_ports(spec: &Value) -> BTreeSet<i64> {
    list(spec, "ports").iter().map(|port| int(port, "nodePort")).filter(|port| *port != 0).collect()
}

/// Source: `k8s.io/kubernetes/pkg/api/service/warnings.go`.
fn warnings(service: &Value) -> Vec<String> {
    let nothing = empty();
    let spec = service.field("spec").unwrap_or(&nothing);
    let mut warnings = Vec::new();
    if annotation(service, "service.kubernetes.io/topology-aware-hints").is_some() {
        warnings.push(
            "annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead".to_owned(),
        );
    }
    let address = text(spec, "clusterIP");
    if !address.is_empty() && address != "None" {
        addresses(spec, "clusterIPs", &mut warnings);
    }
    let kind = text(spec, "type");
    let is_headless = kind == "ClusterIP" && address == "None";
    let has_external = !list(spec, "externalIPs").is_empty();
    let balancer = text(spec, "loadBalancerIP");
    if is_headless {
        for (is_set, field) in [
            (!balancer.is_empty(), "loadBalancerIP"),
            (has_external, "externalIPs"),
            (text(spec, "sessionAffinity") != "None", "SessionAffinity"),
        ] {
            if is_set {
                warnings.push(format!("spec.{field} is ignored for headless services"));
            }
        }
    }
    addresses(spec, "externalIPs", &mut warnings);
    if has_external && !is_headless && kind != "ExternalName" {
        warnings.push(
            "spec.externalIPs is deprecated and may no longer be implemented in some clusters".to_owned(),
        );
    }
    if !balancer.is_empty() {
        warnings.extend(ip_warnings("spec.loadBalancerIP", balancer));
    }
    for (index, range) in list(spec, "loadBalancerSourceRanges").iter().enumerate() {
        let path = format!("spec.loadBalancerSourceRanges[{index}]");
        warnings.extend(cidr_warnings(&path, range.as_str().unwrap_or_default()));
    }
    if kind == "ExternalName" && has_external {
        warnings.push("spec.externalIPs is ignored when spec.type is \"ExternalName\"".to_owned());
    }
    if kind != "ExternalName" && !text(spec, "externalName").is_empty() {
        warnings.push("spec.externalName is ignored when spec.type is not \"ExternalName\"".to_owned());
    }
    if text(spec, "trafficDistribution") == "PreferClose" {
        warnings.push(
            "spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"".to_owned(),
        );
    }
    warnings
}

fn addresses(spec: &Value, key: &str, warnings: &mut Vec<String>) {
    for (index, address) in list(spec, key).iter().enumerate() {
        warnings.extend(ip_warnings(&format!("spec.{key}[{index}]"), address.as_str().unwrap_or_default()));
    }
}

fn warn_on_update(subresource: &str, service: &Value, _: &Value) -> Vec<String> {
    match subresource {
        "" => warnings(service),
        "status" => ingress_warnings(service),
        _ => Vec::new(),
    }
}

/// Addresses of load balancers, of services and ingresses.
pub(crate) fn ingress_warnings(object: &Value) -> Vec<String> {
    let mut warnings = Vec::new();
    for (index, ingress) in list(object, "status.loadBalancer.ingress").iter().enumerate() {
        let address = text(ingress, "ip");
        if !address.is_empty() {
            warnings.extend(ip_warnings(&format!("status.loadBalancer.ingress[{index}]"), address));
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use crate::fields::testing::value;
    use crate::kind::Kind;
    use crate::rules::testing::{defaulted, updated};

    const SERVICE: Kind<'_> = Kind { group: "", version: "v1", kind: "Service" };

    #[test]
    fn defaults_follow_from_the_type() {
        for (spec, expected) in [
            (
                r#"{"ports":[{"port":80}]}"#,
                r#"{"ports":[{"port":80,"protocol":"TCP","targetPort":80}],"sessionAffinity":"None","type":"ClusterIP",
                "internalTrafficPolicy":"Cluster"}"#,
            ),
            (
                r#"{"type":"LoadBalancer","sessionAffinity":"ClientIP"}"#,
                r#"{"type":"LoadBalancer","sessionAffinity":"ClientIP",
                "sessionAffinityConfig":{"clientIP":{"timeoutSeconds":10800}},"externalTrafficPolicy":"Cluster",
                "internalTrafficPolicy":"Cluster","allocateLoadBalancerNodePorts":true}"#,
            ),
            (r#"{"type":"ExternalName"}"#, r#"{"type":"ExternalName","sessionAffinity":"None"}"#),
        ] {
            let service = defaulted(SERVICE, &format!(r#"{{"spec":{spec}}}"#));
            assert_eq!(service.field("spec").unwrap().to_json(), value(expected).to_json());
        }
    }

    #[test]
    fn what_a_type_does_not_use_goes_with_it() {
        let old = r#"{"spec":{"type":"LoadBalancer","clusterIP":"1.2.3.4","clusterIPs":["1.2.3.4"],
            "ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack","ports":[{"port":1,"nodePort":30000}],
            "externalTrafficPolicy":"Cluster","allocateLoadBalancerNodePorts":true},
            "status":{"loadBalancer":{"ingress":[{"ip":"9.9.9.9"}]}}}"#;
        let new = old.replace("\"LoadBalancer\"", "\"ExternalName\"");
        let service = updated(SERVICE, None, &new, old);
        assert_eq!(
            service.to_json(),
            value(r#"{"spec":{"type":"ExternalName","ports":[{"port":1}]},"status":{"loadBalancer":{}}}"#)
                .to_json()
        );
    }
}
