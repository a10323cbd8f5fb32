//! `ServiceAccount`: every pod has an account, and its token if it wants it.

mod secrets;
mod token;

use super::prelude::*;
use crate::pod::{MIRROR, names_secret, service_account};
use std::sync::Arc;

pub(super) const ENTRY: Entry = Entry {
    name: "ServiceAccount",
    about: "Gives new pods their account, its token and its pull secrets, and refuses accounts that do not exist and \
            secrets that they do not list.",
    source: "k8s.io/kubernetes/plugin/pkg/admission/serviceaccount",
    build: plain!(ServiceAccount),
};

struct ServiceAccount;

const DEFAULT: &str = "default";
const ENFORCE: &str = "kubernetes.io/enforce-mountable-secrets";

impl Plugin for ServiceAccount {
    identity!([Create, Update], mutates: true, validates: true);

    fn admit(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&mut Value>,
        old: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let pod = object.filter(|pod| concerns(attributes) && pod.as_object().is_some());
        let Some(pod) = pod.filter(|_| attributes.operation == Operation::Create) else { return Ok(()) };
        if annotation(pod, MIRROR).is_some() {
            return self.validate(attributes, Some(pod), old, context);
        }
        let name = Some(service_account(pod)).filter(|name| !name.is_empty()).unwrap_or(DEFAULT).to_owned();
        if let Some(spec) = pod.object_at("spec") {
            // The old name of the field is an alias; the API writes both.
            spec.set("serviceAccountName", name.as_str().into());
            spec.set("serviceAccount", name.as_str().into());
        }
        let account = account(attributes, pod, &name, context)?;
        if wants_token(pod, &account) {
            token::mount(pod, context.random);
        }
        let pull = items(&account, "imagePullSecrets");
        if items(pod, "spec.imagePullSecrets").is_empty() && !pull.is_empty() {
            let secrets = pull.iter().map(|secret| match text(secret, "name") {
                "" => mapping([]),
                name => mapping([("name", name.into())]),
            });
            let secrets = Value::Array(secrets.collect());
            if let Some(spec) = pod.object_at("spec") {
                spec.set("imagePullSecrets", secrets);
            }
        }
        self.validate(attributes, Some(pod), old, context)
    }

    fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&Value>,
        _: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let Some(pod) = typed(object).filter(|_| concerns(attributes)) else { return Ok(()) };
        let is_ephemeral =
            attributes.operation == Operation::Update && attributes.subresource == "ephemeralcontainers";
        if attributes.operation != Operation::Create && !is_ephemeral {
            return Ok(());
        }
        let refused = |why: &str| attributes.forbidden(object, why);
        if annotation(pod, MIRROR).is_some() && !is_ephemeral {
            return mirror_fault(pod).map_or(Ok(()), |why| Err(refused(why)));
        }
        let name = service_account(pod);
        if name.is_empty() {
            let (namespace, name) = (attributes.namespace, text(pod, "metadata.name"));
            return Err(refused(&format!("no service account specified for pod {namespace}/{name}")));
        }
        let account = account(attributes, pod, name, context)?;
        if !is_enforced(&account) {
            return Ok(());
        }
        match is_ephemeral {
            // Upstream forgets to make a refusal of this one.
            true => secrets::ephemeral_fault(pod, &account).map_or(Ok(()), |why| Err(Status::plain(&why))),
            false => secrets::fault(pod, &account).map_or(Ok(()), |why| Err(refused(&why))),
        }
    }
}

fn concerns(attributes: &Attributes<'_>) -> bool {
    attributes.is("", "pods") && matches!(attributes.subresource, "" | "ephemeralcontainers")
}

