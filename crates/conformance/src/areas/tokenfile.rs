//! Files of tokens, and whose the tokens are.

use ravelin_authn::token_file::TokenFile;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Area;
use crate::record::{Difference, Fields};

/// Records `{file, error}` or `{file, lookups[{token, user|null}]}`.
pub(super) struct TokenFiles;

#[derive(Deserialize)]
struct Lookup {
    token: String,
}

impl Area for TokenFiles {
    fn compare(&mut self, record: &Value) -> Vec<Difference> {
        Fields::compared(record, found)
    }
}

fn found(fields: &mut Fields) -> Result<Value, Difference> {
    let file: String = fields.take("file")?;
    let lookups: Vec<Lookup> = fields.peek("lookups")?;
    let file = match TokenFile::parse("tokens.csv", file.as_bytes()) {
        Ok(file) => file,
        Err(error) => return Ok(json!({ "error": error.to_string() })),
    };
    let lookups: Vec<Value> = lookups
        .into_iter()
        .map(|lookup| {
            let user = file.user(&lookup.token).map(|user| {
                // A file without a column of groups gives none; one with an empty column gives an empty one.
                let groups = (!user.groups.is_empty()).then_some(&user.groups);
                json!({ "name": user.name, "uid": user.uid, "groups": groups })
            });
            json!({ "token": lookup.token, "user": user })
        })
        .collect();
    Ok(json!({ "error": null, "lookups": lookups }))
}
