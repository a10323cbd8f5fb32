//! Which texts are schedules of jobs that recur.
//!
//! Source: `github.com/robfig/cron/v3` `ParseStandard`, whose texts are reproduced.

use ravelin_object::selector::quoted;

struct Bounds {
    min: i64,
    max: i64,
    names: &'static [&'static str],
    first: i64,
}

const FIELDS: &[Bounds] = &[
    Bounds { min: 0, max: 59, names: &[], first: 0 },
    Bounds { min: 0, max: 23, names: &[], first: 0 },
    Bounds { min: 1, max: 31, names: &[], first: 0 },
    Bounds {
        min: 1,
        max: 12,
        names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
        first: 1,
    },
    Bounds { min: 0, max: 6, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"], first: 0 },
];

/// Whether a text is a schedule, or why not.
pub(crate) fn parse(text: &str) -> Result<(), String> {
    let mut rest = text;
    if text.starts_with("TZ=") || text.starts_with("CRON_TZ=") {
        // The zone is not looked up: that needs the database of time zones.
        rest = match text.split_once(' ') {
            Some((_, rest)) => rest.trim(),
            None => return Err("runtime error: slice bounds out of range".to_owned()),
        };
    }
    if rest.starts_with('@') {
        return descriptor(rest);
    }
    let fields: Vec<&str> = rest.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        let listed = fields.join(" ");
        return Err(format!("expected exactly 5 fields, found {}: [{listed}]", fields.len()));
    }
    for (field, bounds) in fields.iter().zip(FIELDS) {
        for part in field.split(',').filter(|part| !part.is_empty()) {
            range(part, bounds)?;
        }
    }
    Ok(())
}

fn descriptor(text: &str) -> Result<(), String> {
    let known = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];
    if known.contains(&text) {
        return Ok(());
    }
    match text.strip_prefix("@every ") {
        Some(duration) if is_duration(duration) => Ok(()),
        Some(duration) => {
            Err(format!("failed to parse duration {text}: time: invalid duration {}", quoted(duration)))
        }
        None => Err(format!("unrecognized descriptor: {text}")),
    }
}

/// Source: `time.ParseDuration`.
fn is_duration(text: &str) -> bool {
    let mut rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let number = rest.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
        let digits = rest.len().saturating_sub(number.len());
        let has_digit = rest.bytes().take(digits).any(|byte| byte.is_ascii_digit());
        let dots = rest.bytes().take(digits).filter(|byte| *byte == b'.').count();
        let units = ["ns", "us", "µs", "μs", "ms", "s", "m", "h"];
        let end =
            number.find(|letter: char| letter.is_ascii_digit() || letter == '.').unwrap_or(number.len());
        let (unit, after) = number.split_at_checked(end).unwrap_or((number, ""));
        if !has_digit || dots > 1 || !units.contains(&unit) {
            return false;
        }
        rest = after;
    }
    true
}

fn range(text: &str, bounds: &Bounds) -> Result<(), String> {
    let mut parts = text.split('/');
    let (span, step, more) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    let mut ends = span.split('-');
    let (low, high, extra) = (ends.next().unwrap_or_default(), ends.next(), ends.next());
    let (start, mut end) = if matches!(low, "*" | "?") {
        (bounds.min, bounds.max)
    } else {
        let start = number_or_name(low, bounds)?;
        if extra.is_some() {
            return Err(format!("too many hyphens: {text}"));
        }
        (start, high.map_or(Ok(start), |high| number_or_name(high, bounds))?)
    };
    let mut every = 1;
    if let Some(step) = step {
        if more.is_some() {
            return Err(format!("too many slashes: {text}"));
        }
        every = number(step)?;
        if high.is_none() {
            end = bounds.max;
        }
    }
    let Bounds { min, max, .. } = bounds;
    if start < *min {
        Err(format!("beginning of range ({start}) below minimum ({min}): {text}"))
    } else if end > *max {
        Err(format!("end of range ({end}) above maximum ({max}): {text}"))
    } else if start > end {
        Err(format!("beginning of range ({start}) beyond end of range ({end}): {text}"))
    } else if every == 0 {
        Err(format!("step of range should be a positive number: {text}"))
    } else {
        Ok(())
    }
}

fn number_or_name(text: &str, bounds: &Bounds) -> Result<i64, String> {
    let lower = text.to_lowercase();
    match bounds.names.iter().position(|name| *name == lower) {
        Some(index) => Ok(bounds.first.saturating_add(i64::try_from(index).unwrap_or_default())),
        None => number(text),
    }
}

fn number(text: &str) -> Result<i64, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<i64>() {
        Ok(number) if number < 0 => Err(format!("negative number ({number}) not allowed: {text}")),
        Ok(number) => Ok(number),
        Err(_) => {
            let why = if is_number { "value out of range" } else { "invalid syntax" };
            let shown = quoted(text);
            Err(format!("failed to parse int from {text}: strconv.Atoi: parsing {shown}: {why}"))
        }
    }
}
