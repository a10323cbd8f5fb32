use super::*;

fn info(method: &str, target: &str) -> RequestInfo {
    let (info, error) = RequestInfo::of(method, &Url::parse(target).unwrap());
    assert_eq!(error, None, "{target}");
    info
}

/// Verb, namespace, resource, subresource and name.
fn about(method: &str, target: &str) -> [String; 5] {
    let info = info(method, target);
    [info.verb, info.namespace, info.resource, info.subresource, info.name]
}

#[test]
fn paths_of_resources_are_taken_apart() {
    for (method, target, expected) in [
        ("GET", "/api/v1/namespaces/a/pods/p/log", ["get", "a", "pods", "log", "p"]),
        ("GET", "/api/v1/namespaces/a/pods", ["list", "a", "pods", "", ""]),
        ("HEAD", "/api/v1/nodes/n", ["get", "", "nodes", "", "n"]),
        ("GET", "/api/v1/namespaces/a", ["get", "a", "namespaces", "", "a"]),
        ("PUT", "/api/v1/namespaces/a/finalize", ["update", "a", "namespaces", "finalize", "a"]),
        ("POST", "/apis/apps/v1/namespaces/a/deployments", ["create", "a", "deployments", "", ""]),
        ("DELETE", "/api/v1/namespaces/a/pods", ["deletecollection", "a", "pods", "", ""]),
        ("GET", "/api/v1/watch/namespaces/a/pods/p", ["watch", "a", "pods", "", "p"]),
        ("GET", "/api/v1/proxy/nodes/n/x", ["proxy", "", "nodes", "", "n"]),
        ("get", "/api/v1/pods", ["", "", "pods", "", ""]),
    ] {
        assert_eq!(about(method, target), expected, "{method} {target}");
    }
}

#[test]
fn short_paths_are_no_resources() {
    for target in ["/", "/api", "/api/v1", "/apis/apps/v1", "/healthz", "/api//", "*"] {
        let info = info("GET", target);
        assert!(!info.is_resource, "{target}");
        assert_eq!(info.verb, "get");
    }
    let (_, error) = RequestInfo::of("GET", &Url::parse("/api/v1/watch?x=a b").unwrap());
    assert_eq!(
        error.unwrap().to_string(),
        "unable to determine kind and namespace from url, /api/v1/watch?x=a b"
    );
}

#[test]
fn a_selector_of_one_name_names_the_object() {
    assert_eq!(about("GET", "/api/v1/pods?fieldSelector=metadata.name%3Dx"), ["list", "", "pods", "", "x"]);
    assert_eq!(
        about("GET", "/api/v1/pods?fieldSelector=metadata.name%3Da%2Fb"),
        ["list", "", "pods", "", ""]
    );
    assert_eq!(
        about("DELETE", "/api/v1/pods?fieldSelector=metadata.name%3Dx"),
        ["deletecollection", "", "pods", "", ""]
    );
    assert_eq!(
        about("GET", "/api/v1/pods?fieldSelector=metadata.name%3Dx&limit=no&watch=1"),
        ["watch", "", "pods", "", ""]
    );
}

#[test]
fn watch_is_anything_but_false() {
    for (value, verb) in [
        ("watch", "watch"),
        ("watch=FALSE", "list"),
        ("watch=0", "list"),
        ("watch=no", "watch"),
        ("Watch=1", "list"),
        ("watch=fal%C5%BFe", "list"),
    ] {
        assert_eq!(info("GET", &format!("/api/v1/pods?{value}")).verb, verb, "{value}");
    }
}

#[test]
fn selectors_reach_authorizers() {
    let user = User::default();
    let attributes =
        info("GET", "/api/v1/pods?fieldSelector=spec.nodeName=n&labelSelector=,,").attributes(user.clone());
    assert_eq!(attributes.field_requirements.len(), 1);
    assert!(attributes.label_selector_error.is_some());
    let attributes = info("GET", "/api/v1/watch/pods?fieldSelector=spec.nodeName=n").attributes(user);
    assert!(attributes.field_requirements.is_empty());
}

#[test]
fn targets_are_decoded_as_go_decodes_them() {
    let error = |target: &str| Url::parse(target).unwrap_err().to_string();
    assert_eq!(error("/a%zz"), "parse \"/a%zz\": invalid URL escape \"%zz\"");
    assert_eq!(error("/a%2"), "parse \"/a%2\": invalid URL escape \"%2\"");
    assert_eq!(error("pods"), "parse \"pods\": invalid URI for request");
    let url = Url::parse("/a%2Fb+c%ff?x=1+2&%zz=3&y;z=4&x=5").unwrap();
    assert_eq!(url.path(), "/a/b+c\u{fffd}");
    assert_eq!(url.parameters().collect::<Vec<_>>(), [("x", "1 2"), ("x", "5")]);
    assert_eq!(Url::parse("/a b'").unwrap().to_string(), "/a%20b%27");
    assert_eq!(Url::parse("https://h/api/v1/pods").unwrap().path(), "/api/v1/pods");
}
