//! What nodes may reach.

use ravelin_authz::Authorizer;
use ravelin_authz::bootstrap::{Version, node_rules};
use ravelin_authz::node::{Gates, Graph, NodeAuthorizer};
use ravelin_object::read;
use ravelin_yaml::Limits;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Area, abac};
use crate::record::{Difference, Fields};

/// Records of the kind `graph` `{graph, objects}`, each followed by those of the kind `authorize` that ask it.
pub(super) struct Nodes {
    graph: String,
    authorizer: NodeAuthorizer,
}

impl Default for Nodes {
    fn default() -> Self {
        let rules = node_rules(Version::V1_36);
        let authorizer = NodeAuthorizer { graph: Graph::new(), rules, gates: Gates::STANDARD };
        Self { graph: String::new(), authorizer }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Objects {
    pods: Option<Vec<Value>>,
    persistent_volumes: Option<Vec<Value>>,
    volume_attachments: Option<Vec<Value>>,
    resource_slices: Option<Vec<Value>>,
    pod_certificate_requests: Option<Vec<Value>>,
}

impl Area for Nodes {
    fn compare(&mut self, record: &Value) -> Vec<Difference> {
        let mut fields = Fields::of(record);
        match self.found(&mut fields) {
            Ok(found) => fields.compare(&found),
            Err(difference) => vec![difference],
        }
    }
}

/// Adds an object of one kind to a graph.
type Add = fn(&mut Graph, &ravelin_object::Value);

impl Nodes {
    fn found(&mut self, fields: &mut Fields) -> Result<Value, Difference> {
        let graph: String = fields.take("graph")?;
        match fields.take::<String>("kind")?.as_str() {
            "graph" => {
                self.authorizer.graph = built(fields.take("objects")?)?;
                self.graph = graph;
                Ok(json!({}))
            }
            _ if graph != self.graph => Err(Difference::form("graph", &self.graph, graph)),
            "authorize" => {
                let attributes = abac::attributes(fields.take("user")?, fields.take("request")?)?;
                Ok(abac::answer(&self.authorizer.authorize(&attributes)))
            }
            other => Err(Difference::form("kind", "graph or authorize", other)),
        }
    }
}

fn built(objects: Objects) -> Result<Graph, Difference> {
    let mut graph = Graph::new();
    let lists: [(_, Add); 5] = [
        (objects.pods, Graph::add_pod),
        (objects.persistent_volumes, Graph::add_persistent_volume),
        (objects.volume_attachments, Graph::add_volume_attachment),
        (objects.resource_slices, Graph::add_resource_slice),
        (objects.pod_certificate_requests, Graph::add_pod_certificate_request),
    ];
    for (list, add) in lists {
        for object in list.unwrap_or_default() {
            let read = read::json(&object.to_string(), &Limits::STANDARD);
            let read = read.map_err(|error| Difference::form("objects", "an object", error))?;
            add(&mut graph, &read.value.unwrap_or(ravelin_object::Value::Null));
        }
    }
    Ok(graph)
}
