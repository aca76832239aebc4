//! Attempts whose task died, and how often. What is absent: the tasks, and the log-ins that they have cost, which the store knows.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::{Attempt, AttemptId, Outcome};

/// An attempt whose task has died so often is not begun again: what kills it twice kills it always.
const ENOUGH: u8 = 2;

/// What it is ended with: after a submit, and before one.
pub(super) const NOTES: [&str; 2] = [
    "a fault of firstserve itself stopped it twice after the submit; look at the site's own list",
    "a fault of firstserve itself stopped it twice before the submit; nothing was submitted",
];

/// What is known of attempts whose task died in this process.
#[derive(Debug, Default)]
pub(super) struct Faults(BTreeMap<AttemptId, Fault>);

#[derive(Debug)]
struct Fault {
    /// Somebody who asks for it once more has it tried once more.
    planned_at: Timestamp,
    times: u8,
}

impl Faults {
    /// The attempt's task died.
    pub(super) fn died(&mut self, id: &AttemptId, planned_at: Timestamp) {
        let fault = self.0.entry(id.clone()).or_insert(Fault { planned_at, times: 0 });
        if fault.planned_at != planned_at {
            *fault = Fault { planned_at, times: 0 };
        }
        fault.times = fault.times.saturating_add(1);
    }

    /// It is over.
    pub(super) fn forget(&mut self, id: &AttemptId) {
        self.0.remove(id);
    }

    /// How it is ended, and why, when it is not to be begun again.
    pub(super) fn end(&self, attempt: &Attempt) -> Option<(Outcome, &'static str)> {
        self.of(attempt).filter(|fault| fault.times >= ENOUGH)?;
        Some(if attempt.state.is_spent() { (Outcome::NeedsAttention, NOTES[0]) } else { (Outcome::Missed, NOTES[1]) })
    }

