//! The JSON Schema of the format, written by hand.

use serde_json::{Value, json};

/// The JSON Schema (2020-12) of what the format `json` writes.
#[must_use]
pub fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Report of ravelin",
        "description": "What `ravelin scan --format json` writes. Within one schemaVersion fields may be \
            added, never removed or given another meaning.",
        "type": "object",
        "required": ["schemaVersion", "tool", "summary", "findings", "documents", "unknown"],
        "properties": {
            "schemaVersion": {"const": super::SCHEMA_VERSION},
            "tool": {
                "type": "object",
                "required": ["name", "version"],
                "properties": {"name": {"const": "ravelin"}, "version": {"type": "string"}}
            },
            "summary": summary(),
            "findings": {
                "description": "Every finding, suppressed and known ones included, in the order of file, \
                    position, check and path.",
                "type": "array",
                "items": {"$ref": "#/$defs/finding"}
            },
            "documents": {
                "description": "Everything that was read or could not be: each document, each item of a list, \
                    or a whole file.",
                "type": "array",
                "items": {"$ref": "#/$defs/document"}
            },
            "unknown": {
                "description": "What could not be known, each said once.",
                "type": "array",
                "items": {"type": "string"}
            }
        },
        "$defs": {
            "count": {"type": "integer", "minimum": 0},
            "severity": {"enum": ["critical", "high", "medium", "low", "info"]},
            "bySeverity": by_severity(),
            "position": {
                "description": "Lines and columns count from 1; columns count Unicode characters.",
                "type": "object",
                "required": ["line", "column"],
                "properties": {
                    "line": {"type": "integer", "minimum": 1},
                    "column": {"type": "integer", "minimum": 1}
                }
            },
            "object": object(),
            "finding": finding(),
            "suppression": suppression(),
            "document": document()
        }
    })
}

fn summary() -> Value {
    let counts = |names: &[&str]| {
        let properties: serde_json::Map<String, Value> =
            names.iter().map(|name| ((*name).to_owned(), json!({"$ref": "#/$defs/count"}))).collect();
        json!({"type": "object", "required": names, "properties": properties})
    };
    let mut documents = counts(&["total", "judged", "notApplicable", "skipped", "failed"]);
    let mut findings = counts(&["total", "new", "failing", "known", "suppressed"]);
    if let (Some(documents), Some(findings)) = (documents.as_object_mut(), findings.as_object_mut()) {
        documents.insert("description".to_owned(), json!("The last four add up to the total."));
        findings.insert(
            "description".to_owned(),
            json!("New, known and suppressed ones add up to the total. New ones count; failing ones are the new \
                ones that are as bad as failOn or worse."),
        );
    }
    json!({
        "type": "object",
        "required": ["files", "documents", "findings", "failOn", "bySeverity", "byNamespace"],
        "properties": {
            "files": {"$ref": "#/$defs/count"},
            "documents": documents,
            "findings": findings,
            "failOn": {"$ref": "#/$defs/severity"},
            "bySeverity": {"$ref": "#/$defs/bySeverity"},
            "byNamespace": {
                "description": "New findings by the namespace that their object names; null for none.",
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["namespace", "bySeverity"],
                    "properties": {
                        "namespace": {"type": ["string", "null"]},
                        "bySeverity": {"$ref": "#/$defs/bySeverity"}
                    }
                }
            }
        }
    })
}

fn by_severity() -> Value {
    let count = json!({"$ref": "#/$defs/count"});
    json!({
        "description": "How many new findings there are of each severity.",
        "type": "object",
        "required": ["critical", "high", "medium", "low", "info"],
        "properties": {"critical": count, "high": count, "medium": count, "low": count, "info": count}
    })
}

fn object() -> Value {
    json!({
        "type": "object",
        "required": ["apiVersion", "kind", "namespace", "name"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "namespace": {"type": ["string", "null"]},
            "name": {"description": "Its name or generateName.", "type": ["string", "null"]}
        }
    })
}

fn finding() -> Value {
    json!({
        "type": "object",
        "required": [
            "check", "family", "severity", "confidence", "message", "why", "remedy", "object", "path",
            "pointer", "location", "modes", "fingerprint", "status", "suppression"
        ],
        "properties": {
            "check": {"description": "`family/slug`.", "type": "string"},
            "family": {"type": "string"},
            "severity": {"$ref": "#/$defs/severity"},
            "confidence": {"enum": ["low", "medium", "high"]},
            "message": {"description": "What is wrong.", "type": "string"},
            "why": {"description": "Why it matters.", "type": ["string", "null"]},
            "remedy": {"description": "What to do.", "type": "string"},
            "object": {"anyOf": [{"$ref": "#/$defs/object"}, {"type": "null"}]},
            "path": {"description": "The field, as Kubernetes prints paths.", "type": "string"},
            "pointer": {"description": "The same as a JSON pointer (RFC 6901).", "type": "string"},
            "location": {
                "type": "object",
                "required": ["file", "start", "end"],
                "properties": {
                    "file": {"type": "string"},
                    "start": {"$ref": "#/$defs/position"},
                    "end": {"$ref": "#/$defs/position"}
                }
            },
            "modes": {
                "description": "The modes of Pod Security Admission that act on it, strongest first.",
                "type": "array",
                "items": {"enum": ["enforce", "warn", "audit", "yardstick"]}
            },
            "fingerprint": {
                "description": "Survives moved lines and renamed files.",
                "type": "string",
                "pattern": "^[0-9a-f]{32}$"
            },
            "status": {"enum": ["new", "known", "suppressed"]},
            "suppression": {"anyOf": [{"$ref": "#/$defs/suppression"}, {"type": "null"}]}
        }
    })
}

fn suppression() -> Value {
    json!({
        "description": "What silenced it: an annotation of the object, a comment on a line, an entry of the \
            configuration file, or an exemption of the PodSecurityExtension; the last two counted from 0.",
        "type": "object",
        "required": ["by", "line", "entry", "reason"],
        "properties": {
            "by": {"enum": ["annotation", "comment", "configuration", "exemption"]},
            "line": {"type": ["integer", "null"], "minimum": 1},
            "entry": {"type": ["integer", "null"], "minimum": 0},
            "reason": {"type": "string"}
        }
    })
}

fn document() -> Value {
    json!({
        "type": "object",
        "required": ["file", "line", "column", "object", "status", "reason", "message"],
        "properties": {
            "file": {"type": "string"},
            "line": {"type": ["integer", "null"], "minimum": 1},
            "column": {"type": ["integer", "null"], "minimum": 1},
            "object": {"anyOf": [{"$ref": "#/$defs/object"}, {"type": "null"}]},
            "status": {"enum": ["judged", "not-applicable", "skipped", "failed"]},
            "reason": {"description": "Why it was skipped.", "type": ["string", "null"]},
            "message": {"description": "Why it could not be judged.", "type": ["string", "null"]}
        }
    })
}
