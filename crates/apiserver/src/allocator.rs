//! The addresses and ports of services.
//!
//! Source: `k8s.io/kubernetes/pkg/registry/core/service/storage/alloc.go`.

use crate::registry::Registry;
use crate::rest::metadata;
use parking_lot::Mutex;
use ravelin_object::Value;
use ravelin_object::fault::Fault;
use ravelin_object::status::Status;
use ravelin_resource::Resource;
use std::collections::HashSet;
use std::net::Ipv4Addr;

/// The ports of nodes that services get: `--service-node-port-range`.
const PORTS: std::ops::RangeInclusive<u16> = 30_000..=32_767;

/// A range of addresses: `--service-cluster-ip-range`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    /// The first address.
    network: u32,
    /// How many bits all addresses share.
    bits: u8,
}

impl Cidr {
    /// Reads `10.0.0.0/24`.
    ///
    /// # Errors
    /// Where it is no range of IPv4 addresses of 8 to 4,194,304 members.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{text:?} is no range of IPv4 addresses such as 10.0.0.0/24, with 10 to 29 bits in common"
            )
        };
        let (address, bits) = text.split_once('/').ok_or_else(wrong)?;
        let address: Ipv4Addr = address.parse().map_err(|_| wrong())?;
        let bits: u8 = bits.parse().map_err(|_| wrong())?;
        if !(10..=29).contains(&bits) {
            return Err(wrong());
        }
        Ok(Self { network: u32::from(address) & (u32::MAX << (32 - bits)), bits })
    }

    const fn size(self) -> u32 {
        1 << (32 - self.bits)
    }

    const fn contains(self, address: u32) -> bool {
        address > self.network && address < self.network + self.size() - 1
    }

    /// The address of the service `kubernetes`.
    #[must_use]
    pub fn first(self) -> Ipv4Addr {
        Ipv4Addr::from(self.network + 1)
    }
}

impl std::fmt::Display for Cidr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from(self.network), self.bits)
    }
}

/// What has been given out.
#[derive(Default)]
struct Given {
    is_known: bool,
    addresses: HashSet<u32>,
    ports: HashSet<u16>,
}

/// Gives out addresses and ports.
pub(crate) struct Allocator {
    range: Cidr,
    given: Mutex<Given>,
}

fn spec<'o>(object: &'o Value, key: &str) -> &'o str {
    object.field("spec").and_then(|spec| spec.field(key)).and_then(Value::as_str).unwrap_or_default()
}

fn set(object: &mut Value, key: &'static str, value: Value) {
    if let Some(spec) = object.object_at("spec") {
        spec.set(key, value);
    }
}

/// Whether services of the type have ports of nodes.
fn has_node_ports(kind: &str) -> bool {
    matches!(kind, "NodePort" | "LoadBalancer")
}

fn is_service(resource: &Resource) -> bool {
    resource.group.is_empty() && resource.plural == "services"
}

impl Allocator {
    /// An allocator of a range. What is given out it reads off the services when it is first asked.
    pub(crate) fn new(range: Cidr) -> Self {
        Self { range, given: Mutex::default() }
    }

    /// Gives a new service what it needs. Other objects are left alone.
    pub(crate) fn create(
        &self,
        registry: &Registry,
        resource: &Resource,
        object: &mut Value,
    ) -> Result<(), Status> {
        if !is_service(resource) {
            return Ok(());
        }
        let mut given = self.given.lock();
        self.know(&mut given, registry)?;
        if spec(object, "type") == "ExternalName" {
            return Ok(());
        }
        families(object);
        self.address(&mut given, object)?;
        ports(&mut given, object).inspect_err(|_| release(&mut given, self.range, object))
    }

    /// Keeps what a service has, and gives it what it needs now.
    pub(crate) fn update(
        &self,
        registry: &Registry,
        resource: &Resource,
        object: &mut Value,
        old: &Value,
    ) -> Result<(), Status> {
        if !is_service(resource) {
            return Ok(());
        }
        let mut given = self.given.lock();
        self.know(&mut given, registry)?;
        if spec(object, "type") == "ExternalName" {
            return Ok(());
        }
        keep(object, old);
        families(object);
        let had_address = !spec(old, "clusterIP").is_empty();
        if !had_address || spec(object, "clusterIP").is_empty() {
            self.address(&mut given, object)?;
        }
        let had: HashSet<u16> = node_ports(old).collect();
        given.ports.retain(|port| !had.contains(port));
        let outcome = ports(&mut given, object);
        given.ports.extend(had);
        outcome
    }

    /// Takes back what a service had.
    pub(crate) fn release(&self, resource: &Resource, object: &Value) {
        if is_service(resource) {
            release(&mut self.given.lock(), self.range, object);
        }
    }

