//! `cargo xtask envtest`: the programs of a control plane, for tests against the real thing.
//!
//! Those of `KUBEBUILDER_ASSETS` where it is set. Otherwise they are built from their published Go modules, once, into
//! a cache; the modules and their checksums are in `crates/xtask/envtest`.

pub(crate) mod go;

use anyhow::Context as _;
use go::{Go, Module};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The version of Kubernetes that is built.
const KUBERNETES: &str = "1.36.3";

/// The version of etcd that is built.
const ETCD: &str = "3.6.16";

/// The programs that no test can do without.
const NEEDED: [&str; 2] = ["etcd", "kube-apiserver"];

/// The programs that some tests start.
const WANTED: [&str; 2] = ["kube-controller-manager", "kubectl"];

/// Whether there are programs.
pub(crate) enum Programs {
    /// The folder in which they are.
    In(PathBuf),
    /// Why there are none.
    None(String),
}

/// Finds the programs, or builds them.
pub(crate) fn programs() -> anyhow::Result<Programs> {
    if let Some(folder) = std::env::var_os("KUBEBUILDER_ASSETS").filter(|folder| !folder.is_empty()) {
        return given(PathBuf::from(folder)).map(Programs::In);
    }
    let cache = cache()?;
    let version = format!("{KUBERNETES}-etcd-{ETCD}-{}-{}", std::env::consts::OS, std::env::consts::ARCH);
    let folder = cache.join(version);
    if folder.is_dir() {
        return Ok(Programs::In(folder));
    }
    let go = match Go::find()? {
        Ok(go) => go,
        Err(reason) => return Ok(Programs::None(format!("{reason}; KUBEBUILDER_ASSETS is not set either"))),
    };
    std::fs::create_dir_all(&cache).with_context(|| format!("cannot create {}", cache.display()))?;
    let _lock = lock(&cache)?;
    if !folder.is_dir() {
        build(&go, &cache, &folder)?;
    }
    Ok(Programs::In(folder))
}

/// The folder that somebody names, if it has what is needed.
fn given(folder: PathBuf) -> anyhow::Result<PathBuf> {
    let lacks = |name: &&&str| !folder.join(program(name)).is_file();
    if let Some(name) = NEEDED.iter().find(lacks) {
        anyhow::bail!("KUBEBUILDER_ASSETS names {}, which has no {name}", folder.display());
    }
    for name in WANTED.iter().filter(lacks) {
        eprintln!("envtest: {} has no {name}; tests that start it are skipped", folder.display());
    }
    Ok(folder)
}

fn program(name: &str) -> String {
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}

/// Where what is built is kept.
pub(crate) fn cache() -> anyhow::Result<PathBuf> {
    let of = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = of("RAVELIN_CI_CACHE").or_else(|| of("XDG_CACHE_HOME"));
    let cache = cache.or_else(|| Some(of("HOME")?.join(".cache"))).or_else(|| of("LOCALAPPDATA"));
    let cache = cache.context("no folder for caches: set RAVELIN_CI_CACHE")?;
    Ok(std::path::absolute(cache)?.join("ravelin-envtest"))
}

/// Waits until nobody else builds; nobody else does until the file is closed.
fn lock(cache: &Path) -> anyhow::Result<File> {
    let path = cache.join("lock");
    let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    if file.try_lock().is_err() {
        eprintln!("envtest: waiting for another build");
        file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    }
    Ok(file)
}

