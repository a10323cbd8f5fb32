//! Putting an object into the place of another: what updates, patches and subresources have in common.
//!
//! Source: `k8s.io/apiserver/pkg/registry/generic/registry/store.go` `Update`, `pkg/registry/rest/update.go`.

use crate::api::Api;
use crate::clock;
use crate::codec;
use crate::random;
use crate::registry::{key, kind, kind_group, refused};
use crate::rest::act::{Act, Target};
use crate::rest::metadata::{self, Dedup};
use crate::rest::{create, faults, guard};
use ravelin_admit::Operation;
use ravelin_object::Value;
use ravelin_object::fault::Fault;
use ravelin_object::status::Status;
use ravelin_store::{Condition, Entry, StoreError, Write};

/// Why a write that came too late is refused.
pub(crate) const MODIFIED: &str =
    "the object has been modified; please apply your changes to the latest version and try again";

/// How an object is made of the one that is there. It may be asked several times.
pub(crate) type Make<'m> = &'m mut (dyn FnMut(&Value, &mut Act) -> Result<Value, Status> + Send);

/// What an update did.
pub(crate) struct Replaced {
    /// The object.
    pub(crate) object: Value,
    /// Whether there was none.
    pub(crate) created: bool,
}

/// How an update is carried out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conditions {
    /// The uid that the object has to have.
    pub(crate) uid: Option<String>,
    /// Whether an object that is not there is created, if its kind allows it.
    pub(crate) may_create: bool,
}

/// Replaces an object.
pub(crate) async fn replace(
    api: &Api,
    act: &mut Act,
    target: Target<'_>,
    conditions: &Conditions,
    make: Make<'_>,
) -> Result<Replaced, Status> {
    run(api, act, target, conditions, make, true).await
}

/// Replaces an object without asking the validating plugins: they have judged what it was made from.
pub(crate) async fn replace_quietly(
    api: &Api,
    act: &mut Act,
    target: Target<'_>,
    conditions: &Conditions,
    make: Make<'_>,
) -> Result<Replaced, Status> {
    run(api, act, target, conditions, make, false).await
}

async fn run(
    api: &Api,
    act: &mut Act,
    target: Target<'_>,
    conditions: &Conditions,
    make: Make<'_>,
    judged: bool,
) -> Result<Replaced, Status> {
    let resource = target.resource;
    let namespace = if resource.namespaced { target.namespace } else { "" };
    let key = key(&resource.group, &resource.plural, namespace, target.name);
    loop {
        let entry = api.registry.store.get(&key).map_err(|error| refused(&error))?;
        let Some(entry) = entry else { return absent(api, act, target, conditions, make).await };
        let existing = api.registry.decoded(resource, &entry)?;
        check_uid(act, target, &key, conditions, &existing)?;
        let (notes, warnings) = (act.annotations.len(), act.warnings.len());
        let mut made = make(&existing, act)?;
        let is_unconditional = check_revision(target, &mut made, &existing)?;
        before_update(api, act, target, &mut made, &existing)?;
        if judged {
            act.validate(api, target, Operation::Update, Some(&made), Some(&existing))?;
        }
        if deletes(target, &made, &existing) {
            return remove(api, act, target, &entry, made).await;
        }
        match write(api, act, target, &entry, &made).await? {
            Some(object) => return Ok(Replaced { object, created: false }),
            None if is_unconditional => {
                act.annotations.truncate(notes);
                act.warnings.truncate(warnings);
            }
            None => return Err(conflict(target, MODIFIED)),
        }
    }
}

/// 409.
pub(crate) fn conflict(target: Target<'_>, why: &str) -> Status {
    let resource = target.resource;
    Status::conflict(&resource.group, &resource.plural, target.name, why)
}

async fn absent(
    api: &Api,
    act: &mut Act,
    target: Target<'_>,
    conditions: &Conditions,
    make: Make<'_>,
) -> Result<Replaced, Status> {
    let resource = target.resource;
    let may_create = conditions.may_create && ravelin_strategy::traits(kind(resource)).allow_create_on_update;
    if !may_create || !target.subresource.is_empty() {
        return Err(Status::not_found(&resource.group, &resource.plural, target.name));
    }
    let made = make(&Value::Null, act)?;
    if !metadata::text(&made, "resourceVersion").is_empty() {
        return Err(conflict(target, MODIFIED));
    }
    api.authorize_creation(act, target)?;
    let object = create::new_object(api, act, resource, target.namespace, made).await?;
    Ok(Replaced { object, created: true })
}

