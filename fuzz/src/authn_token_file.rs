//! A file of tokens reads the same twice, knows no empty token, and never shows one.

use ravelin_authn::token_file::TokenFile;

/// Reads the bytes as a file of tokens.
pub fn run(data: &[u8]) {
    let read = || TokenFile::parse("tokens.csv", data);
    match (read(), read()) {
        (Ok(first), Ok(second)) => {
            assert_eq!(first.notes(), second.notes());
            assert_eq!(first.user(""), None);
            assert_eq!(first.user("tok"), second.user("tok"));
        }
        (first, second) => assert_eq!(first.err(), second.err()),
    }
}
