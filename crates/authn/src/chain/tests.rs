use super::*;
use crate::Timestamp;
use crate::objects::Nothing;

fn chain() -> Chain {
    let file = "tok-alice,alice,1,\"dev\"\n";
    let own = UserInfo {
        name: "system:apiserver".to_owned(),
        groups: vec!["system:masters".to_owned()],
        ..UserInfo::default()
    };
    Chain::new(Authenticators {
        api_audiences: vec!["api".to_owned()],
        loopback: Some(TokenFile::single("own", own)),
        token_file: Some(TokenFile::parse("f", file.as_bytes()).unwrap()),
        bootstrap_tokens: true,
        anonymous: Some(Anonymous::everywhere()),
        ..Authenticators::default()
    })
}

fn asked(headers: &[(&str, &str)]) -> (String, Request) {
    let mut request = Request { headers: headers.iter().copied().collect(), ..Request::default() };
    let answer =
        chain().authenticate(&mut request, &mut Context::new(Timestamp::from_unix(0), None, &Nothing));
    let said = answer.response().map(|response| {
        let user = &response.user;
        format!("{} {} {}", user.name, user.groups.join(","), response.audiences.join(","))
    });
    (said.or(answer.error()).unwrap_or_default(), request)
}

#[test]
fn who_has_no_credentials_is_anonymous_and_who_has_bad_ones_is_nobody() {
    assert_eq!(asked(&[]).0, "system:anonymous system:unauthenticated api");
    assert_eq!(asked(&[("Authorization", "Basic YTpi")]).0, "system:anonymous system:unauthenticated api");
    assert_eq!(asked(&[("Authorization", "Bearer no")]).0, "invalid bearer token");
    assert_eq!(asked(&[("Authorization", "Bearer abcdef.0123456789abcdef")]).0, "invalid bearer token");
    assert_eq!(asked(&[("Authorization", "Bearer own")]).0, "system:apiserver system:masters api");
}

#[test]
fn nothing_is_left_of_the_credentials() {
    let headers = [
        ("Authorization", "Bearer tok-alice"),
        ("X-Remote-User", "root"),
        ("X-Remote-Extra-A", "b"),
        ("A", "b"),
    ];
    let (said, request) = asked(&headers);
    assert_eq!(said, "alice dev,system:authenticated api");
    assert_eq!(request.headers.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["A"]);
}

#[test]
fn anonymous_users_are_known() {
    assert!(is_anonymous(&UserInfo { name: ANONYMOUS.to_owned(), ..UserInfo::default() }));
    assert!(!is_anonymous(&UserInfo { name: "a".to_owned(), ..UserInfo::default() }));
}
