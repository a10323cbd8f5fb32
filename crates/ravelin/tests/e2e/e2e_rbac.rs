//! RBAC: a server's decisions, its reasons, its refusals, its default policy.
//!
//! The server visits bindings in no order: it lists them from a map. So where several bindings allow a request it
//! gives any of them as the reason, and several errors stand in any order.

use super::control_plane::{ControlPlane, Options};
use super::http::Client;
use super::random::Random;
use super::rbac_policy::{self as make, NAMESPACES, Somebody, collection};
use crate::say;
use ravelin_authz::rbac::escalation::{Change, Guard, Refusal, compare_metadata};
use ravelin_authz::rbac::validation::{self, SelectorValues};
use ravelin_authz::rbac::{
    ClusterRole, ClusterRoleBinding, GROUP, Index, Objects, Policy, ResolveError, Role, RoleBinding,
    aggregation,
};
use ravelin_authz::{Attributes, Authorizer as _, User, aggregated, bootstrap, reviews};
use ravelin_object::read;
use ravelin_yaml::Limits;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const RESOURCES: [(&str, &str); 4] = [
    ("clusterroles", "ClusterRole"),
    ("roles", "Role"),
    ("clusterrolebindings", "ClusterRoleBinding"),
    ("rolebindings", "RoleBinding"),
];
const REVIEWS: usize = 2_000;
const SUBJECTS: usize = 50;
const WRITES: usize = 300;

#[test]
fn e2e_rbac() {
    let options = Options { controllers: "clusterrole-aggregation-controller", ..Options::default() };
    let Some(plane) = ControlPlane::start("e2e_rbac", &options) else { return };
    let admin = plane.admin();
    let mut random = Random::new(36);
    the_default_policy_is_known(&admin);
    create(&admin, &mut random);
    let objects = objects_when_settled(&admin);
    let snapshot = plane.folder().join("snapshot.json");
    std::fs::write(&snapshot, list(&objects).to_string()).unwrap();
    decisions_and_reasons_are_the_same(&admin, &mut random, snapshot.to_str().unwrap(), &objects);
    let index = Index::new(Policy::new(decoded(&objects)));
    rules_are_the_same(&admin, &mut random, &index);
    writes_are_refused_in_the_same_words(&admin, &mut random, &index, &objects);
}

fn the_default_policy_is_known(admin: &Client) {
    let named = |object: &Value| {
        let metadata = &object["metadata"];
        format!("{} {} {}", object["kind"], metadata["namespace"], metadata["name"])
    };
    let known: BTreeMap<String, Value> = bootstrap::objects(bootstrap::Version::V1_36)
        .iter()
        .map(|object| serde_json::from_str(&object.to_json().to_string()).unwrap())
        .map(|object| (named(&object), object))
        .collect();
    let live = || -> BTreeMap<String, Value> {
        let objects = fetched(admin).into_iter().map(|mut object| {
            for key in ["uid", "resourceVersion", "creationTimestamp", "managedFields"] {
                object["metadata"].as_object_mut().unwrap().remove(key);
            }
            (named(&object), object)
        });
        objects.collect()
    };
    // The controller fills aggregated roles after the server is ready.
    wait_until("the server's default policy is ours", || {
        let live = live();
        let differing: Vec<String> = live
            .keys()
            .chain(known.keys())
            .filter(|name| live.get(*name) != known.get(*name))
            .map(|name| format!("live: {:?}\nours: {:?}", live.get(name), known.get(name)))
            .collect();
        if differing.is_empty() { Ok(()) } else { Err(differing.join("\n")) }
    });
    say(&format!("e2e_rbac: {} default objects are the same", known.len()));
}

fn create(admin: &Client, random: &mut Random) {
    for name in NAMESPACES {
        admin.post("/api/v1/namespaces", &json!({"metadata": {"name": name}})).ok();
    }
    for made in make::policy(random) {
        admin.post(&made.collection, &made.object).ok();
    }
}

