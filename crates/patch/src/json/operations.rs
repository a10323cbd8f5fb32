//! What single operations of a JSON patch do, and their words where they do not apply.

use super::Limits;
use crate::syntax::{DEEPEST, Node};
use ravelin_object::selector::quoted;
use std::collections::BTreeMap;

/// Applies operations one after the other.
pub(super) fn apply(root: Node, operations: &[Node], limits: &Limits) -> Result<Node, String> {
    let deepest = root.depth();
    let mut document = Document { root, copied: 0, limits, deepest };
    for operation in operations {
        document.apply(&Operation(operation))?;
    }
    Ok(document.root)
}

struct Operation<'p>(&'p Node);

impl<'p> Operation<'p> {
    fn field(&self, key: &str) -> Option<&'p Node> {
        match self.0 {
            Node::Object(map) => map.get(key),
            _ => None,
        }
    }

    fn kind(&self) -> String {
        self.field("op").and_then(Node::text).unwrap_or_else(|| "unknown".to_owned())
    }

    fn text(&self, key: &str, missing: &str) -> Result<String, String> {
        match self.field(key) {
            None | Some(Node::Null) => Err(format!("{missing}: missing value")),
            Some(node) => node.text().ok_or_else(|| {
                format!("json: cannot unmarshal {} into Go value of type string", node.kind())
            }),
        }
    }

    fn path(&self) -> Result<String, String> {
        self.text("path", "operation missing path field")
    }

    fn from(&self) -> Result<String, String> {
        self.text("from", "operation, missing from field")
    }

    fn value(&self) -> Node {
        self.field("value").cloned().unwrap_or(Node::Null)
    }
}

struct Document<'l> {
    root: Node,
    /// Bytes that were copied so far.
    copied: usize,
    limits: &'l Limits,
    /// The document nests no deeper than this.
    deepest: usize,
}

