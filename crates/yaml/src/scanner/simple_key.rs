//! Keys without `?`: they are recognised only at their `:`, so the scanner remembers where one may have begun.

use super::{Place, Scanner};
use crate::error::Error;

/// Characters that may lie between the start of a key and its `:`.
const LONGEST: usize = 1024;

/// A possible start of a key, one for every flow level.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SimpleKey {
    /// Whether a `:` may still make a key of it.
    pub(super) possible: bool,
    /// Whether only a `:` makes a document of it.
    pub(super) required: bool,
    /// Whether the token waits in the queue for the decision. Kubernetes' scanner forgets this for a key that
    /// is an empty flow collection (`{}: x`), which makes the parser see the collection as a node of its own.
    pub(super) awaited: bool,
    /// The number of the token that the key begins with, counted from the start of the stream.
    pub(super) token: usize,
    pub(super) place: Place,
}

impl SimpleKey {
    pub(super) fn impossible(token: usize, place: Place) -> Self {
        Self { possible: false, required: false, awaited: false, token, place }
    }
}

impl<'a> Scanner<'a> {
    /// Remembers that the next token may begin a key.
    pub(super) fn save_simple_key(&mut self) -> Result<(), Error> {
        if !self.simple_key_allowed {
            return Ok(());
        }
        let place = self.place();
        let required = self.flow_level == 0 && self.indent == i64::try_from(place.column).unwrap_or(i64::MAX);
        self.remove_simple_key()?;
        let token = self.next_token_number();
        if let Some(last) = self.simple_keys.last_mut() {
            *last = SimpleKey { possible: true, required, awaited: true, token, place };
        }
        Ok(())
    }

    /// Gives up the possible key of this flow level.
    pub(super) fn remove_simple_key(&mut self) -> Result<(), Error> {
        match self.simple_keys.last_mut() {
            Some(last) if last.possible => {
                if last.required {
                    return Err(missing_colon(*last));
                }
                last.possible = false;
                last.awaited = false;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Whether a `:` here would make a key of the token that is first in the queue.
    pub(super) fn head_may_be_key(&mut self) -> Result<bool, Error> {
        let head = self.tokens_taken;
        let index = match self.simple_keys.len() {
            1 => 0,
            _ => self.simple_keys.partition_point(|key| key.token < head),
        };
        let (place, Some(key)) = (self.place(), self.simple_keys.get_mut(index)) else { return Ok(false) };
        if key.token != head || !key.awaited { Ok(false) } else { still_possible(key, place) }
    }

    /// The possible key of this flow level, if a `:` here would make a key of it.
    pub(super) fn take_simple_key(&mut self) -> Result<Option<SimpleKey>, Error> {
        let place = self.place();
        let Some(key) = self.simple_keys.last_mut() else { return Ok(None) };
        if !still_possible(key, place)? {
            return Ok(None);
        }
        let found = *key;
        key.possible = false;
        key.awaited = false;
        Ok(Some(found))
    }

    /// Leaves a flow level.
    pub(super) fn pop_simple_key(&mut self) {
        let Some(closed) = self.simple_keys.pop() else { return };
        // The level was entered with the number of its bracket, which is the number of the outer key too. If no
        // other key was seen since then, it is the outer key that is forgotten.
        if let Some(outer) = self.simple_keys.last_mut().filter(|outer| outer.token == closed.token) {
            outer.awaited = false;
        }
    }
}

fn still_possible(key: &mut SimpleKey, here: Place) -> Result<bool, Error> {
    if key.possible && (key.place.line != here.line || key.place.column + LONGEST < here.column) {
        if key.required {
            return Err(missing_colon(*key));
        }
        key.possible = false;
    }
    Ok(key.possible)
}

fn missing_colon(key: SimpleKey) -> Error {
    Error::syntax(key.place.offset, "found a line without ':' where a key and ':' are expected")
}
