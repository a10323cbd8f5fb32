//! Which policies an API server accepts.
//!
//! Source: `k8s.io/apiserver/pkg/apis/audit/validation`.

use super::load::{RawPolicy, RawRule};
use crate::{Level, Stage};
use ravelin_object::fault::Fault;
use ravelin_object::json_string;
use ravelin_object::selector::dns1123_subdomain_faults;

/// What is wrong, in upstream's order.
pub(super) fn faults(policy: &RawPolicy<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    of_stages(&policy.omit_stages, "omitStages", &mut faults);
    for (index, rule) in policy.rules.iter().enumerate() {
        of_rule(rule, &format!("rules[{index}]"), &mut faults);
    }
    faults
}

fn of_rule(rule: &RawRule<'_>, path: &str, faults: &mut Vec<Fault>) {
    of_level(rule.level, format!("{path}.level"), faults);
    let urls_path = format!("{path}.nonResourceURLs");
    for (index, url) in rule.non_resource_urls.iter().enumerate() {
        of_url(url, &format!("{urls_path}[{index}]"), faults);
    }
    for resources in &rule.resources {
        let group = resources.group;
        let problems = match group {
            "" | "*" => Vec::new(),
            group => dns1123_subdomain_faults(group),
        };
        if !problems.is_empty() {
            let path = format!("{path}.resources.group");
            faults.push(Fault::invalid(path, group, problems.join(",")));
        }
        if !resources.resource_names.is_empty() && resources.resources.is_empty() {
            let path = format!("{path}.resources.resourceNames");
            let detail = "using resourceNames requires at least one resource";
            faults.push(Fault::invalid_shown(path, list(&resources.resource_names), detail));
        }
    }
    of_stages(&rule.omit_stages, &format!("{path}.omitStages"), faults);
    let is_about_resources = !rule.resources.is_empty() || !rule.namespaces.is_empty();
    if is_about_resources && !rule.non_resource_urls.is_empty() {
        let detail = "rules cannot apply to both regular resources and non-resource URLs";
        faults.push(Fault::invalid_shown(urls_path, list(&rule.non_resource_urls), detail));
    }
}

fn of_level(level: &str, path: String, faults: &mut Vec<Fault>) {
    if Level::named(level).is_some() {
        return;
    }
    faults.push(if level.is_empty() {
        Fault::required(path, "")
    } else {
        Fault::not_supported(path, level, &Level::ALL.map(Level::name))
    });
}

fn of_url(url: &str, path: &str, faults: &mut Vec<Fault>) {
    if url == "*" {
        return;
    }
    if !url.starts_with('/') {
        let detail = "non-resource URL rules must begin with a '/' character";
        faults.push(Fault::invalid(path, url, detail));
    }
    // All but the last byte, as upstream: a `*` is one byte wherever it stands.
    if url.bytes().rev().skip(1).any(|byte| byte == b'*') {
        let detail = "non-resource URL wildcards '*' must be the final character of the rule";
        faults.push(Fault::invalid(path, url, detail));
    }
}

fn of_stages(stages: &[&str], path: &str, faults: &mut Vec<Fault>) {
    for (index, stage) in stages.iter().enumerate() {
        if Stage::named(stage).is_none() {
            let allowed = Stage::ALL.map(Stage::name).join(",");
            let detail = format!("allowed stages are {allowed}");
            faults.push(Fault::invalid(format!("{path}[{index}]"), *stage, detail));
        }
    }
}

fn list(values: &[&str]) -> String {
    let values: Vec<String> = values.iter().map(|value| json_string(value)).collect();
    format!("[{}]", values.join(","))
}
