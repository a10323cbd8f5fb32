//! The view of a pod: what Pod Security verdicts read, typed as `k8s.io/api/core/v1` types it.

mod containers;
mod security;
mod volumes;

pub use containers::{Container, ContainerKind, HandlerHost, HostPort};
pub use security::{
    AppArmorProfile, Capabilities, ContainerSecurity, PodSecurity, SeLinuxOptions, SeccompProfile, Sysctl,
};
pub use volumes::{VOLUME_SOURCES, Volume};

use crate::{DecodeError, Decoder, Value};
use ravelin_diag::FieldPath;

/// Which of the API server's defaults are applied before a verdict is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defaulting {
    /// Those of a pod: what will be judged when the pod, or one made from the template, is created.
    Pod,
    /// Those of a template inside a workload: what is judged when the workload is created. Host ports
    /// are not filled in there.
    Template,
    /// None: the pod is judged as it stands, as an API server hands it to admission once it has applied
    /// them.
    None,
}

/// The controller of a pod, as `metadata.ownerReferences` names it. Whoever creates the pod writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Controller<'a> {
    /// Its kind; empty where absent.
    pub kind: &'a str,
    /// Its name; empty where absent.
    pub name: &'a str,
    /// Its uid; empty where absent.
    pub uid: &'a str,
}

/// A pod, or the pod that a template describes. Borrows from the object.
#[derive(Clone, Debug, PartialEq)]
pub struct Pod<'a> {
    /// Where in the object it stands; the paths of everything inside start here.
    pub path: FieldPath,
    /// `metadata.name`; empty where absent.
    pub name: &'a str,
    /// `metadata.namespace`; empty where absent.
    pub namespace: &'a str,
    /// `metadata.annotations`, in the order of the text.
    pub annotations: Vec<(&'a str, &'a str)>,
    /// `metadata.labels`, in the order of the text.
    pub labels: Vec<(&'a str, &'a str)>,
    /// The first of `metadata.ownerReferences` that says it is the controller.
    /// Source: `k8s.io/apimachinery/pkg/apis/meta/v1` (`GetControllerOf`).
    pub controller: Option<Controller<'a>>,
    /// `spec.hostNetwork`.
    pub host_network: bool,
    /// `spec.hostPID`.
    pub host_pid: bool,
    /// `spec.hostIPC`.
    pub host_ipc: bool,
    /// `spec.hostUsers`.
    pub host_users: Option<bool>,
    /// `spec.os.name`; empty where absent.
    pub os: &'a str,
    /// `spec.runtimeClassName`.
    pub runtime_class: Option<&'a str>,
    /// `spec.securityContext`.
    pub security: PodSecurity<'a>,
    /// `spec.volumes`.
    pub volumes: Vec<Volume<'a>>,
    /// Init containers (sidecars among them), containers, ephemeral containers: the order in which
    /// upstream visits and names them.
    pub containers: Vec<Container<'a>>,
}

impl<'a> Pod<'a> {
    /// Decodes the pod from `value`, the mapping that holds `metadata` and `spec`, which stands at `path`
    /// of its object.
    ///
    /// # Errors
    /// Every field that Kubernetes' decoder would refuse for its type.
    pub fn decode(
        value: &'a Value,
        path: FieldPath,
        defaulting: Defaulting,
    ) -> Result<Self, Vec<DecodeError>> {
        if value.as_object().is_none() {
            return Err(vec![DecodeError { path, expected: "a mapping", found: value.describe() }]);
        }
        let mut decoder = Decoder::new(path.clone());
        let pod = decode(&mut decoder, value, path, defaulting);
        decoder.finish(pod)
    }

    /// The value of an annotation.
    #[must_use]
    pub fn annotation(&self, key: &str) -> Option<&'a str> {
        self.annotations.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
    }

    /// Whether the pod says that it runs on Windows.
    #[must_use]
    pub fn is_windows(&self) -> bool {
        self.os == "windows"
    }

    /// Whether the pod has a user namespace of its own.
    #[must_use]
    pub fn has_user_namespace(&self) -> bool {
        self.host_users == Some(false)
    }

    /// The path of a field of the pod, given as dotted keys below its root: `spec.hostPID`.
    #[must_use]
    pub fn field(&self, keys: &str) -> FieldPath {
        self.path.clone().dotted(keys)
    }
}

fn decode<'a>(decoder: &mut Decoder, value: &'a Value, path: FieldPath, defaulting: Defaulting) -> Pod<'a> {
    let root = Some(value);
    let mut pod = Pod {
        path,
        name: "",
        namespace: "",
        annotations: Vec::new(),
        labels: Vec::new(),
        controller: None,
        host_network: false,
        host_pid: false,
        host_ipc: false,
        host_users: None,
        os: "",
        runtime_class: None,
        security: PodSecurity::default(),
        volumes: Vec::new(),
        containers: Vec::new(),
    };
    decoder.mapping(root, "metadata", |decoder, metadata| {
        let metadata = Some(metadata);
        pod.name = decoder.string(metadata, "name").unwrap_or_default();
        pod.namespace = decoder.string(metadata, "namespace").unwrap_or_default();
        pod.annotations = decoder.string_map(metadata, "annotations");
        pod.labels = decoder.string_map(metadata, "labels");
        pod.controller = decode_controller(decoder, metadata);
    });
    decoder.mapping(root, "spec", |decoder, spec| decode_spec(decoder, spec, defaulting, &mut pod));
    if defaulting == Defaulting::Pod && pod.host_network {
        containers::default_host_ports(&mut pod.containers);
    }
    pod
}

