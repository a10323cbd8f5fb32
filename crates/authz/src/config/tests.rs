use super::*;

fn load(authorizers: &str) -> Result<AuthorizationConfiguration, ConfigError> {
    let head = "apiVersion: apiserver.config.k8s.io/v1\nkind: AuthorizationConfiguration\nauthorizers: ";
    AuthorizationConfiguration::load(&format!("{head}{authorizers}"), &[])
}

fn error(authorizers: &str) -> String {
    load(authorizers).unwrap_err().to_string()
}

const WEBHOOK: &str = "{type: Webhook, name: w, webhook: {timeout: 3s, subjectAccessReviewVersion: v1, \
    failurePolicy: Deny, connectionInfo: {type: KubeConfigFile, kubeConfigFile: /a}}}";

#[test]
fn configurations_are_read() {
    let configuration =
        load(&format!("[{{type: Node, name: node}}, {{type: RBAC, name: rbac}}, {WEBHOOK}]")).unwrap();
    assert_eq!(configuration.authorizers.len(), 3);
    let AuthorizerKind::Webhook(webhook) = &configuration.authorizers[2].kind else { panic!() };
    assert_eq!(webhook.authorized_ttl, Duration::seconds(300));
    assert_eq!(webhook.unauthorized_ttl, Duration::seconds(30));
    assert!(webhook.cache_authorized && webhook.cache_unauthorized);
    assert_eq!(webhook.connection, Connection::KubeConfigFile("/a".to_owned()));
    assert_eq!(webhook.failure_policy, FailurePolicy::Deny);
}

#[test]
fn conditions_are_refused() {
    let with = WEBHOOK.replace(
        "failurePolicy",
        "matchConditionSubjectAccessReviewVersion: v1, matchConditions: [{expression: 'true'}], failurePolicy",
    );
    assert_eq!(load(&format!("[{with}]")), Err(ConfigError::MatchConditions { index: 0 }));
    let blank = with.replace("'true'", "' '");
    assert_eq!(error(&format!("[{blank}]")), "authorizers[0].matchConditions[0].expression: Required value");
}

#[test]
fn what_upstream_refuses_is_refused_in_its_words() {
    for (authorizers, expected) in [
        ("[]", "authorizers: Required value: at least one authorization mode must be defined"),
        (
            "[{type: X}, {}]",
            "[authorizers[0].type: Unsupported value: \"X\": supported values: \"ABAC\", \"AlwaysAllow\", \"AlwaysDeny\", \"Node\", \"RBAC\", \"Webhook\", authorizers[1].type: Required value]",
        ),
        ("[{type: RBAC, name: rbac}, {type: RBAC}]", "authorizers[1].type: Duplicate value: \"RBAC\""),
        ("[{type: Webhook, name: w}]", "authorizers[0].webhook: Required value: required when type=Webhook"),
        ("[{type: RBAC, name: other}]", "expected name rbac for authorizer RBAC instead of other"),
        (
            "[{type: Webhook, name: w, webhook: {timeout: 1h, authorizedTTL: -1s, subjectAccessReviewVersion: v2, failurePolicy: Deny, connectionInfo: {type: X}}}]",
            "[authorizers[0].timeout: Invalid value: \"1h0m0s\": must be > 0s and <= 30s, authorizers[0].authorizedTTL: Invalid value: \"-1s\": must be > 0s, authorizers[0].subjectAccessReviewVersion: Unsupported value: \"v2\": supported values: \"v1\", \"v1beta1\", authorizers[0].connectionInfo.type: Unsupported value: {\"Type\":\"X\",\"KubeConfigFile\":null}: supported values: \"InClusterConfig\", \"KubeConfigFile\"]",
        ),
        (
            "[{type: RBAC, name: rbac, extra: 1}]",
            "failed to load AuthorizationConfiguration from file: strict decoding error: unknown field \"authorizers[0].extra\"",
        ),
    ] {
        assert_eq!(error(authorizers), expected);
    }
    let missing = AuthorizationConfiguration::load(
        "apiVersion: apiserver.config.k8s.io/v1beta1\nkind: AuthorizationConfiguration\nauthorizers: [{type: RBAC, name: rbac}]",
        &["RBAC", "Node"],
    );
    assert_eq!(missing.unwrap_err().to_string(), "missing required types: [Node]");
    assert!(AuthorizationConfiguration::load("kind: X", &[]).is_err());
}
