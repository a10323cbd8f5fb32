//! Comments that silence findings are comments, and one with an error silences nothing.

use ravelin_source::comments::find;
use ravelin_source::places::Lines;

use crate::{assert_range, index};

/// Looks for comments in the bytes.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let lines = Lines::new(text);
    let comments = find(text);
    assert_eq!(comments, find(text), "searching twice");
    let mut end = 0;
    for comment in comments {
        assert_range(text, comment.bytes);
        assert!(end <= comment.bytes.0, "comments do not overlap");
        end = comment.bytes.1;
        let inside = text.get(index(comment.bytes.0)..index(comment.bytes.1)).unwrap_or_default();
        assert!(inside.starts_with('#') && !inside.contains('\n'), "{inside:?}");
        assert_eq!(comment.line, lines.position(comment.bytes.0).line);
        assert!(comment.target >= comment.line);
        for line in [comment.line, comment.target] {
            assert_eq!(comment.covers(line), comment.error.is_none(), "{inside:?}");
        }
        assert!(!comment.covers(comment.target + 1) && !comment.covers(0), "{inside:?}");
        if comment.error.is_none() {
            assert!(!comment.ids.is_empty() && !comment.reason.trim().is_empty(), "{inside:?}");
            assert!(comment.expires.as_ref().is_none_or(|day| day.len() == 10), "{inside:?}");
        }
        let moved = comment.clone().moved(3, 7);
        assert_eq!((moved.line, moved.target), (comment.line + 3, comment.target + 3));
        assert_eq!(moved.bytes, (comment.bytes.0 + 7, comment.bytes.1 + 7));
    }
}
