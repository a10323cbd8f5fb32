use super::*;
use std::collections::BTreeMap;

fn user(name: &str, groups: &[&str]) -> UserInfo {
    let groups = groups.iter().map(|group| (*group).to_owned()).collect();
    UserInfo { name: name.to_owned(), groups, ..UserInfo::default() }
}

fn listing_pods() -> RequestTarget {
    RequestTarget {
        verb: "list".to_owned(),
        is_resource: true,
        resource: "pods".to_owned(),
        namespace: "ns".to_owned(),
        ..RequestTarget::default()
    }
}

/// A question in short: `verb group/resource/subresource ns/name`.
fn shown(question: &AccessQuestion) -> String {
    match &question.target {
        Target::TheRequest => format!("{} request", question.verb),
        Target::Resource { group, resource, subresource, namespace, name } => {
            format!("{} {group}/{resource}/{subresource} {namespace}/{name}", question.verb)
        }
    }
}

/// What comes of it where what `allows` says is allowed, and what was asked.
fn tried(
    requester: &UserInfo,
    wanted: &UserInfo,
    request: &RequestTarget,
    modes: Modes,
    allows: &[&str],
) -> (Result<Impersonated, Status>, Vec<String>) {
    let mut asked = Vec::new();
    let mut ask = |question: &AccessQuestion| {
        let text = shown(question);
        let allowed = allows.iter().any(|start| text.starts_with(start));
        asked.push(text);
        AccessAnswer { allowed, ..AccessAnswer::default() }
    };
    let outcome = impersonate(requester, wanted, request, modes, None, &mut ask);
    (outcome, asked)
}

fn refusal(wanted: &UserInfo, allows: &[&str]) -> Status {
    tried(&user("erin", &[]), wanted, &listing_pods(), Modes::All, allows).0.unwrap_err()
}

#[test]
fn headers_name_the_user_and_are_removed() {
    let mut headers: Headers = [
        ("Impersonate-User", "peggy"),
        ("Impersonate-Group", "a"),
        ("Impersonate-Group", "b"),
        ("Impersonate-Uid", "7"),
        ("Impersonate-Extra-Acme.com%2FProject", "blue"),
        ("Accept", "x"),
    ]
    .into_iter()
    .collect();
    let wanted = wanted_user(&mut headers, Modes::All).unwrap().unwrap();
    let extra = BTreeMap::from([("acme.com/project".to_owned(), vec!["blue".to_owned()])]);
    assert_eq!(wanted, UserInfo { uid: "7".to_owned(), extra, ..user("peggy", &["a", "b"]) });
    assert_eq!(headers.iter().count(), 1);
    assert_eq!(wanted_user(&mut headers, Modes::All).unwrap(), None);
}

#[test]
fn without_a_user_headers_are_refused_in_go_s_words() {
    let text = |name: &str, value: &str, modes| {
        let mut headers: Headers = [(name, value)].into_iter().collect();
        let refusal = wanted_user(&mut headers, modes).unwrap_err();
        assert_eq!((refusal.code, refusal.reason.as_ref(), refusal.details), (400, "BadRequest", None));
        refusal.message
    };
    assert_eq!(
        text("Impersonate-Group", "g", Modes::All),
        "requested &user.DefaultInfo{Name:\"\", UID:\"\", Groups:[]string{\"g\"}, \
         Extra:map[string][]string(nil)} without impersonating a user name"
    );
    assert_eq!(
        text("Impersonate-Extra-Scopes", "x", Modes::All),
        "requested &user.DefaultInfo{Name:\"\", UID:\"\", Groups:[]string(nil), \
         Extra:map[string][]string{\"scopes\":[]string{\"x\"}}} without impersonating a user name"
    );
    assert_eq!(
        text("Impersonate-Group", "g", Modes::LegacyOnly),
        "requested [{Group  g    }] without impersonating a user"
    );
    assert_eq!(
        text("Impersonate-Uid", "7", Modes::LegacyOnly),
        "requested [{UID  7  authentication.k8s.io/v1  }] without impersonating a user"
    );
}

