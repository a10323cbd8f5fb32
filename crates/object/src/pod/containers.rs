//! Containers, as far as verdicts read them.

use super::ContainerSecurity;
use super::security;
use crate::{Decoder, Value};
use ravelin_diag::FieldPath;

/// Which of the pod's three lists a container stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerKind {
    /// `spec.initContainers`; sidecars are init containers that restart.
    Init,
    /// `spec.containers`.
    Regular,
    /// `spec.ephemeralContainers`.
    Ephemeral,
}

impl ContainerKind {
    /// The order in which upstream visits containers.
    pub const ALL: [Self; 3] = [Self::Init, Self::Regular, Self::Ephemeral];

    /// The key of the list below `spec`.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::Init => "initContainers",
            Self::Regular => "containers",
            Self::Ephemeral => "ephemeralContainers",
        }
    }
}

/// A container.
#[derive(Clone, Debug, PartialEq)]
pub struct Container<'a> {
    /// Which list it stands in.
    pub kind: ContainerKind,
    /// Its index in that list.
    pub index: usize,
    /// Its name; empty where absent.
    pub name: &'a str,
    /// Its image; empty where absent.
    pub image: &'a str,
    /// `securityContext`.
    pub security: ContainerSecurity<'a>,
    /// `ports`.
    pub ports: Vec<HostPort>,
    /// Every non-empty `host` of a probe or lifecycle handler.
    pub hosts: Vec<HandlerHost<'a>>,
}

/// A port of a container, as far as it touches the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostPort {
    /// The index in `ports`.
    pub index: usize,
    /// `hostPort`; 0 where it takes none.
    pub host_port: i32,
    /// `containerPort`; 0 where absent.
    pub container_port: i32,
    /// Whether the text itself holds the host port, rather than a default.
    pub written: bool,
}

/// A host named by a probe or a lifecycle handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandlerHost<'a> {
    /// The dotted keys from the container: `livenessProbe.httpGet.host`.
    pub field: &'static str,
    /// Its value, never empty.
    pub host: &'a str,
}

impl Container<'_> {
    /// The path of a field of this container, given as dotted keys, in a pod that stands at `pod`.
    #[must_use]
    pub fn field(&self, keys: &str, pod: FieldPath) -> FieldPath {
        pod.key("spec").key(self.kind.field()).index(self.index).dotted(keys)
    }
}

/// The handlers that may name a host: the dotted keys of the handler and of its host.
const HANDLERS: [(&str, &str, [&str; 2]); 5] = [
    ("livenessProbe", "", ["livenessProbe.httpGet.host", "livenessProbe.tcpSocket.host"]),
    ("readinessProbe", "", ["readinessProbe.httpGet.host", "readinessProbe.tcpSocket.host"]),
    ("startupProbe", "", ["startupProbe.httpGet.host", "startupProbe.tcpSocket.host"]),
    ("lifecycle", "postStart", ["lifecycle.postStart.httpGet.host", "lifecycle.postStart.tcpSocket.host"]),
    ("lifecycle", "preStop", ["lifecycle.preStop.httpGet.host", "lifecycle.preStop.tcpSocket.host"]),
];

pub(super) fn decode<'a>(
    decoder: &mut Decoder,
    kind: ContainerKind,
    index: usize,
    item: Option<&'a Value>,
) -> Container<'a> {
    Container {
        kind,
        index,
        name: decoder.string(item, "name").unwrap_or_default(),
        image: decoder.string(item, "image").unwrap_or_default(),
        security: decoder.mapping(item, "securityContext", security::decode_container).unwrap_or_default(),
        ports: decoder.mappings(item, "ports", decode_port),
        hosts: decode_hosts(decoder, item),
    }
}

fn decode_port(decoder: &mut Decoder, index: usize, port: Option<&Value>) -> HostPort {
    let host_port = decoder.integer32(port, "hostPort").unwrap_or_default();
    let container_port = decoder.integer32(port, "containerPort").unwrap_or_default();
    HostPort { index, host_port, container_port, written: host_port != 0 }
}

fn decode_hosts<'a>(decoder: &mut Decoder, container: Option<&'a Value>) -> Vec<HandlerHost<'a>> {
    let mut hosts = Vec::new();
    for (outer, inner, fields) in HANDLERS {
        decoder.mapping(container, outer, |decoder, handler| {
            if inner.is_empty() {
                decode_handler(decoder, handler, fields, &mut hosts);
            } else {
                decoder.mapping(Some(handler), inner, |decoder, handler| {
                    decode_handler(decoder, handler, fields, &mut hosts);
                });
            }
        });
    }
    hosts
}

fn decode_handler<'a>(
    decoder: &mut Decoder,
    handler: &'a Value,
    fields: [&'static str; 2],
    hosts: &mut Vec<HandlerHost<'a>>,
) {
    for (action, field) in ["httpGet", "tcpSocket"].into_iter().zip(fields) {
        let host =
            decoder.mapping(Some(handler), action, |decoder, action| decoder.string(Some(action), "host"));
        if let Some(host) = host.flatten().filter(|host| !host.is_empty()) {
            hosts.push(HandlerHost { field, host });
        }
    }
}

/// A pod on the host's network takes every container port on the host. Ephemeral containers have none.
/// Source: `k8s.io/kubernetes/pkg/apis/core/v1/defaults.go` (`defaultHostNetworkPorts`).
pub(super) fn default_host_ports(containers: &mut [Container<'_>]) {
    for container in containers.iter_mut().filter(|container| container.kind != ContainerKind::Ephemeral) {
        for port in container.ports.iter_mut().filter(|port| port.host_port == 0) {
            port.host_port = port.container_port;
        }
    }
}
