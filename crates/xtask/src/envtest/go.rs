//! Programs of Go modules: whether there is a Go to build them, and building them.

use anyhow::Context as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// How many packages are compiled at once, at most: each may take a gigabyte.
const PARALLEL: usize = 4;

/// A Go that works.
pub(crate) struct Go(());

/// A module of Go that exists only to be built.
pub(crate) struct Module {
    /// The folder in which it is built.
    pub name: &'static str,
    /// Its `go.mod`.
    pub manifest: &'static str,
    /// Its `go.sum`: without it nothing says that what is downloaded is what was looked at.
    pub sums: &'static str,
    /// The programs.
    pub packages: &'static [&'static str],
    /// The name of the one program; that of its package where not given.
    pub output: Option<&'static str>,
    /// What the linker writes into the programs.
    pub stamps: Vec<String>,
}

impl Go {
    /// Looks for Go; if there is none, why.
    pub(crate) fn find() -> anyhow::Result<Result<Self, String>> {
        const OLDEST: u32 = 21;
        let Ok(output) = Command::new("go").arg("version").stdin(Stdio::null()).output() else {
            return Ok(Err("Go is not installed".to_owned()));
        };
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        // Go 1.21 and later fetch the version that a module asks for.
        Ok(match minor(&text) {
            Some(minor) if minor >= OLDEST => Ok(Self(())),
            _ => Err(format!("Go 1.{OLDEST} or later is not installed: `go version` says `{}`", text.trim())),
        })
    }

    /// Builds the programs of a module, written to `place`, into the folder `programs`.
    pub(crate) fn build(
        &self,
        module: &Module,
        place: &Path,
        programs: &Path,
        scratch: Option<&Path>,
    ) -> anyhow::Result<()> {
        std::fs::create_dir_all(programs).with_context(|| format!("cannot create {}", programs.display()))?;
        let parallel = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(PARALLEL);
        let mut linker = vec!["-s".to_owned(), "-w".to_owned()];
        linker.extend(module.stamps.iter().cloned());
        let mut build = Command::new("go");
        build.arg("build").arg("-trimpath").arg(format!("-p={parallel}"));
        build.arg(format!("-ldflags={}", linker.join(" ")));
        // A folder that exists is where programs go under the names of their packages.
        build.arg("-o").arg(module.output.map_or_else(
            || programs.to_owned(),
            |name| programs.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)),
        ));
        build.args(module.packages).current_dir(place).stdin(Stdio::null());
        build.env("CGO_ENABLED", "0").env("GOWORK", "off").env("GOFLAGS", "-mod=readonly -buildvcs=false");
        if let Some(scratch) = scratch {
            build.env("GOCACHE", scratch);
        }
        // Words are for standard error: on standard output is the folder, and nothing else.
        build.stdout(std::io::stderr());
        let status = build.status().context("cannot run go")?;
        anyhow::ensure!(status.success(), "`go build {}`: {status}", module.packages.join(" "));
        Ok(())
    }
}

impl Module {
    /// Writes the files of the module.
    pub(crate) fn write(&self, place: &Path) -> anyhow::Result<()> {
        std::fs::create_dir_all(place).with_context(|| format!("cannot create {}", place.display()))?;
        for (name, text) in [("go.mod", self.manifest), ("go.sum", self.sums)] {
            let path = place.join(name);
            std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }
}

/// The minor version in what `go version` says: 26 of `go version go1.26.8 linux/amd64`.
fn minor(text: &str) -> Option<u32> {
    let version = text.split_whitespace().nth(2)?.strip_prefix("go1.")?;
    let end = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    version.get(..end)?.parse().ok()
}

/// Removes a folder if it is there.
pub(crate) fn remove(folder: &Path) -> anyhow::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// How many bytes the files of a folder hold, as far as can be told.
pub(crate) fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => size(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_go() {
        for (text, expected) in [
            ("go version go1.26.8 linux/amd64\n", Some(26)),
            ("go version go1.27rc1 darwin/arm64", Some(27)),
            ("go version devel go1.28-abc linux/amd64", None),
            ("", None),
        ] {
            assert_eq!(minor(text), expected, "{text:?}");
        }
    }

    #[test]
    fn folders_are_measured_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::write(inner.join("c"), "12345").unwrap();
        assert_eq!(size(folder.path()), 5);
        remove(&folder.path().join("a")).unwrap();
        remove(&folder.path().join("a")).unwrap();
        assert_eq!(size(folder.path()), 0);
    }
}
