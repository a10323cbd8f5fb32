//! `cargo xtask resources`: the data of `crates/resource` and `crates/protobuf`, from what an API server publishes of
//! itself and from Go's types behind that.
//!
//! The folder that is given holds `discovery.json` (the aggregated discovery documents by path: `/api`, `/apis`),
//! `printer-columns.json` (the columns of tables by path of their resource: `/api/v1/pods`; each `name`, `type`,
//! `format`, `priority`) and `schemas.json`, or the same packed as `schemas.json.gz` (the schemas of all
//! `/openapi/v3` documents by name). Go's types are printed by `crates/xtask/resources/main.go.txt`, built against the
//! version of Kubernetes that `crates/xtask/envtest` has.

use crate::envtest::{self, go::Go};
use anyhow::Context as _;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the facts are.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder with discovery.json, printer-columns.json and schemas.json or schemas.json.gz
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// Write nothing; fail where a file is stale
    #[arg(long)]
    check: bool,
}

/// Where the data is, from the root.
const DATA: &str = "crates/resource/src/data";

/// Where the messages of protobuf are, from the root.
const MESSAGES: &str = "crates/protobuf/src/data";

/// What comes before the name of a schema.
const COMPONENTS: &str = "#/components/schemas/";

/// Types that no schema refers to, but operations: the options of connections and of logs.
const OPTIONS: [&str; 7] = [
    "NodeProxyOptions",
    "PodAttachOptions",
    "PodExecOptions",
    "PodLogOptions",
    "PodPortForwardOptions",
    "PodProxyOptions",
    "ServiceProxyOptions",
];

/// Writes the data, or says what of it is stale; whether all is well.
pub(crate) fn run(root: &Path, args: &Args) -> anyhow::Result<bool> {
    let schemas = schemas(&args.from)?;
    let program = go_program()?;
    let types = reachable(&by_name(&printed(&program, &[])?), &schemas)?;
    let messages = messages(&printed(&program, &["messages"])?, &types)?;
    let files = [
        (
            DATA,
            "resources.jsonl",
            resources(&json(&args.from, "discovery.json")?, &json(&args.from, "printer-columns.json")?)?,
        ),
        (DATA, "types.txt", types),
        (MESSAGES, "messages.txt", messages),
        (DATA, "schemas.jsonl", schemas.iter().map(|(name, schema)| line(name, schema)).collect()),
    ];
    let mut is_fresh = true;
    for (folder, name, text) in files {
        let path = root.join(folder).join(name);
        if std::fs::read(&path).is_ok_and(|old| old == text.as_bytes()) {
            continue;
        }
        if args.check {
            println!("error: {folder}/{name} is stale: run `cargo xtask resources`");
            is_fresh = false;
            continue;
        }
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        println!("wrote {folder}/{name}");
    }
    Ok(is_fresh)
}

fn json(folder: &Path, name: &str) -> anyhow::Result<Value> {
    let path = folder.join(name);
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} is no JSON", path.display()))
}

