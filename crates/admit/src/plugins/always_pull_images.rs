//! `AlwaysPullImages`: who runs an image has the right to pull it.

use super::prelude::*;
use crate::fields::items_mut;
use crate::pod::{CONTAINERS, containers};
use ravelin_object::errors::aggregated;
use ravelin_object::fault::Fault;
use std::collections::BTreeSet;

pub(super) const ENTRY: Entry = Entry {
    name: "AlwaysPullImages",
    about: "Sets the pull policy of every image of new pods to Always, and refuses any other.",
    source: "k8s.io/kubernetes/plugin/pkg/admission/alwayspullimages",
    build: plain!(AlwaysPullImages),
};

struct AlwaysPullImages;

const ALWAYS: &str = "Always";

impl Plugin for AlwaysPullImages {
    identity!([Create, Update], mutates: true, validates: true);

    fn admit(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&mut Value>,
        old: Option<&Value>,
        _: &mut Context<'_>,
    ) -> Result<(), Status> {
        if !concerns(attributes, object.as_deref(), old) {
            return Ok(());
        }
        let pod = object.filter(|pod| pod.as_object().is_some()).ok_or_else(no_pod)?;
        let Some(spec) = pod.field_mut("spec").and_then(Value::as_object_mut) else { return Ok(()) };
        for list in CONTAINERS {
            for container in items_mut(spec, list).iter_mut().filter_map(Value::as_object_mut) {
                container.set("imagePullPolicy", ALWAYS.into());
            }
        }
        for volume in items_mut(spec, "volumes") {
            if let Some(image) = volume.field_mut("image").and_then(Value::as_object_mut) {
                image.set("pullPolicy", ALWAYS.into());
            }
        }
        Ok(())
    }

    fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&Value>,
        old: Option<&Value>,
        _: &mut Context<'_>,
    ) -> Result<(), Status> {
        if !concerns(attributes, object, old) {
            return Ok(());
        }
        let pod = typed(object).ok_or_else(no_pod)?;
        let mut policies: Vec<(String, &str)> = containers(pod)
            .map(|(path, container)| (format!("{path}.imagePullPolicy"), text(container, "imagePullPolicy")))
            .collect();
        let volumes = items(pod, "spec.volumes").iter().enumerate();
        let images = volumes.filter_map(|(index, volume)| Some((index, volume.field("image")?)));
        policies.extend(images.map(|(index, image)| {
            (format!("spec.volumes[{index}].image.pullPolicy"), text(image, "pullPolicy"))
        }));
        let others = policies.into_iter().filter(|(_, policy)| *policy != ALWAYS);
        let refusals: Vec<Status> = others
            .map(|(path, policy)| {
                attributes.forbidden(object, &Fault::not_supported(path, policy, &[ALWAYS]).to_string())
            })
            .collect();
        // Upstream puts statuses into an aggregate, which on its way out is a plain error.
        aggregated(refusals.iter().map(|refusal| &refusal.message))
            .map_or(Ok(()), |text| Err(Status::plain(&text)))
    }
}

fn no_pod() -> Status {
    Status::bad_request("Resource was marked with kind Pod but was unable to be converted")
}

/// Whether the request is about a pod, with an image that the old one has not.
fn concerns(attributes: &Attributes<'_>, object: Option<&Value>, old: Option<&Value>) -> bool {
    let images =
        |pod| containers(pod).map(|(_, container)| text(container, "image")).collect::<BTreeSet<_>>();
    attributes.is_bare("", "pods")
        && match (attributes.operation, typed(object), typed(old)) {
            (Operation::Update, Some(pod), Some(old)) => !images(pod).is_subset(&images(old)),
            _ => true,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::{Records, admitted, attributes, object, plugin, with_context};

    #[test]
    fn images_are_always_pulled() {
        let made = |operation, resource, pod: &str, old: &str| {
            let about = attributes(operation, resource);
            admitted(plugin("AlwaysPullImages").as_ref(), &Records::default(), &about, pod, old)
        };
        let pod = "{spec: {initContainers: [{image: a}], containers: [{image: b, imagePullPolicy: Never}], volumes: \
                   [{image: {}}, {emptyDir: {}}]}}";
        let pulled = "{spec: {initContainers: [{image: a, imagePullPolicy: Always}], containers: [{image: b, \
                      imagePullPolicy: Always}], volumes: [{image: {pullPolicy: Always}}, {emptyDir: {}}]}}";
        assert_eq!(made(Operation::Create, "pods", pod, ""), (object(pulled), Ok(())));
        assert_eq!(made(Operation::Create, "pods/status", pod, ""), (object(pod), Ok(())));
        assert_eq!(made(Operation::Update, "pods", pod, pod), (object(pod), Ok(())));
        let other = "{spec: {containers: [{image: a}, {image: c}]}}";
        assert_eq!(made(Operation::Update, "pods", pod, other), (object(pulled), Ok(())));
    }

    #[test]
    fn what_others_set_is_refused() {
        let pod =
            object("{spec: {containers: [{imagePullPolicy: Never}], volumes: [{image: {pullPolicy: x}}]}}");
        let about = attributes(Operation::Create, "pods");
        let said = with_context(&Records::default(), |context| {
            plugin("AlwaysPullImages").validate(&about, Some(&pod), None, context).unwrap_err()
        });
        let refusal = |path: &str, value: &str| {
            format!(
                "pods \"x\" is forbidden: spec.{path}: Unsupported value: \"{value}\": supported values: \"Always\""
            )
        };
        let first = refusal("containers[0].imagePullPolicy", "Never");
        let second = refusal("volumes[0].image.pullPolicy", "x");
        assert_eq!((said.code, said.message), (500, format!("[{first}, {second}]")));
    }
}
