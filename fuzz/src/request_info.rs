//! Any request target is about something, and about the same when it is written again.

use ravelin_authz::User;
use ravelin_authz::request_info::{RequestInfo, Url, is_read_only};

/// Reads the first line of the bytes as a method, and the rest as a target.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (method, target) = text.split_once('\n').unwrap_or(("GET", text));
    let url = match Url::parse(target) {
        Ok(url) => url,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let (info, error) = RequestInfo::of(method, &url);
    assert_eq!(RequestInfo::of(method, &url), (info.clone(), error.clone()));
    assert!(error.is_none_or(|error| !error.to_string().is_empty()));
    assert_eq!(info.path, url.path());
    if info.is_resource {
        assert!(matches!(info.api_prefix.as_str(), "api" | "apis"), "{info:?}");
        assert_eq!(info.parts.first().map_or("", String::as_str), info.resource, "{info:?}");
        assert!(info.api_prefix == "apis" || info.api_group.is_empty(), "{info:?}");
    } else {
        assert!(info.resource.is_empty() && info.subresource.is_empty(), "{info:?}");
    }
    let attributes = info.attributes(User::default());
    assert_eq!(attributes.is_resource, info.is_resource);
    assert_eq!((&attributes.verb, &attributes.path), (&info.verb, &info.path));
    let selects = !attributes.field_requirements.is_empty() || attributes.field_selector_error.is_some();
    assert!(!selects || !info.field_selector.is_empty());
    // Watches and lists are of what a GET asks for.
    if matches!(info.verb.as_str(), "list" | "watch") && info.is_resource && info.parts.len() < 2 {
        assert!(is_read_only(&info.verb));
    }
}