/// The schemas by name; references are names.
fn schemas(folder: &Path) -> anyhow::Result<BTreeMap<String, Value>> {
    let packed = folder.join("schemas.json.gz");
    let mut all = if packed.is_file() {
        let file =
            std::fs::File::open(&packed).with_context(|| format!("cannot open {}", packed.display()))?;
        let mut text = String::new();
        flate2::read::GzDecoder::new(file)
            .read_to_string(&mut text)
            .with_context(|| format!("cannot unpack {}", packed.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is no JSON", packed.display()))?
    } else {
        json(folder, "schemas.json")?
    };
    shorten(&mut all);
    let map = all.as_object().context("the schemas are no mapping")?;
    Ok(map.iter().map(|(name, schema)| (name.clone(), schema.clone())).collect())
}

fn shorten(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                match value {
                    Value::String(name) if key == "$ref" => {
                        if let Some(short) = name.strip_prefix(COMPONENTS) {
                            *name = short.to_owned();
                        }
                    }
                    _ => shorten(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(shorten),
        _ => {}
    }
}

fn line(name: &str, schema: &Value) -> String {
    compact(&serde_json::json!({ "name": name, "schema": schema })) + "\n"
}

/// One resource a line: its entry of discovery, with group, version and columns.
fn resources(discovery: &Value, columns: &Value) -> anyhow::Result<String> {
    let mut text = String::new();
    for root in ["/api", "/apis"] {
        for group in list(discovery.get(root).and_then(|document| document.get("items")))? {
            let name = group.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
            for version in list(group.get("versions"))? {
                let of = version.get("version").and_then(Value::as_str).context("a version has no name")?;
                let path = if name.is_empty() { format!("/api/{of}") } else { format!("/apis/{name}/{of}") };
                for resource in list(version.get("resources"))? {
                    let plural = resource.get("resource").and_then(Value::as_str).unwrap_or_default();
                    let mut entry = resource.as_object().context("a resource is no mapping")?.clone();
                    entry.insert("group".to_owned(), name.into());
                    entry.insert("version".to_owned(), of.into());
                    let columns = cells(columns.get(format!("{path}/{plural}")));
                    entry.insert("columns".to_owned(), columns);
                    text.push_str(&compact(&Value::Object(entry)));
                    text.push('\n');
                }
            }
        }
    }
    Ok(text)
}

fn list(value: Option<&Value>) -> anyhow::Result<&Vec<Value>> {
    value.and_then(Value::as_array).context("the discovery documents lack a list")
}

/// Columns as `[name, type, format, priority]`.
fn cells(columns: Option<&Value>) -> Value {
    let columns = columns.and_then(Value::as_array).into_iter().flatten();
    let cell = |column: &Value| {
        let keys = ["name", "type", "format", "priority"];
        keys.iter().map(|key| column.get(key).cloned().unwrap_or_default()).collect::<Value>()
    };
    columns.map(cell).collect()
}

/// Builds the Go program.
fn go_program() -> anyhow::Result<PathBuf> {
    let go = Go::find()?.map_err(|reason| anyhow::anyhow!("{reason}; the types are read by a Go program"))?;
    let folder = envtest::cache()?.join("resources");
    let module = envtest::go::Module {
        packages: &["."],
        output: Some("types"),
        stamps: Vec::new(),
        ..envtest::kubernetes()
    };
    module.write(&folder)?;
    for (name, text) in [
        ("main.go", include_str!("../resources/main.go.txt")),
        ("messages.go", include_str!("../resources/messages.go.txt")),
    ] {
        let path = folder.join(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    eprintln!("building the program that reads the types in {} ...", folder.display());
    go.build(&module, &folder, &folder, None)?;
    Ok(folder.join(format!("types{}", std::env::consts::EXE_SUFFIX)))
}

/// What the Go program prints.
fn printed(program: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot run {}", program.display()))?;
    anyhow::ensure!(output.status.success(), "{}: {}", program.display(), output.status);
    String::from_utf8(output.stdout).context("the types are no text")
}

/// Lines by their first words.
fn by_name(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    lines.map(|(name, body)| (name.to_owned(), body.to_owned())).collect()
}

/// The kinds that are among the types, or of every API, and the messages that they refer to, one a line.
fn messages(printed: &str, types: &str) -> anyhow::Result<String> {
    let types: BTreeSet<&str> = types.lines().filter_map(|line| line.split(' ').next()).collect();
    let lines = |word: &'static str| printed.lines().filter_map(move |line| line.strip_prefix(word));
    let bodies: BTreeMap<&str, &str> = lines("message ").filter_map(|line| line.split_once(' ')).collect();
    let message_of = |kind: &str| kind.rsplit(' ').next().unwrap_or_default().to_owned();
    let kinds: Vec<&str> = lines("kind ")
        .filter(|kind| {
            let name = message_of(kind);
            name.starts_with("io.k8s.apimachinery.") || types.contains(name.as_str())
        })
        .collect();
    let mut pending: Vec<String> = kinds.iter().map(|kind| message_of(kind)).collect();
    // Those that read themselves as JSON do not say what they are made of.
    pending.extend(bodies.keys().filter(|name| name.ends_with(".JSONSchemaProps")).map(ToString::to_string));
    let mut known: BTreeSet<String> = BTreeSet::new();
    while let Some(name) = pending.pop() {
        if known.contains(&name) {
            continue;
        }
        let body = bodies.get(name.as_str()).with_context(|| format!("Go has no message {name}"))?;
        // A field has a number and a name before its type.
        let types: Vec<&str> =
            body.split(' ').map(|field| field.rsplit(':').next().unwrap_or(field)).collect();
        pending.extend(referred(&name, &types.join(" ")));
        known.insert(name);
    }
    let kinds = kinds.iter().map(|kind| format!("kind {kind}\n"));
    let known =
        known.iter().filter_map(|name| Some(format!("message {name} {}\n", bodies.get(name.as_str())?)));
    Ok(kinds.chain(known).collect())
}

/// The types of the schemas, and all that they refer to, one a line.
fn reachable(types: &BTreeMap<String, String>, schemas: &BTreeMap<String, Value>) -> anyhow::Result<String> {
    let options = OPTIONS.iter().map(|kind| format!("io.k8s.api.core.v1.{kind}"));
    let mut pending: Vec<String> =
        schemas.keys().filter(|name| types.contains_key(*name)).cloned().chain(options).collect();
    let mut known: BTreeSet<String> = BTreeSet::new();
    while let Some(name) = pending.pop() {
        let body = types.get(&name).with_context(|| format!("Go has no type {name}"))?;
        pending.extend(referred(&name, body));
        known.insert(name);
        pending.retain(|name| !known.contains(name));
    }
    Ok(known.iter().filter_map(|name| Some(format!("{name} {}\n", types.get(name)?))).collect())
}

/// The names of the types that a type is made of.
fn referred(name: &str, body: &str) -> Vec<String> {
    let package = name.rsplit_once('.').map_or("", |(package, _)| package);
    let types = body.split(' ').map(|field| field.split_once(':').map_or(field, |(_, of)| of));
    let parts = types.flat_map(|of| of.split(['[', ']', '*'])).filter(|part| part.contains('.'));
    parts
        .map(|part| if part.starts_with('.') { format!("{package}{part}") } else { part.to_owned() })
        .collect()
}

/// JSON on one line with keys in order, whatever the map of serde_json is.
fn compact(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<&String, &Value> = map.iter().collect();
            let entries: Vec<String> = sorted
                .iter()
                .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), compact(value)))
                .collect();
            format!("{{{}}}", entries.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(compact).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_resource_is_its_entry_of_discovery_with_group_version_and_columns() {
        let resource = json!({"resource": "deployments", "scope": "Namespaced"});
        let version = json!({"version": "v1", "resources": [resource]});
        let discovery = json!({
            "/api": {"items": []},
            "/apis": {"items": [{"metadata": {"name": "apps"}, "versions": [version]}]},
        });
        let column =
            json!({"name": "Ready", "type": "string", "format": "", "priority": 0, "description": "x"});
        let columns = json!({"/apis/apps/v1/deployments": [column]});
        assert_eq!(
            resources(&discovery, &columns).unwrap(),
            "{\"columns\":[[\"Ready\",\"string\",\"\",0]],\"group\":\"apps\",\"resource\":\"deployments\",\"scope\":\"Namespaced\",\"version\":\"v1\"}\n"
        );
        assert!(resources(&json!({}), &columns).is_err());
    }

    #[test]
    fn types_are_kept_that_a_schema_leads_to() {
        let mut types: BTreeMap<String, String> = [
            ("io.a.v1.Pod", "struct spec?:*.Spec labels:map[.Name]io.b.Value"),
            ("io.a.v1.Spec", "struct pods:[].Pod"),
            ("io.a.v1.Name", "string"),
            ("io.b.Value", "own"),
            ("io.b.Other", "string"),
        ]
        .map(|(name, body)| (name.to_owned(), body.to_owned()))
        .into();
        let schemas =
            [("io.a.v1.Pod".to_owned(), Value::Null), ("io.a.v1.Patch".to_owned(), Value::Null)].into();
        assert!(reachable(&types, &schemas).is_err());
        for kind in OPTIONS {
            types.insert(format!("io.k8s.api.core.v1.{kind}"), "struct".to_owned());
        }
        let text = reachable(&types, &schemas).unwrap();
        let names: Vec<&str> = text.lines().filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(names[..4], ["io.a.v1.Name", "io.a.v1.Pod", "io.a.v1.Spec", "io.b.Value"]);
        assert_eq!(names.len(), 4 + OPTIONS.len());
    }

    #[test]
    fn messages_are_kept_that_a_kind_leads_to() {
        let printed = "\
kind * Options io.k8s.apimachinery.pkg.Options
kind v0 Pod io.a.v0.Pod
kind v1 Pod io.a.v1.Pod
message io.a.v0.Pod struct 1:a:string
message io.a.v1.Other struct 1:a:string
message io.a.v1.Pod struct 1:spec?:*.Spec 2:times:map[]io.b.Time
message io.a.v1.Spec struct 1::[].Spec
message io.b.Time own
message io.k8s.apimachinery.pkg.Options struct
";
        let text = messages(printed, "io.a.v1.Pod struct\n").unwrap();
        let kept: Vec<&str> =
            printed.lines().filter(|line| !line.contains("v0") && !line.contains("Other")).collect();
        assert_eq!(text.lines().collect::<Vec<_>>(), kept);
        assert!(messages("kind v1 Pod io.a.v1.Pod\n", "io.a.v1.Pod struct\n").is_err());
    }

    #[test]
    fn references_are_names() {
        let mut schema = json!({"items": {"$ref": "#/components/schemas/a.B"}, "allOf": [{"$ref": "#/components/schemas/C"}]});
        shorten(&mut schema);
        assert_eq!(compact(&schema), r#"{"allOf":[{"$ref":"C"}],"items":{"$ref":"a.B"}}"#);
    }
}
