//! What sites announce of openings: one row and one line of the trail for each thing that is said, and the attempt where it says.

use firstserve::model::{Announced, State};
use firstserve::store::Store;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::{Kept, at, choice, planned, ready};

pub(super) fn says(instant: Timestamp, read_at: Timestamp) -> Announced {
    let choice = choice("1", 18, 17);
    Announced {
        site: "las-palmas".into(),
        court: choice.court,
        start: choice.start,
        instant,
        rule: choice.opening,
        read_at,
        said: "18 July opens 9 July 00:05".to_owned(),
        files: "abc".to_owned(),
    }
}

async fn told(store: &Store) -> usize {
    let rows = store.audit_rows(0, 1_000).await.expect("read");
    rows.iter().filter(|row| row.event == "announced").count()
}

#[tokio::test]
async fn an_announcement_moves_the_attempt_once_and_outlives_the_process() {
    let kept = Kept::new();
    let store = kept.open().await;
    let id = ready(&store, "doubles", 18).await;
    let before = store.attempt(&id).await.expect("readable").expect("there");
    let later = says(at(3_900), at(3_500));
    store.announce(&id, &later, at(3_900), false).await.expect("kept");
    store.announce(&id, &Announced { read_at: at(3_510), ..later.clone() }, at(3_900), false).await.expect("the same");
    assert_eq!(told(&store).await, 1);
    let moved = store.attempt(&id).await.expect("readable").expect("there");
    assert_eq!((moved.opening, moved.planned_at, moved.state), (at(3_900), before.planned_at, State::Ready));
    store.close().await;
    drop(store);
    let store = kept.open().await;
    assert_eq!(store.announced(Date::MIN).await.expect("read"), std::slice::from_ref(&later));
    assert_eq!(store.announced(later.start.date()).await.expect("read").len(), 1);
    assert_eq!(store.announced(later.start.date().tomorrow().expect("a date")).await.expect("read"), []);
    let other = says(at(4_200), at(3_520));
    store.announce(&id, &other, at(4_200), true).await.expect("kept");
    assert_eq!((told(&store).await, store.announced(Date::MIN).await.expect("read")), (2, vec![other]));
    let afresh = store.attempt(&id).await.expect("readable").expect("there");
    assert_eq!((afresh.opening, afresh.planned_at), (at(4_200), at(3_520)), "its log-ins are counted from here");
    store.verify_audit().await.expect("whole");
}

/// The plan that knows of it asks for the announced instant, and nothing moves; the control asks for the rule's.
#[tokio::test]
async fn a_plan_by_what_was_announced_leaves_it_there() {
    let kept = Kept::new();
    let store = kept.open().await;
    let wanted = planned("doubles", 18);
    let id = store.plan(std::slice::from_ref(&wanted), at(0)).await.expect("planned").added.remove(0);
    let later = at(3_600) + SignedDuration::from_mins(5);
    store.announce(&id, &says(later, at(1)), later, true).await.expect("kept");
    let announced = firstserve::store::Planned { opening: later, ..wanted.clone() };
    assert_eq!(store.plan(&[announced], at(2)).await.expect("planned").moved, []);
    assert_eq!(store.plan(&[wanted], at(3)).await.expect("planned").moved, [id]);
}
