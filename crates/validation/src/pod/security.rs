//! Which security contexts of pods and containers are valid.

use super::options::Options;
use super::users::windows_options;
use super::visited;
use super::volumes::descending;
use crate::Faults;
use crate::access::Fields;
use crate::internal::shown;
use crate::names::identity_number;
use crate::path::Path;
use crate::report::Report;
use ravelin_object::Value;
use ravelin_object::fault::Fault;
use std::collections::BTreeSet;

/// Whether a pod runs in the user namespace of the host.
fn is_in_host_users(spec: &Value) -> bool {
    spec.flag_opt("hostUsers") != Some(false)
}

fn number(context: &Value, key: &str, path: &Path, out: &mut Faults) {
    if let Some(value) = context.int_opt(key) {
        for fault in identity_number(value) {
            out.invalid(path / key, value, fault);
        }
    }
}

fn one_of(context: &Value, key: &str, values: &[&str], path: &Path, out: &mut Faults) {
    if let Some(value) = context.text_opt(key).filter(|value| !values.contains(value)) {
        out.unsupported(path / key, value, values);
    }
}

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `validatePodSpecSecurityContext`.
pub(super) fn of_pod(spec: &Value, path: &Path, options: &Options, out: &mut Faults) {
    let context = spec.get("securityContext");
    for key in ["fsGroup", "runAsUser", "runAsGroup"] {
        number(context, key, path, out);
    }
    for (index, group) in context.list("supplementalGroups").iter().enumerate() {
        let group = group.as_int().unwrap_or_default();
        for fault in identity_number(group) {
            out.invalid(path / "supplementalGroups" / index, group, fault);
        }
    }
    if spec.flag("shareProcessNamespace") && spec.flag("hostPID") {
        let why = "ShareProcessNamespace and HostPID cannot both be enabled";
        out.invalid(path / "shareProcessNamespace", true, why);
    }
    sysctls(spec, &(path / "sysctls"), options, out);
    one_of(context, "fsGroupChangePolicy", &["Always", "OnRootMismatch"], path, out);
    seccomp(context, path, out);
    windows_options(context, path, out);
    apparmor(context, path, out);
    one_of(context, "supplementalGroupsPolicy", &["Merge", "Strict"], path, out);
    let policies: &[&str] =
        if options.selinux_policies.is_kept() { &["MountOption", "Recursive"] } else { &["Recursive"] };
    one_of(context, "seLinuxChangePolicy", policies, path, out);
}

fn sysctls(spec: &Value, path: &Path, options: &Options, out: &mut Faults) {
    let mut names = BTreeSet::new();
    for (index, sysctl) in spec.get("securityContext").list("sysctls").iter().enumerate() {
        let path = path / index / "name";
        let name = sysctl.text("name");
        if name.is_empty() {
            out.required(&path, "");
        } else if !is_sysctl(name) {
            let segment = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
            let why =
                format!("must have at most 253 characters and match regex ^({segment}[\\./])*{segment}$");
            out.invalid(&path, name, why);
        } else if names.contains(name) {
            out.duplicate(&path, name);
        }
        if !options.host_sysctls.is_kept()
            && let Some(why) = host_sysctl_fault(name, spec)
        {
            out.invalid(&path, name, why);
        }
        names.insert(name);
    }
}

fn is_sysctl(name: &str) -> bool {
    let edge = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_segment = |segment: &str| {
        let bytes = segment.as_bytes();
        bytes.first().is_some_and(edge)
            && bytes.last().is_some_and(edge)
            && bytes.iter().all(|byte| edge(byte) || matches!(byte, b'-' | b'_'))
    };
    name.len() <= 253 && name.split(['.', '/']).all(is_segment)
}

/// Source: `ValidateHostSysctl`.
fn host_sysctl_fault(name: &str, spec: &Value) -> Option<&'static str> {
    // Where a slash comes before any dot, slashes separate.
    let dotted = match name.find(['.', '/']) {
        Some(at) if name.as_bytes().get(at) == Some(&b'/') => name
            .chars()
            .map(|letter| match letter {
                '.' => '/',
                '/' => '.',
                other => other,
            })
            .collect(),
        _ => name.to_owned(),
    };
    let dotted = dotted.split('*').next().unwrap_or_default();
    let ipc = ["kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced"];
    let is_ipc = ipc.contains(&dotted)
        || matches!(dotted, "kernel.msgmax" | "kernel.msgmnb" | "kernel.msgmni")
        || ["kernel.shm.", "kernel.msg.", "fs.mqueue."].iter().any(|start| dotted.starts_with(start));
    if spec.flag("hostNetwork") && dotted.starts_with("net.") {
        Some("may not be specified when 'hostNetwork' is true")
    } else if spec.flag("hostIPC") && is_ipc {
        Some("may not be specified when 'hostIPC' is true")
    } else {
        None
    }
}