    fn of(&self, attempt: &Attempt) -> Option<&Fault> {
        self.0.get(&attempt.id).filter(|fault| fault.planned_at == attempt.planned_at)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use jiff::civil::date;
    use jiff::{SignedDuration, ToSpan};

    use super::*;
    use crate::clock::{Clock, SimClock, ZoneData};
    use crate::config::Config;
    use crate::engine::Parts;
    use crate::engine::agenda::plan;
    use crate::engine::crew::Crew;
    use crate::engine::errand::Errand;
    use crate::engine::lock::AccountLocks;
    use crate::engine::perform::Performer;
    use crate::engine::report::Reporter;
    use crate::engine::simulate::{Setup, Wishes, invented};
    use crate::engine::supervisor::start;
    use crate::flow::Flow;
    use crate::model::{ClockRule, Follow, Site, State};
    use crate::store::{AttemptFilter, Mark, Store};
    use crate::telemetry::Redactor;
    use crate::timing::{Event, Hold, Listing, Staging};

    /// Everything that was asked for at the site, over all lives.
    #[derive(Clone, Default)]
    struct Asked {
        log_ins: Arc<AtomicU8>,
        fires: Arc<AtomicU8>,
        lists: Arc<AtomicU8>,
    }

    /// Sends who dies after the credentials were sent, or after the submit and whenever the list is to be read.
    struct Doomed {
        at_log_in: bool,
        asked: Asked,
    }

    struct Dying {
        at_log_in: bool,
        asked: Asked,
        parts: Parts,
        attempt: AttemptId,
    }

    impl Crew for Doomed {
        type Hands = Dying;

        fn hands(&self, _: Errand, attempt: &Attempt, parts: &Parts, _: Reporter, _: AccountLocks) -> Dying {
            let (at_log_in, asked) = (self.at_log_in, self.asked.clone());
            Dying { at_log_in, asked, parts: parts.clone(), attempt: attempt.id.clone() }
        }

        fn clock_rule(&self, site: &Site) -> ClockRule {
            ClockRule { follow: Follow::Own, ..site.clock }
        }
    }

    impl Performer for Dying {
        async fn stage(&mut self, _: usize, from: Staging) -> Event {
            if from == Staging::LogIn {
                let now = self.parts.clock.now();
                self.parts.store.note_log_in(&self.attempt, false, now).await.unwrap();
                self.asked.log_ins.fetch_add(1, Ordering::Relaxed);
            }
            assert!(!self.at_log_in, "a bug");
            Event::Staged(Listing::Absent)
        }

        async fn check_login(&mut self) -> Event {
            Event::LoginChecked(true)
        }

        async fn open(&mut self, _: usize, _: Timestamp) -> Event {
            Event::Opened
        }

        async fn fire(&mut self, _: usize, _: Timestamp) -> Event {
            self.asked.fires.fetch_add(1, Ordering::Relaxed);
            panic!("a bug")
        }

        async fn fence(&mut self) -> Event {
            Event::Fenced
        }

        async fn read_list(&mut self, _: bool) -> Event {
            self.asked.lists.fetch_add(1, Ordering::Relaxed);
            panic!("a bug")
        }

        async fn rest(&mut self) {}

        fn take(&mut self, _: Arc<Flow>) {}

        fn held(&mut self, _: &[Hold]) {}

        fn logins(&mut self) -> u8 {
            0
        }

        fn marks(&mut self) -> Vec<(Mark, Timestamp)> {
            Vec::new()
        }
    }

    fn household(max_logins: u8, zones: &Arc<ZoneData>) -> (Arc<Config>, Timestamp) {
        let from = date(2027, 3, 1);
        let (wishes, zones) = (Wishes::Invented(1), Arc::clone(zones));
        let setup = Setup { from, to: date(2027, 6, 1), seed: 7, faults: false, wishes, zones, control: None };
        let midnight = jiff::tz::TimeZone::UTC.to_timestamp(from.at(0, 0, 0, 0)).unwrap();
        let mut config = Config::clone(&invented(&setup, midnight).unwrap());
        config.sites.iter_mut().for_each(|site| site.patience.max_logins = max_logins);
        let ahead = plan(&config, &setup.zones, &[], midnight);
        let opening = ahead.iter().map(crate::model::Occurrence::opening).filter(|at| *at > midnight + 1.hour()).min();
        (Arc::new(config), opening.unwrap())
    }

    /// How the first attempt ends, and what was asked for meanwhile: log-ins, fires, lists.
    async fn end_of(at_log_in: bool, max_logins: u8) -> (String, String, [u8; 3]) {
        let zones = Arc::new(ZoneData::bundled());
        let (config, opening) = household(max_logins, &zones);
        let clock = SimClock::new(opening - SignedDuration::from_secs(20));
        let store = Store::in_memory(1).await.unwrap();
        let asked = Asked::default();
        let parts = Parts {
            config,
            zones,
            store: store.clone(),
            vault: None,
            clock: Arc::new(clock.clone()),
            guardian: std::path::PathBuf::new(),
            redactor: Redactor::new(),
        };
        let (handle, engine) = start(parts, None, Doomed { at_log_in, asked: asked.clone() });
        let ended = Mutex::new(None);
        for _ in 0..4_000 {
            tokio::time::sleep(Duration::from_millis(2)).await;
            clock.advance(Duration::from_millis(100));
            let near = AttemptFilter { opens_by: Some(opening), ..AttemptFilter::default() };
            let all = store.attempts(&near).await.unwrap();
            if let Some(over) = all.into_iter().find(|attempt| attempt.state.is_ended()) {
                *ended.lock().unwrap() = Some(over);
                break;
            }
        }
        // A life more would show.
        for _ in 0..200 {
            tokio::time::sleep(Duration::from_millis(1)).await;
            clock.advance(Duration::from_millis(100));
        }
        handle.stop().await;
        engine.await.unwrap();
        let ended = ended.into_inner().unwrap().expect("it ends");
        assert!(clock.now() < opening + 1.hour());
        let State::Ended(outcome) = ended.state else { panic!("{:?}", ended.state) };
        let asked = [asked.log_ins, asked.fires, asked.lists].map(|count| count.load(Ordering::Relaxed));
        (format!("{outcome:?}"), ended.note.unwrap_or_default(), asked)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn what_dies_twice_at_the_log_in_is_not_begun_a_third_time() {
        let (outcome, note, asked) = end_of(true, 5).await;
        assert_eq!((outcome.as_str(), asked), ("Missed", [2, 0, 0]), "{note}");
        assert!(note.contains("a fault of firstserve itself"), "{note}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn log_ins_of_a_task_that_died_count() {
        let (outcome, note, asked) = end_of(true, 1).await;
        assert_eq!((outcome.as_str(), asked), ("SiteError", [1, 0, 0]), "{note}");
        assert!(note.contains("the log-ins for this date are used up (1,"), "{note}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn what_dies_after_its_submit_is_never_submitted_again_and_a_person_is_told() {
        let (outcome, note, asked) = end_of(false, 2).await;
        assert_eq!((outcome.as_str(), asked), ("NeedsAttention", [1, 1, 1]), "{note}");
        assert!(note.contains("look at the site's own list"), "{note}");
    }
}
