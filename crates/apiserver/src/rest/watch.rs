//! Watches: what happens to objects from a revision on, one line of JSON or one frame of protobuf for each event.

use crate::answer::{Answer, Pieces};
use crate::api::Api;
use crate::codec;
use crate::exchange::Exchange;
use crate::registry::{Registry, api_version, prefix, refused};
use crate::rest::negotiate::{Form, Shape};
use crate::rest::query::ListOptions;
use crate::rest::read;
use crate::rest::selection::Selection;
use crate::rest::shaped;
use bytes::Bytes;
use hyper::body::Frame;
use ravelin_object::status::Status;
use ravelin_object::{Map, Value, json_text};
use ravelin_printing::IncludeObject;
use ravelin_resource::Resource;
use ravelin_server::transport::life::{Life, Phase};
use ravelin_store::{Entry, Event, Range, Revision, Start, StoreError, WatchError, Watcher};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// How often a watcher without news is told how far it has seen.
const BOOKMARKS: Duration = Duration::from_secs(60);
/// The least time a watch lasts where nobody says how long; at most twice of it.
const SHORTEST: Duration = Duration::from_secs(1800);
/// How many bytes of events are sent in one piece.
const PIECE: usize = 128 * 1024;
/// What stands around a stored object in an event, in bytes, its resource version included.
const FRAME: usize = 96;
/// The content type of events.
const CONTENT_TYPE: &str = "application/json";

/// Answers with a stream of events.
pub(crate) fn watch(
    api: &Arc<Api>,
    exchange: &Exchange,
    resource: &Resource,
    form: &Form,
) -> Result<Answer, Status> {
    let mut options = ListOptions::of(&exchange.url)?;
    options.watch = true;
    if exchange.watches_by_path() {
        options.send_initial_events = None;
    }
    options.validate()?;
    let mut selection = Selection::of(resource, &options.label_selector, &options.field_selector)?;
    if !exchange.info.name.is_empty() {
        selection.name = Some(exchange.info.name.clone());
    }
    let mut all = prefix(&resource.group, &resource.plural);
    if !exchange.info.namespace.is_empty() && resource.namespaced {
        all.push_str(&exchange.info.namespace);
        all.push('/');
    }
    let asked = read::revision(&options.resource_version).map_err(|why| Status::plain(&why))?;
    let begins_with_all = options.send_initial_events.unwrap_or(asked == 0);
    let (initial, from) = beginning(api, &all, asked, begins_with_all)?;
    let marks_the_end = match options.send_initial_events {
        Some(asked) => asked,
        None => options.resource_version.is_empty(),
    };
    let now = Instant::now();
    let end = now + lasts(options.timeout_seconds);
    let mut stream = Watching {
        api: Arc::clone(api),
        resource: resource.clone(),
        selection,
        shape: form.shape.clone(),
        is_protobuf: form.is_protobuf,
        include: exchange.include_object(form)?,
        needs_headings: true,
        initial: initial.into(),
        initial_end: (marks_the_end && options.allow_bookmarks).then_some(from),
        watcher: None,
        failed: None,
        seen: from,
        end,
        alarm: Box::pin(sleep_until(if options.allow_bookmarks { end.min(now + BOOKMARKS) } else { end })),
        stopping: Box::pin(stopping(api.life.clone())),
        is_over: false,
    };
    match api.registry.store.watch(&all, Start::After(from)) {
        Ok(watcher) => stream.watcher = Some(watcher),
        Err(StoreError::Compacted { requested, compacted }) => {
            stream.initial.clear();
            stream.failed = Some(too_old(requested, compacted));
        }
        Err(error) => return Err(refused(&error)),
    }
    let content_type = if form.is_protobuf { ravelin_protobuf::WATCH_MEDIA_TYPE } else { CONTENT_TYPE };
    Ok(Answer::stream(content_type, pieces(stream)))
}

fn too_old(requested: Revision, oldest: Revision) -> Status {
    read::expired(&format!("too old resource version: {requested} ({oldest})"))
}