#[test]
fn modes_are_tried_in_their_order_and_the_first_error_is_told() {
    let erin = user("erin", &[]);
    let (outcome, asked) = tried(&erin, &user("system:node:n1", &[]), &listing_pods(), Modes::All, &[]);
    assert_eq!(asked, ["impersonate-on:arbitrary-node:list request", "impersonate /users/ /system:node:n1"]);
    assert_eq!(
        outcome.unwrap_err().message,
        "pods is forbidden: User \"erin\" cannot impersonate-on:arbitrary-node:list resource \"pods\" in API \
         group \"\" in the namespace \"ns\""
    );
    let account = user("system:serviceaccount:ns:sa", &[]);
    let (outcome, asked) = tried(&erin, &account, &listing_pods(), Modes::All, &["impersonate "]);
    assert_eq!(asked, ["impersonate-on:serviceaccount:list request", "impersonate /serviceaccounts/ ns/sa"]);
    let impersonated = outcome.unwrap();
    assert_eq!((impersonated.mode, impersonated.constraint()), (Mode::Legacy, None));
    assert_eq!(
        impersonated.user.groups,
        ["system:serviceaccounts", "system:serviceaccounts:ns", "system:authenticated"]
    );
}

#[test]
fn a_mode_that_succeeded_is_tried_first() {
    let mut asked = Vec::new();
    let mut ask = |question: &AccessQuestion| {
        asked.push(shown(question));
        AccessAnswer { allowed: question.verb == "impersonate", ..AccessAnswer::default() }
    };
    let (erin, wanted) = (user("erin", &[]), user("trent", &[]));
    let outcome = impersonate(&erin, &wanted, &listing_pods(), Modes::All, Some(Mode::Legacy), &mut ask);
    assert_eq!(outcome.unwrap().mode, Mode::Legacy);
    assert_eq!(asked, ["impersonate /users/ /trent"]);
}

#[test]
fn nodes_and_their_pods() {
    let mut agent = user("system:serviceaccount:ns:agent", &[]);
    agent.extra.insert("authentication.kubernetes.io/node-name".to_owned(), vec!["n1".to_owned()]);
    let allows = ["impersonate-on:associated-node:list request", "impersonate:associated-node "];
    let mut users = Vec::new();
    let mut ask = |question: &AccessQuestion| {
        users.push(question.user.extra.clone());
        let allowed = allows.iter().any(|start| shown(question).starts_with(start));
        AccessAnswer { allowed, ..AccessAnswer::default() }
    };
    let wanted = user("system:node:n1", &[]);
    let outcome = impersonate(&agent, &wanted, &listing_pods(), Modes::All, None, &mut ask).unwrap();
    assert_eq!(outcome.constraint().as_deref(), Some("impersonate:associated-node"));
    assert_eq!(outcome.user.groups, ["system:nodes", "system:authenticated"]);
    let keys = vec!["authentication.kubernetes.io/node-name".to_owned()];
    let reduced = BTreeMap::from([("authentication.kubernetes.io/associated-node-keys".to_owned(), keys)]);
    assert_eq!(users, [reduced.clone(), reduced]);
    let other = user("system:node:n2", &[]);
    let (outcome, asked) = tried(&agent, &other, &listing_pods(), Modes::All, &allows);
    assert!(outcome.is_err() && asked[0].starts_with("impersonate-on:arbitrary-node"));
    let (_, asked) = tried(&agent, &wanted, &listing_pods(), Modes::All, &["impersonate-on:associated-node"]);
    assert_eq!(asked[1], "impersonate:associated-node authentication.k8s.io/nodes/ /*");
}

