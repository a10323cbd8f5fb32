//! The few styles of people's formats, and lines that fit the terminal.

use annotate_snippets::renderer::{AnsiColor, Effects, Style};
use ravelin_diag::Severity;

/// How wide running text gets at most; longer lines are hard to read.
const READABLE: usize = 100;

/// Paints text, if colours are allowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint {
    /// Whether colours are allowed.
    pub(crate) color: bool,
}

impl Paint {
    /// The text in bold.
    pub(crate) fn bold(self, text: &str) -> String {
        self.styled(Style::new().effects(Effects::BOLD), text)
    }

    /// The text in green.
    pub(crate) fn good(self, text: &str) -> String {
        self.styled(AnsiColor::Green.on_default().effects(Effects::BOLD), text)
    }

    /// The text in the colour of errors.
    pub(crate) fn error(self, text: &str) -> String {
        self.styled(AnsiColor::BrightRed.on_default().effects(Effects::BOLD), text)
    }

    /// The text in the colour of line numbers.
    pub(crate) fn gutter(self, text: &str) -> String {
        self.styled(AnsiColor::BrightBlue.on_default().effects(Effects::BOLD), text)
    }

    /// The text in the colour of a severity.
    pub(crate) fn severity(self, severity: Severity, text: &str) -> String {
        let color = match severity {
            Severity::Critical | Severity::High => AnsiColor::BrightRed,
            Severity::Medium => AnsiColor::Yellow,
            Severity::Low => AnsiColor::BrightBlue,
            Severity::Info => AnsiColor::BrightGreen,
        };
        self.styled(color.on_default().effects(Effects::BOLD), text)
    }

    fn styled(self, style: Style, text: &str) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

/// The words of `text` on lines of at most `width` columns, of which `indent` are taken.
pub(crate) fn wrap(text: &str, width: usize, indent: usize) -> String {
    let room = width.min(READABLE).saturating_sub(indent).max(30);
    let mut out = String::with_capacity(text.len() + 8);
    let mut column = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > room {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_wrapped_and_never_cut() {
        assert_eq!(wrap("aaaaaaaaaaaaaaa bbbbbbbbbbbbbbb c", 10, 0), "aaaaaaaaaaaaaaa\nbbbbbbbbbbbbbbb c");
        let long = "x".repeat(200);
        assert_eq!(wrap(&long, 80, 4), long);
    }
}
