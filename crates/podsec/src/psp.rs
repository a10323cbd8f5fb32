//! What a PodSecurityPolicy of old amounts to: the strictest level of the standards under which every pod that it
//! admits would still be admitted.
//!
//! Source: kubernetes.io, Mapping PodSecurityPolicies to Pod Security Standards.

use crate::Level;
use crate::checks::{capabilities_baseline, restricted_volumes, sysctls};
use ravelin_diag::FieldPath;
use ravelin_object::Value;

/// What a PodSecurityPolicy permits, in terms of the standards.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The strictest level that keeps everything that the policy permits.
    pub level: Level,
    /// What it permits beyond baseline.
    pub beyond_baseline: Vec<Permits>,
    /// What it permits beyond restricted, and baseline has.
    pub beyond_restricted: Vec<Permits>,
    /// The fields by which it changes pods, which no admission of the standards does: pods have to say it themselves.
    pub mutates: Vec<FieldPath>,
}

/// Something that a policy permits.
#[derive(Clone, Debug, PartialEq)]
pub struct Permits {
    /// The field that permits it, from the root of the policy.
    pub path: FieldPath,
    /// What it permits, in words.
    pub what: String,
}

/// What a PodSecurityPolicy amounts to. The object is taken as it is; fields of other types than Kubernetes' count as
/// absent.
#[must_use]
pub fn propose(policy: &Value) -> Proposal {
    let mut reader = Reader { spec: policy.field("spec"), baseline: Vec::new(), restricted: Vec::new() };
    reader.flags();
    reader.capabilities();
    reader.volumes();
    reader.strategies();
    reader.annotations(policy.dotted("metadata.annotations"));
    let mut mutates = Vec::new();
    for key in ["defaultAddCapabilities", "requiredDropCapabilities", "defaultAllowPrivilegeEscalation"] {
        if reader.is_given(key) {
            mutates.push(spec(key));
        }
    }
    for key in ["runAsUser", "runAsGroup", "fsGroup", "supplementalGroups", "seLinux"] {
        if matches!(reader.rule(key), "MustRunAs") {
            mutates.push(spec(key));
        }
    }
    let level = match (reader.baseline.is_empty(), reader.restricted.is_empty()) {
        (false, _) => Level::Privileged,
        (true, false) => Level::Baseline,
        (true, true) => Level::Restricted,
    };
    Proposal { level, beyond_baseline: reader.baseline, beyond_restricted: reader.restricted, mutates }
}

struct Reader<'v> {
    spec: Option<&'v Value>,
    baseline: Vec<Permits>,
    restricted: Vec<Permits>,
}

fn spec(key: &str) -> FieldPath {
    FieldPath::root().key("spec").key(key)
}

