//! Any query is options that are read, or refused in words.

use std::sync::LazyLock;

use ravelin_apiserver::fuzzing;
use ravelin_authz::request_info::{RequestInfo, Url};
use ravelin_resource::Table;

static TABLE: LazyLock<Table> = LazyLock::new(Table::builtin);

/// Takes the bytes for a target.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(url) = Url::parse(text) else { return };
    if fuzzing::is_routed(url.path()) {
        let path = url.path();
        assert!(path.starts_with("/api") && !path.starts_with("/apis//"), "{path:?}");
    }
    let (info, _) = RequestInfo::of("GET", &url);
    let named = TABLE.resource(&info.api_group, &info.api_version, &info.resource);
    let Some(resource) = named.or_else(|| TABLE.resource("", "v1", "pods")) else { return };
    let first = fuzzing::options(&url, resource);
    assert_eq!(first, fuzzing::options(&url, resource), "reading twice");
    if let Err(refusal) = first {
        assert!(matches!(refusal.code, 400 | 422), "{refusal:?}");
        assert!(!refusal.message.is_empty());
    }
}
