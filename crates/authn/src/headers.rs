//! Headers of a request, under the names Go gives them.
//!
//! Source: Go's `net/http.Header`, `net/textproto.CanonicalMIMEHeaderKey`.

use std::collections::BTreeMap;
use std::fmt;

/// Headers by canonical name; each has its values in the order they came. Values are never shown by `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    values: BTreeMap<String, Vec<String>>,
}

impl Headers {
    /// Adds a value.
    pub fn add(&mut self, name: &str, value: impl Into<String>) {
        self.values.entry(canonical(name)).or_default().push(value.into());
    }

    /// Sets the only value.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.values.insert(canonical(name), vec![value.into()]);
    }

    /// The first value; empty where there is none.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.all(name).first().map_or("", String::as_str)
    }

    /// Every value.
    #[must_use]
    pub fn all(&self, name: &str) -> &[String] {
        self.values.get(&canonical(name)).map_or(&[], Vec::as_slice)
    }

    /// Removes a header.
    pub fn remove(&mut self, name: &str) {
        self.values.remove(&canonical(name));
    }

    /// Keeps the headers whose canonical name is wanted.
    pub fn retain(&mut self, wanted: impl Fn(&str) -> bool) {
        self.values.retain(|name, _| wanted(name));
    }

    /// The headers by canonical name, sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.values.iter().map(|(name, values)| (name.as_str(), values.as_slice()))
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

impl<N: AsRef<str>, V: Into<String>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(headers: I) -> Self {
        let mut all = Self::default();
        for (name, value) in headers {
            all.add(name.as_ref(), value);
        }
        all
    }
}

/// `impersonate-user` becomes `Impersonate-User`; what is no header name stays as it is.
fn canonical(name: &str) -> String {
    if name.is_empty() || !name.bytes().all(is_token) {
        return name.to_owned();
    }
    let mut upper = true;
    let letters = name.chars().map(|letter| {
        let letter = if upper { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() };
        upper = letter == '-';
        letter
    });
    letters.collect()
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_canonical_and_values_hidden() {
        let headers: Headers =
            [("x-remote-EXTRA-acme.COM%2Fp", "a"), ("X-Remote-Extra-Acme.com%2fp", "b"), ("a b", "c")]
                .into_iter()
                .collect();
        assert_eq!(headers.all("X-REMOTE-EXTRA-ACME.COM%2FP"), ["a", "b"]);
        assert_eq!(headers.get("a b"), "c");
        assert_eq!(headers.get("A b"), "");
        assert_eq!(format!("{headers:?}"), "{\"X-Remote-Extra-Acme.com%2fp\", \"a b\"}");
    }
}
