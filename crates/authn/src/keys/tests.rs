use super::testing::{ec_ders, pem, rsa_der};
use super::*;

#[test]
fn keys_are_read_in_every_form_and_named_alike() {
    let rsa = rsa_der();
    let mut text =
        String::from("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n");
    let mut ids = Vec::new();
    for der in ec_ders().iter().chain([&rsa]) {
        let private = pem("PRIVATE KEY", der);
        let key = signing_key_from_pem(private.as_bytes()).unwrap();
        let public = pem("PUBLIC KEY", &key.public().to_spki());
        let read = public_keys_from_pem(public.as_bytes()).unwrap();
        assert_eq!(read, [key.public().clone()]);
        assert_eq!(read[0].id().len(), 43);
        text.push_str(&private);
        ids.push(key.public().id().to_owned());
    }
    let all = public_keys_from_pem(text.as_bytes()).unwrap();
    assert_eq!(all.iter().map(|key| key.id().to_owned()).collect::<Vec<_>>(), ids);
    let algorithms: Vec<_> = all.iter().map(|key| key.algorithm().unwrap()).collect();
    assert_eq!(algorithms, ["ES256", "ES384", "ES512", "RS256"]);
    // The first block that is a private key signs, whatever comes before it.
    assert_eq!(signing_key_from_pem(text.as_bytes()).unwrap().algorithm(), "ES256");
}

#[test]
fn what_is_no_key_is_told() {
    let public = pem("PUBLIC KEY", &testing::ec().public().to_spki());
    assert_eq!(signing_key_from_pem(public.as_bytes()).unwrap_err(), KeyError::NoPrivateKey);
    for wrong in ["", "noise", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
        assert_eq!(signing_key_from_pem(wrong.as_bytes()).unwrap_err(), KeyError::NoPrivateKey);
        assert_eq!(public_keys_from_pem(wrong.as_bytes()).unwrap_err(), KeyError::NoPublicKeys);
    }
    let mut point = testing::ec().public().ec_point().unwrap().1.to_vec();
    point[40] ^= 1;
    assert_eq!(PublicKey::from_point(Curve::P256, &point), None, "not on the curve");
}

#[test]
fn keys_are_never_shown() {
    let der = rsa_der();
    let key = SigningKey::from_der(&der).unwrap();
    let shown = format!("{key:?}");
    assert_eq!(shown, format!("SigningKey {{ id: \"{}\", .. }}", key.public().id()));
}

#[test]
fn the_key_decides_which_algorithms_there_are() {
    let (rsa, ec) = (testing::rsa(), testing::ec());
    let message = b"message";
    let (of_rsa, of_ec) = (rsa.sign(message).unwrap(), ec.sign(message).unwrap());
    assert!(rsa.public().verify_token("RS256", message, &of_rsa));
    assert!(ec.public().verify_token("ES256", message, &of_ec));
    for algorithm in ["none", "", "HS256", "RS384", "PS256", "ES256", "rs256", "RS256 ", "EdDSA"] {
        assert!(!rsa.public().verify_token(algorithm, message, &of_rsa), "{algorithm}");
    }
    for algorithm in ["none", "", "HS256", "ES384", "ES512", "RS256", "EdDSA"] {
        assert!(!ec.public().verify_token(algorithm, message, &of_ec), "{algorithm}");
    }
    assert!(!ec.public().verify_token("ES256", b"other", &of_ec));
    assert!(!ec.public().verify_token("ES256", message, &of_ec[1..]));
    assert!(!ec.public().verify_token("ES256", message, &[0; 64]));
}