fn check_uid(
    act: &Act,
    target: Target<'_>,
    key: &str,
    conditions: &Conditions,
    existing: &Value,
) -> Result<(), Status> {
    let Some(wanted) = &conditions.uid else { return Ok(()) };
    let uid = metadata::text(existing, "uid");
    if uid == wanted {
        return Ok(());
    }
    Err(conflict(target, &invalid_object(act, key, &precondition("UID", wanted, uid))))
}

/// What is said of an object that is not the one a request means.
pub(crate) fn precondition(field: &str, wanted: &str, found: &str) -> String {
    format!("Precondition failed: {field} in precondition: {wanted}, {field} in object meta: {found}")
}

/// The same as upstream's storage says it of a key.
///
/// Source: `k8s.io/apiserver/pkg/storage` `NewInvalidObjError`.
pub(crate) fn invalid_object(act: &Act, key: &str, why: &str) -> String {
    // A dry run does not get as far as the root of the store.
    let key = if act.dry_run { key.strip_prefix("/registry").unwrap_or(key) } else { key };
    format!(
        "StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: {why}"
    )
}

/// Whether the update is of whatever is there. One that names a resource version is of that alone.
fn check_revision(target: Target<'_>, made: &mut Value, existing: &Value) -> Result<bool, Status> {
    let current = metadata::text(existing, "resourceVersion").to_owned();
    let said = metadata::text(made, "resourceVersion").to_owned();
    let resource = target.resource;
    if said.is_empty() || said == "0" {
        if !ravelin_strategy::traits(kind(resource)).allow_unconditional_update {
            let fault = Fault::invalid("metadata.resourceVersion", 0, "must be specified for an update");
            return Err(Status::invalid(&resource.group, &resource.plural, target.name, &[fault]));
        }
        metadata::set(made, "resourceVersion", current.into());
        return Ok(true);
    }
    if said.parse::<u64>().is_err() {
        let said = ravelin_object::selector::quoted(&said);
        return Err(Status::plain(&format!("strconv.ParseUint: parsing {said}: invalid syntax")));
    }
    if said == current { Ok(false) } else { Err(conflict(target, MODIFIED)) }
}

/// What holds of every update: what the server keeps of the old object, and what the kind does and accepts.
fn before_update(
    api: &Api,
    act: &mut Act,
    target: Target<'_>,
    made: &mut Value,
    existing: &Value,
) -> Result<(), Status> {
    let resource = target.resource;
    let kind = kind(resource);
    let subresource = Some(target.subresource).filter(|name| !name.is_empty());
    metadata::ensure_namespace(resource, target.namespace, made)?;
    keep(made, existing, &["generation"]);
    let now = clock::rfc3339();
    let mut next = random::number;
    let mut context = ravelin_strategy::Context {
        user: &act.user,
        now: &now,
        random: &mut next,
        warnings: &mut act.warnings,
    };
    ravelin_strategy::prepare_for_update(kind, subresource, made, existing, &mut context);
    if metadata::text(made, "uid").is_empty() {
        keep(made, existing, &["uid"]);
    }
    keep(made, existing, &["creationTimestamp", "selfLink"]);
    if metadata::is_deleting(existing) {
        keep(made, existing, &["deletionTimestamp"]);
    }
    let grace = "deletionGracePeriodSeconds";
    if metadata::get(made, grace).is_none() && metadata::get(existing, grace).is_some() {
        keep(made, existing, &[grace]);
    }
    metadata::remove(made, "managedFields");
    api.allocator.update(&api.registry, resource, made, existing)?;
    let faults = faults::update(resource, subresource, made, existing, &api.validation);
    if !faults.is_empty() {
        return Err(Status::invalid(kind_group(resource), &resource.kind, target.name, &faults));
    }
    act.warnings.extend(ravelin_strategy::warnings_on_update(kind, subresource, made, existing));
    metadata::tidy(made);
    Ok(())
}

