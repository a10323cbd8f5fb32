use super::*;
use crate::chain::Authenticators;
use crate::objects::Nothing;
use crate::token_file::TokenFile;
use ravelin_object::read;
use ravelin_yaml::Limits;

fn value(text: &str) -> Value {
    read::json(text, &Limits::STANDARD).unwrap().value.unwrap()
}

fn reviewed(spec: &str) -> Result<String, String> {
    let audiences = vec!["api".to_owned()];
    let own = TokenFile::single("own", UserInfo { name: "me".to_owned(), ..UserInfo::default() });
    let file = TokenFile::parse("f", b"tok,alice,1,\"dev\"\n").unwrap();
    let chain = Chain::new(Authenticators {
        api_audiences: audiences.clone(),
        loopback: Some(own),
        token_file: Some(file),
        ..Authenticators::default()
    });
    let review = value(&format!("{{\"kind\":\"TokenReview\",\"spec\":{spec}}}"));
    let now = Timestamp::from_unix(0);
    let (answer, _) =
        token_review(&review, &chain, &audiences, now, &Nothing).map_err(|error| error.to_string())?;
    Ok(answer.field("status").unwrap().to_json().to_string())
}

#[test]
fn reviews_have_the_shape_of_upstream() {
    assert_eq!(
        reviewed("{\"token\":\"tok\"}").unwrap(),
        "{\"audiences\":[\"api\"],\"authenticated\":true,\"user\":{\"groups\":[\"dev\",\"system:authenticated\"],\
         \"uid\":\"1\",\"username\":\"alice\"}}"
    );
    let unknown = "{\"error\":\"invalid bearer token\",\"user\":{}}";
    assert_eq!(reviewed("{\"token\":\"garbage\"}").unwrap(), unknown);
    assert_eq!(reviewed("{\"token\":\"tok\",\"audiences\":[\"vault\"]}").unwrap(), unknown);
    assert_eq!(
        reviewed("{\"token\":\"\"}").unwrap_err(),
        "token is required for TokenReview in authentication"
    );
    assert!(reviewed("{\"token\":1}").unwrap_err().contains("spec.token"));
}

#[test]
fn tokens_can_be_left_out() {
    let review = value("{\"kind\":\"TokenReview\",\"spec\":{\"token\":\"hush\",\"audiences\":[]}}");
    assert!(!without_token(&review).to_json().to_string().contains("hush"));
}

#[test]
fn users_learn_who_they_are() {
    let user = UserInfo { name: "alice".to_owned(), groups: vec!["dev".to_owned()], ..UserInfo::default() };
    let review = value("{\"kind\":\"SelfSubjectReview\",\"apiVersion\":\"authentication.k8s.io/v1\"}");
    assert_eq!(
        self_subject_review(&review, &user, Timestamp::from_unix(0)).to_json().to_string(),
        "{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"SelfSubjectReview\",\"metadata\":\
         {\"creationTimestamp\":\"1970-01-01T00:00:00Z\"},\"status\":{\"userInfo\":{\"groups\":[\"dev\"],\
         \"username\":\"alice\"}}}"
    );
}