    fn know(&self, given: &mut Given, registry: &Registry) -> Result<(), Status> {
        if given.is_known {
            return Ok(());
        }
        for service in registry.all("", "services", None)? {
            given.addresses.extend(address_of(&service));
            given.ports.extend(node_ports(&service));
        }
        given.is_known = true;
        Ok(())
    }

    fn address(&self, given: &mut Given, object: &mut Value) -> Result<(), Status> {
        let asked = spec(object, "clusterIP").to_owned();
        if asked == "None" {
            set(object, "clusterIPs", vec![Value::from("None")].into());
            return Ok(());
        }
        let address = if asked.is_empty() {
            self.any(given).ok_or_else(|| full(object))?
        } else {
            let Ok(address) = asked.parse::<Ipv4Addr>() else { return Ok(()) };
            let refuse = |why: String| {
                let name = metadata::text(object, "name").to_owned();
                let list: Value = vec![Value::from(asked.as_str())].into();
                let why = format!("failed to allocate IP {asked}: {why}");
                Err(Status::invalid("", "Service", &name, &[Fault::invalid("spec.clusterIPs", list, why)]))
            };
            if !self.range.contains(address.into()) {
                return refuse(format!(
                    "the provided IP ({asked}) is not in the valid range. The range of valid IPs is {}",
                    self.range
                ));
            }
            if given.addresses.contains(&address.into()) {
                return refuse("provided IP is already allocated".to_owned());
            }
            address.into()
        };
        given.addresses.insert(address);
        let text = Ipv4Addr::from(address).to_string();
        set(object, "clusterIP", text.as_str().into());
        set(object, "clusterIPs", vec![Value::from(text)].into());
        Ok(())
    }

    /// Any address that is free: from a random place on.
    fn any(&self, given: &Given) -> Option<u32> {
        let size = self.range.size();
        let start = crate::random::number() % size;
        (0..size).map(|step| self.range.network + (start + step) % size).find(|address| {
            self.range.contains(*address)
                && !given.addresses.contains(address)
                && *address != u32::from(self.range.first())
        })
    }
}

fn release(given: &mut Given, range: Cidr, object: &Value) {
    if let Some(address) = address_of(object).filter(|address| range.contains(*address)) {
        given.addresses.remove(&address);
    }
    for port in node_ports(object) {
        given.ports.remove(&port);
    }
}

fn address_of(service: &Value) -> Option<u32> {
    spec(service, "clusterIP").parse::<Ipv4Addr>().ok().map(u32::from)
}

fn node_ports(service: &Value) -> impl Iterator<Item = u16> + '_ {
    let ports = service.dotted("spec.ports").and_then(Value::as_array).unwrap_or_default();
    let own = service.dotted("spec.healthCheckNodePort").and_then(Value::as_int);
    let ports = ports.iter().filter_map(|port| port.field("nodePort")?.as_int());
    ports.chain(own).filter_map(|port| u16::try_from(port).ok()).filter(|port| *port != 0)
}

/// The families of addresses: there is one.
fn families(object: &mut Value) {
    let has = |object: &Value, key: &str| object.field("spec").and_then(|spec| spec.field(key)).is_some();
    let selects = object
        .dotted("spec.selector")
        .and_then(Value::as_object)
        .is_some_and(|selector| !selector.is_empty());
    let is_open = spec(object, "clusterIP") == "None" && !selects;
    if !has(object, "ipFamilies") {
        let families: &[&str] = if is_open { &["IPv4", "IPv6"] } else { &["IPv4"] };
        let families: Vec<Value> = families.iter().map(|family| (*family).into()).collect();
        set(object, "ipFamilies", families.into());
    }
    if !has(object, "ipFamilyPolicy") {
        set(object, "ipFamilyPolicy", if is_open { "RequireDualStack" } else { "SingleStack" }.into());
    }
}

/// Makes the list of addresses follow the one address, where an update changes that alone.
///
/// Source: `k8s.io/kubernetes/pkg/registry/core/service/storage/storage.go` `normalizeClusterIPs`.
fn follow(object: &mut Value, old: &Value) {
    let list =
        |object: &Value| object.dotted("spec.clusterIPs").and_then(Value::as_array).map(<[Value]>::to_vec);
    let (now, before) = (spec(object, "clusterIP").to_owned(), spec(old, "clusterIP"));
    if now == before || list(object) != list(old) {
        return;
    }
    if now.is_empty() {
        if let Some(spec) = object.object_at("spec") {
            spec.remove("clusterIPs");
        }
        return;
    }
    let mut addresses = list(object).unwrap_or_default();
    match addresses.first_mut() {
        Some(first) => *first = now.into(),
        None => addresses.push(now.into()),
    }
    set(object, "clusterIPs", addresses.into());
}

