//! The last trouble of each attempt that runs, kept for `status`.
//!
//! Written a while after it came, one that repeats itself now and then only, and never near an opening: nothing here is worth that
//! a permit waits.

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::clock::{Clock, SystemClock};
use crate::engine::{Event, What};
use crate::model::AttemptId;
use crate::store::Store;
use crate::telemetry::Redactor;

/// How often what came is written.
const ROUND: Duration = Duration::from_secs(1);

/// How long before an opening, and after it, nothing is written.
const QUIET: SignedDuration = SignedDuration::from_secs(10);

/// How often a trouble that comes again and again is written: so old its last time may look.
const AGAIN: SignedDuration = SignedDuration::from_secs(20);

/// More troubles of one attempt are not written.
const MOST: u8 = 100;

/// Keeps them until the engine is gone.
pub(super) async fn keep(mut events: Receiver<Event>, store: Store, redactor: Redactor) {
    let mut troubles = Troubles::default();
    let mut round = tokio::time::interval(ROUND);
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Ok(event) => troubles.take(&event),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
            _ = round.tick() => {
                for (id, at, why) in troubles.due(SystemClock.now()) {
                    if let Err(error) = store.note_trouble(&id, &redactor.clean(&why), at).await {
                        tracing::debug!(%error, "a trouble was not kept");
                    }
                }
            }
        }
    }
}

/// What is known of the attempts that run.
#[derive(Default)]
struct Troubles(HashMap<AttemptId, Known>);

#[derive(Default)]
struct Known {
    opening: Option<Timestamp>,
    written: u8,
    last: Option<(Timestamp, String)>,
    new: Option<(Timestamp, String)>,
}

impl Troubles {
    fn take(&mut self, event: &Event) {
        let Some(id) = &event.attempt else { return };
        match &event.what {
            What::TakenUp { opening, .. } => self.0.entry(id.clone()).or_default().opening = Some(*opening),
            What::Trouble(why) | What::Degraded(why) => {
                let known = self.0.entry(id.clone()).or_default();
                known.new = Some((event.at, why.clone())).filter(|_| known.written < MOST);
            }
            What::Ended { .. } => drop(self.0.remove(id)),
            _ => {}
        }
    }

    /// What is to be written now; nothing while any opening is near.
    fn due(&mut self, now: Timestamp) -> Vec<(AttemptId, Timestamp, String)> {
        let near = |opening: Timestamp| opening.duration_since(now).abs() <= QUIET;
        if self.0.values().filter_map(|known| known.opening).any(near) {
            return Vec::new();
        }
        let due = self.0.iter_mut().filter_map(|(id, known)| {
            let (at, why) =
                known.new.take_if(|new| known.last.as_ref().is_none_or(|last| is_worth_it(last, new, now)))?;
            (known.written, known.last) = (known.written + 1, Some((at, why.clone())));
            Some((id.clone(), at, why))
        });
        due.collect()
    }
}

/// Another one than was written last, or the same one a while later.
fn is_worth_it((last, before): &(Timestamp, String), (_, why): &(Timestamp, String), now: Timestamp) -> bool {
    before != why || now.duration_since(*last) >= AGAIN
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).expect("an instant")
    }

    fn event(second: i64, what: What) -> Event {
        Event { at: at(second), attempt: Some(AttemptId::new("01")), what }
    }

    fn stumbles(troubles: &mut Troubles, second: i64, why: &str) -> usize {
        troubles.take(&event(second, What::Trouble(why.to_owned())));
        troubles.due(at(second)).len()
    }

    #[test]
    fn what_repeats_itself_is_written_now_and_then_and_nothing_near_an_opening() {
        let mut troubles = Troubles::default();
        let (booking, member) = ("doubles".into(), "ana".into());
        let opening = at(100);
        let what = What::TakenUp { booking, member, date: date(2027, 7, 18), opening, open_already: false };
        troubles.take(&event(0, what));
        assert_eq!(stumbles(&mut troubles, 1, "no field"), 1);
        assert_eq!(stumbles(&mut troubles, 2, "no field"), 0, "told already");
        assert_eq!(stumbles(&mut troubles, 22, "no field"), 1, "it is there still");
        assert_eq!(troubles.0[&AttemptId::new("01")].last, Some((at(22), "no field".to_owned())), "with its last time");
        assert_eq!(stumbles(&mut troubles, 30, "no button"), 1);
        assert_eq!(stumbles(&mut troubles, 95, "no answer"), 0, "a permit is written about now");
        assert_eq!(troubles.due(at(111)), [(AttemptId::new("01"), at(95), "no answer".to_owned())]);
        let written = (0..200).map(|n| stumbles(&mut troubles, 200 + n, &format!("{n}"))).sum::<usize>();
        assert_eq!(written, usize::from(MOST) - 4, "there is an end to it");
    }
}