/// The account of a pod.
fn account(
    attributes: &Attributes<'_>,
    pod: &Value,
    name: &str,
    context: &Context<'_>,
) -> Result<Arc<Value>, Status> {
    let namespace = attributes.namespace;
    let lookup = || -> Result<Arc<Value>, String> {
        let ask = |found: Result<Option<Arc<Value>>, crate::LookupError>| found.map_err(|error| error.0);
        if let Some(account) = ask(context.cluster.get("", "serviceaccounts", namespace, name))? {
            return Ok(account);
        }
        let live = ask(context.cluster.get_live("", "serviceaccounts", namespace, name))?;
        live.ok_or_else(|| Status::not_found("", "serviceaccount", name).message)
    };
    lookup().map_err(|why| {
        let why = format!("error looking up service account {namespace}/{name}: {why}");
        attributes.forbidden(Some(pod), &why)
    })
}

/// Whether the token is mounted: as the pod says, else as the account says, else yes.
fn wants_token(pod: &Value, account: &Value) -> bool {
    let says = |value: Option<&Value>| value.and_then(Value::as_bool);
    says(pod.dotted("spec.automountServiceAccountToken"))
        .or_else(|| says(account.field("automountServiceAccountToken")))
        .unwrap_or(true)
}

/// Whether pods may mount only the secrets that the account lists.
fn is_enforced(account: &Value) -> bool {
    // Source: Go `strconv.ParseBool`.
    let says = annotation(account, ENFORCE).unwrap_or_default();
    ["1", "t", "T", "true", "TRUE", "True"].contains(&says)
}

