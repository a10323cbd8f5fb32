//! Whatever an object looks like, a plugin answers.

use proptest::prelude::*;
use ravelin_admit::config::Configuration;
use ravelin_admit::{
    Answer, Attributes, Chain, Cluster, Context, Enabled, LookupError, Mapping, Operation, Question,
    WriteError, plugins, quota,
};
use ravelin_object::user::UserInfo;
use ravelin_object::{Map, Value};
use std::sync::Arc;
use std::time::Duration;

/// A cluster in which everything looks like one object.
struct Same(Arc<Value>, bool);

impl Cluster for Same {
    fn get(&self, _: &str, _: &str, _: &str, _: &str) -> Result<Option<Arc<Value>>, LookupError> {
        Ok(Some(self.0.clone()))
    }

    fn get_live(&self, _: &str, _: &str, _: &str, _: &str) -> Result<Option<Arc<Value>>, LookupError> {
        Ok(None)
    }

    fn list(&self, _: &str, _: &str, _: Option<&str>) -> Result<Vec<Arc<Value>>, LookupError> {
        Ok(vec![self.0.clone()])
    }

    fn authorize(&self, _: &Question<'_>) -> Answer {
        Answer { allowed: self.1, ..Answer::default() }
    }

    fn mappings(&self, _: &str, _: &str, _: &str) -> Result<Vec<Mapping>, LookupError> {
        Ok(Vec::new())
    }

    fn create_namespace(&self, _: &Value) -> Result<(), WriteError> {
        Ok(())
    }

    fn update_quota_status(&self, _: &Value, _: &Map) -> Result<(), WriteError> {
        Ok(())
    }
}

/// Names that plugins look for, so that what is random goes deep.
const KEYS: &str = "metadata|spec|status|annotations|labels|ownerReferences|containers|initContainers|volumes|name|\
                    resources|requests|limits|cpu|memory|storage|tolerations|key|operator|hard|used|type|min|max|default|\
                    projected|sources|nodeName|env|envFrom|scopes|scopeSelector|matchExpressions|scopeName|values|\
                    priorityClassName|podNodeSelectorPluginConfig|overhead|podFixed|scheduling|nodeSelector|affinity|\
                    deletionTimestamp|deletionGracePeriodSeconds|devices|exactly|firstAvailable|request|signerName";
const TEXTS: &str = "cpu|1|-1|1Gi|1e30|Container|Pod|In|Exists|PriorityClass|true|2026-01-01T00:00:00Z|a=b|LoadBalancer|\
                     [{}]|n1|ns|x|9223372036854775807|-9223372036854775808|kubernetes.io/config.mirror";

fn key() -> impl Strategy<Value = String> {
    prop_oneof![9 => prop::sample::select(KEYS.split('|').map(str::to_owned).collect::<Vec<_>>()), 1 => any::<String>()]
}

fn value() -> impl Strategy<Value = Value> {
    let text = prop::sample::select(TEXTS.split('|').map(str::to_owned).collect::<Vec<_>>());
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<f64>().prop_map(Value::Float),
        text.prop_map(|text| Value::String(text.into())),
        any::<String>().prop_map(|text| Value::String(text.into())),
    ];
    leaf.prop_recursive(6, 96, 6, |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            3 => prop::collection::btree_map(key(), inner, 0..6).prop_map(|entries| {
                Value::Object(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
            }),
        ]
    })
}

const RESOURCES: [(&str, &str, &str); 14] = [
    ("", "pods", "Pod"),
    ("", "nodes", "Node"),
    ("", "persistentvolumeclaims", "PersistentVolumeClaim"),
    ("", "services", "Service"),
    ("", "serviceaccounts", "TokenRequest"),
    ("", "namespaces", "Namespace"),
    ("", "events", "Event"),
    ("networking.k8s.io", "ingresses", "Ingress"),
    ("certificates.k8s.io", "certificatesigningrequests", "CertificateSigningRequest"),
    ("certificates.k8s.io", "clustertrustbundles", "ClusterTrustBundle"),
    ("coordination.k8s.io", "leases", "Lease"),
    ("scheduling.k8s.io", "priorityclasses", "PriorityClass"),
    ("resource.k8s.io", "resourceclaims", "ResourceClaim"),
    ("resource.k8s.io", "resourceslices", "ResourceSlice"),
];
const SUBRESOURCES: [&str; 7] =
    ["", "status", "resize", "ephemeralcontainers", "eviction", "approval", "token"];

proptest! {
    #[test]
    fn no_plugin_panics_on_any_value(
        new in prop::option::of(value()), old in prop::option::of(value()), known in value(), config in value(),
        resource in prop::sample::select(&RESOURCES[..]), subresource in prop::sample::select(&SUBRESOURCES[..]),
        operation in 0..4_usize, allowed: bool, random: u32,
    ) {
        let groups = vec!["system:nodes".to_owned()];
        let user = UserInfo { name: "system:node:n1".to_owned(), groups, ..UserInfo::default() };
        let operation =
            [Operation::Create, Operation::Update, Operation::Delete, Operation::Connect][operation];
        let (group, resource, kind) = resource;
        let attributes = Attributes {
            operation, group, version: "v1", resource, subresource, kind, kind_group: group, kind_version: "v1",
            namespace: "ns", name: "n1", user: &user, dry_run: false, options: None,
        };
        let cluster = Same(Arc::new(known.clone()), allowed);
        let mut random = || random;
        let now = Duration::from_secs(1_767_225_600);
        for entry in plugins::ALL {
            let mut configuration = Configuration::default();
            for configured in [false, true] {
                if configured {
                    configuration.plugins.insert(entry.name.to_owned(), config.clone());
                }
                let enabled = [Enabled { name: entry.name, explicit: true }];
                let Ok(chain) = Chain::new(&enabled, &configuration, Vec::new()) else { continue };
                let mut object = new.clone();
                let mut context = Context::new(&cluster, now, &mut random);
                let _ = chain.admit(&attributes, object.as_mut(), old.as_ref(), &mut context);
                let _ = chain.validate(&attributes, object.as_ref(), old.as_ref(), &mut context);
            }
        }
        let world = quota::World { now, cluster: &cluster };
        let _ = quota::recalculated(&known, world).to_value();
        let _ = quota::usage(group, resource, &known, world);
        let _ = quota::matches(&known, group, resource, &known, world);
    }
}
