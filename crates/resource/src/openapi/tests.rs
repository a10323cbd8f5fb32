use super::*;
use ravelin_object::json_text;

#[test]
fn the_index_names_a_document_for_every_version() {
    let table = Table::builtin();
    let index = v3_index(table.groups(), |path| format!("h{}", path.len()));
    let paths = index.field("paths").and_then(Value::as_object).unwrap();
    assert_eq!(
        json_text(paths.get("apis/apps/v1").unwrap()),
        r#"{"serverRelativeURL":"/openapi/v3/apis/apps/v1?hash=h12"}"#
    );
    assert!(paths.get("api/v1").is_some());
    let versions: usize = table.groups().iter().map(|group| group.versions.len()).sum();
    assert_eq!(paths.len(), versions);
    assert_eq!(v3(&table, "apps", "v2"), None);
}

/// Every reference of a document leads to a part of it.
fn dangling(document: &Value, prefix: &str, known: &Map) -> Vec<String> {
    let mut missing = Vec::new();
    references(document, &mut |name| {
        if name.strip_prefix(prefix).is_none_or(|name| known.get(name).is_none()) {
            missing.push(name.to_owned());
        }
    });
    missing
}

#[test]
fn no_reference_of_a_document_dangles_and_no_two_operations_share_a_name() {
    let table = Table::builtin();
    for group in table.groups() {
        for version in &group.versions {
            let document = v3(&table, &group.name, &version.name).unwrap();
            let schemas = document.dotted("components.schemas").and_then(Value::as_object).unwrap();
            assert_eq!(dangling(&document, "#/components/schemas/", schemas), Vec::<String>::new());
        }
    }
    let document = v2(&table);
    let definitions = document.field("definitions").and_then(Value::as_object).unwrap();
    assert_eq!(dangling(&document, "#/definitions/", definitions), Vec::<String>::new());
    let mut names = BTreeSet::new();
    for (path, item) in document.field("paths").and_then(Value::as_object).unwrap().iter() {
        for (method, operation) in item.as_object().unwrap().iter().filter(|(key, _)| *key != "parameters") {
            let name = operation.field("operationId").and_then(Value::as_str).unwrap();
            assert!(names.insert(name.to_owned()), "{method} {path}: {name}");
        }
    }
    assert!(names.len() > 500, "{}", names.len());
}

#[test]
fn kubectl_finds_that_patching_a_kind_can_be_validated_and_tried() {
    let table = Table::builtin();
    for resource in table.resources().filter(|resource| resource.has_verb("patch")) {
        let document = v3(&table, &resource.group, &resource.version).unwrap();
        let paths = document.field("paths").and_then(Value::as_object).unwrap();
        let wanted = super::object([
            ("group", resource.group.as_str().into()),
            ("kind", resource.kind.as_str().into()),
            ("version", resource.version.as_str().into()),
        ]);
        let mut patches = paths
            .iter()
            .filter_map(|(_, item)| item.field("patch"))
            .filter(|patch| patch.field("x-kubernetes-group-version-kind") == Some(&wanted));
        let parameters = patches.next().unwrap().field("parameters").and_then(Value::as_array).unwrap();
        for name in ["dryRun", "fieldValidation"] {
            assert!(parameters.iter().any(|parameter| parameter.field("name") == Some(&name.into())));
        }
    }
}

#[test]
fn an_operation_is_what_upstream_publishes() {
    let table = Table::builtin();
    let document = v3(&table, "", "v1").unwrap();
    let paths = document.field("paths").and_then(Value::as_object).unwrap();
    let item = paths.get("/api/v1/namespaces/{namespace}/pods/{name}/eviction").unwrap();
    let post = item.field("post").unwrap();
    assert_eq!(post.field("operationId"), Some(&"createCoreV1NamespacedPodEviction".into()));
    assert_eq!(
        json_text(post.field("x-kubernetes-group-version-kind").unwrap()),
        r#"{"group":"policy","kind":"Eviction","version":"v1"}"#
    );
    assert_eq!(
        json_text(post.field("requestBody").unwrap()),
        r##"{"content":{"*/*":{"schema":{"$ref":"#/components/schemas/io.k8s.api.policy.v1.Eviction"}}},"required":true}"##
    );
}
