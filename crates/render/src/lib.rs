//! Findings as people and machines read them: one file per format.
//!
//! A renderer is a function of a [`Report`] and a [`Context`] that writes one output: it judges nothing,
//! reads nothing, and knows no check beyond its documentation. Names and messages come from untrusted
//! files, so each format neutralises what would be more than text where it is shown: control characters
//! and bidirectional overrides on terminals, markup in XML and Markdown, commands in the log of a CI
//! runner. The same report and context give the same bytes. Start reading at [`render`].

mod catalogue;
mod concise;
mod escape;
mod github;
pub mod json;
mod junit;
mod markdown;
pub mod matrix;
mod pretty;
mod sarif;
mod style;
mod summary;
#[cfg(test)]
mod testing;

pub use escape::{csv_field, html, markdown, markdown_code, visible};

use ravelin_diag::Severity;
use ravelin_engine::report::Report;
use std::fmt;
use std::io::{self, Write as _};
use std::str::FromStr;
use std::sync::Arc;

/// Everything a renderer needs beside the report.
pub struct Context<'a> {
    /// The version of ravelin.
    pub version: &'a str,
    /// The texts of the files, for code frames.
    pub texts: &'a dyn Texts,
    /// Whether ANSI colours are allowed.
    pub color: bool,
    /// How many columns the terminal has.
    pub width: usize,
    /// From which severity on a finding fails the run.
    pub fail_on: Severity,
    /// Whether suppressed findings are shown; without it people's formats only count them.
    pub show_suppressed: bool,
    /// Whether people's formats list every entry that was skipped or that no check is about.
    pub verbose: bool,
    /// How long the run took, if that shall be said.
    pub elapsed_ms: Option<u64>,
}

/// The texts that findings point into.
pub trait Texts {
    /// The decoded text of the file of that name in the report; nothing if there is none to be had. It may
    /// have changed since the scan. A renderer asks once per file.
    fn text(&self, file: &str) -> Option<Arc<str>>;
}

/// No text at all: code frames are left out.
impl Texts for () {
    fn text(&self, _: &str) -> Option<Arc<str>> {
        None
    }
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Code frames and a summary, for people at a terminal.
    Pretty,
    /// One line per finding, for people and line-based tools.
    Concise,
    /// Everything, in the schema of [`json::schema`].
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// JUnit XML, for test reports of CI systems.
    Junit,
    /// Workflow commands of GitHub Actions.
    Github,
    /// A comment on a pull request.
    Markdown,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 7] =
        [Self::Pretty, Self::Concise, Self::Json, Self::Sarif, Self::Junit, Self::Github, Self::Markdown];

    /// The lower-case word used in arguments.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pretty => "pretty",
            Self::Concise => "concise",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::Junit => "junit",
            Self::Github => "github",
            Self::Markdown => "markdown",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is not a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseFormatError(String);

impl fmt::Display for ParseFormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a format; expected one of ", escape::visible(&self.0))?;
        for (position, format) in Format::ALL.iter().enumerate() {
            let comma = if position == 0 { "" } else { ", " };
            write!(f, "{comma}{format}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ParseFormatError {}

impl FromStr for Format {
    type Err = ParseFormatError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == text)
            .ok_or_else(|| ParseFormatError(text.to_owned()))
    }
}

/// Writes the report in a format.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn render(
    format: Format,
    report: &Report,
    context: &Context<'_>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut buffered = io::BufWriter::new(out);
    let out = &mut buffered;
    match format {
        Format::Pretty => pretty::render(report, context, out),
        Format::Concise => concise::render(report, context, out),
        Format::Json => json::render(report, context, out),
        Format::Sarif => sarif::render(report, context, out),
        Format::Junit => junit::render(report, context, out),
        Format::Github => github::render(report, context, out),
        Format::Markdown => markdown::render(report, context, out),
    }?;
    buffered.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{context, hostile, rendered, report};

    #[test]
    fn formats_round_trip_and_an_error_names_the_choices() {
        for format in Format::ALL {
            assert_eq!(format.as_str().parse::<Format>(), Ok(format));
        }
        assert_eq!(
            "x\u{1b}ml".parse::<Format>().unwrap_err().to_string(),
            "`x␛ml` is not a format; expected one of pretty, concise, json, sarif, junit, github, markdown"
        );
    }

    #[test]
    fn the_same_report_gives_the_same_bytes() {
        for format in Format::ALL {
            assert_eq!(rendered(format, &report(), &context()), rendered(format, &report(), &context()));
        }
    }

    #[test]
    fn no_format_lets_a_dangerous_character_through() {
        for format in Format::ALL {
            let text = rendered(format, &hostile(), &context());
            for character in text.chars() {
                assert!(character == '\n' || !escape::is_dangerous(character), "{format}: {character:?}");
            }
        }
    }

    #[test]
    fn an_empty_report_is_rendered_by_every_format() {
        for format in Format::ALL {
            let text = rendered(format, &Report::default(), &context());
            assert!(text.ends_with('\n'), "{format}: {text}");
        }
    }
}