/// The objects of the server, once aggregated roles are filled and its authorizer has seen all of them.
fn objects_when_settled(admin: &Client) -> Vec<Value> {
    wait_until("aggregated roles are what we make of them", || {
        let live = decoded(&fetched(admin)).cluster_roles;
        let mut ours = live.clone();
        assert!(aggregation::aggregate(&mut ours).is_empty());
        let differing = live.iter().zip(&ours).find(|(live, ours)| live != ours);
        differing.map_or(Ok(()), |(live, ours)| Err(format!("live: {live:?}\nours: {ours:?}")))
    });
    // What is seen of each kind is seen in order, and these are the last.
    for (namespace, role, binding) in
        [("", "ClusterRole", "ClusterRoleBinding"), (NAMESPACES[0], "Role", "RoleBinding")]
    {
        let metadata = json!({"name": "barrier", "namespace": namespace});
        let rule = json!({"verbs": ["pass"], "apiGroups": ["example.com"], "resources": [role]});
        let subject = json!({"kind": "User", "name": "barrier", "apiGroup": GROUP});
        let bound = json!({
            "metadata": metadata, "subjects": [subject],
            "roleRef": {"apiGroup": GROUP, "kind": role, "name": "barrier"},
        });
        let path = |kind: &str| collection(&format!("{}s", kind.to_lowercase()), namespace);
        admin.post(&path(role), &json!({"metadata": metadata, "rules": [rule]})).ok();
        admin.post(&path(binding), &bound).ok();
        let asked = json!({"spec": {"user": "barrier", "resourceAttributes": {
            "verb": "pass", "group": "example.com", "resource": role, "namespace": namespace,
        }}});
        wait_until("the server sees its policy", || {
            let answer = admin.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", &asked).ok();
            if answer["status"]["allowed"] == true { Ok(()) } else { Err(answer.to_string()) }
        });
    }
    fetched(admin)
}

fn decisions_and_reasons_are_the_same(
    admin: &Client,
    random: &mut Random,
    snapshot: &str,
    objects: &[Value],
) {
    let asked: Vec<Value> = (0..REVIEWS).map(|_| make::review(random)).collect();
    let lines: Vec<String> = asked.iter().map(Value::to_string).collect();
    let ours = ravelin(&["can", "--reviews", "--snapshot", snapshot], &lines.join("\n"));
    assert_eq!(ours.len(), asked.len());
    let (mut allowed, mut refused, mut of_another, mut with_error) = (0, 0, 0, 0);
    for (asked, ours) in asked.iter().zip(&ours) {
        let live = admin.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", asked);
        if live.status >= 300 {
            refused += 1;
            let text = format!("SubjectAccessReview{}", ours["error"].as_str().unwrap_or_default());
            assert!(
                live.message() == text || live.message() == ours["error"],
                "{asked}\n{}\n{ours}",
                live.body
            );
            continue;
        }
        let (live, ours) = (&live.body["status"], &ours["status"]);
        allowed += usize::from(live["allowed"] == true);
        with_error += usize::from(live.get("evaluationError").is_some());
        if in_order(live) == in_order(ours) {
            continue;
        }
        of_another += 1;
        let reason = live["reason"].as_str().unwrap_or_default();
        let kind =
            |status: &Value| status["reason"].as_str().unwrap_or_default().contains("ClusterRoleBinding");
        assert_eq!((live["allowed"] == true, kind(live)), (true, kind(ours)), "{asked}\n{live}\n{ours}");
        assert_eq!(&in_order(&answer_by(objects, reason, asked)), live, "{asked}\n{ours}");
    }
    say(&format!(
        "e2e_rbac: {REVIEWS} reviews: {allowed} allowed, {refused} refused as invalid, {with_error} with an error; the reason of \
         {of_another} is another of the bindings that allow it"
    ));
    assert!(allowed > REVIEWS / 10 && refused > 10 && with_error > 10);
}