/// Whether a pod has sysctls of namespaces that it shares with the host.
pub(super) fn has_host_sysctls(spec: &Value) -> bool {
    let sysctls = spec.get("securityContext").list("sysctls");
    sysctls.iter().any(|sysctl| host_sysctl_fault(sysctl.text("name"), spec).is_some())
}

/// Source: `validateSeccompProfileField`.
fn seccomp(context: &Value, path: &Path, out: &mut Faults) {
    if !context.has("seccompProfile") {
        return;
    }
    let (profile, path) = (context.get("seccompProfile"), path / "seccompProfile");
    let kinds = ["Localhost", "RuntimeDefault", "Unconfined"];
    let kind = profile.text("type");
    if kind.is_empty() {
        out.required(&path / "type", "type is required when seccompProfile is set");
    } else if !kinds.contains(&kind) {
        out.unsupported(&path / "type", kind, &kinds);
    }
    let path = path / "localhostProfile";
    match (kind, profile.text_opt("localhostProfile")) {
        ("Localhost", None) => out.required(path, "must be set when seccomp type is Localhost"),
        ("Localhost", Some(file)) => descending(file, &path, out),
        (_, Some(_)) => {
            let why = "can only be set when seccomp type is Localhost";
            out.invalid_shown(path, shown("SeccompProfile", profile), why);
        }
        (_, None) => {}
    }
}

/// Source: `ValidateAppArmorProfileField`.
fn apparmor(context: &Value, path: &Path, out: &mut Faults) {
    if !context.has("appArmorProfile") {
        return;
    }
    let (profile, path) = (context.get("appArmorProfile"), path / "appArmorProfile");
    let file = profile.text_opt("localhostProfile");
    let file_path = &path / "localhostProfile";
    let must = "must be set when AppArmor type is Localhost";
    match profile.text("type") {
        "Localhost" => {
            let Some(file) = file else {
                out.required(file_path, must);
                return;
            };
            if file.trim() != file {
                out.invalid(&file_path, file, "must not be padded with whitespace");
            } else if file.is_empty() {
                out.required(&file_path, must);
            }
            if file.len() > 4095 {
                out.push(Fault::too_long(file_path, 4095));
            }
        }
        "RuntimeDefault" | "Unconfined" => {
            if let Some(file) = file {
                out.invalid(file_path, file, "can only be set when AppArmor type is Localhost");
            }
        }
        "" => out.required(path / "type", "type is required when appArmorProfile is set"),
        other => out.unsupported(path / "type", other, &["Localhost", "RuntimeDefault", "Unconfined"]),
    }
}

/// Source: `ValidateSecurityContext`.
pub(super) fn of_container(
    container: &Value,
    spec: &Value,
    path: &Path,
    options: &Options,
    out: &mut Faults,
) {
    let context = container.get("securityContext");
    let privileged = context.flag("privileged");
    if privileged && !options.allow_privileged {
        out.forbidden(path / "privileged", "disallowed by cluster policy");
    }
    number(context, "runAsUser", path, out);
    number(context, "runAsGroup", path, out);
    one_of(context, "procMount", &["Default", "Unmasked"], path, out);
    if is_in_host_users(spec) && context.text("procMount") == "Unmasked" {
        out.invalid(path / "procMount", "Unmasked", "`hostUsers` must be false to use `Unmasked`");
    }
    seccomp(context, path, out);
    if context.flag_opt("allowPrivilegeEscalation") == Some(false) {
        if privileged {
            let why = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
            out.invalid_shown(path, shown("SecurityContext", context), why);
        }
        for _ in context.get("capabilities").texts("add").iter().filter(|name| **name == "CAP_SYS_ADMIN") {
            let why = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
            out.invalid_shown(path, shown("SecurityContext", context), why);
        }
    }
    windows_options(context, path, out);
    apparmor(context, path, out);
}

