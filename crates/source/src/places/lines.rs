//! Byte offsets become lines and columns.

use super::tree::offset as width;
use ravelin_engine::report::{Position, Region};

/// The lines of a text. They end at LF or CR LF, as editors and code hosts count them.
///
/// Columns count Unicode characters; a byte order mark at the start of the text takes none. Looking up costs
/// O(log lines), however long the line is.
#[derive(Clone, Debug)]
pub struct Lines {
    /// Where each line starts.
    starts: Vec<u32>,
    /// Which bytes begin a character, in blocks of 64; empty for a text in which all do.
    blocks: Vec<Block>,
    has_mark: bool,
    length: u32,
}

#[derive(Clone, Copy, Debug)]
struct Block {
    /// How many characters begin in front of this block.
    before: u32,
    /// The bytes of this block that begin a character, the first as the lowest bit.
    begins: u64,
}

impl Lines {
    const MARK: &str = "\u{feff}";

    /// The lines of a text. An empty text has one.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let breaks = memchr::memchr_iter(b'\n', text.as_bytes());
        let starts = std::iter::once(0).chain(breaks.map(|at| width(at + 1))).collect();
        let blocks = if text.is_ascii() { Vec::new() } else { blocks(text.as_bytes()) };
        Self { starts, blocks, has_mark: text.starts_with(Self::MARK), length: width(text.len()) }
    }

    /// The position of a byte. An offset inside a character is the character's, one behind the end the end.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let offset = offset.min(self.length);
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let mut column = self.characters_before(offset).saturating_sub(self.characters_before(start)) + 1;
        if line == 1 && self.has_mark && column > 1 {
            column -= 1;
        }
        Position { line: width(line), column }
    }

    /// A range of bytes with the positions of its ends.
    #[must_use]
    pub fn region(&self, bytes: (u32, u32)) -> Region {
        Region { start: self.position(bytes.0), end: self.position(bytes.1), bytes }
    }

    /// How many lines there are. Behind a final line break there is one more, without anything in it.
    #[must_use]
    pub fn count(&self) -> u32 {
        width(self.starts.len())
    }

    /// Where a line starts, counted from 1; nothing where the text has no such line.
    #[must_use]
    pub fn start_of(&self, line: u32) -> Option<u32> {
        self.starts.get(usize::try_from(line).ok()?.checked_sub(1)?).copied()
    }

    /// A line, counted from 1, without its line break; nothing where the text has no such line.
    #[must_use]
    pub fn text_of<'t>(&self, text: &'t str, line: u32) -> Option<&'t str> {
        let start = usize::try_from(self.start_of(line)?).ok()?;
        let next = line.checked_add(1).and_then(|line| self.start_of(line));
        let end = next.and_then(|next| usize::try_from(next).ok()).map_or(text.len(), |next| next - 1);
        let line = text.get(start..end)?;
        Some(line.strip_suffix('\r').unwrap_or(line))
    }

    /// How many characters begin in front of an offset, the one it is inside of not counted.
    fn characters_before(&self, offset: u32) -> u32 {
        let Ok(index) = usize::try_from(offset / 64) else { return offset };
        match self.blocks.get(index) {
            Some(block) => {
                let bit = offset % 64;
                let before = block.before + (block.begins & ((1 << bit) - 1)).count_ones();
                let is_inside = offset < self.length && block.begins >> bit & 1 == 0;
                before - u32::from(is_inside)
            }
            None => offset,
        }
    }
}

/// One block more than the text needs, so that its end has one too.
fn blocks(text: &[u8]) -> Vec<Block> {
    let mut before = 0;
    let mut blocks = Vec::with_capacity(text.len() / 64 + 1);
    for chunk in text.chunks(64) {
        let begins = chunk.iter().rev().fold(0, |bits: u64, byte| bits << 1 | u64::from(byte & 0xC0 != 0x80));
        blocks.push(Block { before, begins });
        before += begins.count_ones();
    }
    blocks.push(Block { before, begins: 0 });
    blocks
}
