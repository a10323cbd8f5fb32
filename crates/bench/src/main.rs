//! Benchmarks: ravelin beside its peers, over the same input, in one run: `cargo xtask bench scan`, `authz`, `webhook`,
//! `serve`; and of the store: `cargo xtask bench store`.
//!
//! Every tool runs as a process of its own, started by a helper process that measures nothing else
//! ([`measure`]). What part of ravelin's time is the reading of YAML is timed in this process
//! ([`reading`]). [`authz`] measures decisions in this process. Never shipped. Start reading at [`scan`].
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a development tool talks to its terminal")]

mod authz;
mod client;
mod corpus;
mod load;
mod measure;
mod peers;
mod reading;
mod scan;
mod serve;
mod server;
mod store;
mod table;
mod webhook;

use clap::Parser;
use std::process::ExitCode;

// As in the binary, so that what is timed in this process is timed as there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Benchmarks of Ravelin.
#[derive(Debug, Parser)]
#[command(name = "ravelin-bench", bin_name = "cargo xtask bench")]
struct Cli {
    #[command(subcommand)]
    benchmark: Benchmark,
}

#[derive(Debug, clap::Subcommand)]
enum Benchmark {
    /// Scan a corpus with ravelin and with every peer that is found
    Scan(scan::Args),
    /// Write, read, list and watch objects in a store
    Store(store::Args),
    /// Ask RBAC policies of several sizes: the index, the linear visit, and upstream where its program is given
    Authz(authz::Args),
    /// Ask the webhook, and upstream's where its program is given, over TLS
    Webhook(webhook::Args),
    /// Ask the API server, and kube-apiserver with etcd where their programs are given, over TLS
    Serve(serve::Args),
    /// Run the commands on standard input and print what they used
    #[command(hide = true)]
    Measure,
}

fn main() -> ExitCode {
    let result = match Cli::parse().benchmark {
        Benchmark::Scan(args) => scan::run(&args),
        Benchmark::Store(args) => store::run(&args),
        Benchmark::Authz(args) => authz::run(&args),
        Benchmark::Webhook(args) => webhook::run(&args),
        Benchmark::Serve(args) => serve::run(&args),
        Benchmark::Measure => measure::serve(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
