//! One attempt's side of the line before its account.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::{Account, AccountLocks, Look};
use crate::clock::Clock;
use crate::engine::What;
use crate::engine::errand::Errand;
use crate::engine::report::Reporter;
use crate::model::Attempt;
use crate::timing::Claim;

/// So long an attempt waits for its account before it looks whether that is still of use.
const ASK_AGAIN: Duration = Duration::from_secs(60);

/// What whoever has the account does with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Pressed {
    /// It waits.
    Waiting,
    /// It works, and nothing is spent.
    AtWork,
}

/// An attempt's turn at its account. The account is kept, over any number of sessions, until the turn is over.
pub(in crate::engine) struct Turn {
    /// None: the site bears several sessions.
    account: Option<Arc<Account>>,
    number: u64,
    /// By which others are told of it.
    name: String,
    claim: Claim,
    clock: Arc<dyn Clock>,
    reporter: Reporter,
    /// Whom it was said to wait for.
    told: Option<String>,
}

impl Turn {
    pub(in crate::engine) fn new(
        errand: &Errand,
        attempt: &Attempt,
        locks: &AccountLocks,
        clock: Arc<dyn Clock>,
        reporter: Reporter,
    ) -> Self {
        let account = locks.account(&errand.site, &errand.member);
        let name = format!("{} {}", attempt.booking, attempt.date);
        Self::at(account, name, attempt.opening, clock, reporter)
    }

    fn at(
        account: Option<Arc<Account>>,
        name: String,
        opening: Timestamp,
        clock: Arc<dyn Clock>,
        reporter: Reporter,
    ) -> Self {
        let number = account.as_ref().map_or(0, |account| account.number());
        let claim = Claim { opening, reads: false, again: false };
        Self { account, number, name, claim, clock, reporter, told: None }
    }

    /// From now on the account is wanted for what opens then.
    pub(in crate::engine) fn aim(&mut self, opening: Timestamp) {
        self.claim = Claim { opening, reads: false, ..self.claim };
        if let Some(account) = &self.account {
            account.reclaim(self.number, self.claim);
        }
    }

    /// Waits until the account is ours, where it is not; `reads`: only to read the list. That it waits is said once.
    ///
    /// # Errors
    /// The name of who has it, after a while.
    pub(in crate::engine) async fn take(&mut self, reads: bool) -> Result<(), String> {
        let Some(account) = self.account.clone() else { return Ok(()) };
        self.claim.reads = reads;
        account.stand(self.number, &self.name, self.claim);
        let mut in_line = InLine { account: &account, number: self.number, is_served: false };
        let clock = Arc::clone(&self.clock);
        let mut patience = clock.sleep_for(ASK_AGAIN);
        loop {
            let changed = account.changed.notified();
            let Err(name) = account.serve(self.number, clock.now()) else { break };
            self.tell(&name);
            tokio::select! {
                biased;
                () = changed => {}
                () = &mut patience => return Err(name),
            }
        }
        in_line.is_served = true;
        self.told = None;
        Ok(())
    }

    /// The turn is over.
    pub(in crate::engine) fn end(&mut self) {
        if let Some(account) = &self.account {
            account.leave(self.number);
        }
    }

    /// The same, before it came to anything: the others come first now.
    pub(in crate::engine) fn give_up(&mut self) {
        self.claim.again = true;
        self.end();
    }

    /// Over with the name of who needs the account more, once somebody does; never while it is not ours.
    pub(in crate::engine) fn pressed(&self, pressed: Pressed) -> BoxFuture<'static, String> {
        let Some(account) = self.account.clone() else { return Box::pin(pending()) };
        let (number, clock) = (self.number, Arc::clone(&self.clock));
        Box::pin(async move {
            loop {
                let changed = account.changed.notified();
                let look = account.line().look(number, pressed, clock.now());
                let at = match look {
                    Look::Somebody(name) => return name,
                    Look::Nobody(at) => at,
                };
                tokio::select! {
                    biased;
                    () = changed => {}
                    () = clock.sleep_until(at.unwrap_or(Timestamp::MAX)), if at.is_some() => {}
                }
            }
        })
    }

    fn tell(&mut self, name: &str) {
        if self.told.as_deref() != Some(name) {
            let words = format!("waits for {name}, which uses the same account");
            self.reporter.say(self.clock.now(), What::Note(words));
            self.told = Some(name.to_owned());
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.end();
    }
}

