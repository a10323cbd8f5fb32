use super::prelude::*;

declare_check! {
    /// Pod overrides the AppArmor profile of the runtime
    ///
    /// Reports a pod or container that asks for an AppArmor profile other than the runtime's own or one that
    /// is installed on the node, as a field or as the annotation that came before it.
    ///
    /// ## Why
    /// On nodes with AppArmor the runtime confines every container by a profile that denies, among others,
    /// mounting, writing below `/proc/sys` and tracing processes of other profiles. `Unconfined` switches it
    /// off: an attacker who gains root in the container is then one writable kernel file such as
    /// `/proc/sys/kernel/core_pattern` away from running programs on the node.
    ///
    /// ## Restricted fields
    /// - `spec.securityContext.appArmorProfile.type`
    /// - `spec.containers[*].securityContext.appArmorProfile.type`
    /// - `spec.initContainers[*].securityContext.appArmorProfile.type`
    /// - `spec.ephemeralContainers[*].securityContext.appArmorProfile.type`
    /// - `metadata.annotations["container.apparmor.security.beta.kubernetes.io/*"]`
    ///
    /// ## Allowed values
    /// For the type `RuntimeDefault` and `Localhost`; no profile at all is allowed too. For the annotation
    /// `runtime/default`, `localhost/*` and the empty text.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: mailer}
    /// spec:
    ///   containers:
    ///     - name: mailer
    ///       image: registry.example/mailer:2.0
    ///       securityContext:
    ///         appArmorProfile: {type: Unconfined}
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: mailer}
    /// spec:
    ///   containers:
    ///     - name: mailer
    ///       image: registry.example/mailer:2.0
    ///       securityContext:
    ///         appArmorProfile: {type: RuntimeDefault}
    /// ```
    ///
    /// ## Remedy
    /// Remove the profile, or set its type to `RuntimeDefault`. Where the default is too strict for the
    /// workload, install a profile of its own on the nodes and ask for it with `Localhost`.
    pub AppArmorProfile {
        id: "pss/app-armor-profile",
        severity: Severity::High,
        confidence: Confidence::High,
        applies_to: "pods",
        since: "0.1.0",
        sources: &[
            Source::Same("k8s.io/pod-security-admission policy/check_appArmorProfile.go"),
            Source::Same("Pod Security Standards, Baseline, AppArmor"),
        ],
    }
}

impl PodCheck for AppArmorProfile {
    fn upstream_id(&self) -> &'static str {
        "appArmorProfile"
    }

    fn level(&self) -> Level {
        Level::Baseline
    }

    fn revisions(&self) -> &'static [Revision] {
        &[Revision { since: 0, evaluate: app_armor_profile_1_0 }]
    }
}

/// What keys of AppArmor's annotations begin with; the name of the container follows.
const ANNOTATION_PREFIX: &str = "container.apparmor.security.beta.kubernetes.io/";

fn app_armor_profile_1_0(pod: &Pod<'_>) -> Option<Violation> {
    let (fields, kinds) = profiles::forbidden_fields(
        pod,
        "appArmorProfile",
        |security| security.app_armor.map(|profile| profile.kind),
        |security| security.app_armor.map(|profile| profile.kind),
    );
    let annotations = profiles::forbidden_annotations(pod, |key, value| {
        key.starts_with(ANNOTATION_PREFIX) && !value.is_empty() && !profiles::is_allowed_annotation(value)
    });
    let values: Vec<&str> = kinds.into_iter().chain(annotations.keys().map(String::as_str)).collect();
    let reason = pluralize("forbidden AppArmor profile", "forbidden AppArmor profiles", values.len());
    let mut setters = Vec::new();
    if !fields.is_empty() {
        setters.push(fields.subjects());
    }
    if !annotations.is_empty() {
        setters.push(pluralize("annotation", "annotations", annotations.len()).to_owned());
    }
    let values = join_quoted(values);
    let mut offences = fields.into_offences();
    offences.extend(annotations.into_values());
    let detail = || format!("{} must not set AppArmor profile type to {values}", setters.join(" and "));
    violation(reason, detail, offences)
}

