//! The last looks before the opening: none of them outlasts it.

use jiff::Timestamp;

use super::Run;
use crate::clock::Clock;
use crate::engine::perform::Performer;
use crate::timing::Event;

impl<P: Performer> Run<P> {
    /// Asks whether the staged session is still logged in, for as long as there is time before the permit.
    pub(super) async fn check_login(&mut self) -> Event {
        let until = self.machine.look_until();
        in_time(&*self.clock, until, self.performer.check_login()).await
    }
}

/// A check that does not come back in time says nothing, as one that could not be made: the submit itself will tell.
async fn in_time(clock: &dyn Clock, until: Timestamp, check: impl Future<Output = Event>) -> Event {
    let left = until.duration_since(clock.now());
    if !left.is_positive() {
        return Event::LoginChecked(true);
    }
    tokio::select! {
        biased;
        event = Box::pin(check) => event,
        () = clock.sleep_for(left.unsigned_abs()) => {
            tracing::info!("whether one is still logged in was not answered before the opening");
            Event::LoginChecked(true)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Duration;

    use super::*;
    use crate::clock::SimClock;

    /// What a check says that takes so long and finds nobody logged in, asked 2 s before the permit, and how long that took.
    async fn asked(takes: Option<Duration>) -> (Event, Duration) {
        let clock = SimClock::new("2027-07-09T05:00:00Z".parse().unwrap());
        let (until, now) = (clock.now() + Duration::from_secs(2), clock.clone());
        let check = async {
            match takes {
                Some(takes) => clock.sleep_for(takes).await,
                None => pending().await,
            }
            Event::LoginChecked(false)
        };
        let passes = async {
            loop {
                tokio::task::yield_now().await;
                now.advance(Duration::from_millis(100));
            }
        };
        tokio::select! {
            event = in_time(&clock, until, check) => (event, clock.uptime()),
            () = passes => unreachable!("time goes on"),
        }
    }

    #[tokio::test]
    async fn a_check_does_not_outlast_what_it_is_for() {
        for takes in [None, Some(Duration::from_secs(30))] {
            let (event, took) = asked(takes).await;
            assert_eq!(event, Event::LoginChecked(true), "it says nothing");
            assert!(took <= Duration::from_millis(2_100), "{took:?}");
        }
        assert_eq!(asked(Some(Duration::from_secs(1))).await.0, Event::LoginChecked(false), "the control: in time");
    }

    #[tokio::test]
    async fn nothing_is_asked_when_there_is_no_time_for_it() {
        let clock = SimClock::new("2027-07-09T05:00:00Z".parse().unwrap());
        let check = async { panic!("it was asked") };
        assert_eq!(in_time(&clock, clock.now(), check).await, Event::LoginChecked(true));
    }
}
