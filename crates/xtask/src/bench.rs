//! `cargo xtask bench`: builds the binary and the benchmarks in release and runs them.
//!
//! A process of its own, because the benchmarks need the release profile and this tool does not. What `authz`,
//! `webhook` and `serve` compare with are Go programs; they are built first where there is a Go.

use crate::envtest;
use crate::envtest::go::Go;
use crate::workspace::Workspace;
use anyhow::Context as _;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

/// Which benchmark, and its arguments.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// The benchmark and its arguments: `scan --documents 10000`; `--help` says more
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    benchmark: Vec<OsString>,
}

/// Builds a program of upstream; why there is none, if there is no Go.
type Build = fn() -> anyhow::Result<Result<PathBuf, String>>;

/// Builds and runs; whether it ended well.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> anyhow::Result<bool> {
    let build = ["build", "--release", "--quiet", "--package", "ravelin", "--package", "ravelin-bench"];
    let status = workspace.cargo(&build).status().context("cannot run cargo")?;
    if !status.success() {
        return Ok(false);
    }
    let program = workspace.target(&format!("release/ravelin-bench{}", std::env::consts::EXE_SUFFIX));
    let mut benchmark = args.benchmark.clone();
    let is_given = |flag: &str| benchmark.iter().any(|word| word.to_string_lossy().starts_with(flag));
    let build = match benchmark.first().and_then(|name| name.to_str()) {
        Some("authz") => Some(upstream as Build),
        Some("webhook") => Some(upstream_webhook as Build),
        Some("serve") => Some(control_plane as Build),
        _ => None,
    };
    if let Some(build) = build.filter(|_| !is_given("--upstream") && !is_given("--help")) {
        match build()? {
            Ok(program) => benchmark.extend(["--upstream".into(), program.into()]),
            Err(reason) => eprintln!("upstream is not asked: {reason}"),
        }
    }
    let status = Command::new(&program)
        .args(&benchmark)
        .status()
        .with_context(|| format!("cannot run {}", program.display()))?;
    Ok(status.success())
}

/// The program that asks upstream's authorizer, built in the cache; why there is none, if there is no Go.
fn upstream() -> anyhow::Result<Result<PathBuf, String>> {
    let go = match Go::find()? {
        Ok(go) => go,
        Err(reason) => return Ok(Err(reason)),
    };
    let folder = envtest::cache()?.join("bench-rbac");
    let module = envtest::go::Module {
        packages: &["."],
        output: Some("rbac"),
        stamps: Vec::new(),
        ..envtest::kubernetes()
    };
    module.write(&folder)?;
    let source = include_str!("../../bench/go/rbac/main.go.txt");
    let path = folder.join("main.go");
    std::fs::write(&path, source).with_context(|| format!("cannot write {}", path.display()))?;
    eprintln!("building upstream's authorizer in {} ...", folder.display());
    // With the build cache of the user: the next time takes a second.
    go.build(&module, &folder, &folder, None)?;
    Ok(Ok(folder.join(format!("rbac{}", std::env::consts::EXE_SUFFIX))))
}

/// Upstream's webhook of Pod Security, built in the cache; why there is none, if there is no Go.
fn upstream_webhook() -> anyhow::Result<Result<PathBuf, String>> {
    let go = match Go::find()? {
        Ok(go) => go,
        Err(reason) => return Ok(Err(reason)),
    };
    let folder = envtest::cache()?.join("bench-webhook");
    let packages = &["k8s.io/pod-security-admission/cmd/webhook"];
    // Of the same version as everything else of Kubernetes.
    let module = envtest::go::Module {
        packages,
        output: Some("webhook"),
        stamps: Vec::new(),
        ..envtest::kubernetes()
    };
    module.write(&folder)?;
    eprintln!("building upstream's webhook in {} ...", folder.display());
    go.build(&module, &folder, &folder, None)?;
    Ok(Ok(folder.join(format!("webhook{}", std::env::consts::EXE_SUFFIX))))
}

/// The folder of kube-apiserver and etcd; why there are none.
fn control_plane() -> anyhow::Result<Result<PathBuf, String>> {
    Ok(match envtest::programs()? {
        envtest::Programs::In(folder) => Ok(folder),
        envtest::Programs::None(reason) => Err(reason),
    })
}