/// What is there, if the watch begins with it, and behind which revision it goes on.
fn beginning(
    api: &Api,
    prefix: &str,
    asked: Revision,
    with_all: bool,
) -> Result<(Vec<Entry>, Revision), Status> {
    if !with_all {
        let current = api.registry.store.revision();
        return Ok((Vec::new(), if asked == 0 { current } else { asked }));
    }
    let page = api.registry.store.range(&Range::of(prefix)).map_err(|error| refused(&error))?;
    if asked > page.revision {
        return Err(read::too_new(asked, page.revision));
    }
    Ok((page.entries, page.revision))
}

fn lasts(seconds: Option<i64>) -> Duration {
    match seconds.and_then(|seconds| u64::try_from(seconds).ok()).filter(|seconds| *seconds > 0) {
        Some(seconds) => Duration::from_secs(seconds),
        None => SHORTEST + Duration::from_secs(u64::from(crate::random::number()) % SHORTEST.as_secs()),
    }
}

/// A watch under way.
struct Watching {
    api: Arc<Api>,
    resource: Resource,
    selection: Selection,
    shape: Shape,
    is_protobuf: bool,
    include: IncludeObject,
    /// Whether a table has to name its columns still.
    needs_headings: bool,
    initial: VecDeque<Entry>,
    /// The revision of the bookmark that ends what was there, while it has not been sent.
    initial_end: Option<Revision>,
    watcher: Option<Watcher>,
    failed: Option<Status>,
    seen: Revision,
    end: Instant,
    /// Rings for the next bookmark, and at the end. Made once: a timer for each event would cost as much as the event.
    alarm: Pin<Box<Sleep>>,
    /// Waits for the end of the server; made once, too.
    stopping: Pin<Box<dyn Future<Output = ()> + Send>>,
    is_over: bool,
}

async fn stopping(mut life: Life) {
    life.reached(Phase::Stopping).await;
}

fn pieces(watching: Watching) -> Pieces {
    Box::pin(futures_util::stream::unfold(watching, |mut watching| async move {
        let piece = watching.next().await?;
        Some((Ok(Frame::data(piece)), watching))
    }))
}

impl Watching {
    /// The next piece of the body; nothing at its end.
    async fn next(&mut self) -> Option<Bytes> {
        let mut out = Vec::new();
        while out.is_empty() && !self.is_over {
            self.begin(&mut out);
            if out.is_empty() {
                self.go_on(&mut out).await;
            }
        }
        (!out.is_empty()).then(|| Bytes::from(out))
    }

    /// What was there when the watch began.
    fn begin(&mut self, out: &mut Vec<u8>) {
        if let Some(status) = self.failed.take() {
            self.write_event(out, "ERROR", &status.to_value());
            self.is_over = true;
            return;
        }
        while let Some(entry) = self.initial.pop_front() {
            if self.selects(&entry) {
                self.write_entry(out, "ADDED", &entry, entry.mod_revision);
            }
            if out.len() >= PIECE {
                return;
            }
        }
        if let Some(revision) = self.initial_end.take() {
            self.write_bookmark(out, revision, true);
        }
    }

    async fn go_on(&mut self, out: &mut Vec<u8>) {
        let Some(watcher) = &mut self.watcher else {
            self.is_over = true;
            return;
        };
        let news = tokio::select! {
            biased;
            () = &mut self.stopping => None,
            event = watcher.next_event() => Some(event),
            () = &mut self.alarm => {
                let now = Instant::now();
                let progress = watcher.progress();
                if now >= self.end {
                    self.is_over = true;
                    return;
                }
                self.alarm.as_mut().reset(self.end.min(now + BOOKMARKS));
                if let Some(revision) = progress.filter(|revision| *revision >= self.seen) {
                    self.write_bookmark(out, revision, false);
                }
                return;
            }
        };
        match news {
            None => self.is_over = true,
            Some(Err(error)) => self.broken(out, error),
            Some(Ok(event)) => {
                self.write_change(out, &event);
                self.drain(out);
            }
        }
    }

