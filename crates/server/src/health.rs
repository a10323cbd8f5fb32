//! Health: what `/healthz` and `/readyz` answer.
//!
//! Source: `k8s.io/apiserver/pkg/server/healthz/healthz.go` (`handleRootHealth`, `adaptCheckToHandler`).

use crate::query;
use crate::transport::ResponseBody;
use crate::transport::body::{TEXT, whole, words};
use http::{Response, StatusCode};

/// One thing that must be well, and whether it is: what is wrong, in words for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its name, which is also the last segment of its own path.
    pub name: &'static str,
    /// What is wrong, if anything is. The public answer withholds it.
    pub fault: Option<String>,
}

impl Check {
    /// A check that is well.
    #[must_use]
    pub const fn well(name: &'static str) -> Self {
        Self { name, fault: None }
    }

    /// A check that is well unless there is a fault.
    #[must_use]
    pub const fn of(name: &'static str, fault: Option<String>) -> Self {
        Self { name, fault }
    }
}

/// Answers for the endpoint `name` (`healthz`, `readyz`): `ok`, each check with `?verbose`, or 500 and each check.
#[must_use]
pub fn answer(name: &str, query_text: &str, checks: &[Check]) -> Response<ResponseBody> {
    let parameters: Vec<(String, String)> = query::pairs(query_text).collect();
    let excluded: Vec<&str> =
        parameters.iter().filter(|(key, _)| key == "exclude").map(|(_, value)| value.as_str()).collect();
    let mut each = String::new();
    let mut failed = Vec::new();
    for check in checks {
        let line = match &check.fault {
            _ if excluded.contains(&check.name) => format!("[+]{} excluded: ok\n", check.name),
            None => format!("[+]{} ok\n", check.name),
            Some(fault) => {
                failed.push(format!("{}: {fault}", check.name));
                format!("[-]{} failed: reason withheld\n", check.name)
            }
        };
        each.push_str(&line);
    }
    let mut unknown: Vec<String> = excluded
        .iter()
        .filter(|name| checks.iter().all(|check| check.name != **name))
        .map(|name| format!("{name:?}"))
        .collect();
    unknown.sort();
    unknown.dedup();
    if !unknown.is_empty() {
        let unknown = unknown.join(", ");
        each.push_str(&format!("warn: some health checks cannot be excluded: no matches for {unknown}\n"));
    }
    if !failed.is_empty() {
        tracing::info!(endpoint = name, faults = failed.join("; "), "health check failed");
        return words(StatusCode::INTERNAL_SERVER_ERROR, &format!("{each}{name} check failed"));
    }
    let is_verbose = parameters.iter().any(|(key, _)| key == "verbose");
    let text = if is_verbose { format!("{each}{name} check passed\n") } else { "ok".to_owned() };
    whole(StatusCode::OK, TEXT, text)
}

/// Answers for the path of one check.
#[must_use]
pub fn one(check: &Check) -> Response<ResponseBody> {
    match &check.fault {
        None => whole(StatusCode::OK, TEXT, "ok"),
        Some(fault) => words(StatusCode::INTERNAL_SERVER_ERROR, &format!("internal server error: {fault}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;

    async fn of(query: &str, checks: &[Check]) -> (u16, String) {
        let response = answer("readyz", query, checks);
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn answers_as_upstream_does() {
        let well = [Check::well("ping"), Check::well("informer-sync")];
        assert_eq!(of("", &well).await, (200, "ok".to_owned()));
        assert_eq!(
            of("verbose", &well).await,
            (200, "[+]ping ok\n[+]informer-sync ok\nreadyz check passed\n".to_owned())
        );
        let ill = [Check::well("ping"), Check::of("informer-sync", Some("not yet".to_owned()))];
        let text = "[+]ping ok\n[-]informer-sync failed: reason withheld\nreadyz check failed\n";
        assert_eq!(of("", &ill).await, (500, text.to_owned()));
        assert_eq!(of("exclude=informer-sync", &ill).await, (200, "ok".to_owned()));
        assert_eq!(
            of("verbose&exclude=x", &well).await.1,
            "[+]ping ok\n[+]informer-sync ok\nwarn: some health checks cannot be excluded: no matches for \"x\"\n\
             readyz check passed\n"
        );
    }
}
