//! The spelling rules of label keys, label values and DNS names.
//!
//! Every function answers with the list of faults, in upstream's words and order; an empty list means valid.
//! Lengths are counted in bytes.
//!
//! Source: `k8s.io/apimachinery/pkg/api/validate/content` and `pkg/util/validation`, v0.36.

const NAME_LIMIT: usize = 63;
const SUBDOMAIN_LIMIT: usize = 253;

const QUALIFIED_NAME: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const QUALIFIED_NAME_RULE: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const QUALIFIED_NAME_EXAMPLES: &[&str] = &["MyName", "my.name", "123-abc"];

const LABEL_VALUE: &str = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";
const LABEL_VALUE_RULE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

const DNS1123_LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const DNS1123_LABEL_RULE: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";

const DNS1123_SUBDOMAIN: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const DNS1123_SUBDOMAIN_RULE: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";

/// What keeps `value` from being a segment of a path.
///
/// Source: `k8s.io/apimachinery/pkg/api/validate/content` `IsPathSegmentName`.
#[must_use]
pub fn path_segment_faults(value: &str) -> Vec<String> {
    if matches!(value, "." | "..") {
        return vec![format!("may not be '{value}'")];
    }
    path_segment_prefix_faults(value)
}

/// What keeps `value` from beginning a segment of a path.
///
/// Source: `k8s.io/apimachinery/pkg/api/validate/content` `IsPathSegmentPrefix`.
#[must_use]
pub fn path_segment_prefix_faults(value: &str) -> Vec<String> {
    let illegal = ["/", "%"].into_iter().filter(|illegal| value.contains(illegal));
    illegal.map(|illegal| format!("may not contain '{illegal}'")).collect()
}