/// The controller among the owners of an object, given its metadata.
pub fn decode_controller<'a>(decoder: &mut Decoder, metadata: Option<&'a Value>) -> Option<Controller<'a>> {
    let owners = decoder.mappings(metadata, "ownerReferences", |decoder, _, owner| {
        let is_controller = decoder.boolean(owner, "controller") == Some(true);
        let mut text = |key| decoder.string(owner, key).unwrap_or_default();
        is_controller.then_some(Controller { kind: text("kind"), name: text("name"), uid: text("uid") })
    });
    owners.into_iter().flatten().next()
}

fn decode_spec<'a>(decoder: &mut Decoder, spec: &'a Value, defaulting: Defaulting, pod: &mut Pod<'a>) {
    let spec = Some(spec);
    pod.host_network = decoder.boolean(spec, "hostNetwork").unwrap_or_default();
    pod.host_pid = decoder.boolean(spec, "hostPID").unwrap_or_default();
    pod.host_ipc = decoder.boolean(spec, "hostIPC").unwrap_or_default();
    pod.host_users = decoder.boolean(spec, "hostUsers");
    pod.os = decoder
        .mapping(spec, "os", |decoder, os| decoder.string(Some(os), "name"))
        .flatten()
        .unwrap_or_default();
    pod.runtime_class = decoder.string(spec, "runtimeClassName");
    let security = decoder.mapping(spec, "securityContext", security::decode_pod);
    pod.security = security.unwrap_or_default();
    pod.volumes = decoder
        .mappings(spec, "volumes", |decoder, index, item| volumes::decode(decoder, index, item, defaulting));
    for kind in ContainerKind::ALL {
        let decode = |decoder: &mut Decoder, index, item| containers::decode(decoder, kind, index, item);
        pod.containers.extend(decoder.mappings(spec, kind.field(), decode));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read;
    use ravelin_yaml::Limits;

    fn value(text: &str) -> Value {
        read::yaml(text, &Limits::STANDARD).unwrap().value.unwrap()
    }

    #[test]
    fn reads_what_verdicts_read() {
        let value = value(
            "metadata: {name: web, annotations: {a: b}}\n\
             spec:\n  hostPID: true\n  hostUsers: false\n  os: {name: windows}\n  runtimeClassName: kata\n  \
             securityContext: {runAsUser: 0, sysctls: [{name: kernel.msgmax, value: '1'}]}\n  \
             volumes: [{name: v, hostPath: {path: /}}, {name: w}]\n  \
             containers: [{name: c, securityContext: {privileged: true}}]\n  \
             initContainers: [{name: i}]\n",
        );
        let pod = Pod::decode(&value, FieldPath::root(), Defaulting::Pod).unwrap();
        assert_eq!((pod.name, pod.annotation("a"), pod.host_pid), ("web", Some("b"), true));
        assert!(pod.is_windows() && pod.has_user_namespace());
        assert_eq!(pod.security.run_as_user, Some(0));
        assert_eq!(pod.security.sysctls[0].name, "kernel.msgmax");
        assert_eq!(pod.volumes[0].sources, ["hostPath"]);
        assert_eq!(pod.volumes[1].sources, ["emptyDir"], "a volume without a source is an emptyDir");
        let names: Vec<_> = pod.containers.iter().map(|container| container.name).collect();
        assert_eq!(names, ["i", "c"]);
        assert_eq!(
            pod.containers[1].field("image", FieldPath::root()).to_string(),
            "spec.containers[0].image"
        );
    }

    #[test]
    fn host_ports_are_filled_in_for_pods_on_the_host_network() {
        let value = value(
            "spec: {hostNetwork: true, containers: [{name: c, ports: [{containerPort: 80}, {containerPort: 81, hostPort: 82}]}]}",
        );
        let ports = |defaulting| {
            let pod = Pod::decode(&value, FieldPath::root(), defaulting).unwrap();
            pod.containers[0].ports.iter().map(|port| port.host_port).collect::<Vec<_>>()
        };
        assert_eq!(ports(Defaulting::Pod), [80, 82]);
        assert_eq!(ports(Defaulting::Template), [0, 82]);
    }

    #[test]
    fn what_an_api_server_has_defaulted_is_left_as_it_is() {
        let value = value(
            "{metadata: {labels: {app: web}, ownerReferences: [{kind: Node, name: one}, {controller: true, kind: ReplicaSet, name: web-1, uid: u}]}, \
             spec: {hostNetwork: true, volumes: [{name: v}], containers: [{name: c, ports: [{containerPort: 80}]}]}}",
        );
        let pod = Pod::decode(&value, FieldPath::root(), Defaulting::None).unwrap();
        assert!(pod.volumes[0].sources.is_empty());
        assert_eq!(pod.containers[0].ports[0].host_port, 0);
        assert_eq!(pod.labels, [("app", "web")]);
        assert_eq!(pod.controller, Some(Controller { kind: "ReplicaSet", name: "web-1", uid: "u" }));
    }

    #[test]
    fn what_is_no_mapping_is_no_pod() {
        let errors =
            Pod::decode(&Value::Int(3), FieldPath::root().key("template"), Defaulting::Pod).unwrap_err();
        assert_eq!(errors[0].to_string(), "template: expected a mapping, found the integer 3");
    }

    #[test]
    fn a_wrong_type_is_an_error_not_a_guess() {
        let value = value("spec: {hostPID: 'true', containers: [{securityContext: {runAsUser: '0'}}, x]}");
        let errors = Pod::decode(&value, FieldPath::root(), Defaulting::Pod).unwrap_err();
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "spec.hostPID: expected a boolean, found the string \"true\"",
                "spec.containers[0].securityContext.runAsUser: expected an integer of 64 bits, found the string \"0\"",
                "spec.containers[1]: expected a mapping, found the string \"x\"",
            ]
        );
    }
}
