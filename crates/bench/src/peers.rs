//! The tools that are compared: how each is asked to judge a folder of manifests.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A tool beside ravelin.
pub(crate) struct Peer {
    /// Its name, and that of its program.
    pub name: &'static str,
    /// What it does with a manifest, in a word or two.
    pub does: &'static str,
    how: How,
}

/// How a tool is told what to read.
enum How {
    /// These arguments, then the folder.
    Folder(&'static [&'static str]),
    /// These arguments, then files, many at a time.
    Files(&'static [&'static str]),
}

/// How many files are handed over at a time: well below what a command line holds.
const BATCH: usize = 1_000;

/// Every tool that is looked for.
pub(crate) const PEERS: &[Peer] = &[
    Peer { name: "kube-linter", does: "checks", how: How::Folder(&["lint", "--format", "json"]) },
    Peer { name: "kube-score", does: "checks", how: How::Files(&["score", "--output-format", "json"]) },
    Peer { name: "kubesec", does: "checks", how: How::Files(&["scan", "--format", "json"]) },
    Peer {
        name: "kubescape",
        does: "checks",
        how: How::Folder(&["scan", "--keep-local", "--format", "json"]),
    },
    Peer {
        name: "trivy",
        does: "checks",
        how: How::Folder(&["config", "--skip-check-update", "--format", "json"]),
    },
    Peer {
        name: "checkov",
        does: "checks",
        how: How::Folder(&[
            "--framework",
            "kubernetes",
            "--quiet",
            "--compact",
            "--skip-download",
            "--output",
            "json",
            "--directory",
        ]),
    },
    Peer {
        name: "polaris",
        does: "checks",
        how: How::Folder(&["audit", "--format", "json", "--audit-path"]),
    },
    Peer {
        name: "kubeconform",
        does: "reads only: no schemas here",
        how: How::Folder(&[
            "-ignore-missing-schemas",
            "-schema-location",
            "no-schemas",
            "-summary",
            "-output",
            "json",
        ]),
    },
];

impl Peer {
    /// The commands that make the tool judge `folder`, in which `files` are.
    pub(crate) fn commands(&self, program: &Path, folder: &Path, files: &[PathBuf]) -> Vec<Vec<OsString>> {
        let start = |args: &[&str]| -> Vec<OsString> {
            std::iter::once(program.into()).chain(args.iter().map(OsString::from)).collect()
        };
        match self.how {
            How::Folder(args) => {
                let mut command = start(args);
                command.push(folder.into());
                vec![command]
            }
            How::Files(args) => files
                .chunks(BATCH)
                .map(|batch| start(args).into_iter().chain(batch.iter().map(OsString::from)).collect())
                .collect(),
        }
    }
}

/// The program of a tool: in one of the folders, else on PATH.
pub(crate) fn find(name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.iter().chain(&on_path).map(|folder| folder.join(&name)).find(|program| program.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_handed_over_in_batches() {
        let peer = Peer { name: "a", does: "", how: How::Files(&["scan"]) };
        let files: Vec<PathBuf> = (0..2_500).map(|number| PathBuf::from(format!("{number}.yaml"))).collect();
        let commands = peer.commands(Path::new("bin/a"), Path::new("corpus"), &files);
        assert_eq!(commands.iter().map(Vec::len).collect::<Vec<_>>(), [1_002, 1_002, 502]);
        assert_eq!(commands[2][..3], ["bin/a", "scan", "2000.yaml"].map(OsString::from));
    }

    #[test]
    fn a_folder_comes_last() {
        let peer = Peer { name: "a", does: "", how: How::Folder(&["lint", "--all"]) };
        let commands = peer.commands(Path::new("a"), Path::new("corpus"), &[]);
        assert_eq!(commands, [["a", "lint", "--all", "corpus"].map(OsString::from)]);
    }
}
