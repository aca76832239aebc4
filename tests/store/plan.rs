//! The plan changes under attempts at every stage.

use firstserve::model::{Answer, AttemptId, Outcome, State};
use firstserve::store::{End, PlanChange, Planned, Store};
use jiff::ToSpan;

use super::{Kept, at, choice, planned, ready, state};

#[tokio::test]
async fn a_booking_that_leaves_and_returns_is_planned_again() {
    let kept = Kept::new();
    let store = kept.open().await;
    let wanted = [planned("doubles", 18), planned("singles", 21)];
    let added = store.plan(&wanted, at(0)).await.expect("planned").added;
    let gone = store.plan(&wanted[..1], at(1)).await.expect("planned");
    assert_eq!(gone.cancelled, added[1..]);
    assert_eq!(state(&store, &added[1]).await, State::Ended(Outcome::Cancelled));
    let back = store.plan(&wanted, at(2)).await.expect("planned");
    assert_eq!(back.added, added[1..], "the same attempt, not a second one");
    assert_eq!(state(&store, &added[1]).await, State::Planned);
    let back = store.attempt(&added[1]).await.expect("read").expect("there");
    assert_eq!(back.planned_at, at(2), "an opening that passed while nobody asked for it was not missed");
}

#[tokio::test]
async fn what_a_person_cancelled_stays_cancelled() {
    let kept = Kept::new();
    let store = kept.open().await;
    let wanted = [planned("doubles", 18)];
    let id = store.plan(&wanted, at(0)).await.expect("planned").added.remove(0);
    let by_hand = store.acting_as("user:ana");
    by_hand.transition(&id, State::Planned, State::Ended(Outcome::Cancelled), at(1), None).await.expect("cancelled");
    assert_eq!(store.plan(&wanted, at(2)).await.expect("planned"), PlanChange::default());
    let actors: Vec<_> = store.audit_of(&id).await.expect("read").into_iter().map(|row| row.actor).collect();
    assert_eq!(actors, ["engine", "user:ana"]);
}

#[tokio::test]
async fn a_new_opening_moves_only_what_is_still_planned() {
    let kept = Kept::new();
    let store = kept.open().await;
    let running = ready(&store, "singles", 21).await;
    let mut wanted = [planned("doubles", 18), planned("singles", 21)];
    let waiting = store.plan(&wanted, at(0)).await.expect("planned").added.remove(0);
    for one in &mut wanted {
        one.opening += 24.hours();
    }
    assert_eq!(store.plan(&wanted, at(2)).await.expect("planned").moved, std::slice::from_ref(&waiting));
    let opening = |attempt: Option<firstserve::model::Attempt>| attempt.expect("there").opening;
    assert_eq!(opening(store.attempt(&waiting).await.expect("read")), wanted[0].opening);
    assert_eq!(opening(store.attempt(&running).await.expect("read")), at(3600), "it keeps what it was armed with");
}

#[tokio::test]
async fn an_opening_that_passed_is_left_to_the_misfire_policy() {
    let kept = Kept::new();
    let store = kept.open().await;
    let id = store.plan(&[planned("doubles", 18)], at(0)).await.expect("planned").added.remove(0);
    let change = store.plan(&[], at(3601)).await.expect("planned");
    assert_eq!((change.cancelled.len(), change.overdue), (0, vec![id.clone()]));
    assert_eq!(state(&store, &id).await, State::Planned);
}

#[tokio::test]
async fn a_plan_of_several_batches_is_written_whole() {
    let kept = Kept::new();
    let store = kept.open().await;
    let wanted: Vec<_> = (0..260).map(|number| planned(&format!("booking {number}"), 18)).collect();
    assert_eq!(store.plan(&wanted, at(0)).await.expect("planned").added.len(), 260, "more than one batch");
    assert_eq!(store.plan(&wanted, at(1)).await.expect("planned"), PlanChange::default());
    assert_eq!(store.verify_audit().await.expect("whole"), 260);
}

#[tokio::test]
async fn what_comes_back_or_moves_is_planned_from_then_on() {
    let kept = Kept::new();
    let store = kept.open().await;
    let mut wanted = [planned("doubles", 18)];
    let id = store.plan(&wanted, at(0)).await.expect("planned").added.remove(0);
    let instants = async || {
        let attempt = store.attempt(&id).await.expect("read").expect("there");
        (attempt.created_at, attempt.planned_at)
    };
    store.plan(&wanted, at(10)).await.expect("planned");
    assert_eq!(instants().await, (at(0), at(0)), "control: the same plan plans nothing anew");
    wanted[0].opening = at(1_000);
    store.plan(&wanted, at(2_000)).await.expect("planned");
    assert_eq!(instants().await, (at(0), at(2_000)), "moved to an opening that has passed");
    wanted[0].opening = at(5_000);
    store.plan(&wanted, at(2_100)).await.expect("planned");
    store.plan(&[], at(3_000)).await.expect("planned");
    store.plan(&wanted, at(6_000)).await.expect("planned");
    assert_eq!(instants().await, (at(0), at(6_000)), "paused over its opening");
}

