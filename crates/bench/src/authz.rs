//! `cargo xtask bench authz`: how long a decision of RBAC takes, by the size of the policy.
//!
//! The index, the linear visit of every binding, and upstream are asked the same, in one run; what they answer has to
//! agree. Times are processor time, so that others on the machine matter less.

mod policy;
mod upstream;

use crate::measure::own_time;
use crate::reading::median;
use crate::table;
use anyhow::Context as _;
use clap::ValueEnum as _;
use policy::Shape;
use ravelin_authz::rbac::{Asked, Index, Name, Objects, Place, Policy, Query};
use ravelin_authz::{Attributes, Authorizer, Decision};
use std::fmt::Write as _;
use std::hint::black_box;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;
use upstream::Upstream;

/// Which policies are asked.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many bindings the policies have, besides the default ones; may repeat, or list with commas
    #[arg(long, value_name = "NUMBER", value_delimiter = ',', default_values_t = [100, 1_000, 10_000, 100_000])]
    bindings: Vec<usize>,
    /// Where the bindings are; both where not given
    #[arg(long, value_enum)]
    shape: Option<Shape>,
    /// The program that asks upstream
    #[arg(long, value_name = "FILE")]
    upstream: Option<PathBuf>,
    /// How long each thing is measured, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0)]
    time: f64,
    /// Write the results as Markdown to a file, too
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Make the policies and print how many bytes this process grew by
    #[arg(long, hide = true, requires = "shape")]
    memory: bool,
}

/// How many different requests there are, so that the caches of a processor hold little of what of the policy they need.
const COLD: usize = 50_000;

/// How many requests are asked where the same ones come again and again.
const HOT: usize = 64;

/// How many requests those are asked who go through all bindings for each.
const LINEAR: usize = 500;

/// What was measured over one policy.
struct Row {
    bindings: usize,
    /// Nanoseconds of a decision.
    allows: f64,
    hot: f64,
    cold: f64,
    linear: f64,
    upstream: Option<f64>,
    /// Milliseconds of the slowest question for everybody who may do something.
    who_can: f64,
    /// Seconds.
    build: f64,
    /// Bytes of policy and index, where they can be told.
    memory: Option<u64>,
    /// The share of the requests that are allowed.
    allowed: f64,
}