/// Whoever stops waiting leaves the line.
struct InLine<'a> {
    account: &'a Account,
    number: u64,
    is_served: bool,
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        if !self.is_served {
            self.account.leave(self.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use jiff::SignedDuration;
    use tokio::sync::broadcast::{self, Receiver};

    use super::*;
    use crate::clock::SimClock;
    use crate::engine::Event;

    /// An account, and the time.
    struct World {
        account: Arc<Account>,
        clock: SimClock,
    }

    impl World {
        fn new() -> Self {
            let clock = SimClock::new("2027-07-09T05:00:00Z".parse().unwrap());
            Self { account: Arc::default(), clock }
        }

        /// An attempt whose opening is so many seconds away, and what it says.
        fn attempt(&self, name: &str, opens_in: i64) -> (Turn, Receiver<Event>) {
            let (events, heard) = broadcast::channel(16);
            let opening = self.clock.now() + SignedDuration::from_secs(opens_in);
            let (account, clock) = (Some(Arc::clone(&self.account)), Arc::new(self.clock.clone()));
            (Turn::at(account, name.to_owned(), opening, clock, Reporter::new(events)), heard)
        }

        async fn pass(&self, seconds: u64) {
            for _ in 0..seconds {
                self.clock.advance(Duration::from_secs(1));
                tokio::task::yield_now().await;
            }
        }

        fn has(&self, turn: &Turn) -> bool {
            self.account.line().holder().is_some_and(|place| place.turn == turn.number)
        }
    }

    fn said(heard: &mut Receiver<Event>) -> Vec<String> {
        let notes = std::iter::from_fn(|| heard.try_recv().ok()).filter_map(|event| match event.what {
            What::Note(words) => Some(words),
            _ => None,
        });
        notes.collect()
    }

    #[tokio::test]
    async fn who_opens_soonest_is_served_first_and_says_once_for_whom_it_waits() {
        let world = World::new();
        let ((mut first, _), (mut later, mut heard)) = (world.attempt("a", -60), world.attempt("b", -30));
        let (mut sooner, _) = world.attempt("c", 60);
        assert_eq!(first.take(false).now_or_never(), Some(Ok(())));
        let (mut waits, mut hastens) = (Box::pin(later.take(false)), Box::pin(sooner.take(false)));
        assert_eq!((waits.as_mut().now_or_never(), hastens.as_mut().now_or_never()), (None, None));
        assert_eq!(waits.as_mut().now_or_never(), None);
        first.end();
        assert_eq!(waits.as_mut().now_or_never(), None, "it came before, and opens later");
        assert_eq!(hastens.as_mut().now_or_never(), Some(Ok(())));
        drop((waits, hastens));
        assert!(world.has(&sooner));
        assert_eq!(said(&mut heard), ["a", "c"].map(|name| format!("waits for {name}, which uses the same account")));
    }

    #[tokio::test]
    async fn the_account_is_kept_from_one_session_to_the_next_and_left_when_the_turn_is_over() {
        let world = World::new();
        let ((mut mine, _), (mut other, _)) = (world.attempt("a", 3), world.attempt("b", 2));
        assert_eq!(mine.take(false).now_or_never(), Some(Ok(())));
        {
            let mut waits = Box::pin(other.take(false));
            assert_eq!(waits.as_mut().now_or_never(), None);
            assert_eq!(mine.take(false).now_or_never(), Some(Ok(())), "logged in anew, though the other opens sooner");
            drop(mine);
            assert_eq!(waits.await, Ok(()));
        }
        assert!(world.has(&other));
    }

    #[tokio::test]
    async fn nobody_waits_without_end_and_who_stops_waiting_holds_nobody_up() {
        let world = World::new();
        let ((mut first, _), (mut second, _)) = (world.attempt("a", -60), world.attempt("b", 60));
        assert_eq!(first.take(false).now_or_never(), Some(Ok(())));
        let clock = world.clock.clone();
        let (told, ()) = tokio::join!(second.take(false), async { clock.advance(ASK_AGAIN) });
        assert_eq!(told, Err("a".to_owned()));
        first.end();
        assert_eq!(first.take(false).now_or_never(), Some(Ok(())), "the control: the other stands in no line");
    }

    #[tokio::test]
    async fn whoever_only_waits_hears_of_an_opening_once_it_is_near() {
        let world = World::new();
        let ((mut stuck, _), (mut near, _)) = (world.attempt("a", -600), world.attempt("b", 100));
        assert_eq!(stuck.take(false).now_or_never(), Some(Ok(())));
        let mut pressed = stuck.pressed(Pressed::Waiting);
        assert_eq!((&mut pressed).now_or_never(), None);
        let mut waits = Box::pin(near.take(false));
        assert_eq!(waits.as_mut().now_or_never(), None);
        world.pass(9).await;
        assert_eq!((&mut pressed).now_or_never(), None, "the control: it was begun just now, and there is time");
        world.pass(11).await;
        assert_eq!((&mut pressed).now_or_never(), Some("b".to_owned()));
        stuck.give_up();
        assert_eq!(waits.as_mut().now_or_never(), Some(Ok(())));
    }

    #[tokio::test]
    async fn who_has_no_account_is_not_pressed_for_it() {
        let world = World::new();
        let ((first, _), (mut second, _)) = (world.attempt("a", -600), world.attempt("b", 60));
        let (waits, takes) = (first.pressed(Pressed::Waiting), second.take(false).now_or_never());
        assert_eq!((takes, waits.now_or_never()), (Some(Ok(())), None));
    }
}