/// What a static pod must not have, since the API cannot give it to it.
fn mirror_fault(pod: &Value) -> Option<&'static str> {
    let has_token = || {
        let mut sources =
            items(pod, "spec.volumes").iter().flat_map(|volume| items(volume, "projected.sources"));
        sources.any(|source| source.field("serviceAccountToken").is_some())
    };
    if !service_account(pod).is_empty() {
        Some("a mirror pod may not reference service accounts")
    } else if names_secret(pod) {
        Some("a mirror pod may not reference secrets")
    } else if has_token() {
        Some("a mirror pod may not use ServiceAccountToken volume projections")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::{Records, admitted, attributes, object, plugin, refusal};

    fn records() -> Records {
        let account = "/serviceaccounts";
        Records::of(&[
            (account, "{metadata: {name: default, namespace: ns}}"),
            (account, "{metadata: {name: quiet, namespace: ns}, automountServiceAccountToken: false}"),
            (account, "{metadata: {name: puller, namespace: ns}, imagePullSecrets: [{name: a}, {name: b}]}"),
            (
                account,
                "{metadata: {name: strict, namespace: ns, annotations: {kubernetes.io/enforce-mountable-secrets: \
                 'true'}}, secrets: [{name: ok}], imagePullSecrets: [{name: pull}]}",
            ),
        ])
    }

    fn made(spec: &str) -> Result<Value, String> {
        let about = attributes(Operation::Create, "pods");
        let pod = format!("{{spec: {spec}}}");
        let (pod, said) = admitted(plugin(ENTRY.name).as_ref(), &records(), &about, &pod, "");
        said.map(|()| pod.field("spec").cloned().unwrap())
    }

    #[test]
    fn a_pod_gets_an_account_and_its_token() {
        let spec = made("{containers: [{name: c}]}").unwrap();
        assert_eq!(
            (text(&spec, "serviceAccountName"), text(&spec, "serviceAccount")),
            ("default", "default")
        );
        let wanted = "{name: kube-api-access-bcdfg, projected: {defaultMode: 420, sources: [{serviceAccountToken: \
                      {expirationSeconds: 3607, path: token}}, {configMap: {name: kube-root-ca.crt, items: [{key: \
                      ca.crt, path: ca.crt}]}}, {downwardAPI: {items: [{path: namespace, fieldRef: {apiVersion: v1, \
                      fieldPath: metadata.namespace}}]}}]}}";
        assert_eq!(items(&spec, "volumes"), [object(wanted)]);
        let quiet = made("{serviceAccount: quiet, containers: [{}]}").unwrap();
        assert_eq!((text(&quiet, "serviceAccountName"), items(&quiet, "volumes").len()), ("quiet", 0));
        let loud = "{serviceAccountName: quiet, automountServiceAccountToken: true, containers: [{}]}";
        assert_eq!(items(&made(loud).unwrap(), "volumes").len(), 1);
        let pulls = made("{serviceAccountName: puller, containers: []}").unwrap();
        assert_eq!(items(&pulls, "imagePullSecrets"), [object("{name: a}"), object("{name: b}")]);
        let own = made("{serviceAccountName: puller, imagePullSecrets: [{name: c}]}").unwrap();
        assert_eq!(items(&own, "imagePullSecrets"), [object("{name: c}")]);
    }

    #[test]
    fn an_account_has_to_be_there() {
        let why = "403 pods \"x\" is forbidden: error looking up service account ns/nay: serviceaccount \"nay\" not found";
        assert_eq!(made("{serviceAccountName: nay}"), Err(why.to_owned()));
    }

    #[test]
    fn only_listed_secrets_are_mounted_where_that_is_enforced() {
        let refused = |rest: &str| made(&format!("{{serviceAccountName: strict, {rest}}}")).err();
        assert_eq!(
            refused("volumes: [{secret: {secretName: ok}}, {projected: {sources: [{secret: {name: x}}]}}]"),
            None
        );
        let cases = [
            ("volumes: [{secret: {secretName: nay}}]", "volume with secret.secretName=\"nay\"", "secret"),
            (
                "imagePullSecrets: [{name: pull}, {name: nay}]",
                "imagePullSecrets[1].name=\"nay\"",
                "imagePullSecret",
            ),
            (
                "initContainers: [{name: i, env: [{name: E, valueFrom: {secretKeyRef: {name: nay}}}]}]",
                "init container i with envVar E referencing secret.secretName=\"nay\"",
                "secret",
            ),
            (
                "containers: [{name: c, envFrom: [{secretRef: {name: nay}}]}]",
                "container c with envFrom referencing secret.secretName=\"nay\"",
                "secret",
            ),
        ];
        for (rest, what, kind) in cases {
            let why = format!(
                "403 pods \"x\" is forbidden: {what} is not allowed because service account strict does not reference \
                 that {kind}"
            );
            assert_eq!(refused(rest), Some(why));
        }
        let about = attributes(Operation::Update, "pods/ephemeralcontainers");
        let ephemeral = |name: &str| {
            let container = format!("{{name: e, envFrom: [{{secretRef: {{name: {name}}}}}]}}");
            let pod = format!("{{spec: {{serviceAccountName: strict, ephemeralContainers: [{container}]}}}}");
            refusal(plugin(ENTRY.name).as_ref(), &records(), &about, &pod, "{}")
        };
        let why = "500 ephemeral container e with envFrom referencing secret.secretName=\"nay\" is not allowed because \
                   service account strict does not reference that secret";
        assert_eq!((ephemeral("ok"), ephemeral("nay").as_deref()), (None, Some(why)));
    }

    #[test]
    fn static_pods_have_no_account() {
        let refused = |spec: &str| {
            let about = attributes(Operation::Create, "pods");
            let pod = format!("{{metadata: {{annotations: {{{MIRROR}: x}}}}, spec: {spec}}}");
            let (made, said) = admitted(plugin(ENTRY.name).as_ref(), &records(), &about, &pod, "");
            assert_eq!(made, object(&pod));
            said.err()
        };
        assert_eq!(refused("{}"), None);
        let cases = [
            ("{serviceAccountName: a}", "a mirror pod may not reference service accounts"),
            ("{volumes: [{secret: {secretName: a}}]}", "a mirror pod may not reference secrets"),
            (
                "{volumes: [{projected: {sources: [{serviceAccountToken: {}}]}}]}",
                "a mirror pod may not use ServiceAccountToken volume projections",
            ),
        ];
        for (spec, why) in cases {
            assert_eq!(refused(spec), Some(format!("403 pods \"x\" is forbidden: {why}")));
        }
    }
}
