use super::*;
use base64::Engine;
use ravelin_authz::rbac::matrix::{Selection, matrix};
use ravelin_authz::rbac::{Objects, Policy};
use ravelin_object::read;
use ravelin_yaml::Limits;
use sha2::{Digest, Sha256};

type Format = fn(&Table<'_>, &mut dyn std::io::Write) -> std::io::Result<()>;

fn rendered(policy: &Policy, format: Format, width: usize) -> String {
    let matrix = matrix(policy, &Selection::default());
    let notes = ["2 subjects are hidden".to_owned()];
    let place = |origin: u32| format!("a.yaml:{origin}");
    let table = Table { matrix: &matrix, place: &place, notes: &notes, color: false, width };
    let mut out = Vec::new();
    format(&table, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn policy(user: &str) -> Policy {
    let mut objects = Objects::default();
    let user = serde_json::to_string(user).unwrap();
    let head = r#""apiVersion": "rbac.authorization.k8s.io/v1", "kind""#;
    for (origin, text) in (1..).zip([
        format!(
            r#"{{{head}: "ClusterRole", "metadata": {{"name": "r"}}, "rules": [
            {{"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods", "secrets"]}},
            {{"verbs": ["patch", "use"], "apiGroups": ["apps"], "resources": ["deployments"], "resourceNames": [{user}, "b"]}},
            {{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}},
            {{"verbs": ["get"], "nonResourceURLs": ["/metrics"]}}]}}"#
        ),
        format!(
            r#"{{{head}: "ClusterRoleBinding", "metadata": {{"name": "b"}},
            "roleRef": {{"kind": "ClusterRole", "name": "r"}}, "subjects": [{{"kind": "User", "name": {user}}}]}}"#
        ),
        format!(
            r#"{{{head}: "RoleBinding", "metadata": {{"name": "b", "namespace": "shop"}},
            "roleRef": {{"kind": "ClusterRole", "name": "r"}}, "subjects": [{{"kind": "Group", "name": "devs"}}]}}"#
        ),
    ]) {
        let value = read::json(&text, &Limits::STANDARD).unwrap().value.unwrap();
        assert!(objects.add(&value, origin).unwrap());
    }
    Policy::new(objects)
}

#[test]
fn for_a_terminal() {
    insta::assert_snapshot!("matrix_text", rendered(&policy("jane"), text, 120));
    for width in [80, 100] {
        let longest = rendered(&policy("jane"), text, width).lines().map(|line| line.chars().count()).max();
        assert!(longest.unwrap() <= width, "{longest:?}");
    }
}

#[test]
fn for_a_spreadsheet() {
    insta::assert_snapshot!("matrix_csv", rendered(&policy("=cmd|' /C calc'!A0"), csv, 100));
}

#[test]
fn as_a_page() {
    insta::assert_snapshot!("matrix_html", rendered(&policy("jane"), html, 100));
}

#[test]
fn the_page_names_the_hash_of_its_script() {
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(html::SCRIPT));
    assert_eq!(html::SCRIPT_HASH, format!("sha256-{hash}"));
}

#[test]
fn hostile_names_are_text() {
    let page = rendered(&policy("</td><script>alert(1)</script>\" onclick='x'\u{202e}"), html, 100);
    assert_eq!(page.matches("<script").count(), 1);
    assert!(!page.contains("onclick='") && !page.contains('\u{202e}'));
    let lines = rendered(&policy("x\u{1b}[31m\ny"), text, 100);
    assert!(!lines.contains('\u{1b}') && lines.contains("x␛[31m␊y"));
}
