//! PEM, found in a text as Go's `encoding/pem` finds it.

use crate::encoding::decode_standard;
use zeroize::Zeroizing;

/// One block. Its bytes may be a key: they are wiped when dropped.
pub(crate) struct Block {
    pub(crate) kind: String,
    pub(crate) has_headers: bool,
    pub(crate) bytes: Zeroizing<Vec<u8>>,
}

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"\n-----END ";
const DASHES: &[u8] = b"-----";

/// Every block of a text; what is no block is passed over.
pub(crate) fn blocks(text: &[u8]) -> Vec<Block> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((block, after)) = next(rest) {
        found.push(block);
        rest = after;
    }
    found
}

/// The next block, and what follows it.
fn next(text: &[u8]) -> Option<(Block, &[u8])> {
    let mut rest = text;
    loop {
        // The first line that ends a block, and the last before it that begins one.
        let end = find(rest, END)?;
        let (before, from_end) = rest.split_at(end);
        let behind_end = from_end.get(END.len()..)?;
        if let Some(block) = block_of(before, behind_end) {
            return Some((block, line(behind_end).1));
        }
        rest = behind_end;
    }
}

/// The block whose text, up to the line that ends it, is the end of `before`.
fn block_of(before: &[u8], behind_end: &[u8]) -> Option<Block> {
    let begin = before.windows(BEGIN.len()).rposition(|window| window == BEGIN)?;
    let starts_line = begin == 0 || before.get(begin - 1) == Some(&b'\n');
    if !starts_line {
        return None;
    }
    let (title, mut body) = line(before.get(begin + BEGIN.len()..)?);
    let kind = title.strip_suffix(DASHES)?;
    let (ending, _) = line(behind_end);
    if ending.strip_suffix(DASHES)? != kind {
        return None;
    }
    let mut has_headers = false;
    loop {
        let (header, after) = line(body);
        if !header.contains(&b':') {
            break;
        }
        has_headers = true;
        body = after;
        if body.is_empty() {
            break;
        }
    }
    let digits: Zeroizing<Vec<u8>> =
        Zeroizing::new(body.iter().copied().filter(|byte| !matches!(byte, b' ' | b'\t')).collect());
    Some(Block {
        kind: String::from_utf8_lossy(kind).into_owned(),
        has_headers,
        bytes: Zeroizing::new(decode_standard(&digits)?),
    })
}

/// The first line, without blanks at its end, and the rest.
fn line(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len());
    let (line, rest) = text.split_at(end);
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let kept = line.iter().rposition(|byte| !blank(byte)).map_or(0, |last| last + 1);
    (line.get(..kept).unwrap_or_default(), rest.get(1..).unwrap_or_default())
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<(String, Vec<u8>)> {
        blocks(text.as_bytes()).iter().map(|block| (block.kind.clone(), block.bytes.to_vec())).collect()
    }

    #[test]
    fn blocks_are_found_and_noise_is_passed_over() {
        let text = "noise\n-----BEGIN A-----\nYWJj\nZGVm\n-----END A-----\n\
                    x -----BEGIN B-----\nYQ==\n-----END B-----\n\
                    -----BEGIN C-----\n-----BEGIN D-----\r\nH: v\r\n\r\nYQ==\r\n-----END D-----  \n\
                    -----BEGIN E-----\nYQ==\n-----END F-----\n\
                    -----BEGIN G-----\n!!\n-----END G-----\n\
                    -----BEGIN H-----\nYQ==\n-----END H----- x\n";
        let expected = [("A".to_owned(), b"abcdef".to_vec()), ("D".to_owned(), b"a".to_vec())];
        assert_eq!(shown(text), expected);
        assert_eq!(shown("-----BEGIN A-----\nYQ==\n-----END A-----"), [("A".to_owned(), b"a".to_vec())]);
        assert_eq!(shown("-----BEGIN A-----\n-----END A-----"), [("A".to_owned(), Vec::new())]);
        assert_eq!(shown(""), []);
    }
}
