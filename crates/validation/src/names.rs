//! How names, ports and paths are spelled: the rules of `k8s.io/apimachinery/pkg/util/validation` that label
//! selectors do not need.
//!
//! Every function answers with what is wrong, in upstream's words and order; an empty list means valid.

use crate::Faults;
use crate::path::Path;
use ravelin_object::fault::Fault;
pub(crate) use ravelin_object::selector::{
    dns1123_label_faults as dns_label, dns1123_subdomain_faults as dns_subdomain,
    label_value_faults as label_value, qualified_name_faults as qualified_name,
};
use ravelin_object::selector::{path_segment_faults, path_segment_prefix_faults};

/// What is wrong with a name.
pub(crate) type Rule = fn(&str) -> Vec<String>;

/// How the name of an object is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// A DNS subdomain.
    Subdomain,
    /// A DNS label.
    Label,
    /// A segment of a path.
    Segment,
    /// Anything that is there.
    Any,
}

impl Spelling {
    /// What is wrong with a name, or with the prefix of one that will be generated.
    pub(crate) fn faults(self, name: &str, is_prefix: bool) -> Vec<String> {
        match self {
            Self::Subdomain => dns_subdomain(&masked(name, is_prefix)),
            Self::Label => dns_label(&masked(name, is_prefix)),
            Self::Segment => segment(name, is_prefix),
            Self::Any => Vec::new(),
        }
    }
}

/// Of a prefix that ends with a dash, the last two characters are taken for a letter.
///
/// Source: `k8s.io/apimachinery/pkg/api/validation` `maskTrailingDash`.
fn masked(name: &str, is_prefix: bool) -> String {
    if !is_prefix || name.len() <= 1 || !name.ends_with('-') {
        return name.to_owned();
    }
    let kept = name.len().saturating_sub(2);
    // Upstream cuts bytes; a character that is cut in two is no valid name either way.
    name.get(..kept).map_or_else(|| name.to_owned(), |start| format!("{start}a"))
}

/// What keeps a name, or the beginning of one, from being a segment of a path.
fn segment(name: &str, is_prefix: bool) -> Vec<String> {
    if is_prefix { path_segment_prefix_faults(name) } else { path_segment_faults(name) }
}

/// `must be no more than 63 characters`.
pub(crate) fn longest(length: usize) -> String {
    format!("must be no more than {length} characters")
}

/// `must be between 1 and 2, inclusive`.
pub(crate) fn between(low: i64, high: i64) -> String {
    format!("must be between {low} and {high}, inclusive")
}

/// A rule with examples and the expression behind it.
///
/// Source: `k8s.io/apimachinery/pkg/util/validation` `RegexError`.
pub(crate) fn pattern(rule: &str, expression: &str, examples: &[&str]) -> String {
    if examples.is_empty() {
        return format!("{rule} (regex used for validation is '{expression}')");
    }
    let examples: Vec<String> = examples.iter().map(|example| format!("'{example}', ")).collect();
    format!("{rule} (e.g. {}regex used for validation is '{expression}')", examples.join(" or "))
}

/// Whether a text is not empty, starts and ends with characters of `edge`, and has only those of `inner` else.
pub(crate) fn is_spelled(
    value: &str,
    start: fn(u8) -> bool,
    inner: fn(u8) -> bool,
    end: fn(u8) -> bool,
) -> bool {
    let bytes = value.as_bytes();
    bytes.first().is_some_and(|byte| start(*byte))
        && bytes.last().is_some_and(|byte| end(*byte))
        && bytes.iter().all(|byte| inner(*byte))
}

const fn lower_or_digit(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

/// Source: `IsDNS1035Label`.
pub(crate) fn dns1035_label(value: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if value.len() > 63 {
        faults.push(longest(63));
    }
    let inner = |byte: u8| lower_or_digit(byte) || byte == b'-';
    if !is_spelled(value, |byte| byte.is_ascii_lowercase(), inner, lower_or_digit) {
        let rule = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
        faults.push(pattern(rule, "[a-z]([-a-z0-9]*[a-z0-9])?", &["my-name", "abc-123"]));
    }
    faults
}

/// Source: `IsDNS1123SubdomainWithUnderscore`.
pub(crate) fn dns_subdomain_with_underscore(value: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if value.len() > 253 {
        faults.push(longest(253));
    }
    let is_label = |label: &str| {
        let label = label.strip_prefix('_').unwrap_or(label);
        is_spelled(
            label,
            lower_or_digit,
            |byte| lower_or_digit(byte) || matches!(byte, b'-' | b'_'),
            lower_or_digit,
        )
    };
    if !value.split('.').all(is_label) {
        let rule = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
        let label = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
        faults.push(pattern(rule, &format!("{label}(\\.{label})*"), &["example.com"]));
    }
    faults
}

/// Source: `IsWildcardDNS1123Subdomain`.
pub(crate) fn wildcard_dns_subdomain(value: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if value.len() > 253 {
        faults.push(longest(253));
    }
    let is_label = |label: &str| {
        is_spelled(label, lower_or_digit, |byte| lower_or_digit(byte) || byte == b'-', lower_or_digit)
    };
    if !value.strip_prefix("*.").is_some_and(|rest| rest.split('.').all(is_label)) {
        let rule = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
        let label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
        faults.push(pattern(rule, &format!("\\*\\.{label}(\\.{label})*"), &["*.example.com"]));
    }
    faults
}

/// Source: `IsValidPortNum`.
pub(crate) fn port_number(port: i64) -> Vec<String> {
    if (1..=65535).contains(&port) { Vec::new() } else { vec![between(1, 65535)] }
}

/// Source: `IsValidPortName`.
pub(crate) fn port_name(name: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if name.len() > 15 {
        faults.push(longest(15));
    }
    if name.is_empty() || !name.bytes().all(|byte| lower_or_digit(byte) || byte == b'-') {
        faults.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".to_owned());
    }
    if !name.bytes().any(|byte| byte.is_ascii_lowercase()) {
        faults.push("must contain at least one letter (a-z)".to_owned());
    }
    if name.contains("--") {
        faults.push("must not contain consecutive hyphens".to_owned());
    }
    if name.starts_with('-') || name.ends_with('-') {
        faults.push("must not begin or end with a hyphen".to_owned());
    }
    faults
}

/// Source: `IsValidPercent`.
pub(crate) fn percent(text: &str) -> Vec<String> {
    let is_valid = text
        .strip_suffix('%')
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
    if is_valid {
        return Vec::new();
    }
    let rule = "a valid percent string must be a numeric string followed by an ending '%'";
    vec![pattern(rule, "[0-9]+%", &["1%", "93%"])]
}

/// Source: `IsHTTPHeaderName`.
pub(crate) fn http_header_name(name: &str) -> Vec<String> {
    if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Vec::new();
    }
    let rule = "a valid HTTP header must consist of alphanumeric characters or '-'";
    vec![pattern(rule, "[-A-Za-z0-9]+", &["X-Header-Name"])]
}

