//! Names of files as URIs.

use serde_json::{Value, json};
use std::fmt::Write as _;

/// Where a file is: relative to the folder that ravelin ran in, or absolute.
pub(super) fn artifact_location(file: &str) -> Value {
    match absolute(file) {
        Some(path) => json!({"uri": format!("file://{}", encoded(&path))}),
        None => {
            let relative = file.strip_prefix("./").unwrap_or(file);
            json!({"uri": encoded(relative), "uriBaseId": "%SRCROOT%"})
        }
    }
}

/// The path from the root of its file system, with a leading slash.
fn absolute(file: &str) -> Option<String> {
    let mut characters = file.chars();
    match (characters.next(), characters.next(), characters.next()) {
        // Two slashes at the start would name a host.
        (Some('/'), _, _) => Some(format!("/{}", file.trim_start_matches('/'))),
        (Some(drive), Some(':'), Some('/')) if drive.is_ascii_alphabetic() => Some(format!("/{file}")),
        _ => None,
    }
}

/// RFC 3986: everything but unreserved characters and the slashes between folders is percent-encoded. So
/// no colon is left that would make the first folder a scheme.
fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_references() {
        let relative = |uri| json!({"uri": uri, "uriBaseId": "%SRCROOT%"});
        assert_eq!(artifact_location("a b/ä#1.yaml"), relative("a%20b/%C3%A4%231.yaml"));
        assert_eq!(artifact_location("./x:y%20\\z"), relative("x%3Ay%2520%5Cz"));
        assert_eq!(artifact_location("<stdin>"), relative("%3Cstdin%3E"));
        assert_eq!(artifact_location("../up.yaml"), relative("../up.yaml"));
        assert_eq!(artifact_location("/etc/a.yaml"), json!({"uri": "file:///etc/a.yaml"}));
        assert_eq!(artifact_location("//host/a"), json!({"uri": "file:///host/a"}));
        assert_eq!(artifact_location("C:/a b"), json!({"uri": "file:///C%3A/a%20b"}));
        assert_eq!(artifact_location("javascript:x\n"), relative("javascript%3Ax%0A"));
    }
}
