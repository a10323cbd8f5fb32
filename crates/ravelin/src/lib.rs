//! The command line of Ravelin: one file per verb in `commands/`, one enum of exit statuses.
//!
//! A library so that the documentation of the command line can be generated from it. Start reading at
//! [`run`].

mod commands;
mod exit;
pub mod install;
mod logs;
mod output;
mod process;

pub use commands::rules::page as rule_page;
pub use exit::ExitStatus;

use clap::{CommandFactory, Parser};
use std::ffi::OsString;

/// Kubernetes security in one binary.
///
/// Ravelin judges manifests by the rules Kubernetes itself decides by, says where and why, and never
/// passes anything in silence.
#[derive(Debug, Parser)]
#[command(name = "ravelin", version, max_term_width = 100)]
#[command(after_help = "\
Exit status: 0 clean; 1 findings or denied; 2 something could not be judged; 64 wrong usage.

Examples:
  ravelin scan deploy/                       judge every manifest below deploy/
  helm template ./chart | ravelin scan -     judge what a chart renders to
  ravelin podsec pod.yaml                    the level it meets, at each policy version
  ravelin rules pss/host-namespaces          what a check is about")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Scan(commands::scan::Args),
    Podsec(commands::podsec::Args),
    Psa(commands::psa::Args),
    Can(commands::can::Args),
    WhoCan(commands::who_can::Args),
    WhatCan(commands::what_can::Args),
    Rbac(commands::rbac::Args),
    Snapshot(commands::snapshot::Args),
    Serve(Box<commands::serve::Args>),
    Webhook(Box<commands::webhook::Args>),
    Rules(commands::rules::Args),
    Schema(commands::schema::Args),
    Completions(commands::completions::Args),
    Man(commands::man::Args),
}

/// Runs the command line `args`, whose first is the name of the program.
#[must_use]
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitStatus {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return exit::of_usage(&error),
    };
    let result = match cli.verb {
        Verb::Scan(args) => commands::scan::run(args),
        Verb::Podsec(args) => commands::podsec::run(&args),
        Verb::Psa(args) => commands::psa::run(&args),
        Verb::Can(args) => commands::can::run(&args),
        Verb::WhoCan(args) => commands::who_can::run(&args),
        Verb::WhatCan(args) => commands::what_can::run(&args),
        Verb::Rbac(args) => commands::rbac::run(&args),
        Verb::Snapshot(args) => commands::snapshot::run(&args),
        Verb::Serve(args) => commands::serve::run(*args),
        Verb::Webhook(args) => commands::webhook::run(*args),
        Verb::Rules(args) => commands::rules::run(&args),
        Verb::Schema(args) => commands::schema::run(&args),
        Verb::Completions(args) => commands::completions::run(&args),
        Verb::Man(args) => commands::man::run(&args),
    };
    result.unwrap_or_else(|error| exit::of_error(&error))
}

/// The definition of the command line, for completions, man pages and documentation.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// The reference of the command line in Markdown: the help of every verb.
#[must_use]
pub fn reference() -> String {
    let mut command = command().term_width(100);
    command.build();
    let mut text =
        String::from("# Command line\n\nGenerated from the program's own help (`cargo xtask docs`).\n");
    let names: Vec<String> = command
        .get_subcommands()
        .map(|verb| verb.get_name().to_owned())
        .filter(|name| name != "help")
        .collect();
    let mut section = |title: &str, help: String| {
        let help = help.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        text.push_str(&format!("\n## {title}\n\n```text\n{}\n```\n", help.trim_end()));
    };
    section("ravelin", command.render_long_help().to_string());
    for name in names {
        if let Some(verb) = command.find_subcommand_mut(&name) {
            section(&format!("ravelin {name}"), verb.clone().term_width(100).render_long_help().to_string());
            for verb in verb.get_subcommands().filter(|verb| verb.get_name() != "help") {
                let help = verb.clone().term_width(100).render_long_help().to_string();
                section(&format!("ravelin {name} {}", verb.get_name()), help);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_well_formed() {
        super::command().debug_assert();
    }

    #[test]
    fn every_verb_has_examples() {
        let command = super::command();
        let nested = command.get_subcommands().flat_map(clap::Command::get_subcommands);
        for verb in command.get_subcommands().chain(nested) {
            let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Example"), "{}", verb.get_name());
        }
    }
}
