//! Templates of pods that stand alone.

use crate::equality::same;
use crate::kind::Context;
use crate::pods::{default_template, drop_disabled, normalize_template, template_warnings};
use crate::rules::{Rules, count_if};
use ravelin_object::Value;

/// Source: `k8s.io/kubernetes/pkg/registry/core/podtemplate/strategy.go`.
pub(crate) const RULES: Rules = Rules {
    defaults: |object| default_template(object.field_mut("template")),
    normalize: |object| normalize_template(object.field_mut("template")),
    create,
    update,
    warn_on_create: |object| template_warnings(object.field("template"), "template"),
    warn_on_update: |_, object, old| {
        if crate::fields::generation(object) == crate::fields::generation(old) {
            return Vec::new();
        }
        template_warnings(object.field("template"), "template")
    },
    ..Rules::new("", "PodTemplate").namespaced().returning_deleted()
};

fn create(object: &mut Value, _: &mut Context<'_>) {
    crate::fields::set_generation(object, 1);
    drop_disabled(crate::fields::at_mut(object, "template.spec"), None);
}

fn update(object: &mut Value, old: &Value, _: &mut Context<'_>) {
    drop_disabled(crate::fields::at_mut(object, "template.spec"), old.dotted("template.spec"));
    count_if(object, old, !same(object, old, "template"));
}
