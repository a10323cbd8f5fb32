//! The outcome of something that is under way: to be awaited, or to be waited for.

use crate::StoreError;
use parking_lot::{Condvar, Mutex};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// What will come of a write or a compaction. A future of any runtime; without one, [`wait`](Self::wait).
pub struct Ticket<T>(Arc<Slot<T>>);

struct Slot<T> {
    state: Mutex<State<T>>,
    ready: Condvar,
}

struct State<T> {
    outcome: Option<Result<T, StoreError>>,
    waker: Option<Waker>,
}

/// The other end of a ticket. Dropped without an outcome, the ticket says that the store is closed.
pub(crate) struct Completion<T>(Option<Arc<Slot<T>>>);

/// A ticket and its other end.
pub(crate) fn pair<T>() -> (Completion<T>, Ticket<T>) {
    let state = Mutex::new(State { outcome: None, waker: None });
    let slot = Arc::new(Slot { state, ready: Condvar::new() });
    (Completion(Some(Arc::clone(&slot))), Ticket(slot))
}

impl<T> Ticket<T> {
    /// A ticket whose outcome is known.
    pub(crate) fn ready(outcome: Result<T, StoreError>) -> Self {
        let (completion, ticket) = pair();
        completion.complete(outcome);
        ticket
    }

    /// Blocks until the outcome is known. Not for threads of an asynchronous runtime: there, await the ticket.
    ///
    /// # Errors
    /// Why it was not done.
    pub fn wait(self) -> Result<T, StoreError> {
        let mut state = self.0.state.lock();
        loop {
            if let Some(outcome) = state.outcome.take() {
                return outcome;
            }
            self.0.ready.wait(&mut state);
        }
    }
}

impl<T> Future for Ticket<T> {
    type Output = Result<T, StoreError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.0.state.lock();
        match state.outcome.take() {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl<T> fmt::Debug for Ticket<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket")
    }
}

impl<T> Completion<T> {
    pub(crate) fn complete(mut self, outcome: Result<T, StoreError>) {
        self.finish(outcome);
    }

    fn finish(&mut self, outcome: Result<T, StoreError>) {
        let Some(slot) = self.0.take() else { return };
        let waker = {
            let mut state = slot.state.lock();
            state.outcome = Some(outcome);
            state.waker.take()
        };
        slot.ready.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T> Drop for Completion<T> {
    fn drop(&mut self) {
        self.finish(Err(StoreError::Closed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Wake;

    struct Flag(Mutex<bool>);

    impl Wake for Flag {
        fn wake(self: Arc<Self>) {
            *self.0.lock() = true;
        }
    }

    #[test]
    fn a_ticket_can_be_awaited_without_a_runtime() {
        let (completion, mut ticket) = pair();
        let flag = Arc::new(Flag(Mutex::new(false)));
        let waker = Waker::from(Arc::clone(&flag));
        let mut context = Context::from_waker(&waker);
        assert!(Pin::new(&mut ticket).poll(&mut context).is_pending());
        completion.complete(Ok(3));
        assert!(*flag.0.lock(), "it was woken");
        assert_eq!(Pin::new(&mut ticket).poll(&mut context), Poll::Ready(Ok(3)));
    }

    #[test]
    fn what_is_given_up_is_closed() {
        let (completion, ticket) = pair::<()>();
        drop(completion);
        assert_eq!(ticket.wait(), Err(StoreError::Closed));
    }
}
