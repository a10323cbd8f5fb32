//! What a command uses: time, processor time, memory.
//!
//! The kernel keeps one peak of memory for all children of a process together. So each measurement is
//! made by a helper: this program again, small and new, which runs the commands of one tool and nothing
//! else.

use anyhow::Context as _;
#[cfg(unix)]
use nix::sys::{
    resource::{UsageWho, getrusage},
    time::{TimeVal, TimeValLike as _},
};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// The commands of one tool, run one after another.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    /// Programs with their arguments.
    pub commands: Vec<Vec<OsString>>,
    /// Where the output goes; nowhere if not given.
    pub output: Option<PathBuf>,
    /// How long all of them together may take.
    pub timeout: Duration,
}

/// What the commands of a job used.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Usage {
    /// From start to end, in seconds.
    pub wall: f64,
    /// Processor time of user and system, in seconds, if it can be told here.
    pub processor: Option<f64>,
    /// The most memory that one command held, in bytes, if it can be told here.
    pub peak: Option<u64>,
    /// The exit status of the last command; nothing where a signal ended it.
    pub status: Option<i32>,
    /// Whether it took too long and was ended.
    pub timed_out: bool,
}

/// Measures a job in a process of its own.
pub(crate) fn measure(job: &Job) -> anyhow::Result<Usage> {
    let program = std::env::current_exe().context("cannot tell where this program is")?;
    let mut helper = Command::new(program)
        .arg("measure")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start the helper")?;
    let input = helper.stdin.take().context("the helper has no standard input")?;
    serde_json::to_writer(input, job).context("cannot write to the helper")?;
    let output = helper.wait_with_output().context("cannot read from the helper")?;
    anyhow::ensure!(output.status.success(), "the helper ended with {}", output.status);
    serde_json::from_slice(&output.stdout).context("cannot read what the helper says")
}

/// The helper: a job on standard input, its usage on standard output.
pub(crate) fn serve() -> anyhow::Result<()> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
    let job: Job = serde_json::from_str(&text).context("standard input holds no job")?;
    println!("{}", serde_json::to_string(&run(&job)?)?);
    Ok(())
}

fn run(job: &Job) -> anyhow::Result<Usage> {
    let output = job.output.as_ref().map(File::create).transpose().context("cannot create the output")?;
    let started = Instant::now();
    let mut usage = Usage::default();
    for words in &job.commands {
        let (program, args) = words.split_first().context("a command without a program")?;
        let out = output.as_ref().map(File::try_clone).transpose()?.map_or_else(Stdio::null, Stdio::from);
        let mut command = Command::new(program);
        let mut child = command
            .args(args)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot run {}", program.display()))?;
        let deadline = job.timeout.saturating_sub(started.elapsed());
        match wait(&mut child, deadline)? {
            Some(status) => usage.status = status.code(),
            None => {
                usage.timed_out = true;
                break;
            }
        }
    }
    usage.wall = started.elapsed().as_secs_f64();
    (usage.processor, usage.peak) = of_children();
    Ok(usage)
}

/// Waits for a command; ends it and returns nothing if it takes too long.
fn wait(child: &mut std::process::Child, time: Duration) -> anyhow::Result<Option<std::process::ExitStatus>> {
    let started = Instant::now();
    while started.elapsed() < time {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        // Short against what is measured, long enough to cost nothing.
        std::thread::sleep(Duration::from_micros(500));
    }
    // It may have ended meanwhile; there is nothing left to kill then.
    let _ = child.kill();
    child.wait()?;
    Ok(None)
}

/// The processor time this process has used, in seconds; where that cannot be told, the time since it was
/// first asked for.
pub(crate) fn own_time() -> f64 {
    static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);
    own_processor_time().unwrap_or_else(|| STARTED.elapsed().as_secs_f64())
}

#[cfg(unix)]
fn own_processor_time() -> Option<f64> {
    getrusage(UsageWho::RUSAGE_SELF).ok().map(|usage| processor_time(&usage))
}

#[cfg(unix)]
fn of_children() -> (Option<f64>, Option<u64>) {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) else { return (None, None) };
    // Linux counts kibibytes, macOS bytes.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    let peak = u64::try_from(usage.max_rss()).ok().map(|peak| peak * unit);
    (Some(processor_time(&usage)), peak)
}

#[cfg(unix)]
fn processor_time(usage: &nix::sys::resource::Usage) -> f64 {
    let seconds = |time: TimeVal| Duration::from_micros(time.num_microseconds().unsigned_abs());
    (seconds(usage.user_time()) + seconds(usage.system_time())).as_secs_f64()
}

#[cfg(not(unix))]
fn own_processor_time() -> Option<f64> {
    None
}

#[cfg(not(unix))]
fn of_children() -> (Option<f64>, Option<u64>) {
    (None, None)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn job(words: &[&str], timeout: Duration) -> Job {
        Job { commands: vec![words.iter().map(OsString::from).collect()], output: None, timeout }
    }

    #[test]
    fn a_command_is_measured() {
        let usage = run(&job(&["sh", "-c", "exit 3"], Duration::from_secs(10))).unwrap();
        assert_eq!((usage.status, usage.timed_out), (Some(3), false));
        assert!(usage.wall > 0.0 && usage.processor.is_some() && usage.peak.is_some_and(|peak| peak > 0));
    }

    #[test]
    fn a_command_that_hangs_is_ended() {
        let usage = run(&job(&["sleep", "30"], Duration::from_millis(100))).unwrap();
        assert!(usage.timed_out && usage.status.is_none());
    }

    #[test]
    fn a_program_that_does_not_exist_is_an_error() {
        assert!(run(&job(&["no-such-program-of-this-name"], Duration::from_secs(1))).is_err());
    }

    #[test]
    fn jobs_and_usages_survive_the_way_to_the_helper() {
        let job = job(&["a", "b c"], Duration::from_millis(1500));
        let read: Job = serde_json::from_str(&serde_json::to_string(&job).unwrap()).unwrap();
        assert_eq!((read.commands, read.timeout), (job.commands, job.timeout));
    }
}
