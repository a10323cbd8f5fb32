//! Security contexts, as far as verdicts read them.

use crate::{Decoder, Value};

/// `spec.securityContext` of a pod.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodSecurity<'a> {
    /// `runAsNonRoot`.
    pub run_as_non_root: Option<bool>,
    /// `runAsUser`.
    pub run_as_user: Option<i64>,
    /// `seccompProfile`.
    pub seccomp: Option<SeccompProfile<'a>>,
    /// `appArmorProfile`.
    pub app_armor: Option<AppArmorProfile<'a>>,
    /// `seLinuxOptions`.
    pub se_linux: Option<SeLinuxOptions<'a>>,
    /// `windowsOptions.hostProcess`.
    pub host_process: Option<bool>,
    /// `sysctls`.
    pub sysctls: Vec<Sysctl<'a>>,
}

/// `securityContext` of a container.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContainerSecurity<'a> {
    /// `privileged`.
    pub privileged: Option<bool>,
    /// `allowPrivilegeEscalation`.
    pub allow_privilege_escalation: Option<bool>,
    /// `capabilities`.
    pub capabilities: Option<Capabilities<'a>>,
    /// `procMount`.
    pub proc_mount: Option<&'a str>,
    /// `runAsNonRoot`.
    pub run_as_non_root: Option<bool>,
    /// `runAsUser`.
    pub run_as_user: Option<i64>,
    /// `seccompProfile`.
    pub seccomp: Option<SeccompProfile<'a>>,
    /// `appArmorProfile`.
    pub app_armor: Option<AppArmorProfile<'a>>,
    /// `seLinuxOptions`.
    pub se_linux: Option<SeLinuxOptions<'a>>,
    /// `windowsOptions.hostProcess`.
    pub host_process: Option<bool>,
}

/// `capabilities` of a container.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Capabilities<'a> {
    /// `add`, as written.
    pub add: Vec<&'a str>,
    /// `drop`, as written.
    pub drop: Vec<&'a str>,
}

/// A `seccompProfile`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeccompProfile<'a> {
    /// `type`; empty where absent.
    pub kind: &'a str,
}

/// An `appArmorProfile`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AppArmorProfile<'a> {
    /// `type`; empty where absent.
    pub kind: &'a str,
}

/// `seLinuxOptions`; each empty where absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeLinuxOptions<'a> {
    /// `type`.
    pub kind: &'a str,
    /// `user`.
    pub user: &'a str,
    /// `role`.
    pub role: &'a str,
}

/// A kernel parameter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sysctl<'a> {
    /// Its name; empty where absent.
    pub name: &'a str,
}

pub(super) fn decode_pod<'a>(decoder: &mut Decoder, context: &'a Value) -> PodSecurity<'a> {
    let context = Some(context);
    PodSecurity {
        run_as_non_root: decoder.boolean(context, "runAsNonRoot"),
        run_as_user: decoder.integer(context, "runAsUser"),
        seccomp: seccomp(decoder, context),
        app_armor: app_armor(decoder, context),
        se_linux: se_linux(decoder, context),
        host_process: host_process(decoder, context),
        sysctls: decoder.mappings(context, "sysctls", |decoder, _, item| Sysctl {
            name: decoder.string(item, "name").unwrap_or_default(),
        }),
    }
}

pub(super) fn decode_container<'a>(decoder: &mut Decoder, context: &'a Value) -> ContainerSecurity<'a> {
    let context = Some(context);
    ContainerSecurity {
        privileged: decoder.boolean(context, "privileged"),
        allow_privilege_escalation: decoder.boolean(context, "allowPrivilegeEscalation"),
        capabilities: decoder.mapping(context, "capabilities", |decoder, capabilities| Capabilities {
            add: decoder.strings(Some(capabilities), "add"),
            drop: decoder.strings(Some(capabilities), "drop"),
        }),
        proc_mount: decoder.string(context, "procMount"),
        run_as_non_root: decoder.boolean(context, "runAsNonRoot"),
        run_as_user: decoder.integer(context, "runAsUser"),
        seccomp: seccomp(decoder, context),
        app_armor: app_armor(decoder, context),
        se_linux: se_linux(decoder, context),
        host_process: host_process(decoder, context),
    }
}

fn seccomp<'a>(decoder: &mut Decoder, context: Option<&'a Value>) -> Option<SeccompProfile<'a>> {
    decoder.mapping(context, "seccompProfile", |decoder, profile| SeccompProfile {
        kind: decoder.string(Some(profile), "type").unwrap_or_default(),
    })
}

fn app_armor<'a>(decoder: &mut Decoder, context: Option<&'a Value>) -> Option<AppArmorProfile<'a>> {
    decoder.mapping(context, "appArmorProfile", |decoder, profile| AppArmorProfile {
        kind: decoder.string(Some(profile), "type").unwrap_or_default(),
    })
}

fn se_linux<'a>(decoder: &mut Decoder, context: Option<&'a Value>) -> Option<SeLinuxOptions<'a>> {
    decoder.mapping(context, "seLinuxOptions", |decoder, options| {
        let options = Some(options);
        SeLinuxOptions {
            kind: decoder.string(options, "type").unwrap_or_default(),
            user: decoder.string(options, "user").unwrap_or_default(),
            role: decoder.string(options, "role").unwrap_or_default(),
        }
    })
}

fn host_process(decoder: &mut Decoder, context: Option<&Value>) -> Option<bool> {
    decoder
        .mapping(context, "windowsOptions", |decoder, options| decoder.boolean(Some(options), "hostProcess"))
        .flatten()
}
