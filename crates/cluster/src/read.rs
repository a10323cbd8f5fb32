//! What of a cluster is wanted, and everything that came of asking for it.

pub use crate::account::{Account, Doubt, ReadKind, Reason, Unread};

use crate::Error;
use crate::answer::{self, Ask, JSON};
use crate::connect::Connection;
use crate::kinds::{self, Kind};
use crate::list::{Budget, Listed, Listing, Page};
use crate::redact::Keep;
use futures_util::StreamExt;
use http::StatusCode;
use ravelin_object::Value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How much of Secrets is read. Values never are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Secrets {
    /// Metadata, type, and the keys of the data. The server sends the values too, since it knows no other way to send
    /// the keys; they are passed over and wiped.
    #[default]
    Keys,
    /// Metadata alone: the server does not send the values. The types and keys are not known then.
    Metadata,
    /// Nothing.
    None,
}

/// Bounds on what is read. What exceeds one is unread, and said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many objects a page of a list has.
    pub page: u32,
    /// The largest answer, in bytes.
    pub answer: usize,
    /// All answers together, in bytes.
    pub total_bytes: u64,
    /// All objects together.
    pub objects: usize,
    /// How deep an object nests.
    pub depth: usize,
    /// In how many namespaces a kind is asked for one by one, where the whole cluster is forbidden.
    pub namespaces: usize,
    /// How many lists are read at once.
    pub at_once: usize,
}

impl Limits {
    /// Enough for the largest clusters that Kubernetes supports, little enough not to burden their API servers.
    pub const STANDARD: Self = Self {
        page: 500,
        answer: 256 << 20,
        total_bytes: 8 << 30,
        objects: 2_000_000,
        depth: 256,
        namespaces: 500,
        at_once: 4,
    };
}

/// What of a cluster is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The kinds.
    pub kinds: Vec<&'static Kind>,
    /// Only the objects of these namespaces, and those of none; of all namespaces where empty.
    pub namespaces: Vec<String>,
    /// How much of Secrets.
    pub secrets: Secrets,
    /// Whether the values of ConfigMaps are wanted, not only their keys.
    pub config_values: bool,
    /// Bounds.
    pub limits: Limits,
}

impl Wanted {
    /// These kinds, in all namespaces, with the keys of Secrets and ConfigMaps.
    #[must_use]
    pub fn of(kinds: Vec<&'static Kind>) -> Self {
        Self {
            kinds,
            namespaces: Vec::new(),
            secrets: Secrets::Keys,
            config_values: false,
            limits: Limits::STANDARD,
        }
    }

    fn keep(&self, kind: &Kind) -> Keep {
        match (kind.group, kind.resource) {
            ("", "secrets") if self.secrets == Secrets::Metadata => Keep::Metadata,
            ("", "secrets") => Keep::Keys,
            ("", "configmaps") if !self.config_values => Keep::Keys,
            ("apiextensions.k8s.io", _) => Keep::Definition,
            _ => Keep::All,
        }
    }

    fn is_asked(&self, kind: &Kind) -> bool {
        let is_left_out = self.secrets == Secrets::None && (kind.group, kind.resource) == ("", "secrets");
        self.kinds.contains(&kind) && !is_left_out
    }
}

/// What came of reading a cluster.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    /// The URL of its API server, without credentials.
    pub server: String,
    /// Its version as it says: `v1.36.0`.
    pub version: Option<String>,
    /// What tells it from all others: the uid of the namespace kube-system.
    pub uid: Option<String>,
    /// The namespaces it was limited to.
    pub namespaces: Vec<String>,
    /// How much of Secrets is here.
    pub secrets: Secrets,
    /// Whether the values of ConfigMaps are here.
    pub config_values: bool,
    /// The objects, in the order of [`kinds::ALL`], then of namespace and name.
    pub objects: Vec<Value>,
    /// What was read, and what was not.
    pub account: Account,
    /// What a user should know of the way the cluster was reached.
    pub warnings: Vec<String>,
}

/// Hears how far a reading is.
pub trait Progress {
    /// How many kinds there are to read.
    fn kinds(&self, total: usize);
    /// One more kind is read, with so many objects.
    fn read(&self, kind: &str, objects: usize);
}

/// Where to hear of progress nobody asks for.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Progress for Silent {
    fn kinds(&self, _: usize) {}
    fn read(&self, _: &str, _: usize) {}
}

