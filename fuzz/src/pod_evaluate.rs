//! Every pod in any text has a verdict at every level and version, and the verdicts fit together.

use ravelin_diag::{Anchor, FieldPath};
use ravelin_object::identity::Identity;
use ravelin_object::pod::{Defaulting, Pod};
use ravelin_object::{Value, documents, list, read, templates};
use ravelin_podsec::{Evaluation, Level, LevelVersion, Version};

use crate::LIMITS;

/// Reads the bytes as a stream of objects and judges every pod in them.
pub fn run(data: &[u8]) {
    let Ok(text) = ravelin_yaml::decode(data) else { return };
    for piece in documents::split(&text) {
        let Ok(read) = read::yaml(piece.text, &LIMITS) else { continue };
        let Some(value) = read.value else { continue };
        if list::is_list(&value) {
            list::into_items(value).iter().for_each(object);
        } else {
            object(&value);
        }
    }
}

fn object(value: &Value) {
    let Some(identity) = Identity::of(value) else {
        // Not an object, but perhaps what a controller would be given as a template.
        judge(value, value, &FieldPath::root());
        return;
    };
    for template in templates::find(&identity, value) {
        assert_eq!(value.at(&template.path), Some(template.value), "{}", template.path);
        judge(value, template.value, &template.path);
    }
}

fn judge(object: &Value, template: &Value, path: &FieldPath) {
    for defaulting in [Defaulting::Pod, Defaulting::Template] {
        match Pod::decode(template, path.clone(), defaulting) {
            Ok(pod) => verdicts(object, &pod),
            Err(errors) => {
                assert!(!errors.is_empty() && errors.iter().all(|error| !error.to_string().is_empty()))
            }
        }
    }
}

fn verdicts(object: &Value, pod: &Pod<'_>) {
    let evaluation = Evaluation::new(pod);
    for level in Level::ALL {
        for version in Version::all() {
            verdict(object, &evaluation, LevelVersion::new(level, version));
        }
        let words = |version| {
            let verdict = evaluation.verdict(LevelVersion::new(level, version));
            (verdict.reason(), verdict.detail())
        };
        let newest = words(Version::Minor(Version::NEWEST));
        assert_eq!(words(Version::Latest), newest);
        assert_eq!(words(Version::Minor(u64::MAX)), newest);
    }
}

fn verdict(object: &Value, evaluation: &Evaluation<'_>, at: LevelVersion) {
    let verdict = evaluation.verdict(at);
    assert_eq!(verdict.allowed(), verdict.reason().is_empty(), "{at}");
    assert_eq!(verdict.allowed(), verdict.detail().is_empty(), "{at}");
    assert!(verdict.allowed() || at.level != Level::Privileged, "{at}");
    for (check, violation) in &verdict.violations {
        assert!(!violation.offences.is_empty(), "{}", check.upstream_id());
        for offence in &violation.offences {
            let is_inside = offence.path.segments().starts_with(evaluation.pod().path.segments());
            assert!(is_inside, "{}: {offence:?}", check.upstream_id());
            let is_there = object.at(&offence.path).is_some();
            assert!(is_there || offence.anchor == Anchor::Missing, "{}: {offence:?}", check.upstream_id());
        }
    }
}
