//! `ravelin serve backup` and `ravelin serve restore`.

use crate::ExitStatus;
use crate::exit::usage;
use anyhow::Context as _;
use ravelin_store::{Embedded, Limits, Store as _};
use std::fs::{DirBuilder, OpenOptions};
use std::io::{BufReader, BufWriter, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

/// Write what a server keeps into a file
///
/// The server must not be running. The file holds every object, Secrets included: it is made for its owner alone.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 written; 2 could not be; 64 wrong usage.

Examples:
  ravelin serve backup backup.ravelin
  ravelin serve backup --data-dir /var/lib/ravelin /backup/today.ravelin")]
pub(crate) struct BackupArgs {
    /// The folder of objects
    #[arg(long, value_name = "FOLDER", default_value = "ravelin-data")]
    data_dir: PathBuf,
    /// The file that is written; it must not exist
    file: PathBuf,
}

/// Make a data folder out of a backup
///
/// The folder must not hold a store. Keys and certificates are not in a backup: they are made anew, so that tokens and
/// kubeconfigs of before hold no longer, unless the pki folder is copied too.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 restored; 2 could not be; 64 wrong usage.

Examples:
  ravelin serve restore backup.ravelin
  ravelin serve restore --data-dir /var/lib/ravelin /backup/today.ravelin")]
pub(crate) struct RestoreArgs {
    /// The folder of objects
    #[arg(long, value_name = "FOLDER", default_value = "ravelin-data")]
    data_dir: PathBuf,
    /// The backup
    file: PathBuf,
}

fn store_of(folder: &std::path::Path) -> PathBuf {
    folder.join("store.redb")
}

pub(crate) fn backup(args: &BackupArgs) -> anyhow::Result<ExitStatus> {
    let path = store_of(&args.data_dir);
    if !path.exists() {
        return Err(usage(format!("there is no store in {}", args.data_dir.display())));
    }
    let store = Embedded::open(&path, Limits::STANDARD)
        .with_context(|| format!("opening {}; is the server running?", path.display()))?;
    let file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&args.file);
    let file = file.with_context(|| format!("making {}", args.file.display()))?;
    let mut out = BufWriter::new(file);
    let revision = store.backup(&mut out).with_context(|| format!("writing {}", args.file.display()))?;
    out.flush()?;
    out.get_ref().sync_all()?;
    say(&format!("{} objects at revision {revision} in {}", store.statistics().keys, args.file.display()));
    Ok(ExitStatus::Clean)
}

pub(crate) fn restore(args: &RestoreArgs) -> anyhow::Result<ExitStatus> {
    let path = store_of(&args.data_dir);
    if path.exists() {
        return Err(usage(format!("{} is there already", path.display())));
    }
    let file = std::fs::File::open(&args.file).with_context(|| format!("reading {}", args.file.display()))?;
    let made = DirBuilder::new().recursive(true).mode(0o700).create(&args.data_dir);
    made.with_context(|| format!("making the folder {}", args.data_dir.display()))?;
    let revision = ravelin_store::restore(&mut BufReader::new(file), &path)
        .with_context(|| format!("restoring {}", args.file.display()))?;
    say(&format!("restored revision {revision} into {}", args.data_dir.display()));
    Ok(ExitStatus::Clean)
}

#[expect(clippy::print_stdout, reason = "this is what the verb answers")]
fn say(text: &str) {
    println!("{text}");
}