/// The status of a review if of all bindings there were only that which a reason names.
fn answer_by(objects: &[Value], reason: &str, asked: &Value) -> Value {
    let is_named = |object: &Value| {
        let (kind, metadata) = (object["kind"].as_str().unwrap(), &object["metadata"]);
        let name = metadata["name"].as_str().unwrap();
        let name = match metadata["namespace"].as_str() {
            Some(namespace) => format!("{name}/{namespace}"),
            None => name.to_owned(),
        };
        !kind.ends_with("Binding") || reason.contains(&format!("by {kind} \"{name}\" of "))
    };
    let objects: Vec<Value> = objects.iter().filter(|object| is_named(object)).cloned().collect();
    let index = Index::new(Policy::new(decoded(&objects)));
    let answer = reviews::subject_access_review(&value(asked), &index).unwrap();
    serde_json::from_str::<Value>(&answer.to_json().to_string()).unwrap()["status"].clone()
}

fn rules_are_the_same(admin: &Client, random: &mut Random, index: &Index) {
    let mut rules = 0;
    for _ in 0..SUBJECTS {
        let somebody = make::somebody(random);
        let asked = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview",
            "spec": {"namespace": random.of(&NAMESPACES)},
        });
        let client = admin.impersonating(&somebody.name, &somebody.groups);
        let live = client.post("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", &asked).ok();
        let ours = reviews::self_subject_rules_review(&value(&asked), &user(&somebody), index).unwrap();
        let ours: Value = serde_json::from_str(&ours.to_json().to_string()).unwrap();
        let (live, ours) = (in_order(&live["status"]), in_order(&ours["status"]));
        assert_eq!(live, ours, "{} in {:?}", somebody.name, somebody.groups);
        rules += live["resourceRules"].as_array().map_or(0, Vec::len);
    }
    say(&format!("e2e_rbac: {SUBJECTS} subjects hold the same {rules} rules on resources"));
    assert!(rules > SUBJECTS);
}

fn writes_are_refused_in_the_same_words(
    admin: &Client,
    random: &mut Random,
    index: &Index,
    objects: &[Value],
) {
    let mut codes: BTreeMap<u16, usize> = BTreeMap::new();
    for number in 0..WRITES {
        let mut writer = make::somebody(random);
        writer.groups.retain(|group| group != "writers");
        writer.groups.push("writers".to_owned());
        let write = Write::random(random, number, objects);
        let client = admin.impersonating(&writer.name, &writer.groups);
        let path = collection(write.resource, write.namespace());
        let live = match &write.old {
            None => client.post(&format!("{path}?dryRun=All"), &write.new),
            Some(_) => client.put(&format!("{path}/{}?dryRun=All", write.name()), &write.new),
        };
        let (status, message) = write.expected(index, user(&writer));
        let message = if status < 300 { String::new() } else { message };
        assert_eq!(
            (live.status, errors_in_order(live.message())),
            (status, errors_in_order(&message)),
            "{} in {:?} writes {}\nover {:?}",
            writer.name,
            writer.groups,
            write.new,
            write.old
        );
        *codes.entry(status).or_default() += 1;
    }
    say(&format!("e2e_rbac: {WRITES} writes end the same, by status: {codes:?}"));
    for status in [200, 201, 403, 404, 422] {
        assert!(codes.contains_key(&status), "no write ended with {status}");
    }
}

/// A write of a role or a binding.
struct Write {
    resource: &'static str,
    new: Value,
    old: Option<Value>,
}

