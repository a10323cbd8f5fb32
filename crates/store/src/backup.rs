//! Backups: what a store holds at one revision, in one stream that says whether it is whole.
//!
//! A line `ravelin store backup 1`, the revision (8 bytes), the number of entries (8); for each entry the length of its
//! key (4), the length of its value (4), the revisions at which it was created and written (8 each), when it expires
//! (8, 0 for never), the key, the value; at the end the SHA-256 of all that (32). Numbers are little-endian. The
//! history is not in it: a store that is restored begins compacted at the revision of the backup, and goes on behind
//! it.

use crate::{Entry, Revision, StoreError, embedded};
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

const MAGIC: &[u8] = b"ravelin store backup 1\n";
/// How long keys and values of a backup may be: far above any limit of a store.
const LONGEST: u32 = 1 << 30;
/// How many bytes are read at once, so that a length that is not true costs nothing.
const CHUNK: u64 = 1 << 20;

/// Why a backup is not restored. What was there before is left alone.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The target is there already.
    #[error("{0} exists already; move it away first")]
    Exists(PathBuf),
    /// The stream is no backup, or of a version that is not known.
    #[error("the input is no backup of a store")]
    NoBackup,
    /// It breaks off, or was changed.
    #[error("the backup is damaged: {0}")]
    Damaged(&'static str),
    /// It cannot be read.
    #[error("cannot read the backup: {0}")]
    Read(io::Error),
    /// The store cannot be written.
    #[error("cannot write the store: {0}")]
    Write(StoreError),
}

impl From<StoreError> for RestoreError {
    fn from(error: StoreError) -> Self {
        Self::Write(error)
    }
}

/// Makes a store of a backup, in a new file. Until everything is there and its checksum is right, there is none.
///
/// # Errors
/// Whatever stands in the way; then there is no file either.
pub fn restore(input: &mut dyn Read, path: &Path) -> Result<Revision, RestoreError> {
    if path.exists() {
        return Err(RestoreError::Exists(path.to_owned()));
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".restoring");
    let unfinished = path.with_file_name(name);
    let failed = |error: io::Error| RestoreError::Write(StoreError::Failed(error.to_string().into()));
    // What an earlier attempt left behind is worth nothing.
    match std::fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let outcome = fill(input, &unfinished).and_then(|revision| {
        // Not `rename`, which would replace a file that came to be meanwhile.
        std::fs::hard_link(&unfinished, path).map_err(failed)?;
        sync_folder(path).map_err(failed)?;
        Ok(revision)
    });
    let removed = std::fs::remove_file(&unfinished).map_err(failed);
    let revision = outcome?;
    removed.map(|()| revision)
}

/// What names a file is on the disk once its folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder)?.sync_all()
}

fn fill(input: &mut dyn Read, path: &Path) -> Result<Revision, RestoreError> {
    let mut input = Input { input, hash: Sha256::new() };
    if input.bytes(MAGIC.len() as u64).map_err(|_| RestoreError::NoBackup)? != MAGIC {
        return Err(RestoreError::NoBackup);
    }
    let revision = Revision::from_le_bytes(input.array()?);
    let count = u64::from_le_bytes(input.array()?);
    if revision < 0 {
        return Err(RestoreError::Damaged("its revision is negative"));
    }
    let mut left = count;
    let mut is_checked = false;
    let mut entries = std::iter::from_fn(|| {
        if left > 0 {
            left -= 1;
            return Some(input.entry(revision));
        }
        // The checksum is looked at before the transaction ends.
        let is_last = !std::mem::replace(&mut is_checked, true);
        is_last.then(|| input.finish()).and_then(Result::err).map(Err)
    });
    embedded::fill(path, revision, &mut entries)?;
    Ok(revision)
}

struct Input<'i> {
    input: &'i mut dyn Read,
    hash: Sha256,
}

