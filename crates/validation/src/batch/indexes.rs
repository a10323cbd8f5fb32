//! Lists of indexes of jobs: `0,2-4`.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/batch/validation` `validateIndexesFormat`.

use ravelin_object::selector::quoted;

/// How many indexes a text lists, all below `completions`, or what is wrong with it.
pub(super) fn count(text: &str, completions: i64) -> Result<i64, String> {
    if text.is_empty() {
        return Ok(0);
    }
    let mut last: Option<i64> = None;
    let mut total = 0_i64;
    for part in text.split(',') {
        let (first, end) = interval(part, completions)?;
        if let Some(last) = last.filter(|last| *last >= first) {
            return Err(format!("non-increasing order, previous: {last}, current: {first}"));
        }
        total = total.saturating_add(end.saturating_sub(first)).saturating_add(1);
        last = Some(end);
    }
    Ok(total)
}

fn interval(text: &str, completions: i64) -> Result<(i64, i64), String> {
    let mut parts = text.split('-');
    let (first, second) = (parts.next().unwrap_or_default(), parts.next());
    if parts.next().is_some() {
        return Err(format!(
            "the fragment {} violates the requirement that an index interval can have at most two parts separated by '-'",
            quoted(text)
        ));
    }
    let index = |text: &str| -> Result<i64, String> {
        let number: i64 = text
            .parse()
            .map_err(|_| format!("cannot convert string to integer for index: {}", quoted(text)))?;
        if number >= completions { Err(format!("too large index: {}", quoted(text))) } else { Ok(number) }
    };
    let start = index(first)?;
    let end = second.map_or(Ok(start), index)?;
    if second.is_some() && start >= end {
        return Err(format!("non-increasing order, previous: {start}, current: {end}"));
    }
    Ok((start, end))
}
