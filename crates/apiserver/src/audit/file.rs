//! The file events are written to. It is rotated by its size, and old files are removed by number and age.

use anyhow::Context as _;
use ravelin_authn::Timestamp;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// When another file is begun, and how many are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// How many bytes a file may have; 0 for any number.
    pub size: u64,
    /// How many old files are kept; 0 for all.
    pub backups: usize,
    /// For how many days old files are kept; 0 for ever.
    pub age_days: u64,
}

/// A file that is being written.
pub(crate) struct LogFile {
    place: Place,
    rotation: Rotation,
    written: u64,
}

enum Place {
    Output,
    File { path: PathBuf, file: File },
}

impl LogFile {
    /// Opens a file, to write behind what it holds. Nobody but the owner may read it.
    pub(crate) fn open(path: PathBuf, rotation: Rotation) -> anyhow::Result<Self> {
        if path.as_os_str() == "-" {
            return Ok(Self { place: Place::Output, rotation: Rotation::default(), written: 0 });
        }
        let file = open(&path).with_context(|| format!("opening the audit log {}", path.display()))?;
        let written = file.metadata().map_or(0, |metadata| metadata.len());
        Ok(Self { place: Place::File { path, file }, rotation, written })
    }

    /// Writes a line.
    pub(crate) fn write(&mut self, line: &[u8]) -> io::Result<()> {
        let length = u64::try_from(line.len()).unwrap_or(u64::MAX);
        if self.rotation.size > 0
            && self.written > 0
            && self.written.saturating_add(length) > self.rotation.size
        {
            self.rotate()?;
        }
        match &mut self.place {
            Place::Output => {
                let mut out = io::stdout().lock();
                out.write_all(line)?;
                out.flush()?;
            }
            Place::File { file, .. } => file.write_all(line)?,
        }
        self.written = self.written.saturating_add(length);
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        let Place::File { path, file } = &mut self.place else { return Ok(()) };
        let backup = backup_name(path, crate::clock::timestamp());
        std::fs::rename(&*path, backup)?;
        *file = open(path)?;
        self.written = 0;
        if let Err(error) = tidy(path, self.rotation, crate::clock::seconds()) {
            tracing::warn!(%error, "old audit logs could not be removed");
        }
        Ok(())
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

/// The name of an old file: `audit-2026-03-01T10-00-00.123.log`.
fn backup_name(path: &Path, now: Timestamp) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let extension = path.extension().map(|text| format!(".{}", text.to_string_lossy())).unwrap_or_default();
    let seconds = Timestamp::from_unix(now.seconds()).to_string();
    let time = seconds.trim_end_matches('Z').replace(':', "-");
    path.with_file_name(format!("{stem}-{time}.{:03}{extension}", now.nanoseconds() / 1_000_000))
}

/// Removes old files, the oldest first.
fn tidy(path: &Path, rotation: Rotation, now: i64) -> io::Result<()> {
    if rotation.backups == 0 && rotation.age_days == 0 {
        return Ok(());
    }
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let stem = format!("{}-", path.file_stem().unwrap_or_default().to_string_lossy());
    let mut old = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if let Some(time) = name.strip_prefix(&stem).and_then(time_of) {
            old.push((name, time));
        }
    }
    old.sort_by(|a, b| b.0.cmp(&a.0));
    let oldest =
        now.saturating_sub(i64::try_from(rotation.age_days.saturating_mul(86_400)).unwrap_or(i64::MAX));
    for (index, (name, time)) in old.iter().enumerate() {
        let is_too_many = rotation.backups > 0 && index >= rotation.backups;
        let is_too_old = rotation.age_days > 0 && *time < oldest;
        if is_too_many || is_too_old {
            std::fs::remove_file(folder.join(name))?;
        }
    }
    Ok(())
}

/// When a file was begun, by what its name says behind the stem.
fn time_of(text: &str) -> Option<i64> {
    let (date, time) = text.split_once('T')?;
    let time = time.get(..8)?.replace('-', ":");
    Timestamp::parse_rfc3339(&format!("{date}T{time}Z")).map(Timestamp::seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_file_is_put_aside_and_old_ones_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.log");
        let rotation = Rotation { size: 10, backups: 2, age_days: 0 };
        let mut file = LogFile::open(path.clone(), rotation).unwrap();
        for line in ["12345678\n", "a2345678\n", "b2345678\n", "c2345678\n", "d2345678\n"] {
            file.write(line.as_bytes()).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(3));
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "d2345678\n");
        let mut names: Vec<String> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "audit.log")
            .collect();
        names.sort();
        assert_eq!(names.len(), 2, "{names:?}");
        assert_eq!(std::fs::read_to_string(folder.path().join(&names[1])).unwrap(), "c2345678\n");
        assert!(names[0].starts_with("audit-") && names[0].ends_with(".log"), "{names:?}");
    }

    #[test]
    fn names_of_old_files_say_when() {
        let name = backup_name(Path::new("/x/audit.log"), Timestamp::new(0, 5_000_000));
        assert_eq!(name, Path::new("/x/audit-1970-01-01T00-00-00.005.log"));
        assert_eq!(time_of("1970-01-01T00-01-00.005.log"), Some(60));
        assert_eq!(time_of("other.log"), None);
    }
}
