//! What the loops of a server keep, seen by its clients.

#[cfg(test)]
mod harness;

#[cfg(test)]
mod tests {
    use super::harness::{Client, MERGE, Started};
    use ravelin_apiserver::config::Controllers;
    use serde_json::{Value, json};
    use std::time::Duration;

    const CORE: &str = "/api/v1/namespaces";
    const ROLES: &str = "/apis/rbac.authorization.k8s.io/v1/clusterroles";

    async fn make(client: &Client, path: &str, object: Value) -> Value {
        let (code, made) = client.post(path, &object).await;
        assert_eq!(code, 201, "{path} {made:#}");
        made
    }

    async fn namespace(client: &Client, name: &str) -> Value {
        make(client, CORE, json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})).await
    }

    fn config_map(name: &str, owners: &[Value]) -> Value {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "ownerReferences": owners}})
    }

    fn pod(name: &str) -> Value {
        json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
            "spec": {"containers": [{"name": "c", "image": "i"}]},
        })
    }

    fn owner(object: &Value, blocks: bool) -> Value {
        json!({
            "apiVersion": object["apiVersion"], "kind": object["kind"], "name": object["metadata"]["name"],
            "uid": object["metadata"]["uid"], "blockOwnerDeletion": blocks,
        })
    }

    async fn gone(client: &Client, path: &str) {
        client.until(path, |code, _| code == 404).await;
    }

    /// Time for what must not happen.
    async fn a_while() {
        tokio::time::sleep(Duration::from_millis(300)).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_server_starts_answers_and_ends() {
        let server = Started::plain().await;
        let (code, version) = server.client.get("/version").await;
        assert_eq!((code, version["minor"].as_str()), (200, Some("36")));
        let (code, status) = server.client_of("bob").get("/api/v1/secrets").await;
        assert_eq!((code, status["reason"].as_str()), (403, Some("Forbidden")));
        server.end().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_every_server_has_is_there_when_it_begins() {
        let server = Started::plain().await;
        for name in ["default", "kube-system", "kube-public", "kube-node-lease"] {
            let (code, _) = server.client.get(&format!("{CORE}/{name}/serviceaccounts/default")).await;
            assert_eq!(code, 200, "{name}");
            let (code, map) = server.client.get(&format!("{CORE}/{name}/configmaps/kube-root-ca.crt")).await;
            assert_eq!(code, 200, "{name}");
            assert!(map["data"]["ca.crt"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
            assert_eq!(
                map["metadata"]["annotations"]["kubernetes.io/description"],
                "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters."
            );
        }
        let mut counts = Vec::new();
        for name in ["admin", "edit", "view"] {
            let (_, role) = server.client.get(&format!("{ROLES}/{name}")).await;
            counts.push(role["rules"].as_array().map(Vec::len).unwrap_or_default());
        }
        assert!(counts[0] > counts[1] && counts[1] > counts[2] && counts[2] > 5, "{counts:?}");
        server.end().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_loop_runs_where_none_is_wanted() {
        let server = Started::new(|config, _| config.controllers = Controllers::NONE).await;
        namespace(&server.client, "n").await;
        a_while().await;
        let (code, _) = server.client.get(&format!("{CORE}/n/serviceaccounts/default")).await;
        assert_eq!(code, 404);
        let (code, status) = server.client.post(&format!("{CORE}/n/pods"), &pod("p")).await;
        assert_eq!(code, 403, "{status}");
        let (_, role) = server.client.get(&format!("{ROLES}/view")).await;
        assert_eq!(role["rules"], Value::Null);
        server.end().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_new_namespace_takes_pods_at_once() {
        let server = Started::plain().await;
        for number in 0..20 {
            let name = format!("n{number}");
            namespace(&server.client, &name).await;
            let made = make(&server.client, &format!("{CORE}/{name}/pods"), pod("p")).await;
            assert_eq!(made["spec"]["serviceAccountName"], "default");
        }
        server.end().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn accounts_and_certificates_come_back() {
        let server = Started::plain().await;
        let client = &server.client;
        namespace(client, "n").await;
        let account = format!("{CORE}/n/serviceaccounts/default");
        let first = client.until(&account, |code, _| code == 200).await;
        client.delete(&account, &Value::Null).await;
        let uid = |object: &Value| object["metadata"]["uid"].as_str().map(str::to_owned);
        client.until(&account, |code, found| code == 200 && uid(found) != uid(&first)).await;

        let map = format!("{CORE}/n/configmaps/kube-root-ca.crt");
        let first = client.until(&map, |code, _| code == 200).await;
        let (code, _) = client.patch(&map, MERGE, &json!({"data": {"ca.crt": "mine", "more": ""}})).await;
        assert_eq!(code, 200);
        client.until(&map, |_, found| found["data"] == first["data"]).await;
        client.patch(&map, MERGE, &json!({"metadata": {"annotations": null}})).await;
        client
            .until(&map, |_, found| found["metadata"]["annotations"] == first["metadata"]["annotations"])
            .await;
        client.delete(&map, &Value::Null).await;
        client.until(&map, |code, found| code == 200 && uid(found) != uid(&first)).await;
        server.end().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_namespace_is_emptied_and_goes() {
        let server = Started::plain().await;
        let client = &server.client;
        namespace(client, "n").await;
        make(client, &format!("{CORE}/n/pods"), pod("p")).await;
        make(
            client,
            &format!("{CORE}/n/secrets"),
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}),
        )
        .await;
        let events = json!({
            "apiVersion": "v1", "kind": "Event", "metadata": {"name": "e"}, "involvedObject": {"namespace": "n"},
        });
        make(client, &format!("{CORE}/n/events"), events).await;
        let (code, going) = client.delete(&format!("{CORE}/n"), &Value::Null).await;
        assert_eq!((code, going["status"]["phase"].as_str()), (200, Some("Terminating")));
        gone(client, &format!("{CORE}/n")).await;
        for plural in ["pods", "secrets", "events", "serviceaccounts", "configmaps"] {
            let (_, list) = client.get(&format!("/api/v1/{plural}")).await;
            let left = list["items"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|it| it["metadata"]["namespace"] == "n")
                .count();
            assert_eq!(left, 0, "{plural}");
        }
        server.end().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_namespace_waits_for_finalizers_and_says_so() {
        let server = Started::plain().await;
        let client = &server.client;
        namespace(client, "n").await;
        let mut map = config_map("stays", &[]);
        map["metadata"]["finalizers"] = json!(["example.com/stay"]);
        make(client, &format!("{CORE}/n/configmaps"), map).await;
        client.delete(&format!("{CORE}/n"), &Value::Null).await;
        let waits =
            |_: u16, found: &Value| found["status"]["conditions"].as_array().is_some_and(|it| it.len() == 5);
        let found = client.until(&format!("{CORE}/n"), waits).await;
        let says: Vec<String> = found["status"]["conditions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| ["type", "status", "reason", "message"].map(|key| it[key].as_str().unwrap()).join("|"))
            .collect();
        assert_eq!(
            says,
            [
                "NamespaceDeletionDiscoveryFailure|False|ResourcesDiscovered|All resources successfully discovered",
                "NamespaceDeletionGroupVersionParsingFailure|False|ParsedGroupVersions|All legacy kube types successfully parsed",
                "NamespaceDeletionContentFailure|False|ContentDeleted|All content successfully deleted, may be waiting on finalization",
                "NamespaceContentRemaining|True|SomeResourcesRemain|Some resources are remaining: configmaps. has 1 resource instances",
                "NamespaceFinalizersRemaining|True|SomeFinalizersRemain|Some content in the namespace has finalizers remaining: example.com/stay in 1 resource instances",
            ]
        );
        let (code, status) = client.post(&format!("{CORE}/n/configmaps"), &config_map("new", &[])).await;
        assert_eq!(
            (code, status["details"]["causes"][0]["reason"].as_str()),
            (403, Some("NamespaceTerminating"))
        );
        let free = json!({"metadata": {"finalizers": null}});
        client.patch(&format!("{CORE}/n/configmaps/stays"), MERGE, &free).await;
        gone(client, &format!("{CORE}/n")).await;
        server.end().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn dependents_go_with_the_last_of_their_owners() {
        let server = Started::plain().await;
        let client = &server.client;
        let maps = format!("{CORE}/default/configmaps");
        let one = make(client, &maps, config_map("one", &[])).await;
        let two = make(client, &maps, config_map("two", &[])).await;
        let of_both = [owner(&one, false), owner(&two, false)];
        let child = make(client, &maps, config_map("child", &of_both)).await;
        make(client, &maps, config_map("grandchild", &[owner(&child, true)])).await;
        client.delete(&format!("{maps}/one"), &json!({"propagationPolicy": "Background"})).await;
        let only_two =
            |_: u16, it: &Value| it["metadata"]["ownerReferences"].as_array().is_some_and(|it| it.len() == 1);
        let left = client.until(&format!("{maps}/child"), only_two).await;
        assert_eq!(left["metadata"]["ownerReferences"][0]["name"], "two");
        let (code, _) = client.get(&format!("{maps}/grandchild")).await;
        assert_eq!(code, 200);
        client.delete(&format!("{maps}/two"), &json!({"propagationPolicy": "Background"})).await;
        gone(client, &format!("{maps}/child")).await;
        gone(client, &format!("{maps}/grandchild")).await;
        server.end().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn owners_that_never_were_count_as_gone_unless_they_cannot_be_known() {
        let server = Started::plain().await;
        let client = &server.client;
        let maps = format!("{CORE}/default/configmaps");
        let absent =
            |version: &str, kind: &str| json!({"apiVersion": version, "kind": kind, "name": "x", "uid": "u"});
        make(client, &maps, config_map("foreign", &[absent("example.com/v1", "Thing")])).await;
        let role = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": "wide", "ownerReferences": [absent("v1", "ConfigMap")]}, "rules": [],
        });
        make(client, ROLES, role).await;
        let (code, _) = client.post(&maps, &config_map("lost", &[absent("v1", "Secret")])).await;
        assert_eq!(code, 201);
        gone(client, &format!("{maps}/lost")).await;
        // The owner of that name is another one.
        let other = make(client, &maps, config_map("x", &[])).await;
        let mut wrong = owner(&other, false);
        wrong["uid"] = json!("another");
        make(client, &maps, config_map("wrong", &[wrong])).await;
        gone(client, &format!("{maps}/wrong")).await;
        // An owner by the name and uid of an object in another namespace.
        namespace(client, "far").await;
        make(client, &format!("{CORE}/far/configmaps"), config_map("astray", &[owner(&other, false)])).await;
        gone(client, &format!("{CORE}/far/configmaps/astray")).await;
        a_while().await;
        for path in [format!("{maps}/foreign"), format!("{ROLES}/wide"), format!("{maps}/x")] {
            let (code, _) = client.get(&path).await;
            assert_eq!(code, 200, "{path}");
        }
        server.end().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn orphans_stay() {
        let server = Started::plain().await;
        let client = &server.client;
        let maps = format!("{CORE}/default/configmaps");
        let one = make(client, &maps, config_map("one", &[])).await;
        for number in 0..50 {
            make(client, &maps, config_map(&format!("child-{number}"), &[owner(&one, true)])).await;
        }
        client.delete(&format!("{maps}/one"), &json!({"propagationPolicy": "Orphan"})).await;
        gone(client, &format!("{maps}/one")).await;
        a_while().await;
        for number in 0..50 {
            let (code, child) = client.get(&format!("{maps}/child-{number}")).await;
            assert_eq!((code, &child["metadata"]["ownerReferences"]), (200, &Value::Null));
        }
        server.end().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn in_the_foreground_an_owner_waits_for_those_that_block_it() {
        let server = Started::plain().await;
        let client = &server.client;
        let maps = format!("{CORE}/default/configmaps");
        let one = make(client, &maps, config_map("one", &[])).await;
        let child = make(client, &maps, config_map("child", &[owner(&one, true)])).await;
        let mut held = config_map("grandchild", &[owner(&child, true)]);
        held["metadata"]["finalizers"] = json!(["example.com/stay"]);
        make(client, &maps, held).await;
        make(client, &maps, config_map("free", &[owner(&one, false)])).await;
        let (code, going) =
            client.delete(&format!("{maps}/one"), &json!({"propagationPolicy": "Foreground"})).await;
        assert_eq!((code, &going["metadata"]["finalizers"]), (200, &json!(["foregroundDeletion"])));
        gone(client, &format!("{maps}/free")).await;
        let waits = |_: u16, it: &Value| it["metadata"]["deletionTimestamp"].is_string();
        client.until(&format!("{maps}/grandchild"), waits).await;
        a_while().await;
        for name in ["one", "child"] {
            let (code, it) = client.get(&format!("{maps}/{name}")).await;
            assert_eq!(
                (code, &it["metadata"]["finalizers"]),
                (200, &json!(["foregroundDeletion"])),
                "{name}"
            );
        }
        client.patch(&format!("{maps}/grandchild"), MERGE, &json!({"metadata": {"finalizers": null}})).await;
        gone(client, &format!("{maps}/grandchild")).await;
        gone(client, &format!("{maps}/child")).await;
        gone(client, &format!("{maps}/one")).await;
        server.end().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_circle_of_owners_ends() {
        let server = Started::plain().await;
        let client = &server.client;
        let maps = format!("{CORE}/default/configmaps");
        let one = make(client, &maps, config_map("one", &[])).await;
        let two = make(client, &maps, config_map("two", &[owner(&one, true)])).await;
        let circle = json!({"metadata": {"ownerReferences": [owner(&two, true)]}});
        let (code, _) = client.patch(&format!("{maps}/one"), MERGE, &circle).await;
        assert_eq!(code, 200);
        client.delete(&format!("{maps}/one"), &json!({"propagationPolicy": "Foreground"})).await;
        gone(client, &format!("{maps}/one")).await;
        gone(client, &format!("{maps}/two")).await;
        server.end().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_address_of_a_service_is_free_when_its_last_finalizer_goes() {
        let server = Started::plain().await;
        let client = &server.client;
        let services = format!("{CORE}/default/services");
        let service = |name: &str| {
            json!({
                "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
                "spec": {"clusterIP": "10.0.0.77", "ports": [{"port": 80}]},
            })
        };
        make(client, &services, service("one")).await;
        let (code, _) = client.post(&services, &service("two")).await;
        assert_eq!(code, 422);
        client.delete(&format!("{services}/one"), &json!({"propagationPolicy": "Foreground"})).await;
        gone(client, &format!("{services}/one")).await;
        make(client, &services, service("two")).await;
        server.end().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn aggregated_roles_follow_those_they_select() {
        let server = Started::plain().await;
        let client = &server.client;
        let rule = json!({"apiGroups": ["example.com"], "resources": ["things"], "verbs": ["get"]});
        let has = |role: &Value| role["rules"].as_array().is_some_and(|rules| rules.contains(&rule));
        let role = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": "things", "labels": {"rbac.authorization.k8s.io/aggregate-to-view": "true"}},
            "rules": [rule],
        });
        make(client, ROLES, role).await;
        for name in ["view", "edit", "admin"] {
            client.until(&format!("{ROLES}/{name}"), |_, role| has(role)).await;
        }
        // What is written there by hand does not last.
        client.patch(&format!("{ROLES}/view"), MERGE, &json!({"rules": []})).await;
        client.until(&format!("{ROLES}/view"), |_, role| has(role)).await;
        client.patch(&format!("{ROLES}/things"), MERGE, &json!({"metadata": {"labels": null}})).await;
        for name in ["view", "edit", "admin"] {
            client.until(&format!("{ROLES}/{name}"), |_, role| !has(role)).await;
        }
        server.end().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn quotas_know_what_is_used() {
        let server = Started::plain().await;
        let client = &server.client;
        namespace(client, "n").await;
        let pods = format!("{CORE}/n/pods");
        make(client, &pods, pod("before")).await;
        let quota = json!({
            "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"},
            "spec": {"hard": {"pods": "2", "count/configmaps": "10"}},
        });
        make(client, &format!("{CORE}/n/resourcequotas"), quota).await;
        let path = format!("{CORE}/n/resourcequotas/q");
        let used = |count: &'static str| move |_: u16, it: &Value| it["status"]["used"]["pods"] == count;
        let found = client.until(&path, used("1")).await;
        assert_eq!(found["status"]["hard"], json!({"pods": "2", "count/configmaps": "10"}));
        assert_eq!(found["status"]["used"]["count/configmaps"], "1");
        make(client, &pods, pod("second")).await;
        let (code, status) = client.post(&pods, &pod("third")).await;
        assert_eq!(code, 403, "{status}");
        client.delete(&format!("{pods}/before"), &Value::Null).await;
        client.until(&path, used("1")).await;
        make(client, &pods, pod("third")).await;
        client.until(&path, used("2")).await;
        // A pod that has ended uses none.
        let (code, _) = client
            .patch(&format!("{pods}/third/status"), MERGE, &json!({"status": {"phase": "Succeeded"}}))
            .await;
        assert_eq!(code, 200);
        client.until(&path, used("1")).await;
        client.patch(&path, MERGE, &json!({"spec": {"hard": {"pods": "5"}}})).await;
        client.until(&path, |_, it| it["status"]["hard"]["pods"] == "5").await;
        server.end().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_happened_while_no_loop_ran_is_made_up_for() {
        let data = tempfile::tempdir().unwrap();
        let maps = format!("{CORE}/default/configmaps");
        let server = started(data.path(), Controllers::NONE).await;
        let client = &server.client;
        namespace(client, "going").await;
        make(client, &format!("{CORE}/going/configmaps"), config_map("left", &[])).await;
        client.delete(&format!("{CORE}/going"), &Value::Null).await;
        for (name, policy) in [("b", "Background"), ("f", "Foreground"), ("o", "Orphan")] {
            let made = make(client, &maps, config_map(name, &[])).await;
            make(client, &maps, config_map(&format!("of-{name}"), &[owner(&made, true)])).await;
            client.delete(&format!("{maps}/{name}"), &json!({"propagationPolicy": policy})).await;
        }
        let quota = json!({
            "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": {"hard": {"pods": "2"}},
        });
        make(client, &format!("{CORE}/default/resourcequotas"), quota).await;
        a_while().await;
        let (code, _) = client.get(&format!("{maps}/of-b")).await;
        assert_eq!(code, 200);
        server.end().await;

        let server = started(data.path(), Controllers::ALL).await;
        let client = &server.client;
        for name in ["of-b", "f", "of-f", "o"] {
            gone(client, &format!("{maps}/{name}")).await;
        }
        gone(client, &format!("{CORE}/going")).await;
        let (code, orphan) = client.get(&format!("{maps}/of-o")).await;
        assert_eq!((code, &orphan["metadata"]["ownerReferences"]), (200, &Value::Null));
        let quota = format!("{CORE}/default/resourcequotas/q");
        client
            .until(&quota, |_, it| it["status"] == json!({"hard": {"pods": "2"}, "used": {"pods": "0"}}))
            .await;
        server.end().await;
    }

    /// A server over a folder that outlives it.
    async fn started(data: &std::path::Path, controllers: Controllers) -> Started {
        Started::new(|config, _| {
            config.data = Some(data.to_owned());
            config.controllers = controllers;
        })
        .await
    }
}
