//! A review is answered or refused, and an answer asks the same again.

use std::sync::LazyLock;

use ravelin_authz::rbac::{Index, Objects, Policy};
use ravelin_authz::{User, bootstrap, reviews};
use ravelin_object::{Value, read};

use crate::LIMITS;

/// The default policy of a cluster.
static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let mut objects = Objects::default();
    for object in bootstrap::objects(bootstrap::Version::LATEST) {
        assert_eq!(objects.add(&object, 0), Ok(true), "what is built in is a role or a binding");
    }
    Index::new(Policy::new(objects))
});

/// Reads the bytes as a review of any kind.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(read) = read::json(text, &LIMITS) else { return };
    let Some(review) = read.value else { return };
    let user =
        User { name: "ann".to_owned(), groups: vec!["system:authenticated".to_owned()], ..User::default() };
    let index = &*INDEX;
    answered(&review, |review| reviews::subject_access_review(review, index));
    answered(&review, |review| reviews::self_subject_access_review(review, &user, index));
    answered(&review, |review| reviews::local_subject_access_review(review, "ns", index));
    match reviews::self_subject_rules_review(&review, &user, index) {
        Ok(answer) => assert!(answer.dotted("status.resourceRules").is_some()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn answered(review: &Value, answer: impl Fn(&Value) -> Result<Value, reviews::ReviewError>) {
    let answered = match answer(review) {
        Ok(answered) => answered,
        Err(error) => {
            assert!(!error.to_string().is_empty(), "{error:?}");
            return;
        }
    };
    let allowed = answered.dotted("status.allowed");
    let reason = answered.dotted("status.reason").and_then(Value::as_str);
    match allowed {
        Some(Value::Bool(true)) => {
            assert!(reason.is_some_and(|reason| reason.starts_with("RBAC: allowed by ")), "{answered:?}");
        }
        Some(Value::Bool(false)) => assert_eq!(reason, None, "the default policy has no dangling binding"),
        other => assert_eq!(other, None, "whether it is allowed is said"),
    }
    assert!(allowed.is_some());
    assert_eq!(answer(&answered).as_ref(), Ok(&answered), "what is answered is asked again");
}
