//! In which form an answer is wanted: JSON, YAML or protobuf, whole objects, tables, or metadata alone.
//!
//! Source: `k8s.io/apiserver/pkg/endpoints/handlers/negotiation`, `munnerz/goautoneg`.

use crate::answer::{Answer, Body, JSON, PROTOBUF, YAML};
use ravelin_object::status::Status;
use std::borrow::Cow;

/// The media types that are named in refusals, as upstream names its own.
const ACCEPTED: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

/// In which form an answer is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// Whether as YAML rather than JSON.
    pub(crate) is_yaml: bool,
    /// Whether as protobuf rather than JSON.
    pub(crate) is_protobuf: bool,
    /// Whether for people to read.
    pub(crate) is_pretty: bool,
    /// As what.
    pub(crate) shape: Shape,
}

/// As what objects are answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Shape {
    /// As they are.
    #[default]
    Object,
    /// As a table, of this version.
    Table(String),
    /// As their metadata, of this version.
    Metadata(String),
    /// As a list of metadata, of this version.
    MetadataList(String),
    /// As an aggregated discovery document.
    Discovery,
}

impl Default for Form {
    fn default() -> Self {
        Self { is_yaml: false, is_protobuf: false, is_pretty: false, shape: Shape::Object }
    }
}

/// One clause of an `Accept` header.
struct Clause<'a> {
    media: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
    quality: f32,
}

impl<'a> Clause<'a> {
    fn of(text: &'a str) -> Self {
        let mut parts = text.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default();
        let mut clause = Self { media, parameters: Vec::new(), quality: 1.0 };
        for part in parts {
            let Some((key, value)) = part.split_once('=') else { continue };
            if key == "q" {
                clause.quality = value.parse().unwrap_or(1.0);
            } else {
                clause.parameters.push((key.trim(), value.trim()));
            }
        }
        clause
    }

    fn parameter(&self, key: &str) -> &'a str {
        self.parameters.iter().find(|(name, _)| *name == key).map_or("", |(_, value)| value)
    }

    /// How specific the clause is: exact types come before wildcards.
    fn rank(&self) -> u8 {
        match self.media {
            "*/*" => 0,
            wild if wild.ends_with("/*") => 1,
            _ => 2,
        }
    }
}

/// Which shapes an answer can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shapes {
    /// That of an object, a table or metadata.
    All,
    /// That of an object or metadata.
    Untabled,
    /// Its own alone.
    Plain,
    /// As an aggregated discovery document.
    Discovery,
}

/// The form that an `Accept` header asks for.
///
/// # Errors
/// 406 where nothing of it can be had.
pub(crate) fn form(accept: &str, pretty: Option<&str>, agent: &str, shapes: Shapes) -> Result<Form, Status> {
    let is_pretty = match pretty {
        Some(text) => !matches!(text.to_lowercase().as_str(), "false" | "0"),
        None => ["curl", "Wget", "Mozilla/5.0"].iter().any(|name| agent.starts_with(name)),
    };
    if accept.trim().is_empty() {
        return Ok(Form { is_pretty, ..Form::default() });
    }
    let mut clauses: Vec<Clause<'_>> = accept.split(',').map(Clause::of).collect();
    clauses.sort_by(|a, b| b.quality.total_cmp(&a.quality).then(b.rank().cmp(&a.rank())));
    for clause in &clauses {
        let (is_yaml, is_protobuf) = match clause.media {
            "application/json" | "*/*" | "application/*" => (false, false),
            "application/yaml" => (true, false),
            PROTOBUF => (false, true),
            _ => continue,
        };
        let Some(shape) = shape(clause, shapes) else { continue };
        if is_protobuf && !is_message(&shape) {
            continue;
        }
        let is_pretty = is_pretty || clause.parameter("pretty") == "1";
        return Ok(Form { is_yaml, is_protobuf, is_pretty, shape });
    }
    Err(not_acceptable())
}

/// Whether there is a message for what is answered: there is none for tables, nor for aggregated documents here.
fn is_message(shape: &Shape) -> bool {
    match shape {
        Shape::Object => true,
        Shape::Metadata(version) | Shape::MetadataList(version) => version == "v1",
        Shape::Table(_) | Shape::Discovery => false,
    }
}

/// 406, as handlers of resources word it.
pub(crate) fn not_acceptable() -> Status {
    Status::new(406, "NotAcceptable", format!("only the following media types are accepted: {ACCEPTED}"))
}

/// 406 as the router words it, for requests whose every media type is unknown to it: it knows no wildcard but `*/*`.
/// Where something can be watched it lists two more types, which it never compares with.
pub(crate) fn unroutable(accept: &str, can_be_watched: bool) -> Option<Status> {
    let known = |clause: &Clause<'_>| matches!(clause.media, "" | "*/*" | JSON | YAML | PROTOBUF);
    if accept.trim().is_empty() || accept.split(',').map(Clause::of).any(|clause| known(&clause)) {
        return None;
    }
    let watched = ", application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";
    Some(unavailable(&format!("{ACCEPTED}{}", if can_be_watched { watched } else { "" })))
}