/// Reads what is wanted. What cannot be read is in the account of the result.
///
/// # Errors
/// If the server does not answer, or does not accept the credentials at all.
pub async fn read(
    connection: &Connection,
    wanted: &Wanted,
    progress: &dyn Progress,
) -> Result<Cluster, Error> {
    let version = version(connection).await?;
    let budget = Budget::new(wanted.limits);
    let mut reader = Reader { connection, wanted, budget: &budget, known: Vec::new() };
    let mut parts: Vec<(&'static Kind, Part)> = Vec::new();
    let asked: Vec<&'static Kind> = kinds::ALL.iter().filter(|kind| wanted.is_asked(kind)).collect();
    progress.kinds(asked.len());
    // Namespaces first: their names say where to ask when the whole cluster is forbidden.
    let is_namespaces = |kind: &Kind| (kind.group, kind.resource) == ("", "namespaces");
    for kind in asked.iter().copied().filter(|kind| is_namespaces(kind)) {
        let part = reader.namespaces(kind).await;
        reader.known =
            part.objects.iter().filter_map(name).filter(|name| is_label(name)).map(str::to_owned).collect();
        progress.read(kind.resource, part.objects.len());
        parts.push((kind, part));
    }
    let reader = &reader;
    let rest = asked.into_iter().filter(|kind| !is_namespaces(kind));
    let mut stream = futures_util::stream::iter(rest)
        .map(|kind| async move { (kind, reader.kind(kind).await) })
        .buffered(wanted.limits.at_once.max(1));
    while let Some((kind, part)) = stream.next().await {
        progress.read(kind.resource, part.objects.len());
        parts.push((kind, part));
    }
    let uid = match parts.iter().flat_map(|(_, part)| &part.objects).find_map(uid_of_system) {
        Some(uid) => Some(uid),
        None => reader.uid().await,
    };
    let mut cluster = Cluster {
        server: connection.server.clone(),
        version,
        uid,
        namespaces: wanted.namespaces.clone(),
        secrets: wanted.secrets,
        config_values: wanted.config_values,
        warnings: connection.warnings.clone(),
        ..Cluster::default()
    };
    for (kind, part) in parts {
        cluster.add(kind, part);
    }
    for kind in kinds::ALL.iter().filter(|kind| !wanted.is_asked(kind)) {
        cluster.account.unread.push(Unread::new(kind, Reason::NotAsked, ""));
    }
    Ok(cluster)
}

impl Cluster {
    fn add(&mut self, kind: &Kind, mut part: Part) {
        part.objects.sort_by_cached_key(|object| {
            let text = |key| object.dotted(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            (text("metadata.namespace"), text("metadata.name"))
        });
        if let Some((version, resource_version)) = part.read {
            self.account.read.push(ReadKind {
                group: kind.group.to_owned(),
                resource: kind.resource.to_owned(),
                version: version.to_owned(),
                resource_version,
                objects: part.objects.len(),
            });
        }
        self.account.unread.append(&mut part.unread);
        self.objects.append(&mut part.objects);
    }
}

/// What came of one kind.
#[derive(Default)]
struct Part {
    /// The version and the state of the cluster, where anything was read.
    read: Option<(&'static str, String)>,
    objects: Vec<Value>,
    unread: Vec<Unread>,
}

impl Part {
    fn of(kind: &Kind, page: Page) -> Self {
        let mut part = Self::default();
        part.add(kind, page);
        part
    }

    fn add(&mut self, kind: &Kind, page: Page) {
        self.read = Some((page.version, page.resource_version));
        self.objects.extend(page.items);
        if let Some((count, words)) = page.bad {
            let objects = if count == 1 { "object" } else { "objects" };
            self.unread.push(Unread::new(
                kind,
                Reason::Failed,
                format!("{count} {objects}, the first {words}"),
            ));
        }
    }

    fn unread(unread: Unread) -> Self {
        Self { unread: vec![unread], ..Self::default() }
    }
}

struct Reader<'a> {
    connection: &'a Connection,
    wanted: &'a Wanted,
    budget: &'a Budget,
    /// The names of the namespaces that are known to exist.
    known: Vec<String>,
}

impl Reader<'_> {
    async fn list(&self, kind: &'static Kind, namespace: Option<&str>) -> Listed {
        let keep = self.wanted.keep(kind);
        Listing { connection: self.connection, kind, namespace, keep, budget: self.budget }.read().await
    }

    async fn kind(&self, kind: &'static Kind) -> Part {
        if kind.namespaced && !self.wanted.namespaces.is_empty() {
            let mut part = self.one_by_one(kind, &self.wanted.namespaces).await;
            if !part.unread.iter().any(|unread| unread.reason == Reason::NotServed) {
                part.unread.push(Unread::new(kind, Reason::NotAsked, "").outside(&self.wanted.namespaces));
            }
            return part;
        }
        match self.list(kind, None).await {
            Listed::Read(page) => Part::of(kind, page),
            Listed::Forbidden(message) if kind.namespaced => self.where_allowed(kind, message).await,
            Listed::Forbidden(message) => Part::unread(Unread::new(kind, Reason::Forbidden, message)),
            Listed::NotServed => Part::unread(Unread::new(kind, Reason::NotServed, "")),
            Listed::Failed(message) => Part::unread(Unread::new(kind, Reason::Failed, message)),
        }
    }

    /// Where the whole cluster is forbidden: the namespaces that are known, else the one the context names.
    async fn where_allowed(&self, kind: &'static Kind, message: String) -> Part {
        let forbidden = |message| Unread::new(kind, Reason::Forbidden, message);
        if self.known.len() > self.wanted.limits.namespaces {
            let count = self.known.len();
            return Part::unread(forbidden(format!(
                "{message}; {count} namespaces are too many to ask one by one, name some"
            )));
        }
        if !self.known.is_empty() {
            return self.one_by_one(kind, &self.known).await;
        }
        let Some(own) = self.connection.namespace.as_ref().filter(|name| is_label(name)) else {
            return Part::unread(forbidden(message));
        };
        let own = std::slice::from_ref(own);
        let mut part = self.one_by_one(kind, own).await;
        if part.read.is_none() {
            return Part::unread(forbidden(message));
        }
        part.unread.push(forbidden(message).outside(own));
        part
    }

    async fn one_by_one(&self, kind: &'static Kind, namespaces: &[String]) -> Part {
        let mut part = Part::default();
        let mut forbidden: (Vec<String>, String) = Default::default();
        for namespace in namespaces {
            match self.list(kind, Some(namespace)).await {
                Listed::Read(page) => part.add(kind, page),
                Listed::Forbidden(message) => {
                    forbidden.0.push(namespace.clone());
                    forbidden.1 = message;
                }
                Listed::NotServed => return Part::unread(Unread::new(kind, Reason::NotServed, "")),
                Listed::Failed(message) => {
                    let unread = Unread::new(kind, Reason::Failed, message);
                    part.unread.push(unread.within(vec![namespace.clone()]));
                }
            }
        }
        let (namespaces, message) = forbidden;
        if !namespaces.is_empty() {
            part.unread.push(Unread::new(kind, Reason::Forbidden, message).within(namespaces));
        }
        part
    }

    /// The namespaces: all of them, or those that are named, each by itself.
    async fn namespaces(&self, kind: &'static Kind) -> Part {
        if self.wanted.namespaces.is_empty() {
            return self.kind(kind).await;
        }
        let mut part = Part::default();
        for name in &self.wanted.namespaces {
            match self.object(kind, name).await {
                Ok(value) => {
                    part.read = Some(("v1", String::new()));
                    part.objects.push(value);
                }
                Err((reason, message)) => {
                    part.unread.push(Unread::new(kind, reason, message).within(vec![name.clone()]));
                }
            }
        }
        part.unread.push(Unread::new(kind, Reason::NotAsked, "").outside(&self.wanted.namespaces));
        part
    }

    /// One object outside namespaces, by its name.
    async fn object(&self, kind: &'static Kind, name: &str) -> Result<Value, (Reason, String)> {
        let path = format!("{}/{name}", kind.path("v1", None));
        let ask = Ask { path: &path, accept: JSON, compressed: true, limit: self.wanted.limits.answer };
        let failed = |words: String| (Reason::Failed, words);
        let answer = self.connection.ask(&ask).await.map_err(|trouble| failed(trouble.to_string()))?;
        match answer.status {
            status if status.is_success() => {}
            StatusCode::FORBIDDEN => return Err((Reason::Forbidden, answer::message(&answer))),
            _ => return Err(failed(answer::message(&answer))),
        }
        let text =
            serde_json::from_slice(&answer.body).map_err(|_| failed("the answer is no object".to_owned()))?;
        crate::redact::item(text, kind, "v1", Keep::All, &ravelin_yaml::Limits::STANDARD).map_err(failed)
    }

    async fn uid(&self) -> Option<String> {
        let namespaces = kinds::find("namespaces")?;
        self.object(namespaces, "kube-system").await.ok().as_ref().and_then(uid_of_system)
    }
}

/// Asks for the version: the first request, which shows whether there is an API server that knows the user.
async fn version(connection: &Connection) -> Result<Option<String>, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Version {
        git_version: String,
    }
    let unreachable = |reason: String| Error::Unreachable { server: connection.server.clone(), reason };
    let ask = Ask { path: "/version", accept: JSON, compressed: true, limit: 1 << 20 };
    let answer = connection.ask(&ask).await.map_err(|trouble| unreachable(trouble.to_string()))?;
    match answer.status {
        StatusCode::UNAUTHORIZED => {
            let words = "the credentials are not accepted (401 Unauthorized)";
            Err(unreachable(words.to_owned()))
        }
        StatusCode::OK => match serde_json::from_slice::<Version>(&answer.body) {
            Ok(version) => Ok(Some(version.git_version)),
            Err(_) => Err(unreachable("no API server answers there: /version holds no version".to_owned())),
        },
        StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => Ok(None),
        _ => Err(unreachable(answer::message(&answer))),
    }
}

fn name(object: &Value) -> Option<&str> {
    object.dotted("metadata.name").and_then(Value::as_str)
}

fn uid_of_system(object: &Value) -> Option<String> {
    let is_it = object.field("kind").and_then(Value::as_str) == Some("Namespace")
        && name(object) == Some("kube-system");
    let uid = object.dotted("metadata.uid").and_then(Value::as_str);
    uid.filter(|_| is_it).map(str::to_owned)
}

/// Whether a text can be the name of a namespace, and so stand in a path: an RFC 1123 label.
#[must_use]
pub fn is_label(name: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !name.is_empty()
        && name.len() <= 63
        && name.bytes().all(is_inner)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// The namespaces among these that no path may hold.
#[must_use]
pub fn bad_namespaces(names: &[String]) -> BTreeSet<&str> {
    names.iter().map(String::as_str).filter(|name| !is_label(name)).collect()
}
