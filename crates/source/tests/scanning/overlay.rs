//! Manifests over a cluster or a snapshot of one.

use super::support::{Folder, options, scan_over};
use ravelin_engine::report::Outcome;
use ravelin_source::scan::{Base, REPLACED};
use ravelin_source::{Limits, SourceText};

fn pod(namespace: &str, name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}{namespace}}}\nspec: {{containers: []}}\n---\n"
    )
}

/// How each object ends: `file name: outcome`.
fn outcomes(base: &[(usize, &str, Result<String, &str>)], manifest: &str) -> Vec<String> {
    let folder = Folder::new(&[("m.yaml", manifest.as_bytes())]);
    let base: Vec<Base> = base
        .iter()
        .map(|(layer, name, text)| Base {
            layer: *layer,
            name: (*name).into(),
            text: match text {
                Ok(text) => Ok(SourceText::Kept(text.as_bytes().into())),
                Err(message) => Err((*message).to_owned()),
            },
        })
        .collect();
    let report = scan_over(&base, &[folder.path().join("m.yaml")], &options(), &Limits::STANDARD);
    let mut told: Vec<String> = report
        .entries
        .iter()
        .filter(|entry| !matches!(&entry.outcome, Outcome::Skipped { reason } if reason == "empty"))
        .map(|entry| {
            let file = entry.file.rsplit('/').next().unwrap();
            let name = entry.object.as_ref().map_or("", |object| object.name.as_str());
            let outcome = match &entry.outcome {
                Outcome::Judged => "judged",
                Outcome::NotApplicable => "not applicable",
                Outcome::Skipped { reason } if reason == REPLACED => "replaced",
                Outcome::Skipped { reason } => reason,
                Outcome::Failed { message } => message,
            };
            format!("{file} {name}: {outcome}")
        })
        .collect();
    told.sort();
    told
}

#[test]
fn what_comes_later_replaces_what_it_names_and_nothing_else() {
    let cluster = format!(
        "{}{}{}",
        pod(", namespace: shop", "a"),
        pod(", namespace: default", "a"),
        pod(", namespace: shop", "b")
    );
    let snapshot = pod(", namespace: shop", "b");
    let base =
        [(0, "cluster", Ok(cluster)), (1, "snapshot", Ok(snapshot)), (0, "cluster:jobs", Err("forbidden"))];
    let manifest = format!("{}{}", pod("", "a"), pod("", "a"));
    assert_eq!(
        outcomes(&base, &manifest),
        [
            "cluster a: judged",
            "cluster a: replaced",
            "cluster b: replaced",
            "cluster:jobs : forbidden",
            "m.yaml a: judged",
            "m.yaml a: judged",
            "snapshot b: judged",
        ]
    );
    assert_eq!(
        outcomes(&[], &manifest),
        ["m.yaml a: judged", "m.yaml a: judged"],
        "manifests do not replace each other"
    );
    let other = pod(", namespace: shop", "a").replace("kind: Pod", "kind: Service");
    assert!(outcomes(&base, &other).contains(&"cluster a: judged".to_owned()), "a Service is no Pod");
}
