//! What a person is shown: not the whole history, and nothing of what matters left out.

use firstserve::model::{Outcome, State};
use firstserve::store::{End, Store};
use jiff::civil::date;

use super::{at, choice, ready, state};

async fn ends(store: &Store, booking: &str, day: i8, outcome: Outcome, second: i64) {
    let id = ready(store, booking, day).await;
    let from = match outcome {
        Outcome::Confirmed => {
            let _spent = store.spend_permit(&id, &choice("1", day, 17), "club/ana", at(2)).await.expect("it is spent");
            state(store, &id).await
        }
        _ => State::Ready,
    };
    let end = End {
        from,
        outcome,
        note: None,
        slot: None,
        letter: None,
        withdrawn: outcome == Outcome::Cancelled,
        at: at(second),
    };
    store.end(&id, end).await.expect("it ends");
}

#[tokio::test]
async fn what_is_live_ahead_or_last_is_shown() {
    let store = Store::in_memory(1).await.expect("a store");
    for (day, second) in [(1, 10), (2, 30), (3, 20)] {
        ends(&store, "doubles", day, Outcome::Taken, second).await;
    }
    // Taken back after the last that ended: no outcome, and not shown where it lies behind.
    ends(&store, "doubles", 4, Outcome::Cancelled, 40).await;
    ends(&store, "singles", 1, Outcome::Confirmed, 10).await;
    let live = ready(&store, "singles", 2).await;
    ends(&store, "singles", 9, Outcome::Cancelled, 50).await;

    let shown = store.overview(date(2027, 7, 8)).await.expect("it can be read");
    let mut rows: Vec<_> = shown.iter().map(|(one, _)| (one.booking.as_str(), one.date.day())).collect();
    rows.sort_unstable();
    assert_eq!(rows, [("doubles", 2), ("singles", 1), ("singles", 2), ("singles", 9)]);
    assert!(shown.iter().any(|(one, _)| one.id == live));
    let slots: Vec<_> = shown.iter().filter_map(|(one, slot)| Some((one.date.day(), slot.as_ref()?.start))).collect();
    assert_eq!(slots, [(1, date(2027, 7, 1).at(17, 0, 0, 0))]);
}
