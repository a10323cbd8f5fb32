use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use super::*;
use crate::ledger::Ledger;
use crate::replay::replay;
use serde_json::json;

/// The names of the files of a folder of this crate, without their ending.
fn stems(folder: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
    files.map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

fn names() -> Vec<String> {
    ALL.iter().map(|entry| entry.name.to_owned()).collect()
}

/// Replays a file of records and says what is wrong with it.
fn fault(entry: &Entry, file: &Path) -> Option<String> {
    let ledger = Ledger::parse(entry.ledger).unwrap();
    let lines = crate::open(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut text = Vec::new();
    match replay(lines, (entry.start)().as_mut(), &ledger) {
        Err(error) => return Some(format!("{}: {error:#}", file.display())),
        Ok(outcome) if outcome.passes() => return None,
        Ok(outcome) => outcome.print(&mut text).unwrap(),
    }
    Some(format!("{}:\n{}", file.display(), String::from_utf8(text).unwrap()))
}

#[test]
fn every_area_has_a_file_an_entry_a_ledger_and_cases() {
    let mut expected = stems("src/areas");
    assert!(expected.remove("tests"));
    assert_eq!(names(), expected.iter().cloned().collect::<Vec<_>>(), "sorted, one entry per file");
    assert_eq!(stems("ledger"), expected);
    assert_eq!(stems("cases"), expected);
}

#[test]
fn every_entry_has_its_own_ledger() {
    for entry in ALL {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("ledger/{}.tsv", entry.name));
        assert_eq!(fs::read_to_string(file).unwrap(), entry.ledger, "{}", entry.name);
        assert!(entry.ledger.starts_with('#'), "{}: a ledger begins with what it is", entry.name);
        Ledger::parse(entry.ledger).unwrap();
    }
}

#[test]
fn our_own_cases_agree() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let faults: Vec<String> =
        ALL.iter().filter_map(|entry| fault(entry, &folder.join(format!("{}.jsonl", entry.name)))).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The recorded sets are too large for the repository; whoever has them names their folder.
#[test]
fn recorded_cases_agree() {
    let Some(folder) = std::env::var_os("RAVELIN_GOLDEN").map(PathBuf::from) else {
        println!("skipped: RAVELIN_GOLDEN names no folder");
        return;
    };
    let mut faults = Vec::new();
    let mut replayed = 0;
    for entry in ALL {
        for file in [format!("{}.jsonl", entry.name), format!("{}.jsonl.gz", entry.name)] {
            let file = folder.join(file);
            if file.exists() {
                replayed += 1;
                faults.extend(fault(entry, &file));
            }
        }
    }
    assert!(replayed > 0, "{} holds no file of any area", folder.display());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Changes one field of every one of our own cases after the other: each change must be noticed. Records may speak
/// of earlier ones, so the area has seen those, and sees the unchanged record again at the end.
#[test]
fn no_field_is_ignored() {
    for entry in ALL {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("cases/{}.jsonl", entry.name));
        let mut area = (entry.start)();
        for line in std::io::BufRead::lines(BufReader::new(File::open(file).unwrap())) {
            let record: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
            let id = &record["id"];
            let mut compare = |record: &serde_json::Value| area.compare(record);
            assert_eq!(compare(&record), [], "{id}");

            let mut further = record.clone();
            further["further"] = json!(null);
            assert_ne!(compare(&further), [], "{id}: a field that nobody knows");

            let fields = record.as_object().unwrap().keys().filter(|field| *field != "id");
            for field in fields {
                let mut without = record.clone();
                without.as_object_mut().unwrap().remove(field);
                assert_ne!(compare(&without), [], "{id} without {field}");
                let mut other = record.clone();
                other[field] = json!(3);
                assert_ne!(compare(&other), [], "{id} with another {field}");
            }
            assert_eq!(compare(&record), [], "{id}, again");
        }
    }
}

#[test]
fn another_kind_differs() {
    for entry in ALL {
        let record = json!({"id": "x-1", "kind": "unheard-of"});
        assert_ne!((entry.start)().compare(&record), [], "{}", entry.name);
    }
}
