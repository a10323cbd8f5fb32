//! What the manifest and the root of every crate have to say.

use super::House;
use super::rings::ring;
use super::sources::Kind;

/// What turns the bans of `clippy.toml` on.
const DENY: &str = "#![deny(clippy::disallowed_methods, clippy::disallowed_types)]";

/// The roots of the crates of rings 0 to 2 turn the bans of `clippy.toml` on.
pub(super) fn engines_deny_input_and_output(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let roots = house.sources.files.iter().filter(|file| file.is_root && file.kind == Kind::Product);
    let engines = roots.filter(|file| ring(&file.package).is_some_and(|ring| ring <= 2));
    let lacking = engines.filter(|file| !file.text.lines().any(|line| line == DENY));
    Ok(lacking.map(|file| format!("{}: lacks `{DENY}`", file.name)).collect())
}

/// Every manifest takes its lints from the workspace.
pub(super) fn lints_come_from_the_workspace(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let mut faults = Vec::new();
    for package in house.workspace.packages() {
        let manifest = std::fs::read_to_string(&package.manifest_path)?;
        if !manifest.replace("\r\n", "\n").contains("[lints]\nworkspace = true\n") {
            let name = house.workspace.relative(package.manifest_path.as_std_path());
            faults.push(format!("{name}: lacks `[lints]` with `workspace = true`"));
        }
    }
    Ok(faults)
}

/// Every crate opens with what it decides, what it must not know, and where to start reading.
pub(super) fn crates_open_with_their_purpose(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let roots = house.sources.files.iter().filter(|file| file.is_root && file.kind == Kind::Product);
    let mute = roots.filter(|file| !opens_with_purpose(&file.text));
    Ok(mute.map(|file| format!("{}: opens without a `//!` sentence", file.name)).collect())
}

fn opens_with_purpose(text: &str) -> bool {
    text.strip_prefix("//! ").and_then(|rest| rest.lines().next()).is_some_and(|line| line.contains(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stub_says_nothing() {
        assert!(opens_with_purpose("//! Findings as people read them.\n"));
        for text in ["", "//! stub\n", "// Findings as people read them.\n", "\n//! Two words.\n"] {
            assert!(!opens_with_purpose(text), "{text:?}");
        }
    }
}
