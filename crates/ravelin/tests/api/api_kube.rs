//! kube-rs against `ravelin serve`: what controllers and tools in Rust do with an API server.

use crate::server::Server;
use futures_util::{StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::authentication::v1::{SelfSubjectReview, TokenRequest, TokenRequestSpec};
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod, ServiceAccount};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{
    Api, ApiResource, DeleteParams, DynamicObject, EvictParams, ListParams, Patch, PatchParams, PostParams,
    WatchEvent, WatchParams,
};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::GroupVersionKind;
use kube::runtime::watcher;
use kube::{Client, Config, Discovery};
use serde::de::DeserializeOwned;
use serde_json::json;
use std::time::Duration;

/// How long something that will come may take.
const PATIENCE: Duration = Duration::from_secs(60);

async fn config(server: &Server) -> Config {
    let kubeconfig = Kubeconfig::read_from(&server.kubeconfig).unwrap();
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    // A refused eviction is an answer.
    config.default_retry = false;
    config
}

async fn client(server: &Server) -> Client {
    Client::try_from(config(server).await).unwrap()
}

fn of<K: DeserializeOwned>(value: serde_json::Value) -> K {
    serde_json::from_value(value).unwrap()
}

/// The code of a refusal.
#[track_caller]
fn code<T: std::fmt::Debug>(outcome: Result<T, kube::Error>) -> u16 {
    match outcome.unwrap_err() {
        kube::Error::Api(status) => status.code,
        other => panic!("{other}"),
    }
}

fn run(test: impl Future<Output = ()>) {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(test);
}

/// A namespace with a service account, made here or by a controller.
async fn namespace(client: &Client, name: &str) {
    let spaces: Api<Namespace> = Api::all(client.clone());
    spaces.create(&PostParams::default(), &of(json!({"metadata": {"name": name}}))).await.unwrap();
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), name);
    match accounts.create(&PostParams::default(), &of(json!({"metadata": {"name": "default"}}))).await {
        Ok(_) => {}
        Err(kube::Error::Api(status)) if status.code == 409 => {}
        Err(error) => panic!("{error}"),
    }
}

fn map(name: &str, value: &str) -> ConfigMap {
    of(json!({"metadata": {"name": name, "labels": {"app": "a"}}, "data": {"k": value}}))
}

#[test]
fn objects_are_made_read_changed_and_deleted() {
    run(async {
        let server = Server::ephemeral(&[]);
        let client = client(&server).await;
        namespace(&client, "shop").await;
        let maps: Api<ConfigMap> = Api::namespaced(client.clone(), "shop");
        let made = maps.create(&PostParams::default(), &map("one", "1")).await.unwrap();
        assert!(made.metadata.uid.is_some() && made.metadata.creation_timestamp.is_some());
        assert_eq!(maps.get("one").await.unwrap(), made);
        assert_eq!(code(maps.create(&PostParams::default(), &map("one", "1")).await), 409);
        assert_eq!(code(maps.get("none").await), 404);
        assert_eq!(maps.get_opt("none").await.unwrap(), None);

        let merge = Patch::Merge(json!({"data": {"k": "2", "l": "3"}}));
        let changed = maps.patch("one", &PatchParams::default(), &merge).await.unwrap();
        assert_eq!(changed.data.as_ref().unwrap().len(), 2);
        let patch =
            of(json!([{"op": "test", "path": "/data/k", "value": "2"}, {"op": "remove", "path": "/data/l"}]));
        let changed = maps.patch("one", &PatchParams::default(), &Patch::Json::<()>(patch)).await.unwrap();
        assert_eq!(changed.data.as_ref().unwrap().len(), 1);
        let failing = of(json!([{"op": "test", "path": "/data/k", "value": "9"}]));
        assert_eq!(code(maps.patch("one", &PatchParams::default(), &Patch::Json::<()>(failing)).await), 422);

        // Somebody else was faster.
        let mut old = made.clone();
        old.data = Some([("k".to_owned(), "old".to_owned())].into());
        let conflict = maps.replace("one", &PostParams::default(), &old).await.unwrap_err();
        let kube::Error::Api(status) = conflict else { panic!("{conflict}") };
        assert_eq!((status.code, status.reason.as_str()), (409, "Conflict"));
        assert_eq!(
            status.message,
            "Operation cannot be fulfilled on configmaps \"one\": the object has been modified; please apply your changes to the latest version and try again"
        );
        old.metadata.resource_version.clone_from(&changed.metadata.resource_version);
        let replaced = maps.replace("one", &PostParams::default(), &old).await.unwrap();
        assert_eq!(replaced.data, old.data);

        // Nothing of a dry run is kept.
        let dry = PostParams { dry_run: true, ..PostParams::default() };
        maps.create(&dry, &map("dry", "1")).await.unwrap();
        assert_eq!(maps.get_opt("dry").await.unwrap(), None);

        // Pages.
        for number in 0..7 {
            maps.create(&PostParams::default(), &map(&format!("page-{number}"), "1")).await.unwrap();
        }
        let mut names = Vec::new();
        let mut page = ListParams::default().labels("app=a").limit(3);
        loop {
            let list = maps.list(&page).await.unwrap();
            names.extend(list.items.into_iter().map(|item| item.metadata.name.unwrap()));
            let Some(token) = list.metadata.continue_.filter(|token| !token.is_empty()) else { break };
            page = page.continue_token(&token);
        }
        assert_eq!(names.len(), 8, "{names:?}");
        let one = maps.list(&ListParams::default().fields("metadata.name=page-3")).await.unwrap();
        assert_eq!(one.items.len(), 1);
        let metadata = maps.list_metadata(&ListParams::default().labels("app=a")).await.unwrap();
        assert_eq!(metadata.items.len(), 8);

        maps.delete("one", &DeleteParams::default()).await.unwrap();
        assert_eq!(code(maps.delete("one", &DeleteParams::default()).await), 404);
        maps.delete_collection(&DeleteParams::default(), &ListParams::default().labels("app=a"))
            .await
            .unwrap();
        assert!(maps.list(&ListParams::default().labels("app=a")).await.unwrap().items.is_empty());
    });
}

