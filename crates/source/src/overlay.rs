//! Which objects of a cluster or snapshot stand again in what is laid over it.

use crate::load::Loaded;
use crate::scan::{Base, REPLACED};
use ravelin_engine::report::Outcome;
use ravelin_object::identity::Identity;
use ravelin_object::resources;
use std::collections::BTreeMap;

/// Group, kind, namespace, name: the version of an API is not part of which object it is.
type Key = (String, String, String, String);

/// Skips the objects of `base`, whose files come first in `loaded`, that stand again in a higher layer. An object of a
/// namespaced kind that names no namespace is taken to be in `namespace`, or in `default`, as kubectl would apply it.
pub(crate) fn replace(loaded: &mut [Loaded], base: &[Base], namespace: &str) {
    if base.is_empty() {
        return;
    }
    let namespace = if namespace.is_empty() { "default" } else { namespace };
    let layer_of = |file: usize| base.get(file).map_or(usize::MAX, |base| base.layer);
    let mut highest: BTreeMap<Key, usize> = BTreeMap::new();
    for (file, loaded) in loaded.iter().enumerate() {
        for identity in loaded.drafts.iter().filter_map(|draft| draft.object.as_ref()) {
            let layer = highest.entry(key(identity, namespace)).or_default();
            *layer = layer_of(file).max(*layer);
        }
    }
    for (file, loaded) in loaded.iter_mut().enumerate().take(base.len()) {
        for draft in &mut loaded.drafts {
            let Some(identity) = &draft.object else { continue };
            let is_replaced =
                highest.get(&key(identity, namespace)).is_some_and(|layer| *layer > layer_of(file));
            if is_replaced && draft.value.take().is_some() {
                draft.outcome = Some(Outcome::Skipped { reason: REPLACED.to_owned() });
            }
        }
    }
}

fn key(identity: &Identity, namespace: &str) -> Key {
    let word = identity.kind.to_lowercase();
    let name = if identity.group().is_empty() { word } else { format!("{word}.{}", identity.group()) };
    let is_inside = resources::find(&name).is_some_and(|resource| resource.namespaced);
    let place = match (is_inside, identity.namespace.as_str()) {
        (true, "") => namespace,
        (_, named) => named,
    };
    (identity.group().to_owned(), identity.kind.clone(), place.to_owned(), identity.name.clone())
}