/// Builds into a folder of its own and puts it in its place when it is complete.
fn build(go: &Go, cache: &Path, folder: &Path) -> anyhow::Result<()> {
    let started = Instant::now();
    eprintln!(
        "envtest: building Kubernetes {KUBERNETES} and etcd {ETCD} once, into {}; this takes minutes",
        folder.display()
    );
    let work = cache.join("building");
    go::remove(&work)?;
    // Of its own, so that gigabytes of it can go when the build is done; unless there is one to be used.
    let scratch = std::env::var_os("GOCACHE").is_none().then(|| work.join("cache"));
    let programs = work.join("programs");
    for module in [kubernetes(), etcd()] {
        let place = work.join(module.name);
        module.write(&place)?;
        go.build(&module, &place, &programs, scratch.as_deref())?;
        eprintln!("envtest: {} after {:.0} s", module.name, started.elapsed().as_secs_f64());
    }
    for name in NEEDED.iter().chain(&WANTED) {
        anyhow::ensure!(programs.join(program(name)).is_file(), "the build made no {name}");
    }
    std::fs::rename(&programs, folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let megabytes = |path: &Path| go::size(path) / 1_000_000;
    eprintln!(
        "envtest: built in {:.0} s: {} MB of programs; {} MB of build cache are deleted",
        started.elapsed().as_secs_f64(),
        megabytes(folder),
        megabytes(&work)
    );
    go::remove(&work)
}

/// The module of Kubernetes, and what is stamped into its programs so that `/version` says which they are.
pub(crate) fn kubernetes() -> Module {
    let packages = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"];
    let (major, minor) = KUBERNETES.split_once('.').unwrap_or_default();
    let minor = minor.split_once('.').map_or(minor, |(minor, _)| minor);
    let stamps = [
        ("gitVersion", format!("v{KUBERNETES}")),
        ("gitMajor", major.to_owned()),
        ("gitMinor", minor.to_owned()),
        ("gitTreeState", "clean".to_owned()),
    ];
    Module {
        name: "kubernetes",
        manifest: include_str!("../envtest/kubernetes/go.mod.txt"),
        sums: include_str!("../envtest/kubernetes/go.sum.txt"),
        packages: &[
            "k8s.io/kubernetes/cmd/kube-apiserver",
            "k8s.io/kubernetes/cmd/kube-controller-manager",
            "k8s.io/kubernetes/cmd/kubectl",
        ],
        output: None,
        stamps: packages
            .iter()
            .flat_map(|package| {
                stamps.iter().map(move |(name, value)| format!("-X {package}.{name}={value}"))
            })
            .collect(),
    }
}

fn etcd() -> Module {
    Module {
        name: "etcd",
        manifest: include_str!("../envtest/etcd/go.mod.txt"),
        sums: include_str!("../envtest/etcd/go.sum.txt"),
        packages: &["go.etcd.io/etcd/server/v3"],
        output: Some("etcd"),
        stamps: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_of_the_versions_that_are_stamped() {
        let Module { manifest, sums, stamps, .. } = kubernetes();
        assert!(manifest.contains(&format!("k8s.io/kubernetes v{KUBERNETES}\n")));
        assert!(sums.contains(&format!("k8s.io/kubernetes v{KUBERNETES} h1:")));
        let (_, minor_and_patch) = KUBERNETES.split_once('.').unwrap();
        let replacements: Vec<&str> = manifest.lines().filter(|line| line.contains(" => ")).collect();
        let of_version = |line: &&&str| line.ends_with(&format!(" v0.{minor_and_patch}"));
        assert!(replacements.len() > 30);
        assert_eq!(replacements.iter().filter(of_version).count(), replacements.len());
        assert_eq!(stamps[0], format!("-X k8s.io/component-base/version.gitVersion=v{KUBERNETES}"));
        assert_eq!(stamps[2], "-X k8s.io/component-base/version.gitMinor=36");
        assert!(etcd().manifest.contains(&format!("go.etcd.io/etcd/server/v3 v{ETCD}\n")));
    }

    #[test]
    fn a_folder_that_is_given_has_what_is_needed() {
        let folder = tempfile::tempdir().unwrap();
        let of = || given(folder.path().to_owned());
        assert!(of().is_err());
        std::fs::write(folder.path().join(program("etcd")), "").unwrap();
        assert!(of().unwrap_err().to_string().ends_with("which has no kube-apiserver"));
        std::fs::write(folder.path().join(program("kube-apiserver")), "").unwrap();
        assert_eq!(of().unwrap(), folder.path());
    }
}