/// What keeps `value` from being a qualified name: a label or annotation key, `[prefix/]name`, whose prefix is a
/// DNS subdomain and whose name has at most 63 bytes.
///
/// Source: `k8s.io/apimachinery/pkg/api/validate/content` `IsLabelKey` (formerly `IsQualifiedName`).
#[must_use]
pub fn qualified_name_faults(value: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut parts = value.split('/');
    let name = match (parts.next(), parts.next(), parts.next()) {
        (Some(name), None, _) => name,
        (Some(prefix), Some(name), None) => {
            if prefix.is_empty() {
                faults.push("prefix part must be non-empty".to_owned());
            } else {
                faults.extend(
                    subdomain_faults(prefix, "bytes").into_iter().map(|fault| format!("prefix part {fault}")),
                );
            }
            name
        }
        _ => {
            let fault = pattern_fault(QUALIFIED_NAME_RULE, QUALIFIED_NAME, QUALIFIED_NAME_EXAMPLES);
            return vec![format!(
                "a valid label key {fault} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
    };
    if name.is_empty() {
        faults.push("name part must be non-empty".to_owned());
    } else if name.len() > NAME_LIMIT {
        faults.push(format!("name part {}", length_fault(NAME_LIMIT, "bytes")));
    }
    if !is_label_text(name) {
        let fault = pattern_fault(QUALIFIED_NAME_RULE, QUALIFIED_NAME, QUALIFIED_NAME_EXAMPLES);
        faults.push(format!("name part {fault}"));
    }
    faults
}

/// What keeps `value` from being a label value. The empty value is valid.
///
/// Source: `k8s.io/apimachinery/pkg/api/validate/content` `IsLabelValue`.
#[must_use]
pub fn label_value_faults(value: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if value.len() > NAME_LIMIT {
        faults.push(length_fault(NAME_LIMIT, "bytes"));
    }
    if !value.is_empty() && !is_label_text(value) {
        faults.push(pattern_fault(LABEL_VALUE_RULE, LABEL_VALUE, &["MyValue", "my_value", "12345"]));
    }
    faults
}

/// What keeps `value` from being a DNS label as RFC 1123 has it, e.g. the name of a namespace.
///
/// Source: `k8s.io/apimachinery/pkg/util/validation` `IsDNS1123Label`.
#[must_use]
pub fn dns1123_label_faults(value: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if value.len() > NAME_LIMIT {
        faults.push(length_fault(NAME_LIMIT, "characters"));
    }
    if !is_dns_label(value) {
        faults.push(if is_dns_subdomain(value) {
            "must not contain dots".to_owned()
        } else {
            pattern_fault(DNS1123_LABEL_RULE, DNS1123_LABEL, &["my-name", "123-abc"])
        });
    }
    faults
}

/// What keeps `value` from being a DNS subdomain as RFC 1123 has it, e.g. the name of most objects.
///
/// Source: `k8s.io/apimachinery/pkg/util/validation` `IsDNS1123Subdomain`.
#[must_use]
pub fn dns1123_subdomain_faults(value: &str) -> Vec<String> {
    subdomain_faults(value, "characters")
}

/// Upstream has this rule twice: what it calls bytes in a label key it calls characters in a name.
fn subdomain_faults(value: &str, unit: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if value.len() > SUBDOMAIN_LIMIT {
        faults.push(length_fault(SUBDOMAIN_LIMIT, unit));
    }
    if !is_dns_subdomain(value) {
        faults.push(pattern_fault(DNS1123_SUBDOMAIN_RULE, DNS1123_SUBDOMAIN, &["example.com"]));
    }
    faults
}

fn is_dns_subdomain(value: &str) -> bool {
    value.split('.').all(is_dns_label)
}

fn is_dns_label(value: &str) -> bool {
    let edge = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    is_spelled(value, edge, |byte| edge(byte) || byte == b'-')
}

fn is_label_text(value: &str) -> bool {
    is_spelled(
        value,
        |byte| byte.is_ascii_alphanumeric(),
        |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'),
    )
}

fn is_spelled(value: &str, edge: impl Fn(u8) -> bool, inner: impl Fn(u8) -> bool) -> bool {
    let bytes = value.as_bytes();
    bytes.first().is_some_and(|first| edge(*first))
        && bytes.last().is_some_and(|last| edge(*last))
        && bytes.iter().all(|byte| inner(*byte))
}

fn length_fault(limit: usize, unit: &str) -> String {
    format!("must be no more than {limit} {unit}")
}

fn pattern_fault(rule: &str, pattern: &str, examples: &[&str]) -> String {
    let examples: Vec<String> = examples.iter().map(|example| format!("'{example}', ")).collect();
    format!("{rule} (e.g. {}regex used for validation is '{pattern}')", examples.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_valid() {
        for name in ["a", "A1", "x_y.z-0", "example.com/Name", "a-b.c/9", &"n".repeat(63)] {
            assert_eq!(qualified_name_faults(name), Vec::<String>::new(), "{name}");
        }
        for value in ["", "v1.2", "A_b-c", &"v".repeat(63)] {
            assert_eq!(label_value_faults(value), Vec::<String>::new(), "{value}");
        }
        assert!(dns1123_label_faults("kube-system").is_empty());
        assert!(dns1123_subdomain_faults("a.b-c.0").is_empty());
    }

    #[test]
    fn faults_are_upstreams_words_in_upstreams_order() {
        assert_eq!(
            qualified_name_faults("/"),
            [
                "prefix part must be non-empty",
                "name part must be non-empty",
                "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
            ]
        );
        assert_eq!(
            qualified_name_faults("p/q/r"),
            [
                "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            ]
        );
        assert_eq!(label_value_faults(&"v".repeat(64)), ["must be no more than 63 bytes"]);
        assert_eq!(
            label_value_faults("v v"),
            [
                "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
            ]
        );
    }

    #[test]
    fn a_label_with_dots_is_told_apart() {
        assert_eq!(dns1123_label_faults("a.b"), ["must not contain dots"]);
        assert_eq!(
            dns1123_label_faults("a..b"),
            [
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
            ]
        );
        let long = "d".repeat(254);
        assert_eq!(
            qualified_name_faults(&format!("{long}/x")),
            ["prefix part must be no more than 253 bytes"]
        );
        assert_eq!(dns1123_subdomain_faults(&long), ["must be no more than 253 characters"]);
        assert_eq!(dns1123_label_faults(&"d".repeat(64)), ["must be no more than 63 characters"]);
        assert_eq!(
            dns1123_subdomain_faults("Upper"),
            [
                "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
            ]
        );
    }
}
