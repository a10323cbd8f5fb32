//! Comma-separated values, read as Go's `encoding/csv` reads them, with its errors.
//!
//! Any number of fields, no comments, no lazy quotes.

use std::fmt;

/// Where a text is no CSV, in Go's words. Columns count bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CsvError {
    start: usize,
    line: usize,
    column: usize,
    what: &'static str,
}

impl fmt::Display for CsvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.start != self.line {
            write!(f, "record on line {}; ", self.start)?;
        }
        write!(f, "parse error on line {}, column {}: {}", self.line, self.column, self.what)
    }
}

const BARE_QUOTE: &str = "bare \" in non-quoted-field";
const QUOTE: &str = "extraneous or missing \" in quoted-field";

/// The records of a text, one at a time. Fields are bytes: Go does not look whether they are UTF-8.
pub(crate) struct Csv<'a> {
    rest: &'a [u8],
    line_number: usize,
}

/// What a field ended with.
enum End {
    Comma,
    Record,
}

impl<'a> Csv<'a> {
    pub(crate) const fn new(text: &'a [u8]) -> Self {
        Self { rest: text, line_number: 0 }
    }

    /// The next line, its end written as `\n`; `None` at the end of the text.
    fn line(&mut self) -> Option<Vec<u8>> {
        self.line_number += 1;
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.iter().position(|byte| *byte == b'\n');
        let (line, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest.get(1..).unwrap_or_default();
        let mut line = line.strip_suffix(b"\r").unwrap_or(line).to_vec();
        if end.is_some() {
            line.push(b'\n');
        }
        Some(line)
    }

    /// The next record.
    pub(crate) fn record(&mut self) -> Option<Result<Vec<Vec<u8>>, CsvError>> {
        let line = loop {
            let line = self.line()?;
            if !line.is_empty() && line != b"\n" {
                break line;
            }
        };
        let mut record = Record { start: self.line_number, line, at: 0, fields: Vec::new() };
        Some(record.read(self).map(|()| record.fields))
    }
}

struct Record {
    /// The line on which the record starts.
    start: usize,
    line: Vec<u8>,
    at: usize,
    fields: Vec<Vec<u8>>,
}

impl Record {
    fn rest(&self) -> &[u8] {
        self.line.get(self.at..).unwrap_or_default()
    }

    fn error(&self, line: usize, column: usize, what: &'static str) -> CsvError {
        CsvError { start: self.start, line, column, what }
    }

    fn read(&mut self, csv: &mut Csv<'_>) -> Result<(), CsvError> {
        loop {
            let end = if self.rest().first() == Some(&b'"') { self.quoted(csv)? } else { self.plain(csv)? };
            if let End::Record = end {
                return Ok(());
            }
        }
    }

    fn plain(&mut self, csv: &Csv<'_>) -> Result<End, CsvError> {
        let rest = self.rest();
        let comma = rest.iter().position(|byte| *byte == b',');
        let field = match comma {
            Some(comma) => rest.get(..comma).unwrap_or_default(),
            None => rest.strip_suffix(b"\n").unwrap_or(rest),
        };
        if let Some(quote) = field.iter().position(|byte| *byte == b'"') {
            return Err(self.error(csv.line_number, self.at + 1 + quote, BARE_QUOTE));
        }
        let field = field.to_vec();
        self.fields.push(field);
        self.at += comma.map_or(0, |comma| comma + 1);
        Ok(if comma.is_some() { End::Comma } else { End::Record })
    }

    fn quoted(&mut self, csv: &mut Csv<'_>) -> Result<End, CsvError> {
        self.at += 1;
        let mut field = Vec::new();
        // Where Go says a text that ends within quotes goes wrong.
        let mut position = csv.line_number;
        loop {
            let rest = self.rest();
            if let Some(quote) = rest.iter().position(|byte| *byte == b'"') {
                field.extend_from_slice(rest.get(..quote).unwrap_or_default());
                self.at += quote + 1;
                match self.rest() {
                    [b'"', ..] => {
                        field.push(b'"');
                        self.at += 1;
                    }
                    [b',', ..] => {
                        self.at += 1;
                        self.fields.push(field);
                        return Ok(End::Comma);
                    }
                    [] | [b'\n'] => {
                        self.fields.push(field);
                        return Ok(End::Record);
                    }
                    _ => return Err(self.error(csv.line_number, self.at, QUOTE)),
                }
            } else if rest.is_empty() {
                return Err(self.error(position, self.at + 1, QUOTE));
            } else {
                field.extend_from_slice(rest);
                let length = self.line.len();
                match csv.line().filter(|line| !line.is_empty()) {
                    Some(line) => {
                        position += 1;
                        self.line = line;
                        self.at = 0;
                    }
                    None => self.at = length,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Vec<String>>, String> {
        let mut csv = Csv::new(text.as_bytes());
        let mut records = Vec::new();
        while let Some(record) = csv.record() {
            let record = record.map_err(|error| error.to_string())?;
            records.push(record.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect());
        }
        Ok(records)
    }

    #[test]
    fn records_are_those_of_go() {
        let cases: [(&str, &[&[&str]]); 9] = [
            ("a\n\r", &[&["a"]]),
            ("", &[]),
            ("\n\r\n", &[]),
            ("a,b\nc", &[&["a", "b"], &["c"]]),
            ("a,\r\n", &[&["a", ""]]),
            ("a\r", &[&["a"]]),
            ("\"a\"\"b\",\"c,d\"\n", &[&["a\"b", "c,d"]]),
            ("\"a\r\nb\",c\n", &[&["a\nb", "c"]]),
            ("\"\"", &[&[""]]),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text).unwrap(), expected, "{text:?}");
        }
    }

    #[test]
    fn errors_are_those_of_go() {
        let cases = [
            ("a\"b", "parse error on line 1, column 2: bare \" in non-quoted-field"),
            ("x,a\"b", "parse error on line 1, column 4: bare \" in non-quoted-field"),
            ("x\n\ny,\"a\"b\n", "parse error on line 3, column 5: extraneous or missing \" in quoted-field"),
            ("\"a", "parse error on line 1, column 3: extraneous or missing \" in quoted-field"),
            (
                "\"a\nb",
                "record on line 1; parse error on line 2, column 2: extraneous or missing \" in quoted-field",
            ),
            ("\"a\n", "parse error on line 1, column 4: extraneous or missing \" in quoted-field"),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text).unwrap_err(), expected, "{text:?}");
        }
    }
}
