//! The verdict on a pod at a level and version.

use crate::checks;
use crate::{Level, LevelVersion, PodCheck, Version, Violation};
use ravelin_object::pod::Pod;
use std::cell::OnceCell;

/// The judgement of one pod: each revision of each check is asked at most once, however many levels and
/// versions are.
pub struct Evaluation<'p> {
    pod: &'p Pod<'p>,
    /// The newest minor that whoever judges knows: later ones are judged as that.
    newest: u64,
    /// One slot per revision of [`checks::ALL`], in that order.
    slots: Vec<OnceCell<Option<Violation>>>,
}

/// What the Pod Security Standards say of a pod at one level and version.
pub struct Verdict<'e> {
    /// The checks that do not allow it, in upstream's order; none where it is allowed.
    pub violations: Vec<(&'static dyn PodCheck, &'e Violation)>,
}

impl Verdict<'_> {
    /// Whether the pod is allowed.
    #[must_use]
    pub fn allowed(&self) -> bool {
        self.violations.is_empty()
    }

    /// Upstream's `ForbiddenReason`: the reasons, joined by commas. Empty where allowed.
    #[must_use]
    pub fn reason(&self) -> String {
        self.violations.iter().map(|(_, violation)| violation.reason.as_ref()).collect::<Vec<_>>().join(", ")
    }

    /// Upstream's `ForbiddenDetail`: each reason with its detail in parentheses. Empty where allowed.
    #[must_use]
    pub fn detail(&self) -> String {
        self.violations.iter().map(|(_, violation)| violation.in_full()).collect::<Vec<_>>().join(", ")
    }
}

impl<'p> Evaluation<'p> {
    /// An evaluation of `pod`; nothing is judged yet.
    #[must_use]
    pub fn new(pod: &'p Pod<'p>) -> Self {
        Self::by(pod, Version::NEWEST)
    }

    /// An evaluation by an API server of a minor: `latest`, and whatever comes after it, is that one.
    #[must_use]
    pub fn by(pod: &'p Pod<'p>, newest: u64) -> Self {
        let revisions = checks::ALL.iter().map(|check| check.revisions().len()).sum();
        Self { pod, newest, slots: std::iter::repeat_with(OnceCell::new).take(revisions).collect() }
    }

    /// The minor that a version is judged as.
    #[must_use]
    pub fn minor(&self, version: Version) -> u64 {
        version.minor().min(self.newest)
    }

    /// The pod.
    #[must_use]
    pub fn pod(&self) -> &'p Pod<'p> {
        self.pod
    }

    /// The verdict at a level and version.
    ///
    /// `privileged` allows everything. Otherwise each check is asked in the newest of its revisions that
    /// the version has reached, and not at all before the first. At `restricted`, a baseline check is left
    /// out where a restricted one that overrides it is there, even if that one exempts the pod.
    /// Source: `k8s.io/pod-security-admission/policy/registry.go`.
    #[must_use]
    pub fn verdict(&self, at: LevelVersion) -> Verdict<'_> {
        let mut violations = Vec::new();
        if at.level == Level::Privileged {
            return Verdict { violations };
        }
        let minor = self.minor(at.version);
        let mut first_slot = 0;
        for check in checks::ALL {
            let revisions = check.revisions();
            let slots_before = first_slot;
            first_slot += revisions.len();
            let Some(revision) = revisions.iter().rposition(|revision| revision.since <= minor) else {
                continue;
            };
            if check.level() > at.level || (at.level == Level::Restricted && is_overridden(*check, minor)) {
                continue;
            }
            if let Some(violation) = self.ask(*check, revision, slots_before) {
                violations.push((*check, violation));
            }
        }
        Verdict { violations }
    }

    /// What `check` says at a version, whatever other checks override it.
    #[must_use]
    pub fn violation(&self, upstream_id: &str, minor: u64) -> Option<&Violation> {
        let mut first_slot = 0;
        for check in checks::ALL {
            let revisions = check.revisions();
            if check.upstream_id() == upstream_id {
                let revision = revisions.iter().rposition(|revision| revision.since <= minor)?;
                return self.ask(*check, revision, first_slot);
            }
            first_slot += revisions.len();
        }
        None
    }

    fn ask(&self, check: &'static dyn PodCheck, revision: usize, first_slot: usize) -> Option<&Violation> {
        let evaluate = check.revisions().get(revision)?.evaluate;
        self.slots.get(first_slot + revision)?.get_or_init(|| evaluate(self.pod)).as_ref()
    }
}

/// The minor at which the checks became what they are at `version`: from there to `version` every verdict is
/// the same.
#[must_use]
pub fn unchanged_since(version: Version) -> u64 {
    let revisions = checks::ALL.iter().flat_map(|check| check.revisions());
    let reached = revisions.map(|revision| revision.since).filter(|since| *since <= version.minor());
    reached.max().unwrap_or_default()
}