/// Source: `validateHostUsers`.
pub(super) fn user_namespace(spec: &Value, path: &Path, options: &Options, out: &mut Faults) {
    if is_in_host_users(spec) {
        return;
    }
    let why = "when `hostUsers` is false";
    if spec.flag("hostNetwork") && !options.user_network.is_kept() {
        out.forbidden(path / "hostNetwork", why);
    }
    if spec.flag("hostPID") {
        out.forbidden(path / "HostPID", why);
    }
    if spec.flag("hostIPC") {
        out.forbidden(path / "HostIPC", why);
    }
    if !options.user_devices.is_kept() {
        for (container, path) in visited(spec, path) {
            if !container.list("volumeDevices").is_empty() {
                out.forbidden(path / "volumeDevices", why);
            }
        }
    }
}

/// Source: `validateWindowsHostProcessPod`.
pub(super) fn windows_host_process(spec: &Value, path: &Path, options: &Options, out: &mut Faults) {
    let of = |context: &Value| context.get("securityContext").get("windowsOptions").flag_opt("hostProcess");
    let of_pod = of(spec);
    let containers = visited(spec, path);
    let mut count = 0_usize;
    for (container, path) in &containers {
        let own = of(container);
        if let (Some(of_pod), Some(own)) = (of_pod, own)
            && of_pod != own
        {
            let why = format!("pod hostProcess value must be identical if both are specified, was {of_pod}");
            out.invalid(path / "securityContext" / "windowsOptions" / "hostProcess", own, why);
        }
        if own.or(of_pod) == Some(true) {
            count = count.saturating_add(1);
        }
    }
    if count == 0 {
        return;
    }
    if count != containers.len() {
        let why =
            "If pod contains any hostProcess containers then all containers must be HostProcess containers";
        out.invalid(path, "", why);
    }
    if !spec.flag("hostNetwork") {
        let why = "hostNetwork must be true if pod contains any hostProcess containers";
        out.invalid(path / "hostNetwork", false, why);
    }
    if !options.allow_privileged {
        out.forbidden(path, "hostProcess containers are disallowed by cluster policy");
    }
}

/// Source: `validateLinux`.
pub(super) fn linux(spec: &Value, path: &Path, out: &mut Faults) {
    let why = "windows options cannot be set for a linux pod";
    let all = std::iter::once((spec, path.clone())).chain(visited(spec, path));
    for (each, path) in all {
        if each.get("securityContext").has("windowsOptions") {
            out.forbidden(path / "securityContext" / "windowsOptions", why);
        }
    }
}

/// Source: `validateWindows`.
pub(super) fn windows(spec: &Value, path: &Path, out: &mut Faults) {
    let why = "cannot be set for a windows pod";
    let context = spec.get("securityContext");
    let inner = path / "securityContext";
    let mut found = |is_set: bool, path: Path| {
        if is_set {
            out.forbidden(path, why);
        }
    };
    found(context.has("appArmorProfile"), &inner / "appArmorProfile");
    found(context.has("seLinuxOptions"), &inner / "seLinuxOptions");
    found(spec.has("hostUsers"), path / "hostUsers");
    found(spec.flag("hostPID"), path / "hostPID");
    found(spec.flag("hostIPC"), path / "hostIPC");
    for key in ["seccompProfile", "fsGroup", "fsGroupChangePolicy"] {
        found(context.has(key), &inner / key);
    }
    found(!context.list("sysctls").is_empty(), &inner / "sysctls");
    found(spec.has("shareProcessNamespace"), path / "shareProcessNamespace");
    let keys =
        ["runAsUser", "runAsGroup", "supplementalGroups", "supplementalGroupsPolicy", "seLinuxChangePolicy"];
    for key in keys {
        found(context.has(key), &inner / key);
    }
    let keys = [
        "appArmorProfile",
        "seLinuxOptions",
        "seccompProfile",
        "capabilities",
        "readOnlyRootFilesystem",
        "privileged",
        "allowPrivilegeEscalation",
        "procMount",
        "runAsUser",
        "runAsGroup",
    ];
    for (container, path) in visited(spec, path) {
        for key in keys {
            found(container.get("securityContext").has(key), &path / "securityContext" / key);
        }
    }
}