#[test]
fn objects_of_any_kind_are_reached_by_discovery() {
    run(async {
        let server = Server::ephemeral(&[]);
        let client = client(&server).await;
        namespace(&client, "shop").await;
        assert_eq!(client.apiserver_version().await.unwrap().major, "1");
        let discovery = Discovery::new(client.clone()).run().await.unwrap();
        let found = |group: &str, kind: &str| {
            discovery.groups().any(|one| {
                one.name() == group
                    && one.recommended_resources().iter().any(|(resource, _)| resource.kind == kind)
            })
        };
        assert!(
            found("", "Pod") && found("apps", "Deployment") && found("rbac.authorization.k8s.io", "Role")
        );

        let kind = GroupVersionKind::gvk("apps", "v1", "Deployment");
        let (resource, _) = kube::discovery::pinned_kind(&client, &kind).await.unwrap();
        assert_eq!(resource, ApiResource::from_gvk(&kind));
        let any: Api<DynamicObject> = Api::namespaced_with(client.clone(), "shop", &resource);
        let deployment = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
            "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:1"}]},
            }},
        });
        any.create(&PostParams::default(), &of(deployment)).await.unwrap();

        // A strategic patch goes by the names of containers.
        let typed: Api<Deployment> = Api::namespaced(client.clone(), "shop");
        let patch = json!({"spec": {"template": {"spec": {"containers": [{"name": "b", "image": "b:2"}]}}}});
        let patched = typed.patch("web", &PatchParams::default(), &Patch::Strategic(patch)).await.unwrap();
        let spec = patched.spec.unwrap();
        let images: Vec<_> =
            spec.template.spec.unwrap().containers.into_iter().map(|one| one.image.unwrap()).collect();
        assert_eq!(images, ["a:1", "b:2"]);
        assert_eq!(spec.replicas, Some(1), "a default");
        assert_eq!(patched.metadata.generation, Some(2));

        let scaled = typed
            .patch_scale("web", &PatchParams::default(), &Patch::Merge(json!({"spec": {"replicas": 3}})))
            .await
            .unwrap();
        assert_eq!(scaled.spec.unwrap().replicas, Some(3));
        let status = json!({"status": {"replicas": 3}, "spec": {"replicas": 9}});
        let told = typed.patch_status("web", &PatchParams::default(), &Patch::Merge(status)).await.unwrap();
        assert_eq!((told.spec.unwrap().replicas, told.status.unwrap().replicas), (Some(3), Some(3)));
        any.delete("web", &DeleteParams::background()).await.unwrap();
    });
}

/// The next event that is not a bookmark.
async fn next<K: Clone + std::fmt::Debug>(
    stream: &mut (impl futures_util::Stream<Item = kube::Result<WatchEvent<K>>> + Unpin),
) -> WatchEvent<K> {
    loop {
        let event = tokio::time::timeout(PATIENCE, stream.next()).await.unwrap().unwrap().unwrap();
        if !matches!(event, WatchEvent::Bookmark(_)) {
            return event;
        }
    }
}

