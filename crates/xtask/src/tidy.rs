//! `cargo xtask tidy`: the rules of the house that no compiler checks.
//!
//! A rule is a function from the workspace to the ways in which it is broken. Each is a test of this
//! crate as well, so `cargo test --workspace` finds what `cargo xtask tidy` would.

mod crates;
mod files;
mod lengths;
mod rings;
mod sources;
mod words;

use crate::workspace::Workspace;
use sources::Sources;

/// What rules look at.
struct House<'w> {
    workspace: &'w Workspace,
    sources: Sources,
}

impl<'w> House<'w> {
    fn load(workspace: &'w Workspace) -> anyhow::Result<Self> {
        Ok(Self { workspace, sources: Sources::load(workspace)? })
    }
}

/// A rule: its faults in the house, one line each; none where it is kept.
type Rule = fn(&House<'_>) -> anyhow::Result<Vec<String>>;

/// Every rule.
const RULES: &[Rule] = &[
    rings::dependencies_point_to_lower_rings,
    rings::rings_0_to_2_have_no_io_dependency,
    crates::engines_deny_input_and_output,
    crates::lints_come_from_the_workspace,
    crates::crates_open_with_their_purpose,
    sources::every_file_is_reached,
    sources::no_file_is_called_mod,
    lengths::files_are_short,
    lengths::functions_are_short,
    words::nothing_is_left_undone,
    files::no_path_of_one_machine,
    files::the_architecture_fits_a_sitting,
];

/// Every fault of every rule.
pub(crate) fn faults(workspace: &Workspace) -> anyhow::Result<Vec<String>> {
    let house = House::load(workspace)?;
    let mut faults = Vec::new();
    for rule in RULES {
        faults.extend(rule(&house)?);
    }
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A test per rule, of the name of the rule, over this workspace.
    macro_rules! rules_hold {
        ($($module:ident::$rule:ident),+ $(,)?) => {
            $(
                #[test]
                fn $rule() {
                    let workspace = Workspace::load().unwrap();
                    let faults = $module::$rule(&House::load(&workspace).unwrap()).unwrap();
                    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
                }
            )+

            #[test]
            fn every_rule_is_a_test() {
                assert_eq!(RULES.len(), [$(stringify!($rule)),+].len());
            }
        };
    }

    rules_hold! {
        rings::dependencies_point_to_lower_rings,
        rings::rings_0_to_2_have_no_io_dependency,
        crates::engines_deny_input_and_output,
        crates::lints_come_from_the_workspace,
        crates::crates_open_with_their_purpose,
        sources::every_file_is_reached,
        sources::no_file_is_called_mod,
        lengths::files_are_short,
        lengths::functions_are_short,
        words::nothing_is_left_undone,
        files::no_path_of_one_machine,
        files::the_architecture_fits_a_sitting,
    }
}