/// 406, as the router words it: what there is instead.
pub(crate) fn unavailable(representations: &str) -> Status {
    let mut status = Status::new(
        406,
        "NotAcceptable",
        format!("406: Not Acceptable\n\nAvailable representations: {representations}"),
    );
    status.details = Some(Box::default());
    status
}

fn shape(clause: &Clause<'_>, shapes: Shapes) -> Option<Shape> {
    let (kind, group, version) = (clause.parameter("as"), clause.parameter("g"), clause.parameter("v"));
    if kind.is_empty() && group.is_empty() && version.is_empty() {
        return Some(Shape::Object);
    }
    match (shapes, kind, group, version) {
        (Shapes::Discovery, "APIGroupDiscoveryList", "apidiscovery.k8s.io", "v2") => Some(Shape::Discovery),
        (Shapes::All, "Table", "meta.k8s.io", "v1" | "v1beta1") => Some(Shape::Table(version.to_owned())),
        (Shapes::All | Shapes::Untabled, "PartialObjectMetadata", "meta.k8s.io", "v1" | "v1beta1") => {
            Some(Shape::Metadata(version.to_owned()))
        }
        (Shapes::All | Shapes::Untabled, "PartialObjectMetadataList", "meta.k8s.io", "v1" | "v1beta1") => {
            Some(Shape::MetadataList(version.to_owned()))
        }
        _ => None,
    }
}

impl Form {
    /// An answer in this form. Protobuf and YAML are only marked as such here, and written at the very end.
    pub(crate) fn apply(&self, mut answer: Answer) -> Answer {
        if matches!(answer.body, Body::Stream(_) | Body::Text(_)) || answer.content_type != JSON {
            return answer;
        }
        if self.is_protobuf {
            answer.content_type = Cow::Borrowed(PROTOBUF);
        } else if self.is_yaml {
            answer.content_type = Cow::Borrowed(YAML);
        } else if self.is_pretty
            && let Some(object) = answer.value()
            && let Ok(text) = serde_json::to_string_pretty(&object.to_json())
        {
            answer.body = Body::Encoded(text.into());
        }
        answer
    }
}

/// What a body is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Media {
    /// JSON.
    Json,
    /// YAML.
    Yaml,
    /// Protobuf.
    Protobuf,
}

/// What a body is written in, by its content type.
///
/// # Errors
/// 415 for what is not read here.
pub(crate) fn media(content_type: &str) -> Result<Media, Status> {
    match content_type.split(';').next().unwrap_or_default().trim().to_lowercase().as_str() {
        "" if content_type.trim().is_empty() => Ok(Media::Json),
        "application/json" => Ok(Media::Json),
        "application/yaml" => Ok(Media::Yaml),
        PROTOBUF => Ok(Media::Protobuf),
        _ => Err(Status::new(
            415,
            "UnsupportedMediaType",
            format!(
                "the body of the request was in an unknown format - accepted media types include: {ACCEPTED}"
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_chosen_as_upstream_chooses_them() {
        let of = |accept: &str| form(accept, None, "", Shapes::All);
        assert_eq!(of("").unwrap(), Form::default());
        assert_eq!(of("*/*").unwrap(), Form::default());
        let kubectl = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
        assert_eq!(of(kubectl).unwrap().shape, Shape::Table("v1".to_owned()));
        let protobuf = Form { is_protobuf: true, ..Form::default() };
        assert_eq!(of("application/vnd.kubernetes.protobuf,application/json").unwrap(), protobuf);
        assert_eq!(of("application/vnd.kubernetes.protobuf;stream=watch").unwrap(), protobuf);
        let metadata = of("application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1");
        assert_eq!(metadata.unwrap(), Form { shape: Shape::Metadata("v1".to_owned()), ..protobuf });
        let table = "application/vnd.kubernetes.protobuf;as=Table;g=meta.k8s.io;v=v1";
        assert_eq!(of(table).unwrap_err().code, 406);
        assert_eq!(of(&format!("{table},application/json")).unwrap(), Form::default());
        assert!(of("application/yaml").unwrap().is_yaml);
        assert_eq!(of("text/html").unwrap_err().code, 406);
        assert_eq!(of("application/json;as=Table;g=meta.k8s.io;v=v9").unwrap_err().code, 406);
        assert!(form("", None, "curl/8", Shapes::All).unwrap().is_pretty);
        assert!(form("application/json;as=Table;g=meta.k8s.io;v=v1", None, "", Shapes::Untabled).is_err());
        assert!(
            form("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1", None, "", Shapes::Plain)
                .is_err()
        );
        let discovery = form("application/vnd.kubernetes.protobuf", None, "", Shapes::Discovery);
        assert!(discovery.unwrap().is_protobuf);
        assert!(unroutable("text/html", false).is_some());
        assert!(unroutable("application/*", false).is_some());
        assert!(unroutable("text/html, */*", false).is_none());
    }
}
