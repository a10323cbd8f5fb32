//! One list of one kind: page by page, again where the server lost its place, or why it cannot be had.

use crate::answer::{self, Answer, Ask, JSON, METADATA, Trouble};
use crate::connect::Connection;
use crate::kinds::Kind;
use crate::read::Limits;
use crate::redact::{self, Keep};
use http::StatusCode;
use ravelin_object::Value;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// How a list ended.
pub(crate) enum Listed {
    /// It was read.
    Read(Page),
    /// The user may not list it: the words of the server.
    Forbidden(String),
    /// The server serves none of the versions.
    NotServed,
    /// It could not be read: why.
    Failed(String),
}

/// What was read.
#[derive(Default)]
pub(crate) struct Page {
    /// The version it was asked for in.
    pub version: &'static str,
    /// The state of the cluster it shows.
    pub resource_version: String,
    /// The objects.
    pub items: Vec<Value>,
    /// How many items could not be read, and why the first could not.
    pub bad: Option<(usize, String)>,
}

/// What is left of the limits of one reading.
#[derive(Debug)]
pub(crate) struct Budget {
    limits: Limits,
    bytes: AtomicU64,
    objects: AtomicUsize,
}

impl Budget {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, bytes: AtomicU64::new(0), objects: AtomicUsize::new(0) }
    }

    fn spend(&self, bytes: usize, objects: usize) -> Result<(), String> {
        let bytes = self.bytes.fetch_add(bytes as u64, Ordering::Relaxed) + bytes as u64;
        let objects = self.objects.fetch_add(objects, Ordering::Relaxed) + objects;
        if bytes > self.limits.total_bytes {
            return Err(format!(
                "the cluster holds more than the {} bytes that are read",
                self.limits.total_bytes
            ));
        }
        if objects > self.limits.objects {
            return Err(format!(
                "the cluster holds more than the {} objects that are read",
                self.limits.objects
            ));
        }
        Ok(())
    }
}

/// A list to read.
pub(crate) struct Listing<'a> {
    pub connection: &'a Connection,
    pub kind: &'static Kind,
    pub namespace: Option<&'a str>,
    pub keep: Keep,
    pub budget: &'a Budget,
}

/// How often a list is begun anew when the server no longer knows its place in it.
const RESTARTS: usize = 2;

/// How often a request is made again when the server is overloaded or the connection breaks.
const RETRIES: u32 = 2;

/// The longest that a server may ask to be waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

impl Listing<'_> {
    /// Reads the list in the first version that is served.
    pub(crate) async fn read(&self) -> Listed {
        for version in self.kind.versions {
            match self.read_version(version).await {
                Listed::NotServed => {}
                ended => return ended,
            }
        }
        if self.kind.always_served {
            return Listed::Failed("the server does not serve it, although every API server does".to_owned());
        }
        Listed::NotServed
    }

    async fn read_version(&self, version: &'static str) -> Listed {
        for restart in 0..=RESTARTS {
            // Where pages expired twice, the list comes whole: that cannot expire.
            let size = (restart < RESTARTS).then_some(self.budget.limits.page);
            match self.pages(version, size).await {
                Ok(page) => return Listed::Read(page),
                Err(Ended::Expired) => {}
                Err(Ended::As(listed)) => return listed,
            }
        }
        Listed::Failed("its pages expired each time before they were read (410 Gone)".to_owned())
    }

    /// Every page of the list, from the first.
    async fn pages(&self, version: &'static str, size: Option<u32>) -> Result<Page, Ended> {
        let mut whole = Page { version, ..Page::default() };
        let mut token = String::new();
        loop {
            let path = self.path(version, size, &token);
            let answer = self.ask(&path).await?;
            let next = self.decode(&answer, &mut whole).map_err(|words| Ended::As(Listed::Failed(words)))?;
            match next {
                None => return Ok(whole),
                Some(next) if next == token => {
                    return Err(Ended::As(Listed::Failed(
                        "the server repeats a page without end".to_owned(),
                    )));
                }
                Some(next) => token = next,
            }
        }
    }

    fn path(&self, version: &str, size: Option<u32>, token: &str) -> String {
        let mut path = self.kind.path(version, self.namespace);
        if let Some(size) = size {
            path.push_str(&format!("?limit={size}"));
            if !token.is_empty() {
                path.push_str("&continue=");
                token.bytes().for_each(|byte| match byte {
                    b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                        path.push(char::from(byte))
                    }
                    other => path.push_str(&format!("%{other:02X}")),
                });
            }
        }
        path
    }

    /// Asks, again where that may help.
    async fn ask(&self, path: &str) -> Result<Answer, Ended> {
        let is_secret = matches!(self.keep, Keep::Keys | Keep::Metadata);
        let accept = if self.keep == Keep::Metadata { METADATA } else { JSON };
        let ask = Ask { path, accept, compressed: !is_secret, limit: self.budget.limits.answer };
        let mut wait = Duration::from_millis(250);
        for attempt in 0..=RETRIES {
            let answer = self.connection.ask(&ask).await;
            let is_last = attempt == RETRIES;
            match answer {
                Ok(answer) if may_pass(answer.status) && !is_last => {
                    wait = answer.retry_after.unwrap_or(wait).min(LONGEST_WAIT);
                }
                Ok(answer) => return refused(answer),
                Err(Trouble::Broken(_)) if !is_last => {}
                Err(trouble) => return Err(Ended::As(Listed::Failed(trouble.to_string()))),
            }
            tokio::time::sleep(wait).await;
            wait = wait.saturating_mul(2);
        }
        Err(Ended::As(Listed::Failed("the server is overloaded".to_owned())))
    }

    /// Adds a page to the whole, and gives the token of the next.
    fn decode(&self, answer: &Answer, whole: &mut Page) -> Result<Option<String>, String> {
        let list: RawList<'_> = serde_json::from_slice(&answer.body).map_err(|error| {
            format!("the answer is no list of objects (line {}, column {})", error.line(), error.column())
        })?;
        if !list.kind.ends_with("List") {
            return Err("the answer is no list of objects".to_owned());
        }
        let items = list.items.unwrap_or_default();
        self.budget.spend(answer.body.len(), items.len())?;
        let limits =
            ravelin_yaml::Limits { depth: self.budget.limits.depth, ..ravelin_yaml::Limits::STANDARD };
        for text in items {
            match redact::item(text, self.kind, whole.version, self.keep, &limits) {
                Ok(item) => whole.items.push(item),
                Err(words) => whole.bad.get_or_insert((0, words)).0 += 1,
            }
        }
        whole.resource_version = list.metadata.resource_version;
        Ok(Some(list.metadata.next).filter(|token| !token.is_empty()))
    }
}

/// Why the reading of pages ended early.
enum Ended {
    /// The server no longer knows the place in the list.
    Expired,
    /// Like this.
    As(Listed),
}

/// Whether a status says that the same request may succeed in a moment.
fn may_pass(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

fn refused(answer: Answer) -> Result<Answer, Ended> {
    match answer.status {
        status if status.is_success() => Ok(answer),
        StatusCode::GONE => Err(Ended::Expired),
        StatusCode::FORBIDDEN => Err(Ended::As(Listed::Forbidden(answer::message(&answer)))),
        StatusCode::NOT_FOUND => Err(Ended::As(Listed::NotServed)),
        _ => Err(Ended::As(Listed::Failed(answer::message(&answer)))),
    }
}

#[derive(Deserialize)]
struct RawList<'a> {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    metadata: ListMeta,
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ListMeta {
    resource_version: String,
    #[serde(rename = "continue")]
    next: String,
}