#[cfg(test)]
mod tests {
    use super::*;

    check_table! {
        AppArmorProfile, 0,
        nothing_set: "spec: {securityContext: {}, containers: [{name: a, securityContext: {}}]}" => allowed,
        good_fields: "spec: {securityContext: {appArmorProfile: {type: RuntimeDefault}}, containers: [
            {name: a, securityContext: {appArmorProfile: {type: Localhost, localhostProfile: p}}}]}" => allowed,
        good_annotations: "metadata: {annotations: {
            container.apparmor.security.beta.kubernetes.io/a: runtime/default,
            container.apparmor.security.beta.kubernetes.io/b: localhost/,
            container.apparmor.security.beta.kubernetes.io/c: '',
            apparmor.security.beta.kubernetes.io/d: unconfined}}" => allowed,
        pod: "spec: {securityContext: {appArmorProfile: {type: Unconfined}}, containers: [{name: a}]}" => (
            "forbidden AppArmor profile",
            r#"pod must not set AppArmor profile type to "Unconfined""#,
            ["spec.securityContext.appArmorProfile.type"]
        ),
        a_profile_without_a_type: "spec: {containers: [{name: a, securityContext: {appArmorProfile: {}}}]}" => (
            "forbidden AppArmor profile",
            r#"container "a" must not set AppArmor profile type to """#,
            ["spec.containers[0].securityContext.appArmorProfile.type"]
        ),
        equal_values_count_once: "spec: {
            securityContext: {appArmorProfile: {type: Unconfined}},
            containers: [{name: a, securityContext: {appArmorProfile: {type: Unconfined}}}],
            initContainers: [{name: i, securityContext: {appArmorProfile: {type: Unconfined}}}],
            ephemeralContainers: [{name: e, securityContext: {appArmorProfile: {type: Unconfined}}}]}" => (
            "forbidden AppArmor profile",
            r#"pod and containers "i", "a", "e" must not set AppArmor profile type to "Unconfined""#,
            [
                "spec.securityContext.appArmorProfile.type",
                "spec.initContainers[0].securityContext.appArmorProfile.type",
                "spec.containers[0].securityContext.appArmorProfile.type",
                "spec.ephemeralContainers[0].securityContext.appArmorProfile.type",
            ]
        ),
        one_annotation: "metadata: {annotations: {container.apparmor.security.beta.kubernetes.io/a: 'un\"c'}}" => (
            "forbidden AppArmor profile",
            r#"annotation must not set AppArmor profile type to "container.apparmor.security.beta.kubernetes.io/a="un\"c"""#,
            ["metadata.annotations[container.apparmor.security.beta.kubernetes.io/a]"]
        ),
        fields_and_annotations: "
            metadata: {annotations: {
                container.apparmor.security.beta.kubernetes.io/b: unconfined,
                container.apparmor.security.beta.kubernetes.io/a: RUNTIME/DEFAULT}}
            spec: {containers: [
                {name: a, securityContext: {appArmorProfile: {type: unconfined}}},
                {name: a, securityContext: {appArmorProfile: {type: Unconfined}}}]}" => (
            "forbidden AppArmor profiles",
            concat!(
                r#"containers "a", "a" and annotations must not set AppArmor profile type to "Unconfined", "unconfined", "#,
                r#""container.apparmor.security.beta.kubernetes.io/a="RUNTIME/DEFAULT"", "#,
                r#""container.apparmor.security.beta.kubernetes.io/b="unconfined"""#,
            ),
            [
                "spec.containers[0].securityContext.appArmorProfile.type",
                "spec.containers[1].securityContext.appArmorProfile.type",
                "metadata.annotations[container.apparmor.security.beta.kubernetes.io/a]",
                "metadata.annotations[container.apparmor.security.beta.kubernetes.io/b]",
            ]
        ),
    }
}