impl Document<'_> {
    fn apply(&mut self, operation: &Operation<'_>) -> Result<(), String> {
        match operation.kind().as_str() {
            "add" => self.add(operation),
            "remove" => self.remove(operation),
            "replace" => self.replace(operation),
            "move" => self.move_value(operation),
            "test" => self.test(operation),
            "copy" => self.copy(operation),
            kind => Err(format!("Unexpected kind: {kind}")),
        }
    }

    fn add(&mut self, operation: &Operation<'_>) -> Result<(), String> {
        let undecoded = |_| "add operation failed to decode path: missing value".to_owned();
        let path = operation.path().map_err(undecoded)?;
        let value = operation.value();
        self.nest(&path, &value, value.depth())?;
        let (holder, key) = find(&mut self.root, &path).ok_or_else(|| {
            format!("add operation does not apply: doc is missing path: \"{path}\": missing value")
        })?;
        add(holder, key, value).map_err(|why| format!("error in add for path: '{path}': {why}"))
    }

    fn remove(&mut self, operation: &Operation<'_>) -> Result<(), String> {
        let undecoded = |_| "remove operation failed to decode path: missing value".to_owned();
        let path = operation.path().map_err(undecoded)?;
        let (holder, key) = find(&mut self.root, &path).ok_or_else(|| {
            format!("remove operation does not apply: doc is missing path: \"{path}\": missing value")
        })?;
        let removed = remove(holder, &key);
        removed.map(drop).map_err(|why| format!("error in remove for path: '{path}': {why}"))
    }

    fn replace(&mut self, operation: &Operation<'_>) -> Result<(), String> {
        let undecoded = |why| format!("replace operation failed to decode path: {why}");
        let path = operation.path().map_err(undecoded)?;
        let value = operation.value();
        if path.is_empty() {
            if !matches!(value, Node::Array(_) | Node::Object(_)) {
                return Err("replace operation value must be object or array: %!w(<nil>)".to_owned());
            }
            self.deepest = value.depth();
            self.root = value;
            return Ok(());
        }
        self.nest(&path, &value, value.depth())?;
        let (holder, key) = find(&mut self.root, &path).ok_or_else(|| {
            format!("replace operation does not apply: doc is missing path: {path}: missing value")
        })?;
        match holder {
            Node::Object(map) => {
                map.insert(key.into(), value);
                Ok(())
            }
            Node::Array(items) => {
                let place = index(items.len(), &key).ok().and_then(|place| items.get_mut(place));
                place.map(|place| *place = value).ok_or_else(|| {
                    format!("replace operation does not apply: doc is missing key: {path}: missing value")
                })
            }
            Node::Null | Node::Scalar(_) => Ok(()),
        }
    }

    fn move_value(&mut self, operation: &Operation<'_>) -> Result<(), String> {
        let undecoded = |why| format!("move operation failed to decode from: {why}");
        let from = operation.from().map_err(undecoded)?;
        let (holder, key) = find(&mut self.root, &from).ok_or_else(|| {
            format!("move operation does not apply: doc is missing from path: {from}: missing value")
        })?;
        let value = remove(holder, &key).map_err(|why| format!("error in move for path: '{key}': {why}"))?;
        let path = operation.path().map_err(|why| format!("move operation failed to decode path: {why}"))?;
        self.nest(&path, &value, self.deepest)?;
        let (holder, key) = find(&mut self.root, &path).ok_or_else(|| {
            format!("move operation does not apply: doc is missing destination path: {path}: missing value")
        })?;
        add(holder, key, value).map_err(|why| format!("error in move for path: '{path}': {why}"))
    }

    fn test(&mut self, operation: &Operation<'_>) -> Result<(), String> {
        let undecoded = |why| format!("test operation failed to decode path: {why}");
        let path = operation.path().map_err(undecoded)?;
        let value = operation.value();
        let failed = || format!("testing value {path} failed: test failed");
        if path.is_empty() {
            return if self.root == value { Ok(()) } else { Err(failed()) };
        }
        let (holder, key) = find(&mut self.root, &path).ok_or_else(|| {
            format!("test operation does not apply: is missing path: {path}: missing value")
        })?;
        let found = get(holder, &key).map_err(|why| format!("error in test for path: '{path}': {why}"))?;
        if found.unwrap_or(&Node::Null) == &value { Ok(()) } else { Err(failed()) }
    }

    fn copy(&mut self, operation: &Operation<'_>) -> Result<(), String> {
        let undecoded = |why| format!("copy operation failed to decode from: {why}");
        let from = operation.from().map_err(undecoded)?;
        let (holder, key) = find(&mut self.root, &from).ok_or_else(|| {
            format!("copy operation does not apply: doc is missing from path: {from}: missing value")
        })?;
        let found = get(holder, &key).map_err(|why| format!("error in copy for from: '{from}': {why}"))?;
        // What is absent or null counts nothing.
        let size = found.map_or(0, |node| if *node == Node::Null { 0 } else { node.size() });
        let copied = self.copied.saturating_add(size);
        let path =
            operation.path().map_err(|_| "copy operation failed to decode path: missing value".to_owned())?;
        if find(&mut self.root, &path).is_none() {
            return Err(format!(
                "copy operation does not apply: doc is missing destination path: {path}: missing value"
            ));
        }
        if copied > self.limits.copied_bytes {
            return Err(format!(
                "Unable to complete the copy, the accumulated size increase of copy is {copied}, exceeding the limit {}",
                self.limits.copied_bytes
            ));
        }
        self.copied = copied;
        let found = find(&mut self.root, &from).and_then(|(holder, key)| get(holder, &key).ok().flatten());
        let value = found.map_or(Node::Null, Node::escaped);
        self.nest(&path, &value, value.depth())?;
        let Some((holder, key)) = find(&mut self.root, &path) else { return Ok(()) };
        add(holder, key, value).map_err(|why| format!("error while adding value during copy: {why}"))
    }

    /// Refuses what would nest too deeply once `value`, which nests no deeper than `depth`, is at `path`.
    fn nest(&mut self, path: &str, value: &Node, depth: usize) -> Result<(), String> {
        let above = path.matches('/').count();
        self.deepest = self.deepest.max(above + depth);
        if self.deepest > DEEPEST {
            // Moves add to the bound without adding to the depth: look how deep it really is.
            self.deepest = self.root.depth().max(above + value.depth());
        }
        if self.deepest > DEEPEST { Err("exceeded max depth".to_owned()) } else { Ok(()) }
    }
}

