//! Which rules hold for a kind: the table of kinds, and the steps that are alike for all of them.

use crate::equality::same;
use crate::fields::{copy, empty, generation, set, set_generation, struct_at};
use crate::kind::{Context, Kind, Propagation, Traits};
use ravelin_object::{Map, Value};

/// What one kind does. Each field stands for a method of the kind's strategy upstream.
///
/// Source: `k8s.io/kubernetes/pkg/registry/*/*/strategy.go`.
pub(crate) struct Rules {
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) traits: Traits,
    /// `SetObjectDefaults_*` of the version.
    pub(crate) defaults: fn(&mut Value),
    /// What conversion to the internal version and back changes.
    pub(crate) normalize: fn(&mut Value),
    pub(crate) create: fn(&mut Value, &mut Context<'_>),
    pub(crate) update: Update,
    pub(crate) subresources: &'static [(&'static str, Update)],
    pub(crate) warn_on_create: fn(&Value) -> Vec<String>,
    /// Subresource (empty for none), new, old.
    pub(crate) warn_on_update: fn(&str, &Value, &Value) -> Vec<String>,
}

/// New, old, and what else is known.
pub(crate) type Update = fn(&mut Value, &Value, &mut Context<'_>);

impl Rules {
    /// The rules of a kind that does nothing of its own: cluster-scoped, `v1`, unconditional updates allowed.
    pub(crate) const fn new(group: &'static str, kind: &'static str) -> Self {
        Self {
            group,
            version: "v1",
            kind,
            traits: Traits {
                namespaced: false,
                allow_create_on_update: false,
                allow_unconditional_update: true,
                graceful: None,
                default_propagation: Propagation::Background,
                returns_deleted_object: false,
                generates_names: true,
            },
            defaults: |_| {},
            normalize: |_| {},
            create: |_, _| {},
            update: |_, _, _| {},
            subresources: &[],
            warn_on_create: |_| Vec::new(),
            warn_on_update: |_, _, _| Vec::new(),
        }
    }

    pub(crate) const fn namespaced(mut self) -> Self {
        self.traits.namespaced = true;
        self
    }

    pub(crate) const fn created_by_update(mut self) -> Self {
        self.traits.allow_create_on_update = true;
        self
    }

    pub(crate) const fn updated_conditionally(mut self) -> Self {
        self.traits.allow_unconditional_update = false;
        self
    }

    pub(crate) const fn returning_deleted(mut self) -> Self {
        self.traits.returns_deleted_object = true;
        self
    }

    pub(crate) const fn propagating(mut self, propagation: Propagation) -> Self {
        self.traits.default_propagation = propagation;
        self
    }

    fn of(kind: Kind<'_>) -> Option<&'static Self> {
        TABLES.iter().flat_map(|table| table.iter()).find(|rules| {
            rules.kind == kind.kind && rules.group == kind.group && rules.version == kind.version
        })
    }
}

/// Every kind that is stored, by group.
const TABLES: &[&[Rules]] = &[
    crate::core::RULES,
    crate::apps::RULES,
    crate::batch::RULES,
    crate::autoscaling::RULES,
    crate::networking::RULES,
    crate::storage::RULES,
    crate::resource::RULES,
    crate::admissionregistration::RULES,
    crate::cluster::RULES,
];

/// Fills the defaults of a version, and does what conversion to the internal version and back does. Twice is as once.
///
/// Custom resources and kinds without defaults are left as they are.
///
/// Source: `runtime.Scheme.Default`, `k8s.io/kubernetes/pkg/apis/*/*/{defaults,conversion}.go`.
pub fn set_defaults(kind: Kind<'_>, object: &mut Value) {
    if kind.group == "authentication.k8s.io" && kind.kind == "TokenRequest" {
        if let Some(spec) = struct_at(object, "spec") {
            crate::fields::default(spec, "expirationSeconds", 3600);
        }
        return;
    }
    if let Some(rules) = Rules::of(kind) {
        (rules.defaults)(object);
        (rules.normalize)(object);
    }
}

/// Does what conversion to the internal version and back does, and nothing else: to be called after mutating
/// admission has changed an object that is not prepared (`serviceAccount` of a pod follows `serviceAccountName`).
///
/// Source: `k8s.io/kubernetes/pkg/apis/*/*/conversion.go`.
pub fn normalize(kind: Kind<'_>, object: &mut Value) {
    if let Some(rules) = Rules::of(kind) {
        (rules.normalize)(object);
    }
}

/// What a kind resets and fills on create: `PrepareForCreate` and `Canonicalize` of its strategy. The name, the uid
/// and the namespace of the object have to be there.
///
/// No subresource has a strategy of its own for create, so nothing happens to one.
///
/// Source: `k8s.io/apiserver/pkg/registry/rest` `BeforeCreate`.
pub fn prepare_for_create(
    kind: Kind<'_>,
    subresource: Option<&str>,
    object: &mut Value,
    context: &mut Context<'_>,
) {
    if subresource.is_some_and(|name| !name.is_empty()) {
        return;
    }
    if let Some(rules) = Rules::of(kind) {
        (rules.normalize)(object);
        (rules.create)(object, context);
        (rules.normalize)(object);
    }
}

/// What a kind resets and fills on update, of the object or of a subresource that shares its storage (`status`,
/// `approval`, `ephemeralcontainers`, `resize`, `finalize`; updating `scale` is an update of the object).
/// The generation starts from that of `old`.
///
/// Of a subresource that is unknown nothing changes but the generation.
///
/// Source: `k8s.io/apiserver/pkg/registry/rest` `BeforeUpdate`.
pub fn prepare_for_update(
    kind: Kind<'_>,
    subresource: Option<&str>,
    object: &mut Value,
    old: &Value,
    context: &mut Context<'_>,
) {
    if generation(object) != generation(old) {
        set_generation(object, generation(old));
    }
    let Some(rules) = Rules::of(kind) else { return };
    let update = match subresource {
        None | Some("" | "scale") => Some(rules.update),
        Some(name) => rules.subresources.iter().find(|(known, _)| *known == name).map(|(_, update)| *update),
    };
    let mut normal_old = old.clone();
    (rules.normalize)(&mut normal_old);
    (rules.normalize)(object);
    if let Some(update) = update {
        update(object, &normal_old, context);
    }
    (rules.normalize)(object);
}

/// What an update can never change: the uid if none is given, the time of creation, and a deletion that has begun.
///
/// Source: `k8s.io/apiserver/pkg/registry/rest` `BeforeUpdate`.
pub fn keep_metadata(object: &mut Value, old: &Value) {
    let Some(old) = old.field("metadata") else { return };
    let Some(metadata) = struct_at(object, "metadata") else { return };
    if crate::fields::text(metadata, "uid").is_empty() {
        copy(metadata, old, "uid");
    }
    for key in ["creationTimestamp", "deletionTimestamp"] {
        if old.field(key).is_some() {
            copy(metadata, old, key);
        }
    }
    if metadata.field("deletionGracePeriodSeconds").is_none() {
        copy(metadata, old, "deletionGracePeriodSeconds");
    }
}

/// What holds of every object of a kind. Of a kind that is not built in: what holds of custom resources, but for
/// the scope, which their definition says.
#[must_use]
pub fn traits(kind: Kind<'_>) -> Traits {
    match Rules::of(kind) {
        Some(rules) => rules.traits,
        None => Traits {
            namespaced: true,
            allow_create_on_update: false,
            allow_unconditional_update: false,
            graceful: None,
            default_propagation: Propagation::Background,
            returns_deleted_object: false,
            generates_names: true,
        },
    }
}

/// What a client is warned of when it creates an object, in upstream's words.
///
/// Source: `WarningsOnCreate` of the strategies in `k8s.io/kubernetes/pkg/registry`.
#[must_use]
pub fn warnings_on_create(kind: Kind<'_>, object: &Value) -> Vec<String> {
    Rules::of(kind).map(|rules| (rules.warn_on_create)(object)).unwrap_or_default()
}

/// What a client is warned of when it updates an object or a subresource of one, in upstream's words. `object` is
/// as [`prepare_for_update`] left it.
///
/// Source: `WarningsOnUpdate` of the strategies in `k8s.io/kubernetes/pkg/registry`.
#[must_use]
pub fn warnings_on_update(
    kind: Kind<'_>,
    subresource: Option<&str>,
    object: &Value,
    old: &Value,
) -> Vec<String> {
    Rules::of(kind)
        .map(|rules| (rules.warn_on_update)(subresource.unwrap_or_default(), object, old))
        .unwrap_or_default()
}

/// Whether a kind is one of the table.
pub(crate) fn is_built_in(kind: Kind<'_>) -> bool {
    Rules::of(kind).is_some()
}

/// Every kind of the table.
#[cfg(test)]
pub(crate) fn kinds() -> impl Iterator<Item = Kind<'static>> {
    TABLES.iter().flat_map(|table| table.iter()).map(|rules| Kind {
        group: rules.group,
        version: rules.version,
        kind: rules.kind,
    })
}

/// The first generation.
pub(crate) fn first_generation(object: &mut Value, _: &mut Context<'_>) {
    set_generation(object, 1);
}

/// The status is what it is without one; the first generation.
pub(crate) fn fresh(object: &mut Value, status: Value) {
    set(object, "status", status);
    set_generation(object, 1);
}

/// A status that Go writes as an empty struct.
pub(crate) fn fresh_empty(object: &mut Value, _: &mut Context<'_>) {
    fresh(object, empty());
}

/// The status is the old one.
pub(crate) fn keep_status(object: &mut Value, old: &Value) {
    copy(object, old, "status");
}

/// The status is the old one.
pub(crate) fn keep_status_only(object: &mut Value, old: &Value, _: &mut Context<'_>) {
    keep_status(object, old);
}

/// The next generation, if the spec says something else.
pub(crate) fn count_spec(object: &mut Value, old: &Value) {
    count_if(object, old, !same(object, old, "spec"));
}

/// The next generation, if something has changed.
pub(crate) fn count_if(object: &mut Value, old: &Value, is_changed: bool) {
    if is_changed {
        set_generation(object, generation(old).wrapping_add(1));
    }
}

/// The next generation, if the spec says something else.
pub(crate) fn counted(object: &mut Value, old: &Value, _: &mut Context<'_>) {
    count_spec(object, old);
}

/// The status is the old one; the next generation, if the spec says something else.
pub(crate) fn counted_with_status(object: &mut Value, old: &Value, _: &mut Context<'_>) {
    keep_status(object, old);
    count_spec(object, old);
}

/// Updating the status leaves the spec.
pub(crate) fn keep_spec(object: &mut Value, old: &Value, _: &mut Context<'_>) {
    copy(object, old, "spec");
}

/// Updating the status leaves the spec and the metadata.
pub(crate) fn keep_spec_and_metadata(object: &mut Value, old: &Value, _: &mut Context<'_>) {
    copy(object, old, "spec");
    crate::fields::reset_metadata_for_status(object, old);
}

/// A status of which some numbers are written although they are zero.
pub(crate) fn zeros(keys: &[&str]) -> Value {
    Value::Object(keys.iter().map(|key| ((*key).into(), Value::Int(0))).collect::<Map>())
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use crate::fields::testing::{sorted, value};
    use ravelin_object::user::UserInfo;

    /// Runs with a context.
    pub(crate) fn with_context<T>(run: impl FnOnce(&mut Context<'_>) -> T) -> T {
        let user = UserInfo { name: "ann".to_owned(), groups: vec!["g".to_owned()], ..UserInfo::default() };
        let (mut random, mut warnings) = (|| 7, Vec::new());
        run(&mut Context {
            user: &user,
            now: "2026-01-02T03:04:05Z",
            random: &mut random,
            warnings: &mut warnings,
        })
    }

    /// An object with its defaults.
    pub(crate) fn defaulted(kind: Kind<'_>, object: &str) -> Value {
        let mut object = value(object);
        set_defaults(kind, &mut object);
        sorted(object)
    }

    /// An object with its defaults, as it is created.
    pub(crate) fn created(kind: Kind<'_>, object: &str) -> Value {
        let mut object = defaulted(kind, object);
        with_context(|context| prepare_for_create(kind, None, &mut object, context));
        sorted(object)
    }

    /// An object as it is updated, without defaults.
    pub(crate) fn updated(kind: Kind<'_>, subresource: Option<&str>, new: &str, old: &str) -> Value {
        let (mut object, old) = (value(new), value(old));
        with_context(|context| prepare_for_update(kind, subresource, &mut object, &old, context));
        sorted(object)
    }
}