#[test]
fn watches_tell_what_happens_in_its_order() {
    run(async {
        let server = Server::ephemeral(&[]);
        let client = client(&server).await;
        namespace(&client, "shop").await;
        let maps: Api<ConfigMap> = Api::namespaced(client.clone(), "shop");
        let only = ListParams::default().labels("app=a");
        let from = maps.list(&only).await.unwrap().metadata.resource_version.unwrap();
        let params = WatchParams::default().labels("app=a").timeout(60);
        let mut stream = Box::pin(maps.watch(&params, &from).await.unwrap());
        maps.create(&PostParams::default(), &map("one", "1")).await.unwrap();
        maps.patch("one", &PatchParams::default(), &Patch::Merge(json!({"data": {"k": "2"}}))).await.unwrap();
        // Who no longer has the label is gone from this watch.
        maps.patch(
            "one",
            &PatchParams::default(),
            &Patch::Merge(json!({"metadata": {"labels": {"app": "b"}}})),
        )
        .await
        .unwrap();
        maps.patch(
            "one",
            &PatchParams::default(),
            &Patch::Merge(json!({"metadata": {"labels": {"app": "a"}}})),
        )
        .await
        .unwrap();
        maps.delete("one", &DeleteParams::default()).await.unwrap();
        assert!(matches!(next(&mut stream).await, WatchEvent::Added(_)));
        assert!(
            matches!(next(&mut stream).await, WatchEvent::Modified(one) if one.data.as_ref().unwrap()["k"] == "2")
        );
        assert!(matches!(next(&mut stream).await, WatchEvent::Deleted(_)));
        assert!(matches!(next(&mut stream).await, WatchEvent::Added(_)));
        assert!(matches!(next(&mut stream).await, WatchEvent::Deleted(_)));
    });
}

#[test]
fn the_watcher_of_the_runtime_sees_everything_by_list_and_by_stream() {
    run(async {
        let server = Server::ephemeral(&[]);
        let client = client(&server).await;
        namespace(&client, "shop").await;
        let maps: Api<ConfigMap> = Api::namespaced(client.clone(), "shop");
        maps.create(&PostParams::default(), &map("before", "1")).await.unwrap();
        for config in [watcher::Config::default(), watcher::Config::default().streaming_lists()] {
            let mut events = watcher::watcher(maps.clone(), config.labels("app=a")).boxed();
            let mut next =
                async || tokio::time::timeout(PATIENCE, events.try_next()).await.unwrap().unwrap().unwrap();
            assert!(matches!(next().await, watcher::Event::Init));
            assert!(
                matches!(next().await, watcher::Event::InitApply(one) if one.metadata.name.as_deref() == Some("before"))
            );
            assert!(matches!(next().await, watcher::Event::InitDone));
            maps.create(&PostParams::default(), &map("during", "1")).await.unwrap();
            assert!(
                matches!(next().await, watcher::Event::Apply(one) if one.metadata.name.as_deref() == Some("during"))
            );
            maps.delete("during", &DeleteParams::default()).await.unwrap();
            assert!(matches!(next().await, watcher::Event::Delete(_)));
        }
    });
}

