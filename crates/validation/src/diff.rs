//! What changed between two values, as a unified diff of their JSON.
//!
//! Source: `k8s.io/apimachinery/pkg/util/diff` `Diff`; `github.com/pmezard/go-difflib`, whose groups and junk rules
//! are reproduced.

use ravelin_object::Value;
use ravelin_object::json_string;
use std::collections::BTreeMap;

/// How many lines stay around a change.
const CONTEXT: usize = 3;

/// The unified diff of two values, each indented by one space a level.
pub(crate) fn diff(old: &Value, new: &Value) -> String {
    let (old, new) = (pretty(old), pretty(new));
    let (old, new) = (lines(&old), lines(&new));
    unified(&old, &new)
}

fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.split('\n').map(|line| format!("{line}\n")).collect();
    if lines.is_empty() {
        lines.push("\n".to_owned());
    }
    lines
}

fn pretty(value: &Value) -> String {
    let mut out = String::new();
    write(value, 0, &mut out);
    out
}

fn write(value: &Value, level: usize, out: &mut String) {
    let line = |out: &mut String, level: usize| {
        out.push('\n');
        out.push_str(&" ".repeat(level));
    };
    let inner = level.saturating_add(1);
    match value {
        Value::Array(items) if !items.is_empty() => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                line(out, inner);
                write(item, inner, out);
            }
            line(out, level);
            out.push(']');
        }
        Value::Object(map) if !map.is_empty() => {
            out.push('{');
            for (index, (key, item)) in map.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                line(out, inner);
                out.push_str(&json_string(key));
                out.push_str(": ");
                write(item, inner, out);
            }
            line(out, level);
            out.push('}');
        }
        other => out.push_str(&ravelin_object::json_text(other)),
    }
}

/// A run of equal lines: where it starts on each side, and how long it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Match {
    old: usize,
    new: usize,
    size: usize,
}

/// A step from one text to the other.
#[derive(Clone, Copy, Debug)]
struct Step {
    is_equal: bool,
    old: (usize, usize),
    new: (usize, usize),
}

fn unified(old: &[String], new: &[String]) -> String {
    let mut out = String::new();
    for group in groups(steps(old, new)) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else {
            continue;
        };
        out.push_str(&format!(
            "@@ -{} +{} @@\n",
            range(first.old.0, last.old.1),
            range(first.new.0, last.new.1)
        ));
        for step in &group {
            if step.is_equal {
                push(&mut out, ' ', old, step.old);
            } else {
                push(&mut out, '-', old, step.old);
                push(&mut out, '+', new, step.new);
            }
        }
    }
    out
}

fn push(out: &mut String, mark: char, lines: &[String], (start, end): (usize, usize)) {
    for line in lines.iter().take(end).skip(start) {
        out.push(mark);
        out.push_str(line);
    }
}

fn range(start: usize, end: usize) -> String {
    let length = end.saturating_sub(start);
    let first = start.saturating_add(1);
    match length {
        1 => first.to_string(),
        0 => format!("{start},0"),
        _ => format!("{first},{length}"),
    }
}

fn steps(old: &[String], new: &[String]) -> Vec<Step> {
    let mut steps = Vec::new();
    let (mut at_old, mut at_new) = (0, 0);
    for found in matches(old, new) {
        if at_old < found.old || at_new < found.new {
            steps.push(Step { is_equal: false, old: (at_old, found.old), new: (at_new, found.new) });
        }
        at_old = found.old.saturating_add(found.size);
        at_new = found.new.saturating_add(found.size);
        if found.size > 0 {
            steps.push(Step { is_equal: true, old: (found.old, at_old), new: (found.new, at_new) });
        }
    }
    steps
}

