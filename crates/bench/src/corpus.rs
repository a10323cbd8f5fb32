//! The files that are scanned: made here, or taken from a folder.

mod kinds;

use anyhow::Context as _;
use ravelin_object::documents;
use std::path::{Path, PathBuf};

/// Files in a folder.
#[derive(Debug)]
pub(crate) struct Corpus {
    /// The files, sorted.
    pub files: Vec<PathBuf>,
    /// How many documents they hold.
    pub documents: usize,
    /// How many bytes they hold.
    pub bytes: u64,
}

/// How many documents a file of a made corpus holds.
const PER_FILE: usize = 4;

/// How many files one folder holds: what people keep in one.
const PER_FOLDER: usize = 100;

/// Makes a corpus of so many documents. The same number makes the same bytes, always and everywhere.
pub(crate) fn generate(folder: &Path, documents: usize) -> anyhow::Result<Corpus> {
    let mut corpus = Corpus { files: Vec::new(), documents, bytes: 0 };
    let mut numbers = Numbers::new(0x9e37_79b9_7f4a_7c15);
    let mut left = documents;
    while left > 0 {
        let count = left.min(PER_FILE);
        let texts: Vec<String> = (0..count).map(|_| kinds::document(&mut numbers)).collect();
        corpus.add(folder, texts.join("---\n").as_bytes())?;
        left -= count;
    }
    Ok(corpus)
}

/// Copies the YAML files of a folder, from the first again after the last, until so many documents are
/// there.
pub(crate) fn copy(folder: &Path, from: &Path, documents: usize) -> anyhow::Result<Corpus> {
    let mut originals = Vec::new();
    yaml_files(from, &mut originals)?;
    let mut texts = Vec::new();
    for path in originals {
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let count = ravelin_yaml::decode(&bytes).map_or(0, |text| {
            documents::split(&text).iter().filter(|piece| !documents::is_blank(piece.text)).count()
        });
        if count > 0 {
            texts.push((bytes, count));
        }
    }
    anyhow::ensure!(!texts.is_empty(), "{} holds no YAML file with a document", from.display());
    let mut corpus = Corpus { files: Vec::new(), documents: 0, bytes: 0 };
    for (bytes, count) in texts.iter().cycle() {
        if corpus.documents >= documents {
            break;
        }
        corpus.add(folder, bytes)?;
        corpus.documents += count;
    }
    Ok(corpus)
}

impl Corpus {
    fn add(&mut self, folder: &Path, bytes: &[u8]) -> anyhow::Result<()> {
        let number = self.files.len();
        let folder = folder.join(format!("{:04}", number / PER_FOLDER));
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let path = folder.join(format!("{number:06}.yaml"));
        std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        self.files.push(path);
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}

fn yaml_files(folder: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let fault = || format!("cannot read {}", folder.display());
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(fault)? {
        entries.push(entry.with_context(fault)?.path());
    }
    entries.sort();
    for path in entries {
        if path.is_dir() {
            yaml_files(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            found.push(path);
        }
    }
    Ok(())
}

/// Numbers that look random and are the same in every run: SplitMix64.
pub(crate) struct Numbers(u64);

impl Numbers {
    /// The numbers that begin with a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of `count` numbers, from 0.
    fn below(&mut self, count: u64) -> u64 {
        self.next() % count.max(1)
    }

    /// One of `count` places, from 0.
    pub(crate) fn place(&mut self, count: usize) -> usize {
        usize::try_from(self.below(count as u64)).unwrap_or_default()
    }

    /// Whether something happens that happens in `percent` of all cases.
    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of some words.
    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        let index = usize::try_from(self.below(words.len() as u64)).unwrap_or_default();
        words.get(index).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_makes_the_same_bytes() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let texts = folders.each_ref().map(|folder| {
            let corpus = generate(folder.path(), 50).unwrap();
            assert_eq!(corpus.files.len(), 13);
            corpus.files.iter().map(|file| std::fs::read(file).unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(texts[0], texts[1]);
    }

    #[test]
    fn documents_are_of_the_size_people_write() {
        let folder = tempfile::tempdir().unwrap();
        let corpus = generate(folder.path(), 2_000).unwrap();
        let mean = corpus.bytes / 2_000;
        assert!((1_000..1_500).contains(&mean), "{mean} bytes");
    }

    #[test]
    fn a_folder_is_copied_until_there_is_enough() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::create_dir(from.path().join("b")).unwrap();
        std::fs::write(from.path().join("a.yml"), "a: 1\n---\nb: 2\n").unwrap();
        std::fs::write(from.path().join("b/c.yaml"), "c: 3\n").unwrap();
        std::fs::write(from.path().join("readme.md"), "text\n").unwrap();
        let corpus = copy(to.path(), from.path(), 4).unwrap();
        assert_eq!((corpus.files.len(), corpus.documents), (3, 5));
        assert!(copy(to.path(), to.path().join("0000/none").as_path(), 1).is_err());
    }
}