impl Write {
    fn random(random: &mut Random, number: usize, objects: &[Value]) -> Self {
        let (resource, kind) = RESOURCES[random.below(RESOURCES.len())];
        let namespace = random.of(&NAMESPACES);
        let name = format!("new-{number}");
        let mut new = match kind {
            "ClusterRole" => make::cluster_role(random, &name),
            "Role" => make::role(random, namespace, &name),
            "ClusterRoleBinding" => make::cluster_role_binding(random, &name),
            _ => make::role_binding(random, namespace, &name),
        };
        let changes = if kind.ends_with("Role") { ["rules", "rules"] } else { ["subjects", "roleRef"] };
        match random.below(8) {
            0 => new["metadata"]["name"] = random.of(&["a/b", "..", "x%y"]).into(),
            1 if kind.ends_with("Role") => new["rules"][0]["verbs"] = json!([]),
            1 => new["roleRef"]["kind"] = "Robot".into(),
            2 if kind == "ClusterRole" => {
                new["aggregationRule"] = json!({"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]});
            }
            2 | 3 if kind.ends_with("Binding") => new["subjects"] = json!([{"kind": "Robot", "name": ""}]),
            4..8 => {
                let of_kind: Vec<&Value> = objects
                    .iter()
                    .filter(|object| object["kind"] == kind && object["metadata"]["labels"].is_null())
                    .collect();
                let old = of_kind[random.below(of_kind.len())].clone();
                let change = random.of(&changes);
                let mut changed = old.clone();
                if random.once_in(5) {
                    changed["metadata"]["finalizers"] = json!(["example.com/wait"]);
                } else {
                    changed[change] = new[change].clone();
                }
                return Self { resource, new: changed, old: Some(old) };
            }
            _ => {}
        }
        Self { resource, new, old: None }
    }

    fn name(&self) -> &str {
        self.new["metadata"]["name"].as_str().unwrap()
    }

    fn namespace(&self) -> &str {
        self.new["metadata"]["namespace"].as_str().unwrap_or_default()
    }

    /// The status and the message.
    fn expected(&self, index: &Index, user: User) -> (u16, String) {
        let request = Attributes {
            user,
            is_resource: true,
            verb: if self.old.is_some() { "update" } else { "create" }.to_owned(),
            group: GROUP.to_owned(),
            version: "v1".to_owned(),
            resource: self.resource.to_owned(),
            namespace: self.namespace().to_owned(),
            // A path to which something is posted names nothing.
            name: if self.old.is_some() { self.name().to_owned() } else { String::new() },
            ..Attributes::default()
        };
        let authorize = |asked: &Attributes| index.authorize(asked).decision;
        let guard = Guard { resolver: index, authorize: &authorize, atom_limit: 1_000_000 };
        let (refused, faults) = match self.resource {
            "clusterroles" => {
                let (new, old) = self.decoded(ClusterRole::decode);
                let faults = old.as_ref().map_or_else(
                    || validation::cluster_role(&new, SelectorValues::Valid),
                    |old| validation::cluster_role_update(&new, old),
                );
                (guard.cluster_role(&request, self.change(&new, old.as_ref())), faults)
            }
            "roles" => {
                let (new, old) = self.decoded(Role::decode);
                (guard.role(&request, self.change(&new, old.as_ref())), validation::role(&new))
            }
            "clusterrolebindings" => {
                let (new, old) = self.decoded(ClusterRoleBinding::decode);
                let faults = old.as_ref().map_or_else(
                    || validation::cluster_role_binding(&new),
                    |old| validation::cluster_role_binding_update(&new, old),
                );
                (guard.cluster_role_binding(&request, self.change(&new, old.as_ref())), faults)
            }
            _ => {
                let (new, old) = self.decoded(RoleBinding::decode);
                let faults = old.as_ref().map_or_else(
                    || validation::role_binding(&new),
                    |old| validation::role_binding_update(&new, old),
                );
                (guard.role_binding(&request, self.change(&new, old.as_ref())), faults)
            }
        };
        match (refused, aggregated(&faults)) {
            (Err(refusal), _) => (code(&refusal), refusal.to_string()),
            (Ok(()), Some(faults)) => {
                let kind = self.new["kind"].as_str().unwrap();
                (422, format!("{kind}.{GROUP} \"{}\" is invalid: {faults}", self.name()))
            }
            (Ok(()), None) if self.old.is_some() => (200, String::new()),
            (Ok(()), None) => (201, String::new()),
        }
    }

    fn decoded<T, E: std::fmt::Debug>(
        &self,
        decode: impl Fn(&ravelin_object::Value, u32) -> Result<T, E>,
    ) -> (T, Option<T>) {
        let one = |object: &Value| decode(&value(object), 0).unwrap();
        (one(&self.new), self.old.as_ref().map(one))
    }

    fn change<'a, T>(&self, new: &'a T, old: Option<&'a T>) -> Change<'a, T> {
        match (old, &self.old) {
            (Some(old), Some(before)) => {
                Change::Update { new, old, metadata: compare_metadata(&value(&self.new), &value(before)) }
            }
            _ => Change::Create(new),
        }
    }
}

fn code(refusal: &Refusal) -> u16 {
    match refusal {
        Refusal::Unresolved(ResolveError::NotFound { .. }) => 404,
        Refusal::Unresolved(ResolveError::Kind { .. }) => 500,
        _ => 403,
    }
}

/// Who the server takes somebody for who is impersonated.
fn user(somebody: &Somebody) -> User {
    let mut groups = somebody.groups.clone();
    groups.push("system:authenticated".to_owned());
    User { name: somebody.name.clone(), groups, ..User::default() }
}

/// All roles and bindings of the server.
fn fetched(admin: &Client) -> Vec<Value> {
    let mut objects = Vec::new();
    for (resource, kind) in RESOURCES {
        let list = admin.get(&collection(resource, "")).ok();
        for item in list["items"].as_array().unwrap() {
            let mut object = json!({"apiVersion": format!("{GROUP}/v1"), "kind": kind});
            object.as_object_mut().unwrap().extend(item.as_object().unwrap().clone());
            objects.push(object);
        }
    }
    objects
}

/// Objects as `kubectl get -o json` prints them.
fn list(objects: &[Value]) -> Value {
    json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": objects})
}

fn decoded(objects: &[Value]) -> Objects {
    let mut decoded = Objects::default();
    for object in objects {
        assert_eq!(decoded.add(&value(object), 0), Ok(true), "{object}");
    }
    decoded
}

fn value(object: &Value) -> ravelin_object::Value {
    read::json(&object.to_string(), &Limits::STANDARD).unwrap().value.unwrap()
}

/// A status with its lists of rules and its errors in order.
fn in_order(status: &Value) -> Value {
    let mut status = status.clone();
    for key in ["reason", "evaluationError"] {
        if let Some(text) = status[key].as_str() {
            status[key] = errors_in_order(text).into();
        } else {
            status.as_object_mut().unwrap().remove(key);
        }
    }
    for key in ["resourceRules", "nonResourceRules"] {
        if let Some(rules) = status.get_mut(key).and_then(Value::as_array_mut) {
            rules.sort_by_cached_key(Value::to_string);
        }
    }
    status
}

/// A text whose list of errors, with which it ends, is in order.
fn errors_in_order(text: &str) -> String {
    let start = text.rfind(": [").map_or(0, |colon| colon + 2);
    let (head, list) = text.split_at(start);
    if !list.starts_with('[') || !list.trim_end_matches(']').ends_with(" not found") {
        return text.to_owned();
    }
    let mut errors: Vec<&str> = list.trim_matches(['[', ']']).split(", ").collect();
    errors.sort_unstable();
    format!("{head}[{}]", errors.join(", "))
}

/// Waits until something is so; what is not is the panic's.
fn wait_until(what: &str, is_so: impl Fn() -> Result<(), String>) {
    let started = Instant::now();
    while let Err(why_not) = is_so() {
        assert!(started.elapsed() < Duration::from_secs(120), "not so: {what}:\n{why_not}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Runs this program; what it prints, line by line.
fn ravelin(args: &[&str], input: &str) -> Vec<Value> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ravelin"));
    let mut child = command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_owned());
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