fn groups(mut steps: Vec<Step>) -> Vec<Vec<Step>> {
    if let Some(first) = steps.first_mut().filter(|step| step.is_equal) {
        first.old.0 = first.old.0.max(first.old.1.saturating_sub(CONTEXT));
        first.new.0 = first.new.0.max(first.new.1.saturating_sub(CONTEXT));
    }
    if let Some(last) = steps.last_mut().filter(|step| step.is_equal) {
        last.old.1 = last.old.1.min(last.old.0.saturating_add(CONTEXT));
        last.new.1 = last.new.1.min(last.new.0.saturating_add(CONTEXT));
    }
    let mut groups = Vec::new();
    let mut group: Vec<Step> = Vec::new();
    for mut step in steps {
        if step.is_equal && step.old.1.saturating_sub(step.old.0) > CONTEXT.saturating_mul(2) {
            let end = |(start, end): (usize, usize)| (start, end.min(start.saturating_add(CONTEXT)));
            group.push(Step { is_equal: true, old: end(step.old), new: end(step.new) });
            groups.push(std::mem::take(&mut group));
            step.old.0 = step.old.0.max(step.old.1.saturating_sub(CONTEXT));
            step.new.0 = step.new.0.max(step.new.1.saturating_sub(CONTEXT));
        }
        group.push(step);
    }
    if group.len() > 1 || group.first().is_some_and(|step| !step.is_equal) {
        groups.push(group);
    }
    groups
}

/// The runs of equal lines, in order, ended by an empty one.
fn matches(old: &[String], new: &[String]) -> Vec<Match> {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, line) in new.iter().enumerate() {
        places.entry(line).or_default().push(index);
    }
    // In long texts, lines that are all over the place start no run.
    if new.len() >= 200 {
        let most = (new.len() / 100).saturating_add(1);
        places.retain(|_, indexes| indexes.len() <= most);
    }
    let mut found = Vec::new();
    let mut open = vec![((0, old.len()), (0, new.len()))];
    while let Some((in_old, in_new)) = open.pop() {
        let best = longest(old, new, &places, in_old, in_new);
        if best.size == 0 {
            continue;
        }
        found.push(best);
        if in_old.0 < best.old && in_new.0 < best.new {
            open.push(((in_old.0, best.old), (in_new.0, best.new)));
        }
        let (after_old, after_new) = (best.old.saturating_add(best.size), best.new.saturating_add(best.size));
        if after_old < in_old.1 && after_new < in_new.1 {
            open.push(((after_old, in_old.1), (after_new, in_new.1)));
        }
    }
    found.sort();
    let mut joined: Vec<Match> = Vec::new();
    for next in found {
        match joined.last_mut() {
            Some(last)
                if last.old.saturating_add(last.size) == next.old
                    && last.new.saturating_add(last.size) == next.new =>
            {
                last.size = last.size.saturating_add(next.size);
            }
            _ => joined.push(next),
        }
    }
    joined.push(Match { old: old.len(), new: new.len(), size: 0 });
    joined
}

/// The longest run of equal lines within bounds, the first of several.
fn longest(
    old: &[String],
    new: &[String],
    places: &BTreeMap<&str, Vec<usize>>,
    in_old: (usize, usize),
    in_new: (usize, usize),
) -> Match {
    let mut best = Match { old: in_old.0, new: in_new.0, size: 0 };
    let mut lengths: BTreeMap<usize, usize> = BTreeMap::new();
    for (index, line) in old.iter().enumerate().take(in_old.1).skip(in_old.0) {
        let mut next = BTreeMap::new();
        for place in places.get(line.as_str()).into_iter().flatten().copied() {
            if place < in_new.0 {
                continue;
            }
            if place >= in_new.1 {
                break;
            }
            let before =
                place.checked_sub(1).and_then(|place| lengths.get(&place)).copied().unwrap_or_default();
            let size = before.saturating_add(1);
            next.insert(place, size);
            if size > best.size {
                let back = size.saturating_sub(1);
                best = Match { old: index.saturating_sub(back), new: place.saturating_sub(back), size };
            }
        }
        lengths = next;
    }
    extend(old, new, in_old, in_new, best)
}

/// A run with the equal lines around it that started none themselves.
fn extend(
    old: &[String],
    new: &[String],
    in_old: (usize, usize),
    in_new: (usize, usize),
    run: Match,
) -> Match {
    let mut run = run;
    while run.old > in_old.0
        && run.new > in_new.0
        && old.get(run.old.saturating_sub(1)) == new.get(run.new.saturating_sub(1))
    {
        run = Match {
            old: run.old.saturating_sub(1),
            new: run.new.saturating_sub(1),
            size: run.size.saturating_add(1),
        };
    }
    while run.old.saturating_add(run.size) < in_old.1
        && run.new.saturating_add(run.size) < in_new.1
        && old.get(run.old.saturating_add(run.size)) == new.get(run.new.saturating_add(run.size))
    {
        run.size = run.size.saturating_add(1);
    }
    run
}
