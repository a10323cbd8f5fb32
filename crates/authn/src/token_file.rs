//! Whose token a file of tokens says one is.
//!
//! Source: `k8s.io/apiserver/pkg/authentication/token/tokenfile`.

use crate::csv::Csv;
use crate::{Context, Outcome, TokenAuthenticator};
use aws_lc_rs::digest;
use ravelin_object::user::UserInfo;
use std::collections::BTreeMap;
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The largest file that is read, in bytes.
const LARGEST: usize = 64 << 20;

/// Why a file of tokens is refused. The text never holds a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TokenFileError(String);

/// Tokens and their users. Only digests of the tokens are kept: how long a look-up takes says nothing about them.
#[derive(Clone, Default)]
pub struct TokenFile {
    users: BTreeMap<Vec<u8>, UserInfo>,
    notes: Vec<String>,
}

impl TokenFile {
    /// Reads `token,user,uid[,"group1,group2"]`; `name` is how the file is called in errors.
    ///
    /// # Errors
    /// Where the text is no CSV to Go, or a record has fewer than three fields.
    pub fn parse(name: &str, text: &[u8]) -> Result<Self, TokenFileError> {
        if text.len() > LARGEST {
            let text = format!("token file '{name}' is larger than {LARGEST} bytes; split it");
            return Err(TokenFileError(text));
        }
        let mut file = Self::default();
        let mut csv = Csv::new(text);
        let mut number = 0;
        while let Some(record) = csv.record() {
            let record = record.map_err(|error| TokenFileError(error.to_string()))?;
            let [token, user, uid, more @ ..] = record.as_slice() else {
                let found = record.len();
                return Err(TokenFileError(format!(
                    "token file '{name}' must have at least 3 columns (token, user name, user uid), found {found}"
                )));
            };
            number += 1;
            let token = Zeroizing::new(token.clone());
            if token.is_empty() {
                let note = "empty token has been found in token file";
                file.notes.push(format!("{note} '{name}', record number '{number}'"));
                continue;
            }
            let groups = more.first().map(|groups| text_of(groups));
            let groups = groups.iter().flat_map(|groups| groups.split(',')).map(str::to_owned).collect();
            let user = UserInfo { name: text_of(user), uid: text_of(uid), groups, ..UserInfo::default() };
            if file.users.insert(key_of(&token), user).is_some() {
                let note = "duplicate token has been found in token file";
                file.notes.push(format!("{note} '{name}', record number '{number}'"));
            }
        }
        Ok(file)
    }

    /// One token and its user, as for the server's requests to itself.
    #[must_use]
    pub fn single(token: &str, user: UserInfo) -> Self {
        Self { users: BTreeMap::from([(key_of(token.as_bytes()), user)]), notes: Vec::new() }
    }

    /// What is odd about the file: empty tokens, which are skipped, and tokens that are there twice, of which the
    /// last counts.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The user of a token.
    #[must_use]
    pub fn user(&self, token: &str) -> Option<&UserInfo> {
        let key = key_of(token.as_bytes());
        let (found, user) = self.users.get_key_value(&key)?;
        bool::from(found.as_slice().ct_eq(&key)).then_some(user)
    }
}

impl fmt::Debug for TokenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenFile").field("tokens", &self.users.len()).finish_non_exhaustive()
    }
}

impl TokenAuthenticator for TokenFile {
    fn authenticate_token(&self, token: &str, _: &mut Context<'_>) -> Outcome {
        self.user(token).map_or(Outcome::NotMine, |user| Outcome::user(user.clone()))
    }
}

fn key_of(token: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, token).as_ref().to_vec()
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_as_upstream_reads_them() {
        let text = "t1,alice,1\n,x,y\nt2,bob,2,\"dev, ops,\"\nt1,carol,3,\"\",more\n";
        let file = TokenFile::parse("f", text.as_bytes()).unwrap();
        let user = |token| file.user(token).map(|user| (user.name.as_str(), user.groups.join("|")));
        assert_eq!(user("t1"), Some(("carol", String::new())));
        assert_eq!(file.user("t1").unwrap().groups, [""]);
        assert_eq!(user("t2"), Some(("bob", "dev| ops|".to_owned())));
        assert_eq!(user(""), None);
        assert_eq!(user("t"), None);
        assert_eq!(
            file.notes(),
            [
                "empty token has been found in token file 'f', record number '2'",
                "duplicate token has been found in token file 'f', record number '4'"
            ]
        );
        let error = TokenFile::parse("f", b"a,b\n").unwrap_err().to_string();
        let expected = "token file 'f' must have at least 3 columns (token, user name, user uid), found 2";
        assert_eq!(error, expected);
    }

    #[test]
    fn tokens_are_never_shown() {
        let file = TokenFile::parse("f", b"hush-hush,alice,1\n").unwrap();
        assert!(!format!("{file:?}").contains("hush"));
        let error = TokenFile::parse("f", b"hush-hush,alice\n").unwrap_err();
        assert!(!format!("{error:?}").contains("hush"));
    }
}