    /// What else has come already goes into the same piece.
    fn drain(&mut self, out: &mut Vec<u8>) {
        while out.len() < PIECE {
            match self.watcher.as_mut().and_then(Watcher::try_next) {
                None => return,
                Some(Ok(event)) => self.write_change(out, &event),
                Some(Err(error)) => return self.broken(out, error),
            }
        }
    }

    /// A watcher that could not keep up, or whose past is forgotten, is told so; it begins again with a list.
    fn broken(&mut self, out: &mut Vec<u8>, error: WatchError) {
        tracing::debug!(%error, "a watch ended");
        if let WatchError::TooSlow { .. } = error {
            self.write_event(
                out,
                "ERROR",
                &too_old(self.seen, self.api.registry.store.revision()).to_value(),
            );
        }
        self.is_over = true;
    }

    fn write_change(&mut self, out: &mut Vec<u8>, event: &Event) {
        self.seen = event.revision;
        let was = event.previous.as_ref().filter(|entry| self.selects(entry));
        let is = event.current.as_ref().filter(|entry| self.selects(entry));
        match (was, is) {
            (None, None) => {}
            (None, Some(entry)) => self.write_entry(out, "ADDED", entry, event.revision),
            (Some(_), Some(entry)) => self.write_entry(out, "MODIFIED", entry, event.revision),
            (Some(entry), None) => self.write_entry(out, "DELETED", entry, event.revision),
        }
    }

    fn selects(&self, entry: &Entry) -> bool {
        if self.selection.is_empty() {
            return true;
        }
        if let Some(name) = &self.selection.name
            && entry.key.rsplit('/').next() != Some(name)
        {
            return false;
        }
        let object = self.api.registry.decoded(&self.resource, entry);
        object.is_ok_and(|object| self.selection.matches(&self.resource, &object))
    }

    fn write_entry(&mut self, out: &mut Vec<u8>, kind: &str, entry: &Entry, revision: Revision) {
        if !self.is_protobuf && self.shape == Shape::Object && Registry::is_stored_version(&self.resource) {
            out.reserve(entry.value.len() + FRAME);
            out.extend_from_slice(b"{\"type\":\"");
            out.extend_from_slice(kind.as_bytes());
            out.extend_from_slice(b"\",\"object\":");
            codec::append(out, &entry.value, revision);
            out.extend_from_slice(b"}\n");
            return;
        }
        let decoded = codec::decode_at(&entry.value, revision)
            .and_then(|object| self.api.registry.as_version(&self.resource, object));
        let Ok(object) = decoded else { return };
        let headings = std::mem::take(&mut self.needs_headings);
        let shown = shaped::object(&self.resource, object, &self.shape, self.include, headings);
        let Ok(shown) = shown else { return };
        self.write_event(out, kind, &shown);
    }

    fn write_bookmark(&self, out: &mut Vec<u8>, revision: Revision, ends_initial: bool) {
        let mut metadata = Map::new();
        metadata.set("resourceVersion", Value::from(revision.to_string()));
        if ends_initial {
            let mut annotations = Map::new();
            annotations.set("k8s.io/initial-events-end", "true".into());
            metadata.set("annotations", annotations.into());
        }
        let mut object = Map::new();
        object.set("kind", self.resource.kind.as_str().into());
        object.set("apiVersion", Value::from(api_version(&self.resource.group, &self.resource.version)));
        object.set("metadata", metadata.into());
        let object = shaped::object(&self.resource, object.into(), &self.shape, self.include, false);
        let Ok(object) = object else { return };
        self.write_event(out, "BOOKMARK", &object);
    }

    fn write_event(&self, out: &mut Vec<u8>, kind: &str, object: &Value) {
        if self.is_protobuf {
            crate::protobuf::append_event(out, kind, object);
        } else {
            write_line(out, kind, object);
        }
    }
}

fn write_line(out: &mut Vec<u8>, kind: &str, object: &Value) {
    out.extend_from_slice(b"{\"type\":\"");
    out.extend_from_slice(kind.as_bytes());
    out.extend_from_slice(b"\",\"object\":");
    out.extend_from_slice(json_text(object).as_bytes());
    out.extend_from_slice(b"}\n");
}