fn is_overridden(check: &dyn PodCheck, minor: u64) -> bool {
    check.level() == Level::Baseline
        && checks::ALL.iter().any(|other| {
            other.overrides() == Some(check.upstream_id())
                && other.revisions().first().is_some_and(|first| first.since <= minor)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;
    use ravelin_diag::FieldPath;
    use ravelin_object::pod::Defaulting;
    use ravelin_object::read;
    use ravelin_yaml::Limits;

    fn with_evaluation(text: &str, test: impl FnOnce(&Evaluation<'_>)) {
        let value = read::yaml(text, &Limits::STANDARD).unwrap().value.unwrap();
        let pod = Pod::decode(&value, FieldPath::root(), Defaulting::Pod).unwrap();
        test(&Evaluation::new(&pod));
    }

    /// The upstream ids of the checks that do not allow the pod.
    fn violated(evaluation: &Evaluation<'_>, level: Level, version: Version) -> Vec<&'static str> {
        let verdict = evaluation.verdict(LevelVersion::new(level, version));
        verdict.violations.iter().map(|(check, _)| check.upstream_id()).collect()
    }

    /// A pod with everything that a restricted check takes over from a baseline one.
    const OVERRIDDEN: &str = "spec: {
        securityContext: {seccompProfile: {type: Unconfined}},
        volumes: [{name: v, hostPath: {path: /}}],
        containers: [{name: a, securityContext: {
            procMount: Unmasked, capabilities: {add: [BPF]}, seccompProfile: {type: ''}}}]}";

    #[test]
    fn nothing_changes_between_a_version_and_what_it_is_unchanged_since() {
        let chosen = |minor: u64| -> Vec<Option<usize>> {
            let newest = |check: &&dyn PodCheck| {
                check.revisions().iter().rposition(|revision| revision.since <= minor)
            };
            checks::ALL.iter().map(newest).collect()
        };
        for version in Version::all() {
            assert_eq!(chosen(version.minor()), chosen(unchanged_since(version)), "{version}");
        }
        assert_eq!(unchanged_since(Version::Latest), 37);
        assert_eq!(unchanged_since(Version::Minor(33)), 32);
    }

    #[test]
    fn words_are_joined_as_upstream_joins_them() {
        let text = "spec: {hostPID: true, hostIPC: true, containers: [{name: a, securityContext: {privileged: true}}]}";
        with_evaluation(text, |evaluation| {
            let verdict = evaluation.verdict(LevelVersion::new(Level::Baseline, Version::Latest));
            assert!(!verdict.allowed());
            assert_eq!(verdict.reason(), "host namespaces, privileged");
            assert_eq!(
                verdict.detail(),
                "host namespaces (hostPID=true, hostIPC=true), \
                 privileged (container \"a\" must not set securityContext.privileged=true)"
            );
            let verdict = evaluation.verdict(LevelVersion::PRIVILEGED);
            assert_eq!(
                (verdict.allowed(), verdict.reason().as_str(), verdict.detail().as_str()),
                (true, "", "")
            );
        });
    }

    #[test]
    fn a_check_replaces_the_one_it_overrides_from_its_first_version_on() {
        with_evaluation(OVERRIDDEN, |evaluation| {
            let baseline = |minor| violated(evaluation, Level::Baseline, Version::Minor(minor));
            let restricted = |minor| violated(evaluation, Level::Restricted, Version::Minor(minor));
            assert_eq!(baseline(0), ["capabilities_baseline", "hostPathVolumes", "procMount"]);
            assert_eq!(
                baseline(37),
                ["capabilities_baseline", "hostPathVolumes", "procMount", "seccompProfile_baseline"]
            );
            assert_eq!(
                restricted(0),
                ["capabilities_baseline", "procMount", "restrictedVolumes", "runAsNonRoot"]
            );
            assert_eq!(
                restricted(34),
                [
                    "procMount",
                    "allowPrivilegeEscalation",
                    "capabilities_restricted",
                    "restrictedVolumes",
                    "runAsNonRoot",
                    "seccompProfile_restricted",
                ]
            );
            assert_eq!(
                restricted(35),
                [
                    "allowPrivilegeEscalation",
                    "capabilities_restricted",
                    "procMount_restricted",
                    "restrictedVolumes",
                    "runAsNonRoot",
                    "seccompProfile_restricted",
                ]
            );
        });
    }

    #[test]
    fn a_check_replaces_the_one_it_overrides_even_where_it_exempts_the_pod() {
        let text = "spec: {
            os: {name: windows}, securityContext: {runAsNonRoot: true, seccompProfile: {type: Unconfined}},
            containers: [{name: a, securityContext: {allowPrivilegeEscalation: false, capabilities: {add: [BPF]}}}]}";
        with_evaluation(text, |evaluation| {
            let violated = |level, minor| violated(evaluation, level, Version::Minor(minor));
            let baseline = ["capabilities_baseline", "seccompProfile_baseline"];
            assert_eq!(violated(Level::Baseline, 37), baseline);
            assert_eq!(
                violated(Level::Restricted, 24),
                ["capabilities_restricted", "seccompProfile_restricted"]
            );
            assert_eq!(violated(Level::Restricted, 25), Vec::<&str>::new());
        });
    }

    #[test]
    fn a_fault_stands_at_the_same_place_in_both_checks_that_know_it() {
        with_evaluation(OVERRIDDEN, |evaluation| {
            for check in checks::ALL {
                let Some(overridden) = check.overrides() else { continue };
                let restricted = evaluation.violation(check.upstream_id(), 37).unwrap();
                let baseline = evaluation.violation(overridden, 37).unwrap();
                for offence in &baseline.offences {
                    assert!(restricted.offences.contains(offence), "{}: {offence:?}", check.upstream_id());
                }
            }
        });
    }

    #[test]
    fn versions_beyond_the_newest_are_judged_as_the_newest() {
        with_evaluation(
            "spec: {securityContext: {sysctls: [{name: net.ipv4.tcp_notsent_lowat}]}}",
            |evaluation| {
                let violated = |version| violated(evaluation, Level::Baseline, version);
                assert_eq!(violated(Version::Minor(36)), ["sysctls"]);
                for version in
                    [Version::Minor(37), Version::Minor(99), Version::Minor(u64::MAX), Version::Latest]
                {
                    assert_eq!(violated(version), Vec::<&str>::new());
                }
            },
        );
    }
}
