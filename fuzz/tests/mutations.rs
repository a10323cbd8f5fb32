//! Every target over its seeds and over deterministic mutations of them.
//!
//! This is not fuzzing: it proves on stable that the targets run and that what they demand holds near their seeds.
//! `RAVELIN_FUZZ_RUNS` sets how many mutations each target gets.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop the process, and so may what it calls"
)]

use std::collections::BTreeSet;
use std::fs;
use std::panic;
use std::path::Path;

use ravelin_fuzz::{ALL, Target};

/// How many mutations each target gets, unless the environment says otherwise.
const RUNS: usize = 20_000;

/// The longest input.
const LENGTH: usize = 4_096;

#[test]
fn every_target_has_an_entry_a_module_an_entry_point_and_seeds() {
    let stems = |folder: &str| -> BTreeSet<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        files.map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    };
    let names: Vec<String> = ALL.iter().map(|target| target.name.to_owned()).collect();
    let expected: BTreeSet<String> = names.iter().cloned().collect();
    assert_eq!(names, expected.iter().cloned().collect::<Vec<_>>(), "sorted and unique");
    assert_eq!(stems("fuzz_targets"), expected);
    assert_eq!(stems("seeds"), expected);
    let modules = stems("src");
    let others = BTreeSet::from(["dump".to_owned(), "lib".to_owned()]);
    assert_eq!(modules.difference(&others).cloned().collect::<BTreeSet<_>>(), expected);
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    for name in &names {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name} in Cargo.toml");
    }
}

#[test]
fn targets_hold_near_their_seeds() {
    let runs = std::env::var("RAVELIN_FUZZ_RUNS").map_or(RUNS, |runs| runs.parse().unwrap());
    let mut failures = Vec::new();
    for (number, target) in ALL.iter().enumerate() {
        let seeds = seeds(target);
        let mut random = Random(0x9E37_79B9_7F4A_7C15 ^ (number as u64 + 1));
        let mutations = std::iter::repeat_with(|| mutated(&seeds, &mut random)).take(runs);
        let failing = seeds.iter().cloned().chain(mutations).find(|input| !holds(target, input));
        failures
            .extend(failing.map(|input| format!("{} fails on b\"{}\"", target.name, input.escape_ascii())));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn seeds(target: &Target) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target.name);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort_unstable();
    assert!(files.len() >= 3, "{}: too few seeds", target.name);
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// Whether a target ends without a panic. What the panic says is in the output of the test.
fn holds(target: &Target, input: &[u8]) -> bool {
    panic::catch_unwind(|| (target.run)(input)).is_ok()
}

/// A seed after one to six changes.
fn mutated(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut input = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(6) {
        change(&mut input, seeds, random);
    }
    input.truncate(LENGTH);
    input
}

fn change(input: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    let (start, end) = random.range(input.len());
    match random.below(8) {
        0 => {
            if let Some(byte) = input.get_mut(start) {
                *byte ^= 1 << random.below(8);
            }
        }
        1 => {
            input.drain(start..end);
        }
        2 => {
            let copy = input[start..end].to_vec();
            let at = random.below(input.len() + 1);
            input.splice(at..at, copy);
        }
        3 => {
            let other = &seeds[random.below(seeds.len())];
            let (from, to) = random.range(other.len());
            input.splice(start..end, other[from..to].iter().copied());
        }
        4 => {
            let byte = random.below(256) as u8;
            input.insert(start, byte);
        }
        5 => input.truncate(start),
        _ => {
            let word = WORDS[random.below(WORDS.len())];
            input.splice(start..start, word.bytes());
        }
    }
}

/// What the formats are made of, and what they stumble over.
const WORDS: &[&str] = &[
    "\n",
    "\n  ",
    "\n- ",
    ": ",
    "- ",
    "---\n",
    "\n---\n",
    "...\n",
    "{",
    "}",
    "[",
    "]",
    ",",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "!!int ",
    "|\n",
    ">-\n  ",
    "? ",
    "\"",
    "'",
    "\\",
    "\\u0000",
    "#",
    " # ",
    "# ravelin: ignore[pss] why\n",
    "\t",
    "\r\n",
    "null",
    "~",
    "true",
    "on",
    "0o7",
    "0x1F",
    "1e9",
    ".inf",
    "-0",
    "1_000",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    "é",
    "😀",
    "=",
    "==",
    "!=",
    " in (",
    " notin (",
    ")",
    "!",
    ">",
    "<",
    "Ki",
    "m",
    "n",
    "E",
    "e-9",
    "+",
    "-",
    ".",
    "9223372036854775807",
    "enforce=",
    "warn-version=",
    "restricted",
    "v1.",
    "latest",
    "hostPID: true",
    "spec:",
    "containers:",
    "securityContext:",
];

/// Marsaglia's xorshift: the same inputs in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `limit`; 0 where nothing is.
    fn below(&mut self, limit: usize) -> usize {
        match limit {
            0 => 0,
            limit => (self.next() % limit as u64) as usize,
        }
    }

    /// A range of so many bytes, mostly a short one.
    fn range(&mut self, length: usize) -> (usize, usize) {
        let start = self.below(length + 1);
        let longest = if self.below(4) == 0 { length } else { 12 };
        (start, start + self.below((length - start).min(longest) + 1))
    }
}
