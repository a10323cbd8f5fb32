//! Golden records of upstream decisions, replayed: `ravelin-conformance AREA FILE.jsonl[.gz]`.
//!
//! A record holds an input and what the upstream function made of it. An area says what our tree makes of the
//! same input, and every field of the record is compared. Records that differ on purpose stand in the ledger of
//! their area, each with a reason; the list may only shrink. The tool knows nothing of how a record came to be.
//! Start reading at [`replay`]; each area is one file in `areas/`.

mod areas;
mod ledger;
mod record;
mod replay;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Parser;
use flate2::bufread::MultiGzDecoder;

use ledger::Ledger;

/// Replays golden records and compares every field.
///
/// Exits with 0 if every record agrees or is listed in the ledger, 1 if not, 2 if something cannot be read,
/// and 64 for wrong usage.
#[derive(Parser)]
#[command(name = "ravelin-conformance")]
struct Args {
    /// The area that the records belong to.
    area: String,
    /// The records, one JSON object per line; compressed if the name ends in `.gz`.
    file: PathBuf,
}

/// Wrong usage, as `sysexits.h` numbers it.
const EXIT_USAGE: u8 = 64;
/// Something could not be read, so nothing is known of agreement.
const EXIT_UNREADABLE: u8 = 2;
/// A record differs, or the ledger is stale.
const EXIT_DIFFERENT: u8 = 1;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let code = if error.use_stderr() { ExitCode::from(EXIT_USAGE) } else { ExitCode::SUCCESS };
            // Where even the help cannot be written there is nobody left to tell.
            let _ = error.print();
            return code;
        }
    };
    match run(&args, &mut io::stdout().lock()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(EXIT_DIFFERENT),
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::from(EXIT_UNREADABLE)
        }
    }
}

/// Whether every record of the file agrees with our tree, the ledger considered.
fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<bool> {
    let Some(entry) = areas::ALL.iter().find(|entry| entry.name == args.area) else {
        let names: Vec<&str> = areas::ALL.iter().map(|entry| entry.name).collect();
        bail!("no area is named `{}`; the areas are {}", args.area, names.join(", "));
    };
    let ledger = Ledger::parse(entry.ledger).with_context(|| format!("ledger of `{}`", entry.name))?;
    let name = args.file.display();
    let lines = open(&args.file).with_context(|| format!("cannot open {name}"))?;
    let outcome = replay::replay(lines, (entry.start)().as_mut(), &ledger)
        .with_context(|| format!("cannot read {name}"))?;
    outcome.print(out).context("cannot write")?;
    Ok(outcome.passes())
}

fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    let file = BufReader::new(File::open(path)?);
    let is_compressed = path.extension().is_some_and(|extension| extension == "gz");
    Ok(if is_compressed { Box::new(BufReader::new(MultiGzDecoder::new(file))) } else { Box::new(file) })
}
