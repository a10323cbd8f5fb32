//! The text of a source, read when it is needed and as often as it is.

use crate::Limits;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where a text comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceText {
    /// A file, read anew each time.
    File(PathBuf),
    /// A text that can be read only once, such as standard input, kept.
    Kept(Arc<[u8]>),
}

impl SourceText {
    /// The bytes, if there are no more of them than the limit allows.
    ///
    /// # Errors
    /// What went wrong, in words that need no file name.
    pub(crate) fn bytes(&self, limits: &Limits) -> Result<Cow<'_, [u8]>, String> {
        let path = match self {
            Self::Kept(bytes) => return within(bytes.len() as u64, limits).map(|()| Cow::Borrowed(&**bytes)),
            Self::File(path) => path,
        };
        let size = std::fs::metadata(path).map_err(|error| cannot_read(&error))?;
        if size.is_dir() {
            return Err("cannot be read: is a directory".to_owned());
        }
        within(size.len(), limits)?;
        let bytes = std::fs::read(path).map_err(|error| cannot_read(&error))?;
        // A file may have grown since, and a device has no size to speak of.
        within(bytes.len() as u64, limits)?;
        Ok(Cow::Owned(bytes))
    }
}

fn within(size: u64, limits: &Limits) -> Result<(), String> {
    if size <= limits.file_size {
        return Ok(());
    }
    Err(format!("is {size} bytes, more than the {} that --max-file-size allows", limits.file_size))
}

pub(crate) fn cannot_read(error: &std::io::Error) -> String {
    format!("cannot be read: {}", words(error))
}

/// The words of an error of the operating system, without its number.
fn words(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split_once(" (os error").map_or(text.as_str(), |(words, _)| words);
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

/// The texts of a scan by the names that its report uses.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    pub(crate) sources: BTreeMap<Arc<str>, SourceText>,
    pub(crate) limits: Option<Limits>,
    /// Decoded texts that are needed again soon, up to [`Texts::KEPT`] bytes of them.
    pub(crate) kept: BTreeMap<Arc<str>, Arc<str>>,
}

impl Texts {
    /// How many bytes of texts are kept, rather than read again from their files.
    pub(crate) const KEPT: usize = 64 << 20;

    /// The decoded text of a file of the report; nothing if it cannot be read any more.
    #[must_use]
    pub fn text(&self, file: &str) -> Option<Arc<str>> {
        if let Some(text) = self.kept.get(file) {
            return Some(text.clone());
        }
        let source = self.sources.get(file)?;
        let limits = self.limits.unwrap_or(Limits::STANDARD);
        let bytes = source.bytes(&limits).ok()?;
        ravelin_yaml::decode(&bytes).ok().map(|text| Arc::from(&*text))
    }
}

/// The path as the user wrote it, with `/` between folders and without a leading `./`.
pub(crate) fn display_name(path: &Path) -> Arc<str> {
    let text = path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
    let text = text.strip_prefix("./").filter(|rest| !rest.is_empty()).unwrap_or(&text);
    Arc::from(text)
}