/// The container of a path, and the last key of the path.
fn find<'d>(root: &'d mut Node, path: &str) -> Option<(&'d mut Node, String)> {
    let (_, path) = path.split_once('/')?;
    let (parents, key) = path.rsplit_once('/').map_or((None, path), |(parents, key)| (Some(parents), key));
    let mut holder = root;
    for part in parents.into_iter().flat_map(|parents| parents.split('/')) {
        let part = decoded(part);
        holder = match holder {
            Node::Object(map) => map.get_mut(part.as_str())?,
            Node::Array(items) => {
                let place = index(items.len(), &part).ok()?;
                items.get_mut(place)?
            }
            Node::Null | Node::Scalar(_) => return None,
        };
        if !matches!(holder, Node::Array(_) | Node::Object(_)) {
            return None;
        }
    }
    Some((holder, decoded(key)))
}

/// A part of a path: `~1` is `/`, `~0` is `~`, replaced in one pass.
fn decoded(part: &str) -> String {
    let mut out = String::with_capacity(part.len());
    let mut rest = part;
    while let Some((before, after)) = rest.split_once('~') {
        out.push_str(before);
        (rest, out) = match (after.strip_prefix('1'), after.strip_prefix('0')) {
            (Some(after), _) => (after, out + "/"),
            (_, Some(after)) => (after, out + "~"),
            _ => (after, out + "~"),
        };
    }
    out + rest
}

fn get<'d>(holder: &'d Node, key: &str) -> Result<Option<&'d Node>, String> {
    match holder {
        Node::Object(map) => Ok(map.get(key)),
        Node::Array(items) => index(items.len(), key).map(|place| items.get(place)),
        Node::Null | Node::Scalar(_) => Ok(None),
    }
}

fn add(holder: &mut Node, key: String, value: Node) -> Result<(), String> {
    match holder {
        Node::Object(map) => {
            map.insert(key.into(), value);
        }
        Node::Array(items) if key == "-" => items.push(value),
        Node::Array(items) => {
            let number =
                integer(&key).map_err(|why| format!("value was not a proper array index: '{key}': {why}"))?;
            let place = within(number, items.len() + 1)?;
            items.insert(place.min(items.len()), value);
        }
        Node::Null | Node::Scalar(_) => {}
    }
    Ok(())
}

fn remove(holder: &mut Node, key: &str) -> Result<Node, String> {
    match holder {
        Node::Object(map) => removed(map, key),
        Node::Array(items) => {
            let place = index(items.len(), key)?;
            Ok(if place < items.len() { items.remove(place) } else { Node::Null })
        }
        Node::Null | Node::Scalar(_) => Ok(Node::Null),
    }
}

fn removed(map: &mut BTreeMap<compact_str::CompactString, Node>, key: &str) -> Result<Node, String> {
    map.remove(key).ok_or_else(|| format!("Unable to remove nonexistent key: {key}: missing value"))
}

/// The place of a key in a list of so many items.
fn index(count: usize, key: &str) -> Result<usize, String> {
    within(integer(key)?, count)
}

/// A number as a place among `count` places; negative ones count from the end.
fn within(number: i64, count: usize) -> Result<usize, String> {
    let fault = || format!("Unable to access invalid index: {number}: invalid index referenced");
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let place = if number < 0 { number.checked_add(count) } else { Some(number) };
    let place = place.filter(|place| (0..count).contains(place)).ok_or_else(fault)?;
    usize::try_from(place).map_err(|_| fault())
}

/// Reads digits with an optional sign, as Go's `strconv.Atoi`.
fn integer(text: &str) -> Result<i64, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let fault = |why| format!("strconv.Atoi: parsing {}: {why}", quoted(text));
    if !is_number {
        return Err(fault("invalid syntax"));
    }
    text.parse().map_err(|_| fault("value out of range"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_paths_are_decoded_once() {
        let cases = [("a", "a"), ("~01", "~1"), ("~1~0~", "/~~"), ("~2", "~2"), ("", "")];
        for (part, expected) in cases {
            assert_eq!(decoded(part), expected);
        }
    }

    #[test]
    fn indices_read_as_in_go() {
        let cases = [("0", Ok(0)), ("+1", Ok(1)), ("-1", Ok(2)), ("01", Ok(1)), ("-3", Ok(0))];
        for (text, expected) in cases {
            assert_eq!(index(3, text), expected, "{text}");
        }
        for text in ["3", "-4", "", "-", "+", "1 ", "99999999999999999999", "-9223372036854775808"] {
            assert!(index(3, text).is_err(), "{text}");
        }
    }
}
