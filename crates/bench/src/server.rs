//! The programs that are asked, and what they use.

use anyhow::Context as _;
use std::ffi::OsString;
use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// How many parts the kernel counts a second of processor time in: `USER_HZ`, 100 on every Linux.
const TICKS: f64 = 100.0;

/// A server that runs until it is dropped.
pub(crate) struct Server {
    /// What it is called.
    pub name: &'static str,
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts a program; `arguments` say that it is to listen on `address`. What it says goes to a file.
    pub(crate) fn start(
        name: &'static str,
        program: &Path,
        arguments: &[OsString],
        address: SocketAddr,
        log: &Path,
    ) -> anyhow::Result<Self> {
        let log = File::create(log).context("cannot create the log")?;
        let child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot run {}", program.display()))?;
        Ok(Self { name, address, child })
    }

    /// Whether it still runs.
    pub(crate) fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// The processor time it has used, in seconds.
    pub(crate) fn processor(&self) -> anyhow::Result<f64> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))
            .context("processor time is known on Linux only")?;
        // After the name, which may hold anything, the 12th and 13th: user and system.
        let (_, rest) = text.rsplit_once(')').context("/proc/PID/stat is not as known")?;
        let ticks = rest.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
        Ok(ticks.sum::<Result<f64, _>>()? / TICKS)
    }

    /// Its memory now and at most so far, in bytes.
    pub(crate) fn memory(&self) -> anyhow::Result<(u64, u64)> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .context("memory is known on Linux only")?;
        let of = |name: &str| -> anyhow::Result<u64> {
            let line = text.lines().find_map(|line| line.strip_prefix(name)).context("no such line")?;
            let number = line.split_whitespace().next().context("no number")?;
            Ok(number.parse::<u64>()? * 1024)
        };
        Ok((of("VmRSS:")?, of("VmHWM:")?))
    }
}