/// Keeps values of the old metadata.
fn keep(made: &mut Value, existing: &Value, keys: &[&'static str]) {
    for key in keys {
        match metadata::get(existing, key) {
            Some(value) => metadata::set(made, key, value.clone()),
            None => {
                metadata::remove(made, key);
            }
        }
    }
}

/// Whether the object goes with this update: it was waiting for its last finalizer.
fn deletes(target: Target<'_>, made: &Value, existing: &Value) -> bool {
    let finalizers_of_spec = |object: &Value| {
        object.dotted("spec.finalizers").and_then(Value::as_array).is_some_and(|list| !list.is_empty())
    };
    if target.resource.plural == "namespaces" && target.resource.group.is_empty() && finalizers_of_spec(made)
    {
        return false;
    }
    let grace = metadata::get(existing, "deletionGracePeriodSeconds").and_then(Value::as_int);
    metadata::finalizers(made).is_empty() && metadata::is_deleting(existing) && grace.unwrap_or_default() == 0
}

async fn remove(
    api: &Api,
    act: &Act,
    target: Target<'_>,
    entry: &Entry,
    made: Value,
) -> Result<Replaced, Status> {
    if !act.dry_run {
        let delete = Write::delete(entry.key.as_ref(), Condition::At(entry.mod_revision));
        match api.registry.write(delete).await {
            Ok(_) | Err(StoreError::NotFound) => {}
            Err(StoreError::Conflict { .. }) => return Err(conflict(target, MODIFIED)),
            Err(error) => return Err(refused(&error)),
        }
        api.allocator.release(target.resource, &made);
    }
    Ok(Replaced { object: made, created: false })
}

/// Writes what was made; nothing where somebody else was faster. What is as it was is not written.
async fn write(
    api: &Api,
    act: &Act,
    target: Target<'_>,
    entry: &Entry,
    made: &Value,
) -> Result<Option<Value>, Status> {
    let mut object = made.clone();
    ravelin_strategy::as_stored(kind(target.resource), &mut object);
    let bytes = codec::encode(api.registry.as_stored(target.resource, &object)?.as_ref());
    if act.dry_run || bytes == entry.value || is_equal(&bytes, entry)? {
        metadata::set(&mut object, "resourceVersion", Value::from(entry.mod_revision.to_string()));
        return Ok(Some(object));
    }
    let mut write = Write::update(entry.key.as_ref(), entry.mod_revision, bytes);
    write.expires = entry.expires;
    match api.registry.write(write).await {
        Ok(written) => {
            metadata::set(&mut object, "resourceVersion", Value::from(written.revision.to_string()));
            Ok(Some(object))
        }
        Err(StoreError::Conflict { .. }) => Ok(None),
        Err(StoreError::NotFound) => {
            Err(Status::not_found(&target.resource.group, &target.resource.plural, target.name))
        }
        Err(error) => Err(refused(&error)),
    }
}

/// Whether two encodings say the same, with keys in another order.
fn is_equal(bytes: &[u8], entry: &Entry) -> Result<bool, Status> {
    if bytes.len() != entry.value.len() {
        return Ok(false);
    }
    let one = codec::decode_at(bytes, 0)?.to_json();
    Ok(one == codec::decode_at(&entry.value, 0)?.to_json())
}

/// Lets admission and the guard of roles at an object that was made for an update.
pub(crate) fn admitted(
    api: &Api,
    act: &mut Act,
    target: Target<'_>,
    mut made: Value,
    existing: &Value,
) -> Result<Value, Status> {
    if existing == &Value::Null {
        return Ok(made);
    }
    act.admit(api, target, Operation::Update, Some(&mut made), Some(existing))?;
    metadata::dedup_owners(&mut made, Dedup::After, &mut act.warnings);
    ravelin_strategy::normalize(kind(target.resource), &mut made);
    if target.subresource.is_empty() {
        guard::update(api, act, target.resource, target.namespace, &made, existing)?;
    }
    Ok(made)
}
