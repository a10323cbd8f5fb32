//! The results as a table, aligned for terminals and readable as Markdown.

use crate::measure::Usage;
use std::fmt::Write as _;

/// What one tool did.
pub(crate) struct Row {
    /// Its name.
    pub tool: String,
    /// What it does with a manifest.
    pub does: String,
    /// The median of its runs.
    pub usage: Usage,
    /// How many runs there were.
    pub runs: usize,
    /// How many bytes it printed.
    pub output: u64,
}

/// The table of `rows`, the first of which is what the others are compared with.
pub(crate) fn markdown(rows: &[Row], documents: usize, bytes: u64) -> String {
    let head = [
        "tool",
        "does",
        "documents/s",
        "MB/s",
        "wall s",
        "CPU s",
        "peak MB",
        "times the wall",
        "times the CPU",
        "output kB",
        "runs",
        "exit",
    ];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    let first = rows.first().map(|row| row.usage);
    lines.extend(rows.iter().map(|row| cells(row, first.unwrap_or_default(), documents, bytes)));
    aligned(&lines, 2)
}

fn cells(row: &Row, first: Usage, documents: usize, bytes: u64) -> Vec<String> {
    let usage = row.usage;
    let optional = |value: Option<f64>, digits: usize| {
        value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
    };
    let of_processor = usage.processor.zip(first.processor).map(|(own, first)| own / first);
    let status = match (usage.timed_out, usage.status) {
        (true, _) => "timeout".to_owned(),
        (false, Some(status)) => status.to_string(),
        (false, None) => "signal".to_owned(),
    };
    let at_least = if usage.timed_out { "> " } else { "" };
    let speed = |amount: f64, digits: usize| optional((!usage.timed_out).then_some(amount), digits);
    vec![
        row.tool.clone(),
        row.does.clone(),
        speed(documents as f64 / usage.wall, 0),
        speed(bytes as f64 / 1e6 / usage.wall, 1),
        format!("{at_least}{:.3}", usage.wall),
        format!("{at_least}{}", optional(usage.processor, 3)),
        optional(usage.peak.map(|peak| peak as f64 / 1e6), 0),
        format!("{at_least}{:.1}", usage.wall / first.wall),
        format!("{at_least}{}", optional(of_processor, 1)),
        format!("{:.0}", row.output as f64 / 1e3),
        row.runs.to_string(),
        status,
    ]
}

/// Lines of cells as Markdown, the first of them as head; the first columns are words, and the numbers behind them
/// stand to the right.
pub(crate) fn aligned(lines: &[Vec<String>], words: usize) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or_default();
    let width =
        |column: usize| lines.iter().filter_map(|line| line.get(column)).map(String::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            // Writing to a string cannot fail.
            let _ = if column < words {
                write!(text, "| {cell:<width$} ")
            } else {
                write!(text, "| {cell:>width$} ")
            };
        }
        text.push_str("|\n");
        if number == 0 {
            for (column, width) in widths.iter().enumerate() {
                let (dashes, end) =
                    ("-".repeat(width.saturating_sub(1)), if column < words { '-' } else { ':' });
                let _ = write!(text, "| {dashes}{end} ");
            }
            text.push_str("|\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(tool: &str, wall: f64, timed_out: bool) -> Row {
        let usage =
            Usage { wall, processor: Some(wall * 2.0), peak: Some(5_000_000), status: Some(1), timed_out };
        Row { tool: tool.to_owned(), does: "checks".to_owned(), usage, runs: 3, output: 2_000 }
    }

    #[test]
    fn tools_are_compared_with_the_first() {
        let text = markdown(
            &[row("ravelin", 0.5, false), row("other", 10.0, false), row("slow", 60.0, true)],
            100,
            1_000_000,
        );
        let lines: Vec<Vec<&str>> =
            text.lines().map(|line| line.split('|').map(str::trim).collect()).collect();
        assert_eq!(
            lines[2],
            ["", "ravelin", "checks", "200", "2.0", "0.500", "1.000", "5", "1.0", "1.0", "2", "3", "1", ""]
        );
        assert_eq!(
            lines[3],
            ["", "other", "checks", "10", "0.1", "10.000", "20.000", "5", "20.0", "20.0", "2", "3", "1", ""]
        );
        assert_eq!(lines[4][3..6], ["-", "-", "> 60.000"]);
        assert!(text.lines().all(|line| line.len() == text.lines().next().unwrap().len()));
    }
}
