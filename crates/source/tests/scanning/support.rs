//! What the tests of this crate share: folders of files, and scans of them.

use ravelin_engine::report::Report;
use ravelin_engine::scan::Settings;
use ravelin_engine::selection::Selection;
use ravelin_podsec::config::PodSecurityConfiguration;
use ravelin_podsec::{Level, LevelVersion, Version};
use ravelin_source::project::Entries;
use ravelin_source::scan::{Base, Request, Silent, scan};
use ravelin_source::{FileOptions, Limits};
use std::path::{Path, PathBuf};

/// A folder of files that is gone when the test is.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new(files: &[(&str, &[u8])]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, bytes) in files {
            folder.write(name, bytes);
        }
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

pub(crate) fn options() -> FileOptions {
    FileOptions::standard()
}

pub(crate) fn scan_with(paths: &[PathBuf], files: &FileOptions, limits: &Limits) -> Report {
    scan_over(&[], paths, files, limits)
}

pub(crate) fn scan_over(base: &[Base], paths: &[PathBuf], files: &FileOptions, limits: &Limits) -> Report {
    let settings = Settings {
        yardstick: LevelVersion::new(Level::Restricted, Version::Latest),
        psa: PodSecurityConfiguration::unconfigured(),
        extension: Default::default(),
        today: "2026-01-01".parse().unwrap(),
        default_namespace: String::new(),
        is_complete: false,
        selection: Selection::default(),
    };
    let suppress = Some("2026-06-01".parse().unwrap());
    let request = Request {
        paths,
        base,
        files,
        limits,
        settings: &settings,
        suppress,
        entries: &Entries::default(),
        psa: None,
    };
    let (report, _) = scan(&request, &Silent);
    let counts = report.counts();
    assert_eq!(counts.total(), report.entries.len());
    report
}

pub(crate) fn scan_folder(folder: &Folder) -> Report {
    scan_with(&[folder.path().to_owned()], &options(), &Limits::STANDARD)
}
