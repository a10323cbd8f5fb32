//! The order of merged lists: what the patch asks for, then the order that the object has.

use super::words::{MAP, no_merge_key, wrong_type};
use super::{DELETE, DIRECTIVE};
use crate::PatchError;
use ravelin_object::Value;
use ravelin_object::json_text;
use std::collections::BTreeMap;

/// What tells values apart as Go's `==` does: type and value.
pub(super) fn identity(value: &Value) -> String {
    let kind = match value {
        Value::Int(_) => 'i',
        Value::UInt(_) | Value::Float(_) => 'f',
        _ => ' ',
    };
    format!("{kind}{}", json_text(value))
}

/// How items of a list are told apart.
pub(super) struct Order<'k> {
    pub(super) key: &'k str,
    pub(super) is_map: bool,
}

/// The first place of every item of a list.
type Ranks = BTreeMap<String, usize>;

impl Order<'_> {
    /// Sorts items of the patch and others, and weaves them into one list.
    pub(super) fn normalize(
        &self,
        patch: Vec<Value>,
        others: Vec<Value>,
        patch_order: &[Value],
        server_order: &[Value],
    ) -> Result<Vec<Value>, PatchError> {
        let patch = self.sort(patch, patch_order)?;
        let others = self.sort(others, server_order)?;
        Ok(self.weave(others, patch, server_order))
    }

    fn sort(&self, items: Vec<Value>, order: &[Value]) -> Result<Vec<Value>, PatchError> {
        let (mut items, deletions) =
            if self.is_map { self.split(items, order)? } else { (items, Vec::new()) };
        let ranks = self.ranks(order);
        let ranked: Vec<Option<usize>> = items.iter().map(|item| self.rank(item, &ranks)).collect();
        let mut pairs: Vec<(Option<usize>, Value)> = ranked.into_iter().zip(items.drain(..)).collect();
        if pairs.iter().all(|(rank, _)| rank.is_some()) {
            pairs.sort_by_key(|(rank, _)| *rank);
        } else {
            insertion_sort(&mut pairs);
        }
        Ok(pairs.into_iter().map(|(_, item)| item).chain(deletions).collect())
    }

    /// Items that stay and those that are directives to delete; all of them and of `order` need the key.
    fn split(&self, items: Vec<Value>, order: &[Value]) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
        for item in items.iter().chain(order) {
            let Value::Object(map) = item else { return Err(wrong_type(MAP, item)) };
            if map.get(self.key).is_none() {
                return Err(no_merge_key(map, self.key));
            }
        }
        let is_deletion = |item: &Value| {
            item.as_object().and_then(|map| map.get(DIRECTIVE)).and_then(Value::as_str) == Some(DELETE)
        };
        Ok(items.into_iter().partition(|item| !is_deletion(item)))
    }

    /// Puts every item of `left` in front of the first of `right` that the server's order has behind it.
    fn weave(&self, left: Vec<Value>, right: Vec<Value>, server_order: &[Value]) -> Vec<Value> {
        let ranks = self.ranks(server_order);
        let mut woven = Vec::with_capacity(left.len() + right.len());
        let mut left = left.into_iter().map(|item| (self.rank(&item, &ranks), item)).peekable();
        for item in right {
            let rank = self.rank(&item, &ranks);
            let is_before =
                |other: &(Option<usize>, Value)| matches!((other.0, rank), (Some(l), Some(r)) if l < r);
            while let Some((_, other)) = left.next_if(is_before) {
                woven.push(other);
            }
            woven.push(item);
        }
        woven.extend(left.map(|(_, item)| item));
        woven
    }

    fn ranks(&self, order: &[Value]) -> Ranks {
        let mut ranks = Ranks::new();
        for (place, item) in order.iter().enumerate() {
            ranks.entry(self.identity(item)).or_insert(place);
        }
        ranks
    }

    fn rank(&self, item: &Value, ranks: &Ranks) -> Option<usize> {
        ranks.get(&self.identity(item)).copied()
    }

    fn identity(&self, item: &Value) -> String {
        if !self.is_map {
            return identity(item);
        }
        let value = item.as_object().and_then(|map| map.get(self.key));
        identity(value.unwrap_or(&Value::Null))
    }
}

/// Sorts as upstream does where the order does not know all items: those are in front of everything they are compared
/// with. Long lists put them in front at once.
fn insertion_sort(pairs: &mut Vec<(Option<usize>, Value)>) {
    const FEW: usize = 20;
    if pairs.len() > FEW {
        let (mut known, mut unknown): (Vec<_>, Vec<_>) =
            pairs.drain(..).partition(|(rank, _)| rank.is_some());
        known.sort_by_key(|(rank, _)| *rank);
        unknown.reverse();
        pairs.extend(unknown);
        pairs.extend(known);
        return;
    }
    for end in 1..pairs.len() {
        for place in (1..=end).rev() {
            let ranks = [place, place - 1].map(|place| pairs.get(place).and_then(|(rank, _)| *rank));
            let is_before = match ranks {
                [Some(one), Some(other)] => one < other,
                _ => true,
            };
            if !is_before {
                break;
            }
            pairs.swap(place, place - 1);
        }
    }
}