#[test]
fn user_info_has_its_own_rules() {
    let on = "impersonate-on:user-info:list request";
    let all = [on, "impersonate:user-info "];
    let message = |wanted: &UserInfo| refusal(wanted, &all).message;
    assert_eq!(
        message(&user("trent", &["system:masters"])),
        "groups.authentication.k8s.io \"system:masters\" is forbidden: User \"erin\" cannot impersonate:user-info \
         resource \"groups\" in API group \"authentication.k8s.io\" at the cluster scope: impersonating the \
         system:masters group is not allowed"
    );
    assert!(message(&user("trent", &[""])).ends_with("impersonating the empty string group is not allowed"));
    let with_extra = |key: &str, values: &[&str]| {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        UserInfo { extra: BTreeMap::from([(key.to_owned(), values)]), ..user("trent", &[]) }
    };
    for (key, values, expected) in [
        ("", &["x"][..], "impersonating the empty string key in extra is not allowed"),
        (
            "reason",
            &["x"],
            "impersonating an invalid key in extra is not allowed: extra.key: Invalid value: \"reason\": must be a \
             domain-prefixed path (such as \"acme.io/foo\")",
        ),
        ("acme.io/Foo", &["x"], "impersonating a non-lowercase key in extra is not allowed: \"acme.io/Foo\""),
        ("acme.io/foo", &[], "impersonating empty values in extra is not allowed"),
        ("acme.io/foo", &[""], "impersonating the empty string value in extra is not allowed"),
    ] {
        let message = message(&with_extra(key, values));
        assert!(message.ends_with(expected), "{message}");
    }
    let wanted = UserInfo { uid: "7".to_owned(), ..with_extra("acme.io/foo", &["a", "b"]) };
    let (outcome, asked) = tried(&user("erin", &[]), &wanted, &listing_pods(), Modes::All, &all);
    assert_eq!(outcome.unwrap().constraint().as_deref(), Some("impersonate:user-info"));
    assert_eq!(
        asked[1..],
        [
            "impersonate:user-info authentication.k8s.io/users/ /trent",
            "impersonate:user-info authentication.k8s.io/uids/ /7",
            "impersonate:user-info authentication.k8s.io/userextras/acme.io/foo /a",
            "impersonate:user-info authentication.k8s.io/userextras/acme.io/foo /b",
        ]
    );
    let many = user("trent", &["a", "b", "c", "d"]);
    let (_, asked) = tried(&user("erin", &[]), &many, &listing_pods(), Modes::All, &all);
    assert_eq!(asked[2..], ["impersonate:user-info authentication.k8s.io/groups/ /*"]);
}

#[test]
fn groups_that_everyone_has_are_added() {
    let groups = |wanted: &UserInfo| {
        let erin = user("erin", &[]);
        let (outcome, _) = tried(&erin, wanted, &listing_pods(), Modes::LegacyOnly, &["impersonate"]);
        outcome.unwrap().user.groups.join(" ")
    };
    assert_eq!(groups(&user("x", &[])), "system:authenticated");
    assert_eq!(groups(&user("x", &["a"])), "a system:authenticated");
    assert_eq!(groups(&user("x", &["system:unauthenticated"])), "system:unauthenticated");
    assert_eq!(groups(&user("system:anonymous", &[])), "system:unauthenticated");
    assert_eq!(groups(&user("system:serviceaccount:ns:sa", &["a"])), "a system:authenticated");
}

#[test]
fn paths_and_reasons_are_worded_as_upstream_words_them() {
    let request =
        RequestTarget { verb: "get".to_owned(), path: "/version".to_owned(), ..RequestTarget::default() };
    let erin = user("<erin>", &[]);
    let mut ask = |_: &AccessQuestion| AccessAnswer {
        allowed: false,
        reason: "because".to_owned(),
        error: Some("broken".to_owned()),
    };
    let wanted = user("x", &[]);
    let refusal = impersonate(&erin, &wanted, &request, Modes::All, None, &mut ask).unwrap_err();
    assert_eq!(
        refusal.message,
        "forbidden: User \"&lt;erin&gt;\" cannot impersonate-on:user-info:get path \"/version\": broken: because"
    );
    assert_eq!(refusal.code, 403);
    let refusal = impersonate(&erin, &wanted, &request, Modes::LegacyOnly, None, &mut ask).unwrap_err();
    assert_eq!(
        refusal.message,
        "users \"x\" is forbidden: User \"&lt;erin&gt;\" cannot impersonate resource \"users\" in API group \"\" at \
         the cluster scope: because"
    );
}