impl Input<'_> {
    fn entry(&mut self, revision: Revision) -> Result<Entry, RestoreError> {
        let (key, value) = (u32::from_le_bytes(self.array()?), u32::from_le_bytes(self.array()?));
        let create_revision = Revision::from_le_bytes(self.array()?);
        let mod_revision = Revision::from_le_bytes(self.array()?);
        let expires = u64::from_le_bytes(self.array()?);
        if key > LONGEST || value > LONGEST {
            return Err(RestoreError::Damaged("an entry is too long"));
        }
        if !(1..=revision).contains(&mod_revision) || !(1..=mod_revision).contains(&create_revision) {
            return Err(RestoreError::Damaged("an entry has a revision that cannot be"));
        }
        let key = String::from_utf8(self.bytes(key.into())?)
            .map_err(|_| RestoreError::Damaged("a key is no text"))?;
        let value = Bytes::from(self.bytes(value.into())?);
        let expires = (expires > 0).then_some(expires);
        Ok(Entry { key: key.into(), value, create_revision, mod_revision, expires })
    }

    /// Whether the checksum is right, and nothing follows it.
    fn finish(&mut self) -> Result<(), RestoreError> {
        let expected = self.hash.finalize_reset();
        let found: [u8; 32] = self.array()?;
        if expected.as_slice() != found {
            return Err(RestoreError::Damaged("its checksum is wrong"));
        }
        match self.input.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(RestoreError::Damaged("something follows its end")),
            Err(error) => Err(RestoreError::Read(error)),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], RestoreError> {
        let mut out = [0; N];
        self.input.read_exact(&mut out).map_err(read_error)?;
        self.hash.update(out);
        Ok(out)
    }

    fn bytes(&mut self, length: u64) -> Result<Vec<u8>, RestoreError> {
        let mut out = Vec::new();
        let mut left = length;
        while left > 0 {
            let taken = (&mut *self.input).take(left.min(CHUNK)).read_to_end(&mut out).map_err(read_error)?;
            if taken == 0 {
                return Err(RestoreError::Damaged("it breaks off"));
            }
            left = left.saturating_sub(taken as u64);
        }
        self.hash.update(&out);
        Ok(out)
    }
}

fn read_error(error: io::Error) -> RestoreError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => RestoreError::Damaged("it breaks off"),
        _ => RestoreError::Read(error),
    }
}

/// Writes entries as a backup.
pub(crate) fn write(out: &mut dyn Write, revision: Revision, entries: &[Entry]) -> io::Result<()> {
    let mut out = Output { out, hash: Sha256::new() };
    out.put(MAGIC)?;
    out.put(&revision.to_le_bytes())?;
    out.put(&(entries.len() as u64).to_le_bytes())?;
    for entry in entries {
        let mut head = Vec::with_capacity(32);
        for length in [entry.key.len(), entry.value.len()] {
            head.extend_from_slice(&u32::try_from(length).map_err(io::Error::other)?.to_le_bytes());
        }
        for number in [entry.create_revision, entry.mod_revision] {
            head.extend_from_slice(&number.to_le_bytes());
        }
        head.extend_from_slice(&entry.expires.unwrap_or(0).to_le_bytes());
        out.put(&head)?;
        out.put(entry.key.as_bytes())?;
        out.put(&entry.value)?;
    }
    let sum = out.hash.finalize_reset();
    out.out.write_all(&sum)?;
    out.out.flush()
}

struct Output<'o> {
    out: &'o mut dyn Write,
    hash: Sha256,
}

impl Output<'_> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.out.write_all(bytes)
    }
}

/// CRC-32 (IEEE 802.3) of bytes: against accidents, not against people.
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        let index = usize::from((sum as u8) ^ byte);
        (sum >> 8) ^ TABLE.get(index).copied().unwrap_or_default()
    })
}

#[expect(clippy::indexing_slicing, reason = "computed by the compiler, which would notice")]
const TABLE: [u32; 256] = {
    let mut table = [0_u32; 256];
    let mut index = 0;
    while index < 256 {
        let mut sum = index as u32;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 1 == 1 { (sum >> 1) ^ 0xEDB8_8320 } else { sum >> 1 };
            bit += 1;
        }
        table[index] = sum;
        index += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        assert_eq!(checksum(b"123456789"), 0xCBF4_3926);
        assert_eq!(checksum(b""), 0);
    }
}
