//! The examples in the documentation of every check, scanned as users would scan them.

use super::support::{Folder, scan_folder};
use ravelin_check::Expectation;
use ravelin_engine::checks;

#[test]
fn every_example_in_the_documentation_does_what_it_says() {
    for meta in checks::all() {
        for example in meta.documentation().examples {
            let report = scan_folder(&Folder::new(&[("example.yaml", example.yaml().as_bytes())]));
            let found = report.new_findings().any(|finding| finding.finding.check == meta.id);
            let counts = report.counts();
            assert_eq!(counts.failed + counts.skipped, 0, "{}\n{}", meta.id, example.yaml());
            assert_eq!(found, example.expectation == Expectation::Fails, "{}\n{}", meta.id, example.yaml());
        }
    }
}
