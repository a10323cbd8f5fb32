//! Whether the name of an image asks for its latest tag, which decides how it is pulled.

/// The pull policy of an image that has none: `Always` for the latest, `IfNotPresent` otherwise.
pub(crate) fn pull_policy(image: &str) -> &'static str {
    if is_latest(image) { "Always" } else { "IfNotPresent" }
}

/// Whether an image reference means the tag `latest`. One that cannot be read does not.
///
/// Source: `k8s.io/kubernetes/pkg/util/parsers` `ParseImageName`, `github.com/distribution/reference`.
fn is_latest(image: &str) -> bool {
    if image.len() == 64 && image.bytes().all(is_lower_hex) {
        return false;
    }
    let (domain, remainder) = split_domain(image);
    let repository = remainder.split(':').next().unwrap_or_default();
    if repository.chars().any(|letter| !letter.to_lowercase().eq([letter])) {
        return false;
    }
    let (rest, digest) = match remainder.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (remainder.as_str(), None),
    };
    let (path, tag) = match rest.rsplit_once(':') {
        Some((path, tag)) => (path, Some(tag)),
        None => (rest, None),
    };
    let is_read = is_name(&domain, path) && tag.is_none_or(is_tag) && digest.is_none_or(is_digest);
    is_read && tag.map_or(digest.is_none(), |tag| tag == "latest")
}

fn split_domain(image: &str) -> (String, String) {
    const HUB: &str = "docker.io";
    let (domain, remainder) = match image.split_once('/') {
        None => return (HUB.to_owned(), format!("library/{image}")),
        Some(("index.docker.io", rest)) => (HUB, rest),
        Some((domain, rest))
            if domain == "localhost"
                || domain.contains(['.', ':'])
                || domain.chars().any(|letter| !letter.to_lowercase().eq([letter])) =>
        {
            (domain, rest)
        }
        Some(_) => (HUB, image),
    };
    if domain == HUB && !remainder.contains('/') {
        return (HUB.to_owned(), format!("library/{remainder}"));
    }
    (domain.to_owned(), remainder.to_owned())
}

/// A name is a domain and a path, or, where the domain is none, a path as a whole.
fn is_name(domain: &str, path: &str) -> bool {
    const LONGEST: usize = 255;
    if is_domain(domain) && is_path(path) {
        return path.len() <= LONGEST;
    }
    is_path(domain) && is_path(path) && domain.len() + 1 + path.len() <= LONGEST
}

fn is_domain(domain: &str) -> bool {
    if let Some(rest) = domain.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else { return false };
        let is_address = !address.is_empty() && address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':');
        return is_address && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
    }
    let (host, port) = match domain.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (domain, None),
    };
    port.is_none_or(is_port) && host.split('.').all(is_domain_component)
}

fn is_port(port: &str) -> bool {
    !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit())
}

fn is_domain_component(component: &str) -> bool {
    let is_edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
    is_edge(component.bytes().next())
        && is_edge(component.bytes().last())
        && component.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn is_path(path: &str) -> bool {
    path.split('/').all(is_path_component)
}

/// Letters and digits, held together by `.`, `_`, `__` or any number of `-`.
fn is_path_component(component: &str) -> bool {
    let is_alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let mut separator = String::new();
    let mut seen = false;
    for letter in component.chars() {
        if letter.is_ascii() && is_alphanumeric(letter as u8) {
            let is_separator = separator.is_empty()
                || matches!(separator.as_str(), "." | "_" | "__")
                || separator.bytes().all(|b| b == b'-');
            if !is_separator || (!seen && !separator.is_empty()) {
                return false;
            }
            separator.clear();
            seen = true;
        } else if matches!(letter, '.' | '_' | '-') {
            separator.push(letter);
        } else {
            return false;
        }
    }
    seen && separator.is_empty()
}

fn is_tag(tag: &str) -> bool {
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    tag.len() <= 128
        && tag.bytes().next().is_some_and(is_word)
        && tag.bytes().all(|b| is_word(b) || b == b'.' || b == b'-')
}

fn is_digest(digest: &str) -> bool {
    let Some((algorithm, hex)) = digest.split_once(':') else { return false };
    let length = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return false,
    };
    hex.len() == length && hex.bytes().all(is_lower_hex)
}

const fn is_lower_hex(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'a'..=b'f')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_is_always_pulled() {
        let digest = format!("busybox@sha256:{}", "a".repeat(64));
        let both = format!("busybox:latest@sha256:{}", "a".repeat(64));
        let hex = "a".repeat(64);
        for (image, policy) in [
            ("busybox", "Always"),
            ("busybox:latest", "Always"),
            ("busybox:1", "IfNotPresent"),
            ("localhost:5000/a/b", "Always"),
            ("localhost:5000/a/b:2", "IfNotPresent"),
            ("REG.io/a", "Always"),
            ("Upper/a", "Always"),
            ("Upper", "IfNotPresent"),
            ("", "IfNotPresent"),
            ("a b", "IfNotPresent"),
            ("a__b", "Always"),
            ("a___b", "IfNotPresent"),
            ("a--b", "Always"),
            ("[::1]:5000/a", "Always"),
            (&digest, "IfNotPresent"),
            (&both, "Always"),
            (&hex, "IfNotPresent"),
            ("a@sha256:12", "IfNotPresent"),
            ("a_b.c/x", "Always"),
        ] {
            assert_eq!(pull_policy(image), policy, "{image}");
        }
    }
}
