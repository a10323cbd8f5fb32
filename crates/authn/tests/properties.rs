//! What must hold of any credential.

use proptest::prelude::*;
use ravelin_authn::headers::Headers;
use ravelin_authn::impersonation::{
    AccessAnswer, AccessQuestion, Mode, Modes, RequestTarget, impersonate, wanted_user,
};
use ravelin_authn::keys::public_keys_from_pem;
use ravelin_authn::objects::Nothing;
use ravelin_authn::service_account::ServiceAccountTokens;
use ravelin_authn::token_file::TokenFile;
use ravelin_authn::x509::Certificate;
use ravelin_authn::{Context, Outcome, Timestamp, TokenAuthenticator, UserInfo};

/// A key whose private half was thrown away.
const KEY: &str = include_str!("key.pem");

fn users() -> impl Strategy<Value = UserInfo> {
    let names = prop_oneof![
        Just("alice".to_owned()),
        Just("system:anonymous".to_owned()),
        Just("system:node:n1".to_owned()),
        Just("system:serviceaccount:ns:sa".to_owned()),
        "[a-z:]{1,12}",
    ];
    let group = prop_oneof![
        Just("system:masters".to_owned()),
        Just("system:unauthenticated".to_owned()),
        "[a-z]{0,3}"
    ];
    let extra = prop::collection::btree_map("[a-z./]{0,6}", prop::collection::vec("[a-z]{0,2}", 0..3), 0..5);
    let parts = (names, "[0-9]{0,2}", prop::collection::vec(group, 0..6), extra);
    parts.prop_map(|(name, uid, groups, extra)| UserInfo { name, uid, groups, extra })
}

proptest! {
    #[test]
    fn nobody_without_the_key_is_believed(header in "\\PC{0,60}", payload in "\\PC{0,60}", rest in "[A-Za-z0-9_-]{0,90}") {
        use base64::Engine;
        let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        let keys = public_keys_from_pem(KEY.as_bytes()).unwrap();
        let tokens = ServiceAccountTokens::bound(vec![String::new()], keys, Vec::new());
        for token in [format!("{}.{}.{rest}", encode(&header), encode(&payload)), format!("{header}.{payload}.{rest}")] {
            let answer = tokens.authenticate_token(&token, &mut Context::new(Timestamp::from_unix(0), None, &Nothing));
            prop_assert!(!matches!(answer, Outcome::Authenticated(_)));
        }
    }

    #[test]
    fn times_are_read_back(seconds in -62_135_596_800i64..253_402_300_800) {
        let time = Timestamp::from_unix(seconds);
        prop_assert_eq!(Timestamp::parse_rfc3339(&time.to_string()), Some(time));
    }

    #[test]
    fn files_of_tokens_know_what_they_hold(token in "[^\",\r\n\u{0}]{1,8}", user in "[a-z]{0,4}", groups in "[a-z,]{0,9}") {
        let text = format!("\"{token}\",{user},7,\"{groups}\"\n");
        let file = TokenFile::parse("f", text.as_bytes()).unwrap();
        let found = file.user(&token).unwrap();
        prop_assert_eq!(&found.name, &user);
        prop_assert_eq!(found.groups.join(","), groups);
        prop_assert_eq!(file.user(&format!("{token}x")), None);
    }

    #[test]
    fn who_may_nothing_impersonates_nobody(requester in users(), wanted in users()) {
        let request = RequestTarget { verb: "get".to_owned(), is_resource: true, ..RequestTarget::default() };
        let mut asked = 0;
        let mut ask = |_: &AccessQuestion| { asked += 1; AccessAnswer::default() };
        let refused = impersonate(&requester, &wanted, &request, Modes::All, None, &mut ask).unwrap_err();
        prop_assert_eq!(refused.code, 403);
        prop_assert!(asked >= 1);
    }

    #[test]
    fn constrained_modes_never_give_masters(requester in users(), wanted in users()) {
        let request = RequestTarget { verb: "get".to_owned(), is_resource: true, ..RequestTarget::default() };
        let mut ask = |question: &AccessQuestion| AccessAnswer {
            allowed: question.verb != "impersonate",
            ..AccessAnswer::default()
        };
        if let Ok(impersonated) = impersonate(&requester, &wanted, &request, Modes::All, None, &mut ask) {
            prop_assert_ne!(impersonated.mode, Mode::Legacy);
            prop_assert!(!impersonated.user.is_in("system:masters"));
            let is_known = impersonated.user.is_in("system:authenticated");
            prop_assert_ne!(is_known, impersonated.user.is_in("system:unauthenticated"));
        }
    }

    #[test]
    fn headers_of_impersonation_are_gone_once_understood(names in prop::collection::vec("Impersonate-(User|Uid|Group|Extra-[a-z%]{0,3})", 0..5)) {
        let mut headers: Headers = names.iter().map(|name| (name.as_str(), "x")).collect();
        let has_user = names.iter().any(|name| name == "Impersonate-User");
        match wanted_user(&mut headers, Modes::All) {
            Ok(Some(_)) => prop_assert!(has_user && headers.iter().next().is_none()),
            Ok(None) => prop_assert!(names.is_empty()),
            Err(refusal) => prop_assert!(!has_user && refusal.code == 400),
        }
    }

    #[test]
    fn any_bytes_are_a_certificate_or_not(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Certificate::parse(&bytes);
        let wrapped = [&[0x30, 0x81, u8::try_from(bytes.len()).unwrap()], bytes.as_slice()].concat();
        let _ = Certificate::parse(&wrapped);
    }
}
