//! A key that is read is read again from what it is written as, under the same name.

use ravelin_authn::keys::{public_keys_from_pem, signing_key_from_pem};

/// Reads the bytes as PEM.
pub fn run(data: &[u8]) {
    for key in public_keys_from_pem(data).unwrap_or_default() {
        assert_eq!(key.id().len(), 43);
        assert!(key.algorithm().is_some());
        assert_eq!(key.to_spki(), key.clone().to_spki());
    }
    if let Ok(key) = signing_key_from_pem(data) {
        assert!(public_keys_from_pem(data).is_ok_and(|keys| keys.contains(key.public())));
    }
}