#[test]
fn who_asks_is_known_and_may_do_what_they_may() {
    run(async {
        let server = Server::ephemeral(&[]);
        let admin = client(&server).await;
        namespace(&admin, "shop").await;
        let accounts: Api<ServiceAccount> = Api::namespaced(admin.clone(), "shop");
        accounts.create(&PostParams::default(), &of(json!({"metadata": {"name": "clerk"}}))).await.unwrap();
        let request = TokenRequest {
            spec: TokenRequestSpec {
                audiences: Vec::new(),
                expiration_seconds: Some(3600),
                bound_object_ref: None,
            },
            ..TokenRequest::default()
        };
        let token = accounts
            .create_token_request("clerk", &PostParams::default(), &request)
            .await
            .unwrap()
            .status
            .unwrap();

        let mut own = config(&server).await;
        own.auth_info = kube::config::AuthInfo { token: Some(token.token.into()), ..Default::default() };
        let clerk = Client::try_from(own).unwrap();
        let whoami = async |client: &Client| {
            let reviews: Api<SelfSubjectReview> = Api::all(client.clone());
            let review = reviews.create(&PostParams::default(), &SelfSubjectReview::default()).await.unwrap();
            review.status.unwrap().user_info.unwrap()
        };
        let user = whoami(&clerk).await;
        assert_eq!(user.username.as_deref(), Some("system:serviceaccount:shop:clerk"));
        assert_eq!(
            user.groups.unwrap(),
            ["system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated"]
        );
        let may = async |client: &Client, verb: &str| {
            let attributes = ResourceAttributes {
                namespace: Some("shop".to_owned()),
                verb: Some(verb.to_owned()),
                resource: Some("configmaps".to_owned()),
                ..ResourceAttributes::default()
            };
            let spec =
                SelfSubjectAccessReviewSpec { resource_attributes: Some(attributes), ..Default::default() };
            let review = SelfSubjectAccessReview { spec, ..SelfSubjectAccessReview::default() };
            let reviews: Api<SelfSubjectAccessReview> = Api::all(client.clone());
            reviews.create(&PostParams::default(), &review).await.unwrap().status.unwrap().allowed
        };
        let maps: Api<ConfigMap> = Api::namespaced(clerk.clone(), "shop");
        assert!(!may(&clerk, "list").await && may(&admin, "list").await);
        assert_eq!(code(maps.list(&ListParams::default()).await), 403);
        let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "clerk"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
            "subjects": [{"kind": "ServiceAccount", "name": "clerk", "namespace": "shop"}]});
        let bindings: Api<k8s_openapi::api::rbac::v1::RoleBinding> = Api::namespaced(admin.clone(), "shop");
        bindings.create(&PostParams::default(), &of(role)).await.unwrap();
        // Who may do what follows what is written, soon.
        let began = std::time::Instant::now();
        while !may(&clerk, "list").await {
            assert!(began.elapsed() < PATIENCE, "the binding has no effect");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(!may(&clerk, "create").await);
        maps.list(&ListParams::default()).await.unwrap();
        assert_eq!(code(maps.create(&PostParams::default(), &map("x", "1")).await), 403);

        // As somebody else.
        let mut other = config(&server).await;
        other.auth_info.impersonate = Some("ann".to_owned());
        other.auth_info.impersonate_groups = Some(vec!["dev".to_owned()]);
        let user = whoami(&Client::try_from(other).unwrap()).await;
        assert_eq!(
            (user.username.as_deref(), user.groups.unwrap()),
            (Some("ann"), vec!["dev".to_owned(), "system:authenticated".to_owned()])
        );

        // A token of an account that is gone is none.
        accounts.delete("clerk", &DeleteParams::default()).await.unwrap();
        assert_eq!(code(maps.list(&ListParams::default()).await), 401);
    });
}

#[test]
fn pods_are_admitted_bound_and_evicted() {
    run(async {
        let server = Server::ephemeral(&[]);
        let client = client(&server).await;
        namespace(&client, "shop").await;
        let pods: Api<Pod> = Api::namespaced(client.clone(), "shop");
        let pod = |name: &str| -> Pod {
            of(
                json!({"metadata": {"name": name, "labels": {"app": "a"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}),
            )
        };
        let made = pods.create(&PostParams::default(), &pod("one")).await.unwrap();
        let spec = made.spec.unwrap();
        assert_eq!(spec.service_account_name.as_deref(), Some("default"));
        assert!(
            spec.volumes.unwrap().iter().any(|volume| volume.projected.is_some()),
            "the token of the account"
        );
        assert_eq!(made.status.unwrap().phase.as_deref(), Some("Pending"));

        let spaces: Api<Namespace> = Api::all(client.clone());
        let label = json!({"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}});
        spaces.patch("shop", &PatchParams::default(), &Patch::Merge(label)).await.unwrap();
        assert_eq!(code(pods.create(&PostParams::default(), &pod("two")).await), 403);

        let budgets: Api<PodDisruptionBudget> = Api::namespaced(client.clone(), "shop");
        let budget = json!({"metadata": {"name": "b"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "a"}}}});
        budgets.create(&PostParams::default(), &of(budget)).await.unwrap();
        pods.patch_status(
            "one",
            &PatchParams::default(),
            &Patch::Merge(
                json!({"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}),
            ),
        )
        .await
        .unwrap();
        assert_eq!(code(pods.evict("one", &EvictParams::default()).await), 429);
        budgets.delete("b", &DeleteParams::default()).await.unwrap();
        pods.evict(
            "one",
            &EvictParams {
                delete_options: Some(DeleteParams::default().grace_period(0)),
                ..Default::default()
            },
        )
        .await
        .unwrap();
        assert_eq!(pods.get_opt("one").await.unwrap().map(|pod| pod.metadata.name), None);
    });
}
