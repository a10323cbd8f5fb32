//! A configuration of authorizers is one that can be started with, or is refused in words.

use std::collections::BTreeSet;

use ravelin_authz::config::{AuthorizationConfiguration, AuthorizerKind, ConfigError, Duration};

/// Reads the text as a configuration, and its lines as spans of time.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for line in text.lines().take(4) {
        if let Ok(duration) = Duration::parse(line) {
            assert_eq!(Duration::parse(&duration.to_string()), Ok(duration), "{line}");
        }
    }
    let read = AuthorizationConfiguration::load(text, &[]);
    assert_eq!(read, AuthorizationConfiguration::load(text, &[]));
    let configuration = match read {
        Ok(configuration) => configuration,
        Err(error) => {
            assert!(!error.to_string().is_empty(), "{error:?}");
            assert!(!matches!(&error, ConfigError::Invalid(faults) if faults.is_empty()));
            return;
        }
    };
    let authorizers = &configuration.authorizers;
    assert!(!authorizers.is_empty());
    let names: BTreeSet<&str> = authorizers.iter().map(|authorizer| authorizer.name.as_str()).collect();
    assert_eq!(names.len(), authorizers.len(), "each has a name of its own");
    for authorizer in authorizers {
        assert!(!authorizer.name.is_empty());
        if let AuthorizerKind::Webhook(webhook) = &authorizer.kind {
            assert!(webhook.timeout <= Duration::seconds(30) && webhook.timeout > Duration::seconds(0));
        }
    }
    for (name, kind) in [("RBAC", AuthorizerKind::Rbac), ("Node", AuthorizerKind::Node)] {
        let is_there = authorizers.iter().any(|authorizer| authorizer.kind == kind);
        assert_eq!(AuthorizationConfiguration::load(text, &[name]).is_ok(), is_there, "{name}");
    }
}
