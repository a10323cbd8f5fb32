//! The pieces of a stream are all of it but the lines that separate them.

use ravelin_object::documents;

/// Cuts the bytes into documents.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = documents::detect(text);
    let mut end = 0;
    for piece in documents::split(text) {
        assert_eq!(text.get(piece.offset..piece.offset + piece.text.len()), Some(piece.text));
        gap(text.get(end..piece.offset));
        end = piece.offset + piece.text.len();
        assert!(piece.bad_separator.is_none_or(|behind| !behind.is_empty()));
        // A separator line inside of a piece would have cut it, but for one that nothing precedes.
        assert!(!piece.text.contains("\n---"), "{:?}", piece.text);
        if documents::is_blank(piece.text) {
            let is_blank = |line: &str| {
                let line = line.trim_start_matches(['\u{feff}', ' ', '\t', '\r']);
                line.is_empty() || line.starts_with('#')
            };
            assert!(piece.text.lines().all(is_blank));
        }
    }
    gap(text.get(end..));
}

/// What no piece holds is separator lines, whole.
#[track_caller]
fn gap(text: Option<&str>) {
    assert!(text.is_some(), "pieces overlap");
    assert!(text.unwrap_or_default().lines().all(|line| line.starts_with("---")), "{text:?} is in no piece");
}
