//! Events that are too large, and batches of what is not.
//!
//! Source: `k8s.io/apiserver/plugin/pkg/audit/truncate`.

use crate::{Event, Level};

/// How large events and batches may be. Off unless a server is told `--audit-log-truncate-enabled`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truncation {
    /// The most bytes of an event, as it is written to the log.
    pub max_event_size: usize,
    /// The most bytes of the events of a batch.
    pub max_batch_size: usize,
}

/// What becomes of events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batches {
    /// The events that are kept, in their order, in batches that are not empty.
    pub batches: Vec<Vec<Event>>,
    /// Those that are not.
    pub dropped: Vec<Dropped>,
}

/// An event that is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The event; without its bodies if it has lost them.
    pub event: Event,
    /// Why, in upstream's words.
    pub reason: &'static str,
}

const ANNOTATION: &str = "audit.k8s.io/truncated";

impl Truncation {
    /// 100 KiB for an event and 10 MiB for a batch, as a server has it without other flags.
    pub const STANDARD: Self = Self { max_event_size: 100 * 1024, max_batch_size: 10 * 1024 * 1024 };

    /// Cuts events down to size and puts them into batches. An event that is too large loses its bodies and says so
    /// in an annotation; one that is too large without them is dropped. An event larger than a batch is a batch by
    /// itself.
    #[must_use]
    pub fn apply(&self, events: impl IntoIterator<Item = Event>) -> Batches {
        let mut out = Batches::default();
        let (mut batch, mut batch_size) = (Vec::new(), 0_usize);
        for mut event in events {
            let mut size = event.to_line().len();
            if size > self.max_event_size && event.level >= Level::Request {
                event.request_object = None;
                event.response_object = None;
                event.annotations.insert(ANNOTATION.to_owned(), "true".to_owned());
                size = event.to_line().len();
            }
            if size > self.max_event_size {
                out.dropped.push(Dropped { event, reason: "event is too large even after truncating" });
                continue;
            }
            if !batch.is_empty() && batch_size + size > self.max_batch_size {
                out.batches.push(std::mem::take(&mut batch));
                batch_size = 0;
            }
            batch_size += size;
            batch.push(event);
        }
        if !batch.is_empty() {
            out.batches.push(batch);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Body;

    fn event(level: Level, uri: usize, body: usize) -> Event {
        let body = format!("\"{}\"", "b".repeat(body));
        Event {
            level,
            request_uri: "u".repeat(uri),
            request_object: (level >= Level::Request).then(|| Body::of_bytes(body.as_bytes())),
            ..Event::new("id")
        }
    }

    #[test]
    fn large_events_lose_their_bodies_and_then_themselves() {
        let limits = Truncation { max_event_size: 400, max_batch_size: 10_000 };
        let events = [
            event(Level::Request, 1, 10),
            event(Level::Request, 1, 500),
            event(Level::Request, 500, 1),
            event(Level::Metadata, 500, 0),
        ];
        let kept = limits.apply(events.clone());
        assert_eq!(kept.batches.len(), 1);
        let batch = &kept.batches[0];
        assert_eq!(batch[0], events[0]);
        assert_eq!(batch[1].request_object, None);
        assert_eq!(batch[1].annotations.get(ANNOTATION).map(String::as_str), Some("true"));
        assert_eq!((batch.len(), kept.dropped.len()), (2, 2));
        assert!(kept.dropped[1].event.annotations.is_empty(), "there was no body to leave out");
    }

    #[test]
    fn an_event_of_exactly_the_size_is_kept_whole() {
        let event = event(Level::Request, 1, 50);
        let size = event.to_line().len();
        for (max_event_size, is_whole) in [(size, true), (size - 1, false)] {
            let limits = Truncation { max_event_size, max_batch_size: 10_000 };
            let kept = limits.apply([event.clone()]);
            assert_eq!(kept.batches.concat() == [event.clone()], is_whole);
        }
    }

    #[test]
    fn batches_are_split_where_they_would_be_too_large() {
        let event = event(Level::Metadata, 1, 0);
        let size = event.to_line().len();
        for (max_batch_size, expected) in
            [(size * 2, vec![2, 2, 1]), (size * 2 - 1, vec![1; 5]), (1, vec![1; 5]), (size * 5, vec![5])]
        {
            let limits = Truncation { max_event_size: 10_000, max_batch_size };
            let kept = limits.apply(vec![event.clone(); 5]);
            assert_eq!(kept.batches.iter().map(Vec::len).collect::<Vec<_>>(), expected, "{max_batch_size}");
        }
    }
}
