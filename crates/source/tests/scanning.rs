//! Scans of folders of files.
#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod scanning {
    mod accounting;
    mod check_examples;
    mod overlay;
    mod support;
}
