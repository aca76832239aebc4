//! Statements that are over before anything else happens: what a simulation needs to be the same each time.
//!
//! The database answers from a thread of its own, now sooner, now later. Where [`in_step`] is in force, the calling thread
//! waits for each answer at the place where it asks, so that nothing else is polled meanwhile; and a gate is asked first
//! whether it may be done, so that the store can fail, or the process die, at any statement. What is absent: another store.
//! The statements are the same.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use tokio::runtime::Handle;

use super::StoreErrorKind;

/// What becomes of a piece of work of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is done.
    Go,
    /// It is not done, and the caller is told.
    Refuse,
    /// It is done, and the caller is told that it is not.
    Deny,
    /// It is not done, and nobody hears of it any more: the process died before.
    Die,
    /// It is done, and nobody hears of it any more: the process died after.
    DieAfter,
}

/// Asked with what is about to be done, in the words of [`super::StoreError::doing`].
pub type Gate = Arc<dyn Fn(&'static str) -> Verdict + Send + Sync>;

#[derive(Clone)]
struct Steps {
    runtime: Handle,
    gate: Gate,
}

thread_local! {
    static STEPS: RefCell<Option<Steps>> = const { RefCell::new(None) };
}

/// As long as it lives, every store that this thread asks answers in step.
#[derive(Debug)]
#[must_use = "statements are in step only as long as this lives"]
pub struct InStep {
    // It belongs to its thread.
    _stays: PhantomData<*const ()>,
}

impl Drop for InStep {
    fn drop(&mut self) {
        STEPS.set(None);
    }
}

/// Lets every store that this thread asks from now on answer in step. What the database does in the background is done by
/// `runtime`, which must have threads of its own.
pub fn in_step(runtime: Handle, gate: Gate) -> InStep {
    STEPS.set(Some(Steps { runtime, gate }));
    InStep { _stays: PhantomData }
}

/// Does a piece of work, in step where that is in force.
pub(super) async fn stepped<T>(
    doing: &'static str,
    work: impl Future<Output = Result<T, StoreErrorKind>>,
) -> Result<T, StoreErrorKind> {
    let Some(steps) = STEPS.with_borrow(Clone::clone) else { return work.await };
    match (steps.gate)(doing) {
        Verdict::Go => steps.finish(work),
        Verdict::Refuse => Err(refused()),
        Verdict::Deny => steps.finish(work).and_then(|_| Err(refused())),
        Verdict::Die => std::future::pending().await,
        Verdict::DieAfter => {
            drop(steps.finish(work));
            std::future::pending().await
        }
    }
}

impl Steps {
    /// Polls until it is ready; nothing else of this thread runs meanwhile.
    fn finish<F: Future>(&self, work: F) -> F::Output {
        let _background = self.runtime.enter();
        // Polled again and again within one poll of the caller's, it would use up the caller's budget and spin.
        let mut work = pin!(tokio::task::unconstrained(work));
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(done) = work.as_mut().poll(&mut context) {
                return done;
            }
            thread::park();
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn refused() -> StoreErrorKind {
    StoreErrorKind::Database(std::io::Error::from(std::io::ErrorKind::StorageFull).into())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::FutureExt;

    use super::*;
    use crate::store::Store;

    /// A store in memory, and what the gate said to each piece of work.
    fn with_gate(verdicts: Vec<Verdict>, test: impl FnOnce(&Store)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let store = runtime.block_on(Store::in_memory(1)).expect("a store");
        let verdicts = Mutex::new(verdicts.into_iter());
        let gate = move |_: &'static str| verdicts.lock().expect("not poisoned").next().unwrap_or(Verdict::Go);
        let in_step = in_step(runtime.handle().clone(), Arc::new(gate));
        test(&store);
        drop(in_step);
        runtime.block_on(store.close());
    }

    fn now() -> jiff::Timestamp {
        "2027-07-09T06:00:00Z".parse().expect("an instant")
    }

    #[test]
    fn an_answer_is_there_with_the_first_poll() {
        with_gate(vec![], |store| {
            store.set_setting("a", "1", now()).now_or_never().expect("at once").expect("it is kept");
            let kept = store.setting("a").now_or_never().expect("at once").expect("it is read");
            assert_eq!(kept.as_deref(), Some("1"));
        });
    }

    #[test]
    fn the_gate_decides_what_is_done_and_what_is_heard() {
        use Verdict::{Deny, Die, DieAfter, Refuse};
        for (verdict, heard, done) in
            [(Refuse, Some(false), false), (Deny, Some(false), true), (Die, None, false), (DieAfter, None, true)]
        {
            with_gate(vec![verdict], |store| {
                let answer = store.set_setting("a", "1", now()).now_or_never();
                assert_eq!(answer.map(|answer| answer.is_ok()), heard, "{verdict:?}");
                let kept = store.setting("a").now_or_never().expect("at once").expect("it is read");
                assert_eq!(kept.is_some(), done, "{verdict:?}");
            });
        }
    }
}