#[tokio::test]
async fn other_zone_data_are_told_with_what_they_move() {
    let kept = Kept::new();
    let store = kept.open().await;
    let mut wanted = [planned("doubles", 18), planned("singles", 21)];
    let first = store.plan_with_zones(&wanted, "2025b (system)", None, at(0)).await.expect("planned");
    assert_eq!((first.added.len(), &first.zones_before), (2, &None), "there is nothing to compare with");
    wanted[0].opening -= 1.hours();
    let same = store.plan_with_zones(&wanted, "2025b (system)", None, at(1)).await.expect("planned");
    assert_eq!((same.moved.len(), same.zones_before), (1, None), "an edit, not the data");
    wanted[0].opening += 1.hours();
    let other = store.plan_with_zones(&wanted, "2026f (system)", None, at(2)).await.expect("planned");
    assert_eq!((&other.moved, other.zones_before.as_deref()), (&same.moved, Some("2025b (system)")));
    wanted[1].opening += 1.hours();
    store.plan_with_zones(&wanted, "2026f (system)", Some("2025b (system)"), at(3)).await.expect("planned");
    let rows = store.audit_rows(0, 100).await.expect("read");
    let told: Vec<&str> = rows.iter().map(|row| row.event.as_str()).collect();
    assert_eq!(told, ["planned", "planned", "time-zone-data", "moved", "replanned", "time-zone-data", "replanned"]);
    for word in ["2025b (system)", "2026f (system)", &wanted[0].opening.to_string()] {
        assert!(rows[4].data.contains(word), "{}", rows[4].data);
    }
    assert!(rows[5].data.contains("\"moved\":1"), "{}", rows[5].data);
    store.verify_audit().await.expect("whole");
}

/// On the waiting list for the date, and withdrawn with its booking.
async fn withdrawn_from_the_list(store: &Store, answer: Answer) -> AttemptId {
    let id = ready(store, "doubles", 18).await;
    let permit = store.spend_permit(&id, &choice("1", 18, 17), "club/ana", at(3_600)).await.expect("a permit");
    store.settle_permit(permit.id(), answer, State::Waitlisted, at(3_601)).await.expect("noted");
    let (outcome, withdrawn, at) = (Outcome::Cancelled, true, at(3_700));
    let end = End { from: State::Waitlisted, outcome, note: None, slot: None, letter: None, withdrawn, at };
    store.end(&id, end).await.expect("it ends");
    id
}

#[tokio::test]
async fn a_place_on_a_waiting_list_comes_back_with_its_booking() {
    let kept = Kept::new();
    let store = kept.open().await;
    let id = withdrawn_from_the_list(&store, Answer::Waitlisted).await;
    let elsewhere = Planned { site: "el-pinar".into(), ..planned("doubles", 18) };
    assert_eq!(store.plan(&[elsewhere], at(3_800)).await.expect("planned"), PlanChange::default(), "no place there");
    let back = store.plan(&[planned("doubles", 18)], at(3_900)).await.expect("planned");
    assert_eq!(back.added, std::slice::from_ref(&id));
    let attempt = store.attempt(&id).await.expect("read").expect("there");
    assert_eq!((attempt.state, attempt.submits, attempt.planned_at), (State::Waitlisted, 1, at(3_900)));
    assert_eq!(store.audit_of(&id).await.expect("read").pop().expect("a row").event, "waitlisted");
    let spent = store.spend_permit(&id, &choice("2", 18, 17), "club/ana", at(3_901)).await;
    assert!(spent.is_err_and(|refused| refused.is_conflict()), "nothing is submitted beside it");
    store.verify_audit().await.expect("whole");
}

/// Control: what nobody has answered stays where it is.
#[tokio::test]
async fn what_may_have_been_booked_does_not_come_back() {
    let kept = Kept::new();
    let store = kept.open().await;
    let id = withdrawn_from_the_list(&store, Answer::SiteError).await;
    assert_eq!(store.plan(&[planned("doubles", 18)], at(3_900)).await.expect("planned"), PlanChange::default());
    assert_eq!(state(&store, &id).await, State::Ended(Outcome::Cancelled));
}