/// What an update that does not say keeps of the old service.
fn keep(object: &mut Value, old: &Value) {
    if spec(old, "type") == "ExternalName" {
        return;
    }
    follow(object, old);
    for key in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
        let value = old.field("spec").and_then(|spec| spec.field(key));
        let has = object.field("spec").and_then(|spec| spec.field(key)).is_some();
        if let Some(value) = value.filter(|_| !has) {
            set(object, key, value.clone());
        }
    }
    if !has_node_ports(spec(object, "type")) {
        return;
    }
    let known = old.dotted("spec.ports").and_then(Value::as_array).unwrap_or_default().to_vec();
    let Some(ports) =
        object.field_mut("spec").and_then(|spec| spec.field_mut("ports")).and_then(Value::as_array_mut)
    else {
        return;
    };
    for port in ports {
        let same = known.iter().find(|other| {
            other.field("port") == port.field("port") && other.field("protocol") == port.field("protocol")
        });
        let number = same.and_then(|other| other.field("nodePort")).cloned();
        let has_own = port.field("nodePort").is_some();
        if let (Some(number), false, Some(map)) = (number, has_own, port.as_object_mut()) {
            map.set("nodePort", number);
        }
    }
}

/// Gives the ports of a service numbers on nodes, where its type has them.
fn ports(given: &mut Given, object: &mut Value) -> Result<(), Status> {
    let kind = spec(object, "type").to_owned();
    if !has_node_ports(&kind) {
        return Ok(());
    }
    let off = object.dotted("spec.allocateLoadBalancerNodePorts").and_then(Value::as_bool) == Some(false);
    let name = metadata::text(object, "name").to_owned();
    let needs_health = kind == "LoadBalancer" && spec(object, "externalTrafficPolicy") == "Local";
    let mut taken = HashSet::new();
    let list =
        object.field_mut("spec").and_then(|spec| spec.field_mut("ports")).and_then(Value::as_array_mut);
    for (index, port) in list.into_iter().flatten().enumerate() {
        let asked = port.field("nodePort").and_then(Value::as_int).unwrap_or_default();
        let number = if asked == 0 {
            if off && kind == "LoadBalancer" {
                continue;
            }
            any_port(given, &taken)
                .ok_or_else(|| Status::internal("failed to allocate a nodePort: range is full"))?
        } else {
            let path = format!("spec.ports[{index}].nodePort");
            check_port(given, &taken, asked)
                .map_err(|why| Status::invalid("", "Service", &name, &[Fault::invalid(path, asked, why)]))?
        };
        taken.insert(number);
        if let Some(map) = port.as_object_mut() {
            map.set("nodePort", Value::Int(number.into()));
        }
    }
    if needs_health && object.dotted("spec.healthCheckNodePort").is_none() {
        let number = any_port(given, &taken)
            .ok_or_else(|| Status::internal("failed to allocate a nodePort: range is full"))?;
        taken.insert(number);
        set(object, "healthCheckNodePort", Value::Int(number.into()));
    }
    given.ports.extend(taken);
    Ok(())
}

fn any_port(given: &Given, taken: &HashSet<u16>) -> Option<u16> {
    let size = u32::from(PORTS.end() - PORTS.start()) + 1;
    let start = crate::random::number() % size;
    (0..size)
        .filter_map(|step| u16::try_from(u32::from(*PORTS.start()) + (start + step) % size).ok())
        .find(|port| !given.ports.contains(port) && !taken.contains(port))
}

fn check_port(given: &Given, taken: &HashSet<u16>, asked: i64) -> Result<u16, String> {
    let range = format!("{}-{}", PORTS.start(), PORTS.end());
    let out = || format!("provided port is not in the valid range. The range of valid ports is {range}");
    let number = u16::try_from(asked).ok().filter(|port| PORTS.contains(port)).ok_or_else(out)?;
    if given.ports.contains(&number) && !taken.contains(&number) {
        return Err("provided port is already allocated".to_owned());
    }
    Ok(number)
}

/// 500: no address is left for a service.
fn full(service: &Value) -> Status {
    let name = ravelin_object::selector::quoted(metadata::text(service, "name"));
    Status::internal(&format!("failed to allocate a serviceIP for Service {name}: range is full"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_and_know_what_they_hold() {
        let range = Cidr::parse("10.0.0.0/24").unwrap();
        assert_eq!(range.to_string(), "10.0.0.0/24");
        assert_eq!(range.first().to_string(), "10.0.0.1");
        for (address, holds) in [
            ("10.0.0.0", false),
            ("10.0.0.1", true),
            ("10.0.0.254", true),
            ("10.0.0.255", false),
            ("10.0.1.1", false),
        ] {
            let address: Ipv4Addr = address.parse().unwrap();
            assert_eq!(range.contains(address.into()), holds, "{address}");
        }
        for wrong in ["10.0.0.0", "10.0.0.0/8", "10.0.0.0/31", "x/24", "fd00::/112"] {
            assert!(Cidr::parse(wrong).is_err(), "{wrong}");
        }
    }
}
