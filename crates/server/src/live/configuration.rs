//! The authorities that the configuration of a webhook names: its `caBundle`.

use super::{ask, text};
use crate::certificates::Audience;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, StatusCode};
use kube::Client;
use ravelin_object::Value;
use serde_json::json;

/// A ValidatingWebhookConfiguration whose webhooks are to trust us.
pub(crate) struct Configuration {
    /// The way to the cluster.
    pub(crate) client: Client,
    /// Its name.
    pub(crate) name: String,
}

impl std::fmt::Debug for Configuration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Configuration({})", self.name)
    }
}

const FOLDER: &str = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";

/// How often a patch that came too late is tried again.
const TRIES: usize = 5;

impl Audience for Configuration {
    async fn announce(&self, authorities: &str) -> anyhow::Result<bool> {
        let wanted = STANDARD.encode(authorities);
        let path = format!("{FOLDER}/{}", self.name);
        for _ in 0..TRIES {
            let answer = ask(&self.client, Method::GET, &path, None).await?;
            let configuration = answer.success("reading the ValidatingWebhookConfiguration")?;
            let patch = patch(&configuration, &wanted);
            if patch.is_empty() {
                return Ok(true);
            }
            let body = serde_json::to_vec(&patch)?;
            let answer =
                ask(&self.client, Method::PATCH, &path, Some(("application/json-patch+json", body))).await?;
            // The test in the patch fails where somebody else changed it in between.
            if matches!(answer.status, StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY) {
                continue;
            }
            answer.success("writing the caBundle of the ValidatingWebhookConfiguration")?;
            tracing::info!(configuration = self.name, "caBundle written");
            return Ok(false);
        }
        anyhow::bail!("the caBundle of {} changed {TRIES} times while it was to be written", self.name)
    }
}

/// The operations that make every webhook trust `wanted`; none where all do.
fn patch(configuration: &Value, wanted: &str) -> Vec<serde_json::Value> {
    let webhooks = configuration.field("webhooks").and_then(Value::as_array).unwrap_or_default();
    let mut patch: Vec<serde_json::Value> = webhooks
        .iter()
        .enumerate()
        .filter(|(_, webhook)| text(webhook, "clientConfig.caBundle") != wanted)
        .map(|(index, _)| json!({"op": "add", "path": format!("/webhooks/{index}/clientConfig/caBundle"), "value": wanted}))
        .collect();
    if !patch.is_empty() {
        let version = text(configuration, "metadata.resourceVersion");
        patch.insert(0, json!({"op": "test", "path": "/metadata/resourceVersion", "value": version}));
    }
    patch
}

#[cfg(test)]
mod tests {
    use super::*;
    use ravelin_object::read;
    use ravelin_yaml::Limits;

    #[test]
    fn only_what_differs_is_written_and_only_over_what_was_read() {
        let text = "{metadata: {resourceVersion: '7'}, webhooks: [{clientConfig: {caBundle: x}}, {clientConfig: {}}]}";
        let configuration = read::yaml(text, &Limits::STANDARD).unwrap().value.unwrap();
        assert_eq!(
            patch(&configuration, "x"),
            [
                json!({"op": "test", "path": "/metadata/resourceVersion", "value": "7"}),
                json!({"op": "add", "path": "/webhooks/1/clientConfig/caBundle", "value": "x"}),
            ]
        );
        let text = "{metadata: {resourceVersion: '7'}, webhooks: [{clientConfig: {caBundle: x}}]}";
        let configuration = read::yaml(text, &Limits::STANDARD).unwrap().value.unwrap();
        assert_eq!(patch(&configuration, "x"), Vec::<serde_json::Value>::new());
    }
}
