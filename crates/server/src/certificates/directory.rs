//! Certificates kept in a folder.

use super::{Data, Found, Store};
use anyhow::Context as _;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// A folder with one file for each part. It is one process that writes to it; others may read.
#[derive(Clone, Debug)]
pub struct Directory(pub PathBuf);

impl Store for Directory {
    async fn load(&self) -> anyhow::Result<Option<Found>> {
        let data = self.read()?;
        Ok((!data.is_empty()).then(|| Found { version: version(&data), data }))
    }

    async fn save(&self, data: &Data, expected: Option<&str>) -> anyhow::Result<bool> {
        let kept = self.read()?;
        if (!kept.is_empty()).then(|| version(&kept)).as_deref() != expected {
            return Ok(false);
        }
        std::fs::create_dir_all(&self.0).with_context(|| format!("making {}", self.0.display()))?;
        for (name, value) in data {
            write(&self.0.join(name), value)?;
        }
        for name in kept.keys().filter(|name| !data.contains_key(*name)) {
            let path = self.0.join(name);
            std::fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
        }
        Ok(true)
    }
}

impl Directory {
    fn read(&self) -> anyhow::Result<Data> {
        let entries = match std::fs::read_dir(&self.0) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Data::new()),
            entries => entries.with_context(|| format!("reading {}", self.0.display()))?,
        };
        let mut data = Data::new();
        for entry in entries {
            let entry = entry.with_context(|| format!("reading {}", self.0.display()))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".crt") || name.ends_with(".key") {
                let path = entry.path();
                let value = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
                data.insert(name, Zeroizing::new(value));
            }
        }
        Ok(data)
    }
}

/// Writes a file that is there whole or not at all, and that nobody else may read.
fn write(path: &Path, value: &[u8]) -> anyhow::Result<()> {
    use std::io::Write as _;
    let scratch = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(if path.extension().is_some_and(|extension| extension == "key") {
            0o600
        } else {
            0o644
        });
    }
    let written =
        options.open(&scratch).and_then(|mut file| file.write_all(value).and_then(|()| file.sync_all()));
    written
        .and_then(|()| std::fs::rename(&scratch, path))
        .with_context(|| format!("writing {}", path.display()))
}

fn version(data: &Data) -> String {
    let mut hash = Sha256::new();
    for (name, value) in data {
        hash.update(name.as_bytes());
        hash.update([0]);
        hash.update(value.len().to_be_bytes());
        hash.update(value.as_slice());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(names: &[&str]) -> Data {
        names.iter().map(|name| ((*name).to_owned(), Zeroizing::new(name.as_bytes().to_vec()))).collect()
    }

    #[tokio::test]
    async fn a_write_over_a_newer_state_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let store = Directory(folder.path().join("certificates"));
        assert!(store.load().await.unwrap().is_none());
        assert!(!store.save(&data(&["a.crt"]), Some("x")).await.unwrap());
        assert!(store.save(&data(&["a.crt", "b.key"]), None).await.unwrap());
        let first = store.load().await.unwrap().unwrap();
        assert_eq!(first.data, data(&["a.crt", "b.key"]));
        assert!(store.save(&data(&["a.crt"]), Some(&first.version)).await.unwrap());
        assert!(!store.save(&data(&["c.crt"]), Some(&first.version)).await.unwrap());
        assert_eq!(store.load().await.unwrap().unwrap().data, data(&["a.crt"]));
    }
}
