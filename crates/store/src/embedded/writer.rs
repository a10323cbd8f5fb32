//! The thread that writes: what has arrived while the disk was busy is one transaction.

use super::table::{Batch, Numbers, Table};
use crate::core::Core;
use crate::state::Plan;
use crate::ticket::{self, Completion, Ticket};
use crate::{Event, Revision, StoreError, Write, Written};
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::sync::Arc;

/// What waits for the writer.
pub(super) struct Queue {
    state: Mutex<Waiting>,
    arrived: Condvar,
    limit: usize,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    is_closed: bool,
    /// Why no more is written.
    failure: Option<StoreError>,
}

enum Job {
    Write(Write, Completion<Written>),
    Compact(Revision, Option<Completion<()>>),
}

/// The most writes of a transaction, and the most bytes of their values, the last one left out.
const MOST_WRITES: usize = 1024;
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// The most revisions that one transaction forgets.
const COMPACTION_STEP: Revision = 4096;

impl Queue {
    pub(super) fn new(limit: usize) -> Self {
        Self { state: Mutex::default(), arrived: Condvar::new(), limit }
    }

    pub(super) fn write(&self, write: Write) -> Ticket<Written> {
        let (completion, ticket) = ticket::pair();
        match self.push(Job::Write(write, completion)) {
            Ok(()) => ticket,
            Err(error) => Ticket::ready(Err(error)),
        }
    }

    pub(super) fn compact(&self, revision: Revision) -> Ticket<()> {
        let (completion, ticket) = ticket::pair();
        match self.push(Job::Compact(revision, Some(completion))) {
            Ok(()) => ticket,
            Err(error) => Ticket::ready(Err(error)),
        }
    }

    /// Whether the store still works.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        self.state.lock().failure.clone().map_or(Ok(()), Err)
    }

    /// Takes no more; what is there is carried out.
    pub(super) fn close(&self) {
        self.state.lock().is_closed = true;
        self.arrived.notify_all();
    }

    fn push(&self, job: Job) -> Result<(), StoreError> {
        let mut waiting = self.state.lock();
        if let Some(failure) = &waiting.failure {
            return Err(failure.clone());
        }
        if waiting.is_closed {
            return Err(StoreError::Closed);
        }
        if waiting.jobs.len() >= self.limit {
            return Err(StoreError::Busy);
        }
        waiting.jobs.push_back(job);
        drop(waiting);
        self.arrived.notify_one();
        Ok(())
    }

    /// The next jobs: writes up to a transaction, or one compaction. Nothing once the queue is closed and empty.
    fn take(&self) -> Option<Vec<Job>> {
        let mut waiting = self.state.lock();
        while waiting.jobs.is_empty() {
            if waiting.is_closed {
                return None;
            }
            self.arrived.wait(&mut waiting);
        }
        let (mut jobs, mut bytes) = (Vec::new(), 0_usize);
        while let Some(job) = waiting.jobs.pop_front() {
            let size = match &job {
                Job::Write(write, _) => write.value.as_ref().map_or(0, |value| value.len()),
                Job::Compact(..) if jobs.is_empty() => return Some(vec![job]),
                Job::Compact(..) => {
                    waiting.jobs.push_front(job);
                    break;
                }
            };
            jobs.push(job);
            bytes = bytes.saturating_add(size);
            if jobs.len() >= MOST_WRITES || bytes >= MOST_BYTES {
                break;
            }
        }
        Some(jobs)
    }

    fn put_back(&self, job: Job) {
        self.state.lock().jobs.push_front(job);
    }

    /// Nothing is written any more, and who waits is told.
    fn fail(&self, failure: &StoreError) {
        let jobs = {
            let mut waiting = self.state.lock();
            waiting.failure = Some(failure.clone());
            std::mem::take(&mut waiting.jobs)
        };
        for job in jobs {
            job.refuse(failure);
        }
    }
}

impl Job {
    fn refuse(self, error: &StoreError) {
        match self {
            Self::Write(_, completion) => completion.complete(Err(error.clone())),
            Self::Compact(_, Some(completion)) => completion.complete(Err(error.clone())),
            Self::Compact(_, None) => {}
        }
    }
}

/// Carries jobs out until the queue is closed. A transaction that fails may be on the disk or not, so it is the last.
pub(super) fn run(table: &Table, core: &Core, queue: &Queue) {
    let _guard = Guard(queue);
    while let Some(mut jobs) = queue.take() {
        let outcome = match jobs.pop() {
            Some(Job::Compact(revision, completion)) => compact(table, core, queue, revision, completion),
            last => write(table, core, jobs.into_iter().chain(last)),
        };
        if let Err(failure) = outcome {
            queue.fail(&failure);
            core.close();
            return;
        }
        if let Some(target) = core.overflow() {
            queue.put_back(Job::Compact(target, None));
        }
    }
}

/// Refuses everything once there is no writer any more, even if that is because it panicked.
struct Guard<'q>(&'q Queue);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if self.0.check().is_ok() {
            self.0.fail(&StoreError::Closed);
        }
    }
}

/// Carries writes out. The error is that of the disk; what is wrong with a write is told to who submitted it.
fn write(table: &Table, core: &Core, jobs: impl Iterator<Item = Job>) -> Result<(), StoreError> {
    let mut events: Vec<Arc<Event>> = Vec::new();
    let mut decided: Vec<(Completion<Written>, Result<Written, StoreError>)> = Vec::new();
    {
        // Nobody else changes the state: what is planned here holds until it is applied.
        let state = core.state.read();
        let mut plan = Plan::new(&state, &core.limits);
        for job in jobs {
            let Job::Write(write, completion) = job else { continue };
            let outcome = plan.add(write).map(|event| {
                let written = Written { revision: event.revision, previous: event.previous.clone() };
                events.push(event);
                written
            });
            decided.push((completion, outcome));
        }
    }
    let committed =
        if events.is_empty() { Ok(()) } else { table.commit(&Batch { events: &events, ..Batch::default() }) };
    if committed.is_ok() {
        core.apply(core.state.write(), &events);
    }
    for (completion, outcome) in decided {
        let outcome = outcome.and_then(|written| committed.clone().map(|()| written));
        completion.complete(outcome);
    }
    committed
}

/// Forgets, step by step so that writes need not wait long.
fn compact(
    table: &Table,
    core: &Core,
    queue: &Queue,
    target: Revision,
    completion: Option<Completion<()>>,
) -> Result<(), StoreError> {
    let (step, revision, forgotten) = {
        let state = core.state.read();
        if target > state.revision() {
            let error = StoreError::Future { requested: target, current: state.revision() };
            Job::Compact(target, completion).refuse(&error);
            return Ok(());
        }
        let step = target.min(state.compacted().saturating_add(COMPACTION_STEP)).max(state.compacted());
        (step, state.revision(), state.forgotten_by(step))
    };
    let numbers = Some(Numbers { revision, compacted: step });
    let batch = Batch { forgotten: &forgotten, numbers, ..Batch::default() };
    if let Err(failure) = table.commit(&batch) {
        Job::Compact(target, completion).refuse(&failure);
        return Err(failure);
    }
    core.state.write().compact(step);
    if step < target {
        queue.put_back(Job::Compact(target, completion));
    } else if let Some(completion) = completion {
        completion.complete(Ok(()));
    }
    Ok(())
}