impl<'v> Reader<'v> {
    fn field(&self, key: &str) -> Option<&'v Value> {
        self.spec?.dotted(key)
    }

    fn is_true(&self, key: &str) -> bool {
        self.field(key).and_then(Value::as_bool) == Some(true)
    }

    fn list(&self, key: &str) -> impl Iterator<Item = &'v str> + use<'v> {
        let items = self.field(key).and_then(Value::as_array).unwrap_or_default();
        items.iter().filter_map(Value::as_str)
    }

    fn is_given(&self, key: &str) -> bool {
        match self.field(key) {
            None => false,
            Some(Value::Array(items)) => !items.is_empty(),
            Some(_) => true,
        }
    }

    fn rule(&self, key: &str) -> &'v str {
        self.field(key)
            .and_then(|strategy| strategy.field("rule"))
            .and_then(Value::as_str)
            .unwrap_or("RunAsAny")
    }

    fn beyond_baseline(&mut self, key: &str, what: impl Into<String>) {
        self.baseline.push(Permits { path: spec(key), what: what.into() });
    }

    fn beyond_restricted(&mut self, key: &str, what: impl Into<String>) {
        self.restricted.push(Permits { path: spec(key), what: what.into() });
    }

    fn flags(&mut self) {
        for (key, what) in [
            ("privileged", "privileged containers"),
            ("hostNetwork", "the network of the host"),
            ("hostPID", "the processes of the host"),
            ("hostIPC", "the IPC of the host"),
        ] {
            if self.is_true(key) {
                self.beyond_baseline(key, what);
            }
        }
        if self.field("hostPorts").and_then(Value::as_array).is_some_and(|ports| !ports.is_empty()) {
            self.beyond_baseline("hostPorts", "ports of the host");
        }
        // Absent, containers may gain privileges.
        if self.field("allowPrivilegeEscalation").and_then(Value::as_bool) != Some(false) {
            self.beyond_restricted("allowPrivilegeEscalation", "gaining privileges");
        }
    }

    fn capabilities(&mut self) {
        let added: Vec<&str> =
            self.list("allowedCapabilities").chain(self.list("defaultAddCapabilities")).collect();
        let mut further: Vec<&str> =
            added.iter().copied().filter(|name| !capabilities_baseline::ALLOWED_1_0.contains(name)).collect();
        further.dedup();
        if !further.is_empty() {
            self.beyond_baseline("allowedCapabilities", format!("the capabilities {}", further.join(", ")));
        }
        let basic: Vec<&str> = added
            .into_iter()
            .filter(|name| capabilities_baseline::ALLOWED_1_0.contains(name) && *name != "NET_BIND_SERVICE")
            .collect();
        if !basic.is_empty() {
            self.beyond_restricted("allowedCapabilities", format!("the capabilities {}", basic.join(", ")));
        }
        if !self.list("requiredDropCapabilities").any(|name| name == "ALL") {
            self.beyond_restricted("requiredDropCapabilities", "keeping the default capabilities");
        }
    }

    fn volumes(&mut self) {
        let kinds: Vec<&str> = self.list("volumes").collect();
        if kinds.iter().any(|kind| matches!(*kind, "*" | "hostPath")) {
            self.beyond_baseline("volumes", "volumes of the host");
        }
        let further: Vec<&str> = kinds
            .into_iter()
            .filter(|kind| {
                !restricted_volumes::ALLOWED_1_0.contains(kind) && !matches!(*kind, "*" | "hostPath" | "none")
            })
            .collect();
        if !further.is_empty() {
            self.beyond_restricted("volumes", format!("volumes of the kinds {}", further.join(", ")));
        }
    }

    fn strategies(&mut self) {
        if self.rule("seLinux") != "MustRunAs" {
            self.beyond_baseline("seLinux", "any SELinux user, role and type");
        }
        match self.rule("runAsUser") {
            "MustRunAsNonRoot" => {}
            "MustRunAs" if !self.may_be_root() => {}
            _ => self.beyond_restricted("runAsUser", "running as root"),
        }
        if self.list("allowedProcMountTypes").any(|kind| kind != "Default") {
            self.beyond_baseline("allowedProcMountTypes", "unmasked /proc");
        }
        let unsafe_sysctls: Vec<&str> = self
            .list("allowedUnsafeSysctls")
            .filter(|name| !sysctls::ALLOWED.iter().any(|(allowed, _)| allowed == name))
            .collect();
        if !unsafe_sysctls.is_empty() {
            self.beyond_baseline(
                "allowedUnsafeSysctls",
                format!("the sysctls {}", unsafe_sysctls.join(", ")),
            );
        }
    }

    fn may_be_root(&self) -> bool {
        let ranges = self.field("runAsUser.ranges").and_then(Value::as_array).unwrap_or_default();
        let has_root = |range: &Value| !matches!(range.field("min"), Some(Value::Int(min)) if *min > 0);
        ranges.is_empty() || ranges.iter().any(has_root)
    }

    /// Seccomp and AppArmor were annotations of policies.
    fn annotations(&mut self, annotations: Option<&Value>) {
        let text = |key: &str| annotations.and_then(|map| map.field(key)).and_then(Value::as_str);
        let path = |key: &str| FieldPath::root().dotted("metadata.annotations").key(key);
        let seccomp = "seccomp.security.alpha.kubernetes.io/allowedProfileNames";
        let profiles: Vec<&str> =
            text(seccomp).map(|names| names.split(',').map(str::trim).collect()).unwrap_or_default();
        if profiles.iter().any(|name| matches!(*name, "*" | "unconfined")) {
            let what = "running without a seccomp profile".to_owned();
            self.baseline.push(Permits { path: path(seccomp), what });
        } else if profiles.is_empty() {
            let what = "pods that name no seccomp profile".to_owned();
            self.restricted.push(Permits { path: path(seccomp), what });
        }
        let apparmor = "apparmor.security.beta.kubernetes.io/allowedProfileNames";
        let names = text(apparmor).unwrap_or_default();
        if names.split(',').any(|name| matches!(name.trim(), "*" | "unconfined")) {
            let what = "running without an AppArmor profile".to_owned();
            self.baseline.push(Permits { path: path(apparmor), what });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ravelin_object::read;
    use ravelin_yaml::Limits;

    fn proposal(spec: &str, annotations: &str) -> Proposal {
        let text = format!(
            "{{apiVersion: policy/v1beta1, kind: PodSecurityPolicy, metadata: {{name: p, annotations: {annotations}}}, spec: {spec}}}"
        );
        propose(&read::yaml(&text, &Limits::STANDARD).unwrap().value.unwrap())
    }

    const TIGHT: &str =
        "allowPrivilegeEscalation: false, requiredDropCapabilities: [ALL], volumes: [configMap, secret],
        runAsUser: {rule: MustRunAsNonRoot}, seLinux: {rule: MustRunAs}";
    const SECCOMP: &str = "{seccomp.security.alpha.kubernetes.io/allowedProfileNames: runtime/default}";

    #[test]
    fn the_strictest_level_that_keeps_what_is_permitted() {
        let cases = [
            (format!("{{{TIGHT}}}"), SECCOMP, Level::Restricted),
            (format!("{{{TIGHT}, allowedCapabilities: [NET_BIND_SERVICE]}}"), SECCOMP, Level::Restricted),
            (format!("{{{TIGHT}, allowedCapabilities: [CHOWN]}}"), SECCOMP, Level::Baseline),
            (format!("{{{TIGHT}, allowedCapabilities: [SYS_ADMIN]}}"), SECCOMP, Level::Privileged),
            (format!("{{{TIGHT}, hostNetwork: true}}"), SECCOMP, Level::Privileged),
            (format!("{{{TIGHT}}}"), "{}", Level::Baseline),
            (
                TIGHT.replace("MustRunAsNonRoot", "RunAsAny").replace("allow", "{allow") + "}",
                SECCOMP,
                Level::Baseline,
            ),
            (format!("{{{TIGHT}, allowedUnsafeSysctls: [kernel.msg*]}}"), SECCOMP, Level::Privileged),
            ("{privileged: true, volumes: ['*']}".to_owned(), "{}", Level::Privileged),
        ];
        for (spec, annotations, level) in cases {
            let proposal = proposal(&spec, annotations);
            assert_eq!(proposal.level, level, "{spec}: {proposal:?}");
        }
    }

    #[test]
    fn what_the_policy_changes_in_pods_is_named() {
        let proposal = proposal(&format!("{{{TIGHT}, defaultAddCapabilities: [CHOWN]}}"), SECCOMP);
        let paths: Vec<String> = proposal.mutates.iter().map(ToString::to_string).collect();
        assert_eq!(paths, ["spec.defaultAddCapabilities", "spec.requiredDropCapabilities", "spec.seLinux"]);
    }
}
