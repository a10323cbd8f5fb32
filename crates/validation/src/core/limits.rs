//! Which limit ranges are valid.

use crate::access::Fields;
use crate::names::qualified_name;
use crate::path::Path;
use crate::quantities::{amount, container_resource_name, may_overcommit, resource_name};
use crate::report::Report;
use crate::{Faults, Kind, metadata};
use ravelin_object::Value;
use ravelin_object::quantity::{Format, Quantity};
use std::collections::{BTreeMap, BTreeSet};

const LIMIT_RANGE: Kind<'static> = Kind { group: "", version: "v1", kind: "LimitRange" };
/// Above this a number of thousandths may not fit.
const MAX_MILLI: i64 = i64::MAX / 1000;

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `ValidateLimitRange`.
pub(crate) fn create(object: &Value, out: &mut Faults) {
    metadata::of_kind(LIMIT_RANGE, true, object, out);
    let mut kinds = BTreeSet::new();
    for (index, limit) in object.get("spec").list("limits").iter().enumerate() {
        let path = Path::new("spec") / "limits" / index;
        let kind = limit.text("type");
        type_name(kind, &(&path / "type"), out);
        if !kinds.insert(kind) {
            out.duplicate(&path / "type", kind);
        }
        item(limit, kind, &path, out);
    }
}

fn type_name(kind: &str, path: &Path, out: &mut Faults) {
    let faults = qualified_name(kind);
    if !faults.is_empty() {
        out.spelling(path, kind, faults);
    } else if !kind.contains('/') && !matches!(kind, "Pod" | "Container" | "PersistentVolumeClaim") {
        out.invalid(path, kind, "must be a standard limit type or fully qualified");
    }
}

type Amounts<'a> = BTreeMap<&'a str, Quantity>;

fn item(limit: &Value, kind: &str, path: &Path, out: &mut Faults) {
    let names = |key: &'static str, out: &mut Faults| -> Amounts<'_> {
        let mut amounts = Amounts::new();
        for (name, value) in limit.entries(key) {
            let path = (path / key).key(name);
            if matches!(kind, "Pod" | "Container") {
                container_resource_name(name, &path, out);
            } else {
                resource_name(name, &path, out);
            }
            amounts.insert(name, amount(value));
        }
        amounts
    };
    let max = names("max", out);
    let min = names("min", out);
    let (mut defaults, mut requests) = (Amounts::new(), Amounts::new());
    if kind == "Pod" {
        for key in ["default", "defaultRequest"] {
            if !limit.map(key).is_empty() {
                out.forbidden(path / key, "may not be specified when `type` is 'Pod'");
            }
        }
    } else {
        defaults = names("default", out);
        requests = names("defaultRequest", out);
    }
    if kind == "PersistentVolumeClaim" && !min.contains_key("storage") && !max.contains_key("storage") {
        let why = "either minimum or maximum storage value is required, but neither was provided";
        out.required(path / "limits", why);
    }
    let ratios = names("maxLimitRequestRatio", out);
    let maps = [&max, &min, &defaults, &requests, &ratios];
    let keys: BTreeSet<&str> = maps.iter().flat_map(|map| map.keys().copied()).collect();
    for key in keys {
        let [max, min, default, request, ratio] = maps.map(|map| map.get(key));
        compared(&Compared { key, max, min, default, request, ratio }, path, out);
    }
}

struct Compared<'a> {
    key: &'a str,
    max: Option<&'a Quantity>,
    min: Option<&'a Quantity>,
    default: Option<&'a Quantity>,
    request: Option<&'a Quantity>,
    ratio: Option<&'a Quantity>,
}

fn compared(of: &Compared<'_>, path: &Path, out: &mut Faults) {
    let Compared { key, max, min, default, request, ratio } = *of;
    let mut order =
        |low: Option<&Quantity>, high: Option<&Quantity>, at: &str, shown: bool, words: [&str; 2]| {
            if let (Some(low), Some(high)) = (low, high)
                && low > high
            {
                let [low_word, high_word] = words;
                let value = if shown { low } else { high };
                let why = format!("{low_word} value {low} is greater than {high_word} value {high}");
                out.invalid((path / at).key(key), value.to_string(), why);
            }
        };
    order(min, max, "min", true, ["min", "max"]);
    order(min, request, "defaultRequest", false, ["min", "default request"]);
    order(request, max, "defaultRequest", true, ["default request", "max"]);
    order(request, default, "defaultRequest", true, ["default request", "default limit"]);
    order(min, default, "default", true, ["min", "default"]);
    order(default, max, "default", false, ["default", "max"]);
    if let Some(ratio) = ratio {
        ratios(ratio, min, max, &(path / "maxLimitRequestRatio").key(key), out);
    }
    if let (Some(default), Some(request)) = (default, request)
        && !may_overcommit(key)
        && default != request
    {
        let why = format!("default value {default} must equal to defaultRequest value {request} in {key}");
        out.invalid((path / "defaultRequest").key(key), request.to_string(), why);
    }
}

fn ratios(ratio: &Quantity, min: Option<&Quantity>, max: Option<&Quantity>, path: &Path, out: &mut Faults) {
    if *ratio < Quantity::new(1, Format::DecimalSi) {
        out.invalid(path, ratio.to_string(), format!("ratio {ratio} is less than 1"));
    }
    let (Some(min), Some(max)) = (min, max) else {
        return;
    };
    let is_small = [ratio, min, max].iter().all(|amount| amount.value() < MAX_MILLI);
    let number = |amount: &Quantity| if is_small { amount.milli_value() } else { amount.value() };
    #[expect(clippy::cast_precision_loss, reason = "upstream computes with 64-bit floats too")]
    let (own, most) = {
        let own = if is_small { ratio.milli_value() as f64 / 1000.0 } else { ratio.value() as f64 };
        (own, number(max) as f64 / number(min) as f64)
    };
    if own > most {
        let most = if most.is_infinite() { "+Inf".to_owned() } else { format!("{most:.6}") };
        out.invalid(path, ratio.to_string(), format!("ratio {ratio} is greater than max/min = {most}"));
    }
}