/// Measures and prints.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    if let (true, Some(shape)) = (args.memory, args.shape) {
        return tell_growth(shape, &args.bindings);
    }
    let mut text = String::new();
    let shapes = [Shape::Namespaces, Shape::Cluster];
    for shape in shapes.into_iter().filter(|shape| args.shape.is_none_or(|only| only == *shape)) {
        let mut rows = Vec::new();
        for bindings in &args.bindings {
            eprintln!("{bindings} bindings ...");
            rows.push(measure(args, shape, *bindings)?);
        }
        text.push_str(&report(shape, &rows)?);
    }
    print!("{text}");
    if let Some(path) = &args.markdown {
        std::fs::write(path, &text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn measure(args: &Args, shape: Shape, bindings: usize) -> anyhow::Result<Row> {
    let objects = policy::objects(shape, bindings);
    let requests = policy::requests(shape, bindings, COLD);
    let (hot, few) = (requests.get(..HOT).unwrap_or_default(), requests.get(..LINEAR).unwrap_or_default());
    let (index, build) = built(&objects);
    let allowed: usize = requests.iter().filter(|request| index.allows(request)).count();
    for request in few {
        let (indexed, linear) = (index.authorize(request), index.policy().authorize(request));
        anyhow::ensure!(indexed == linear, "they differ on {request:?}: {indexed:?}, {linear:?}");
    }
    let upstream = args.upstream.as_ref();
    let upstream =
        upstream.map(|program| upstream::ask(program, index.policy(), few, args.time)).transpose()?;
    if let Some(upstream) = &upstream {
        agree(&index, few, upstream)?;
    }
    let authorize = |request: &Attributes| index.authorize(request).decision == Decision::Allow;
    Ok(Row {
        bindings,
        allows: each(args.time, &requests, &|request| index.allows(request)),
        hot: each(args.time, hot, &authorize),
        cold: each(args.time, &requests, &authorize),
        linear: each(args.time, few, &|request| {
            index.policy().authorize(request).decision == Decision::Allow
        }),
        upstream: upstream.map(|upstream| upstream.nanoseconds),
        who_can: who_can(&index),
        build,
        memory: growth(shape, bindings)?,
        allowed: allowed as f64 / requests.len() as f64,
    })
}

/// An index, and how many seconds it took to make it of decoded objects: the quickest of several times, since it is too
/// short for processor time.
fn built(objects: &Objects) -> (Index, f64) {
    const RUNS: usize = 5;
    let build = |_| {
        let copy = objects.clone();
        let started = Instant::now();
        let index = Index::new(Policy::new(copy));
        (index, started.elapsed().as_secs_f64())
    };
    let (indices, times): (Vec<Index>, Vec<f64>) = (0..RUNS).map(build).unzip();
    let quickest = times.into_iter().fold(f64::INFINITY, f64::min);
    (indices.into_iter().next().unwrap_or_default(), quickest)
}

/// Prints how many bytes this process grows by for policies of so many bindings with their indices: what a server keeps,
/// and what it took to make it.
fn tell_growth(shape: Shape, bindings: &[usize]) -> anyhow::Result<()> {
    let before = resident().context("memory cannot be measured here")?;
    let policies = bindings.iter().map(|bindings| Index::new(Policy::new(policy::objects(shape, *bindings))));
    let policies: Vec<Index> = policies.collect();
    let after = resident().context("memory cannot be measured here")?;
    println!("{}", after.saturating_sub(before));
    drop(black_box(policies));
    Ok(())
}

/// How many bytes a process grows by, where it can be told: one of its own, which has nothing left over from others.
fn growth(shape: Shape, bindings: usize) -> anyhow::Result<Option<u64>> {
    let shape = shape.to_possible_value().context("a shape without a name")?;
    let output = Command::new(std::env::current_exe().context("cannot tell where this program is")?)
        .args(["authz", "--memory", "--shape", shape.get_name(), "--bindings", &bindings.to_string()])
        .output()
        .context("cannot start this program again")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse().ok())
}

/// How many bytes of memory this process holds, where that can be told.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
}

fn agree(index: &Index, requests: &[Attributes], upstream: &Upstream) -> anyhow::Result<()> {
    anyhow::ensure!(upstream.answers.len() == requests.len(), "upstream did not answer every request");
    for (request, answer) in requests.iter().zip(upstream.answers.bytes()) {
        let allows = index.allows(request);
        anyhow::ensure!(
            allows == (answer == b'1'),
            "upstream decides otherwise on {request:?}: not {allows}"
        );
    }
    Ok(())
}

/// Nanoseconds of processor time of one decision. A server has just read the request it decides about, so each is
/// read before it is decided about, and the time of that is taken off.
fn each(seconds: f64, requests: &[Attributes], decide: &dyn Fn(&Attributes) -> bool) -> f64 {
    let decided = passes(seconds, requests, &|request| touch(request) ^ decide(black_box(request)));
    let touched = passes(seconds / 2.0, requests, &|request| touch(black_box(request)));
    (decided - touched).max(0.0)
}

/// Nanoseconds of processor time of one call.
fn passes(seconds: f64, requests: &[Attributes], call: &dyn Fn(&Attributes) -> bool) -> f64 {
    let all = || requests.iter().filter(|request| call(request)).count();
    black_box(all());
    let (started, mut count) = (own_time(), 0);
    loop {
        black_box(all());
        count += requests.len();
        let passed = own_time() - started;
        if passed >= seconds {
            return passed / count as f64 * 1e9;
        }
    }
}

/// Reads a request.
fn touch(request: &Attributes) -> bool {
    let Attributes { user, verb, group, namespace, resource, subresource, name, path, .. } = request;
    let texts = [&user.name, verb, group, namespace, resource, subresource, name, path];
    let odd = |text: &String| text.as_bytes().iter().step_by(32).fold(0, |odd, byte| odd ^ byte);
    let odd = texts.into_iter().chain(&user.groups).fold(0, |sum, text| sum ^ odd(text));
    black_box(odd) & 1 == 1
}