/// The name of an environment variable, as it is allowed since v1.34.
///
/// Source: `IsRelaxedEnvVarName`.
pub(crate) fn environment_name(name: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if name.is_empty() {
        faults.push("environment variable name must be non-empty".to_owned());
    }
    if name.chars().any(|letter| !(letter == ' ' || letter.is_ascii_graphic()) || letter == '=') {
        faults.push(
            "a valid environment variable name must consist only of printable ASCII characters other than '='".to_owned(),
        );
    }
    faults
}

/// A key of a ConfigMap or a Secret.
///
/// Source: `IsConfigMapKey`.
pub(crate) fn config_key(key: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if key.len() > 253 {
        faults.push(longest(253));
    }
    let is_valid = !key.is_empty()
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
    if !is_valid {
        let rule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
        faults.push(pattern(rule, "[-._a-zA-Z0-9]+", &["key.name", "KEY_NAME", "key-name"]));
    }
    if key == "." || key == ".." {
        faults.push(format!("must not be '{key}'"));
    } else if key.starts_with("..") {
        faults.push("must not start with '..'".to_owned());
    }
    faults
}

/// A group of users or a user by number.
///
/// Source: `IsValidGroupID`, `IsValidUserID`.
pub(crate) fn identity_number(number: i64) -> Vec<String> {
    let most = i64::from(i32::MAX);
    if (0..=most).contains(&number) { Vec::new() } else { vec![between(0, most)] }
}

/// Source: `k8s.io/apimachinery/pkg/api/validate/content` `IsDecimalInteger`.
pub(crate) fn decimal_integer(text: &str) -> Vec<String> {
    if text.is_empty() {
        return vec!["must be non-empty".to_owned()];
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_valid = text == "0"
        || (!digits.is_empty()
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit()));
    if is_valid { Vec::new() } else { vec!["must be a valid decimal integer in canonical form".to_owned()] }
}

/// A domain with at least three segments.
///
/// Source: `IsFullyQualifiedName`.
pub(crate) fn fully_qualified_name(path: &Path, name: &str, out: &mut Faults) {
    if name.is_empty() {
        out.push(Fault::required(path, ""));
        return;
    }
    let faults = dns_subdomain(name);
    if !faults.is_empty() {
        out.push(Fault::invalid(path, name, faults.join(",")));
    } else if name.split('.').count() < 3 {
        let why = "should be a domain with at least three segments separated by dots";
        out.push(Fault::invalid(path, name, why));
    }
}

/// A domain and a path: `acme.io/foo`.
///
/// Source: `IsDomainPrefixedPath`.
pub(crate) fn domain_prefixed_path(path: &Path, text: &str, out: &mut Faults) {
    if text.is_empty() {
        out.push(Fault::required(path, ""));
        return;
    }
    let Some((host, rest)) = text.split_once('/').filter(|(host, rest)| !host.is_empty() && !rest.is_empty())
    else {
        out.push(Fault::invalid(path, text, "must be a domain-prefixed path (such as \"acme.io/foo\")"));
        return;
    };
    add(out, path, host, dns_subdomain(host));
    if !rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&byte)) {
        out.push(Fault::invalid(
            path,
            rest,
            pattern("Invalid path", "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+", &[]),
        ));
    }
}

/// A domain and a key: `acme.io/foo`.
///
/// Source: `IsDomainPrefixedKey`.
pub(crate) fn domain_prefixed_key(path: &Path, key: &str, out: &mut Faults) {
    if key.is_empty() {
        out.push(Fault::required(path, ""));
        return;
    }
    let faults = qualified_name(key);
    if !faults.is_empty() {
        add(out, path, key, faults);
    } else if key.split('/').count() != 2 {
        out.push(Fault::invalid(path, key, "must be a domain-prefixed key (such as \"acme.io/foo\")"));
    }
}

/// Adds what is wrong with the value of a field.
pub(crate) fn add(out: &mut Faults, path: &Path, value: &str, faults: Vec<String>) {
    out.extend(faults.into_iter().map(|fault| Fault::invalid(path, value, fault)));
}
