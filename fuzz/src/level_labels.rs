//! What labels ask for is always known, and asking for the same in other labels asks for the same.

use ravelin_podsec::policy::{LABEL_PREFIX, LABELS, Policy, of_labels};
use ravelin_podsec::{Level, LevelVersion, Version};

/// Reads lines `key=value` as labels of a namespace; keys without a slash get the prefix of Pod Security.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for word in text.split(['\n', '=', ':']) {
        words(word);
    }
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    let labels: Vec<(String, &str)> = pairs
        .map(|(key, value)| {
            let key = if key.contains('/') { key.to_owned() } else { format!("{LABEL_PREFIX}{key}") };
            (key, value)
        })
        .collect();
    let labels: Vec<(&str, &str)> = labels.iter().map(|(key, value)| (key.as_str(), *value)).collect();
    for default in [LevelVersion::PRIVILEGED, LevelVersion::new(Level::Baseline, Version::Minor(20))] {
        ask(&labels, &Policy::uniform(default));
    }
}

fn ask(labels: &[(&str, &str)], defaults: &Policy) {
    let (policy, errors) = of_labels(labels, defaults);
    for error in &errors {
        assert!(LABELS.contains(&error.label) && !error.consequence.is_empty());
        assert!(labels.contains(&(error.label, &error.value)), "{error}");
        assert!(error.to_string().contains(error.label), "{error}");
    }
    if policy.is_fully_privileged() {
        assert!(policy.modes().iter().all(|(_, at)| at.level == Level::Privileged));
    }
    assert!(policy.is_equivalent(&policy));
    let [enforce, audit, warn] =
        [policy.enforce, policy.audit, policy.warn].map(|at| (at.level, at.version.to_string()));
    let written = [
        (LABELS[0], enforce.0.as_str()),
        (LABELS[1], enforce.1.as_str()),
        (LABELS[2], audit.0.as_str()),
        (LABELS[3], audit.1.as_str()),
        (LABELS[4], warn.0.as_str()),
        (LABELS[5], warn.1.as_str()),
    ];
    assert_eq!(of_labels(&written, &Policy::PRIVILEGED), (policy, Vec::new()), "{written:?}");
}

/// Levels and versions are written in one way only.
fn words(word: &str) {
    if let Ok(level) = word.parse::<Level>() {
        assert_eq!(level.to_string(), word);
    }
    if let Ok(version) = word.parse::<Version>() {
        assert_eq!(version.to_string(), word);
        assert!(version.minor() <= Version::NEWEST);
    }
}