/// Milliseconds of the slowest of several questions.
fn who_can(index: &Index) -> f64 {
    const RUNS: usize = 5;
    let questions =
        [("get", "", "secrets"), ("list", "", "pods"), ("*", "*", "*"), ("delete", "apps", "deployments")];
    let times = questions.map(|(verb, group, resource)| {
        let query = Query {
            verb,
            asked: Asked::Resource {
                group,
                resource,
                subresource: "",
                name: Name::Some,
                place: Place::Anywhere,
            },
        };
        let mut times: Vec<f64> = (0..RUNS)
            .map(|_| {
                let started = Instant::now();
                black_box(index.who_can(&query));
                started.elapsed().as_secs_f64()
            })
            .collect();
        median(&mut times)
    });
    times.into_iter().fold(0.0, f64::max) * 1e3
}

fn report(shape: Shape, rows: &[Row]) -> anyhow::Result<String> {
    let where_they_are = match shape {
        Shape::Namespaces => "nine of ten bindings in namespaces, nine in each",
        Shape::Cluster => "all bindings bind the whole cluster",
    };
    let allowed = rows.last().map_or(0.0, |row| row.allowed);
    let mut text = String::new();
    writeln!(
        text,
        "{where_they_are}; {COLD} different requests, {:.0}% of them allowed; one core.\n",
        allowed * 100.0
    )?;
    let head = [
        "bindings",
        "allows ns",
        "allows/s",
        "with reason ns",
        "with reason/s",
        "the same again/s",
        "linear ns",
        "times",
        "upstream ns",
        "times",
        "who-can ms",
        "built ms",
        "MB",
    ];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    lines.extend(rows.iter().map(cells));
    text.push_str(&table::aligned(&lines, 0));
    text.push('\n');
    Ok(text)
}

fn cells(row: &Row) -> Vec<String> {
    let millions = |nanoseconds: f64| format!("{:.2} M", 1e3 / nanoseconds);
    let whole = |number: f64| format!("{number:.0}");
    let none = || "-".to_owned();
    vec![
        row.bindings.to_string(),
        whole(row.allows),
        millions(row.allows),
        whole(row.cold),
        millions(row.cold),
        millions(row.hot),
        whole(row.linear),
        whole(row.linear / row.cold),
        row.upstream.map_or_else(none, whole),
        row.upstream.map_or_else(none, |upstream| whole(upstream / row.cold)),
        format!("{:.1}", row.who_can),
        format!("{:.1}", row.build * 1e3),
        row.memory.map_or_else(none, |memory| format!("{:.0}", memory as f64 / 1e6)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_and_linear_visit_agree_and_some_of_each_is_asked() {
        for shape in [Shape::Namespaces, Shape::Cluster] {
            let index = Index::new(Policy::new(policy::objects(shape, 300)));
            let defaults = Policy::new(policy::objects(shape, 0)).all_bindings().count();
            assert_eq!(index.policy().all_bindings().count() - defaults, 300);
            let requests = policy::requests(shape, 300, 500);
            let allowed = requests.iter().filter(|request| index.allows(request)).count();
            assert!((100..400).contains(&allowed), "{shape:?}: {allowed}");
            for request in &requests {
                assert_eq!(index.authorize(request), index.policy().authorize(request), "{request:?}");
            }
        }
    }

    #[test]
    fn the_table_shows_how_many_times_as_long_others_take() {
        let row = Row {
            bindings: 100,
            allows: 200.0,
            hot: 250.0,
            cold: 500.0,
            linear: 50_000.0,
            upstream: Some(100_000.0),
            who_can: 1.25,
            build: 0.001,
            memory: Some(3_000_000),
            allowed: 0.5,
        };
        assert_eq!(
            cells(&row),
            [
                "100", "200", "5.00 M", "500", "2.00 M", "4.00 M", "50000", "100", "100000", "200", "1.2",
                "1.0", "3"
            ]
        );
        assert!(report(Shape::Cluster, &[row]).unwrap().contains("50% of them allowed"));
    }
}
