//! The plan against what is kept: new attempts, moved openings, dates that nobody wants any more.

use std::collections::{HashMap, HashSet};

use futures_util::TryStreamExt;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;

use super::attempt::{Step, attempt, step};
use super::audit::append;
use super::error::doing;
use super::permit::open_of;
use super::read::{Columns, nanos};
use super::write::Write;
use super::{Store, StoreError, StoreErrorKind};
use crate::model::{Attempt, AttemptId, BookingName, MemberId, Occurrence, Outcome, SiteId, State};
use crate::schedule::AHEAD;

/// Changes of a plan in one transaction: few enough that a permit never waits long behind them.
const BATCH: usize = 100;

/// What a person reads of an attempt that the plan no longer holds.
const VANISHED: &str = "no booking asks for this date any more";

/// The same of one that is further ahead than is planned.
const OUT_OF_SIGHT: &str = "it lies further ahead than is planned, and comes back when it is near";

/// One date of a booking, as the plan wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The booking.
    pub booking: BookingName,
    /// Whose account.
    pub member: MemberId,
    /// Where.
    pub site: SiteId,
    /// The local date of the slot.
    pub date: Date,
    /// The first instant at which it can be booked.
    pub opening: Timestamp,
}

impl From<&Occurrence> for Planned {
    fn from(occurrence: &Occurrence) -> Self {
        Self {
            booking: occurrence.booking.clone(),
            member: occurrence.member.clone(),
            site: occurrence.site.clone(),
            date: occurrence.date,
            opening: occurrence.opening(),
        }
    }
}

/// What a plan changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanChange {
    /// New attempts, and those that came back after they had vanished.
    pub added: Vec<AttemptId>,
    /// Planned ones whose opening or site is another now.
    pub moved: Vec<AttemptId>,
    /// Planned ones that no booking asks for any more.
    pub cancelled: Vec<AttemptId>,
    /// Planned ones that lie further ahead than the plan looks, and come back with it.
    pub out_of_sight: Vec<AttemptId>,
    /// Planned ones that are not in the plan though their opening has passed: missed, or no longer wanted? They are left
    /// as they are for the misfire policy.
    pub overdue: Vec<AttemptId>,
    /// The zone data that the last plan was worked out with, where it was other data.
    pub zones_before: Option<String>,
}

/// The setting that says which zone data the last plan was worked out with.
const ZONES: &str = "plan/time-zone-data";

impl Store {
    /// Makes the attempts agree with the whole plan. An attempt is known by member, booking and date; only planned ones are
    /// touched, so that the plan never undoes what was done. Repeating it changes nothing.
    ///
    /// # Errors
    /// The database's; what was committed before stays, and the next plan finishes it.
    pub async fn plan(&self, wanted: &[Planned], at: Timestamp) -> Result<PlanChange, StoreError> {
        doing("write the plan", self.apply_plan(wanted, None, at)).await
    }

    /// The same for a plan that was worked out with these zone data (`2026f (system)`). Where the last one was worked out with
    /// others, what moves is audited as `replanned`, with both, and the change itself has a row of its own. `before` says so for a
    /// plan that only follows such a change.
    ///
    /// # Errors
    /// As [`Store::plan`].
    pub async fn plan_with_zones(
        &self,
        wanted: &[Planned],
        zones: &str,
        before: Option<&str>,
        at: Timestamp,
    ) -> Result<PlanChange, StoreError> {
        let kept = self.setting(ZONES).await?;
        let other = kept.as_deref().filter(|kept| *kept != zones);
        let because = other.or(before).map(|before| ZoneChange { before, after: zones });
        let mut done = doing("write the plan", self.apply_plan(wanted, because.as_ref(), at)).await?;
        done.zones_before = other.map(str::to_owned);
        if kept.as_deref() != Some(zones) {
            doing("write the plan", self.planned_with(zones, &done, at)).await?;
        }
        Ok(done)
    }

    async fn planned_with(&self, zones: &str, done: &PlanChange, at: Timestamp) -> Result<(), StoreErrorKind> {
        let mut write = self.write().await?;
        sqlx::query(
            "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(ZONES)
        .bind(zones)
        .execute(write.connection())
        .await?;
        let data = json!({ "from": done.zones_before, "moved": done.moved.len(), "to": zones });
        append(&mut write, None, "time-zone-data", data, at).await?;
        write.commit().await
    }

    async fn apply_plan(
        &self,
        wanted: &[Planned],
        because: Option<&ZoneChange<'_>>,
        at: Timestamp,
    ) -> Result<PlanChange, StoreErrorKind> {
        let known = self.known(wanted.iter().map(|planned| planned.date).min()).await?;
        let (changes, overdue) = difference(&known, wanted, at);
        let mut done = PlanChange { overdue, ..PlanChange::default() };
        for batch in changes.chunks(BATCH) {
            let mut write = self.write().await?;
            for change in batch {
                apply(&mut write, change, because, at, &mut done).await?;
            }
            write.commit().await?;
        }
        Ok(done)
    }

    /// What a plan can touch: all that is not over, and of the rest what is not before the first date of the plan.
    async fn known(&self, first: Option<Date>) -> Result<Vec<Known>, StoreErrorKind> {
        let first = first.unwrap_or(Date::MAX).to_string();
        let rows = sqlx::query(
            "SELECT id, member, booking, site, date, opening, state, submits, vanished, created_at, planned_at, updated_at, \
             note FROM attempt WHERE ended_at IS NULL OR date >= $1",
        );
        let mut rows = rows.bind(first).fetch(self.pool());
        let mut known = Vec::new();
        // One by one: a row is many times as large as what is kept of it.
        while let Some(row) = rows.try_next().await? {
            known.push(Known { attempt: attempt(&row)?, vanished: row.number("vanished")? == 1 });
        }
        Ok(known)
    }
}

/// Why openings move: other zone data.
struct ZoneChange<'a> {
    before: &'a str,
    after: &'a str,
}

struct Known {
    attempt: Attempt,
    vanished: bool,
}

#[derive(Debug, PartialEq)]
enum Change<'a> {
    Add(&'a Planned),
    Revive(&'a AttemptId, &'a Planned),
    Move(&'a Attempt, &'a Planned),
    Cancel(&'a AttemptId),
    Lose(&'a AttemptId),
}

type Key<'a> = (&'a MemberId, &'a BookingName, Date);

fn difference<'a>(known: &'a [Known], wanted: &'a [Planned], at: Timestamp) -> (Vec<Change<'a>>, Vec<AttemptId>) {
    let by_key: HashMap<Key<'_>, &Known> =
        known.iter().map(|one| ((&one.attempt.member, &one.attempt.booking, one.attempt.date), one)).collect();
    let mut seen = HashSet::new();
    let mut changes = Vec::new();
    for planned in wanted {
        let key = (&planned.member, &planned.booking, planned.date);
        if seen.insert(key) {
            changes.extend(wish(by_key.get(&key).copied(), planned));
        }
    }
    let mut overdue = Vec::new();
    let sight = sight(wanted);
    for Known { attempt, .. } in known {
        if attempt.state != State::Planned || seen.contains(&(&attempt.member, &attempt.booking, attempt.date)) {
            continue;
        }
        let last = sight.get(&(&attempt.member, &attempt.booking));
        if attempt.opening > at && last.is_some_and(|last| attempt.date > *last) {
            changes.push(Change::Lose(&attempt.id));
        } else if attempt.opening > at {
            changes.push(Change::Cancel(&attempt.id));
        } else {
            overdue.push(attempt.id.clone());
        }
    }
    (changes, overdue)
}

/// Of each booking with as many dates as are looked ahead: the last of them.
fn sight(wanted: &[Planned]) -> HashMap<(&MemberId, &BookingName), Date> {
    let mut last: HashMap<_, (usize, Date)> = HashMap::new();
    for one in wanted {
        let (count, date) = last.entry((&one.member, &one.booking)).or_insert((0, one.date));
        (*count, *date) = (*count + 1, one.date.max(*date));
    }
    last.into_iter().filter(|(_, (count, _))| *count >= AHEAD).map(|(booking, (_, date))| (booking, date)).collect()
}

fn wish<'a>(known: Option<&'a Known>, planned: &'a Planned) -> Option<Change<'a>> {
    match known {
        None => Some(Change::Add(planned)),
        Some(Known { attempt, vanished: true }) => Some(Change::Revive(&attempt.id, planned)),
        Some(Known { attempt, .. }) => {
            let same = nanos(attempt.opening) == nanos(planned.opening) && attempt.site == planned.site;
            (attempt.state == State::Planned && !same).then_some(Change::Move(attempt, planned))
        }
    }
}

async fn apply(
    write: &mut Write,
    change: &Change<'_>,
    because: Option<&ZoneChange<'_>>,
    at: Timestamp,
    done: &mut PlanChange,
) -> Result<(), StoreErrorKind> {
    match change {
        Change::Add(planned) => done.added.extend(add(write, planned, at).await?),
        Change::Revive(id, planned) => done.added.extend(revive(write, id, planned, at).await?),
        Change::Move(attempt, planned) => done.moved.extend(replan(write, attempt, planned, because, at).await?),
        Change::Cancel(id) => done.cancelled.extend(vanish(write, id, VANISHED, at).await?),
        Change::Lose(id) => done.out_of_sight.extend(vanish(write, id, OUT_OF_SIGHT, at).await?),
    }
    Ok(())
}

async fn add(write: &mut Write, planned: &Planned, at: Timestamp) -> Result<Option<AttemptId>, StoreErrorKind> {
    let id = AttemptId::new(write.new_id(at));
    let added = sqlx::query(
        "INSERT INTO attempt (id, member, booking, site, date, opening, state, epoch, created_at, planned_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, 'planned', (SELECT COALESCE(MAX(epoch), 0) FROM restore_epoch), $7, $8, $9) \
         ON CONFLICT (member, booking, date) DO NOTHING",
    )
    .bind(id.as_str())
    .bind(planned.member.as_str())
    .bind(planned.booking.as_str())
    .bind(planned.site.as_str())
    .bind(planned.date.to_string())
    .bind(nanos(planned.opening))
    .bind(nanos(at))
    .bind(nanos(at))
    .bind(nanos(at))
    .execute(write.connection())
    .await?;
    if added.rows_affected() == 0 {
        return Ok(None);
    }
    let data = json!({
        "booking": planned.booking,
        "date": planned.date.to_string(),
        "member": planned.member,
        "opening": planned.opening.to_string(),
        "site": planned.site,
    });
    append(write, Some(&id), "planned", data, at).await?;
    Ok(Some(id))
}

/// What comes back is planned anew: had its opening passed meanwhile, it is open already, not missed. What has a submit that is
/// open has its place on a waiting list, and waits there again.
async fn revive(
    write: &mut Write,
    id: &AttemptId,
    planned: &Planned,
    at: Timestamp,
) -> Result<Option<AttemptId>, StoreErrorKind> {
    if open_of(write, id).await? {
        return wait_again(write, id, planned, at).await;
    }
    let back = sqlx::query(
        "UPDATE attempt SET state = 'planned', opening = $1, site = $2, planned_at = $3, updated_at = $4, ended_at = NULL, \
         note = NULL, vanished = 0, epoch = (SELECT COALESCE(MAX(epoch), 0) FROM restore_epoch) \
         WHERE id = $5 AND vanished = 1",
    )
    .bind(nanos(planned.opening))
    .bind(planned.site.as_str())
    .bind(nanos(at))
    .bind(nanos(at))
    .bind(id.as_str())
    .execute(write.connection())
    .await?;
    if back.rows_affected() == 0 {
        return Ok(None);
    }
    let data = json!({ "from": "cancelled", "opening": planned.opening.to_string(), "site": planned.site });
    append(write, Some(id), "planned", data, at).await?;
    Ok(Some(id.clone()))
}

/// Nothing is submitted beside the place on the list; a booking that is at another site by now has no place there.
async fn wait_again(
    write: &mut Write,
    id: &AttemptId,
    planned: &Planned,
    at: Timestamp,
) -> Result<Option<AttemptId>, StoreErrorKind> {
    let back = sqlx::query(
        "UPDATE attempt SET state = 'waitlisted', planned_at = $1, updated_at = $2, ended_at = NULL, note = NULL, \
         vanished = 0, epoch = (SELECT COALESCE(MAX(epoch), 0) FROM restore_epoch) \
         WHERE id = $3 AND site = $4 AND vanished = 1",
    )
    .bind(nanos(at))
    .bind(nanos(at))
    .bind(id.as_str())
    .bind(planned.site.as_str())
    .execute(write.connection())
    .await?;
    if back.rows_affected() == 0 {
        return Ok(None);
    }
    append(write, Some(id), State::Waitlisted.as_str(), json!({ "from": "cancelled" }), at).await?;
    Ok(Some(id.clone()))
}

/// An opening that is moved from ahead into the past was not missed: until now nobody knew of it.
async fn replan(
    write: &mut Write,
    old: &Attempt,
    planned: &Planned,
    because: Option<&ZoneChange<'_>>,
    at: Timestamp,
) -> Result<Option<AttemptId>, StoreErrorKind> {
    let moved = sqlx::query(
        "UPDATE attempt SET opening = $1, site = $2, planned_at = $3, updated_at = $4 WHERE id = $5 AND state = 'planned'",
    )
    .bind(nanos(planned.opening))
    .bind(planned.site.as_str())
    .bind(nanos(at))
    .bind(nanos(at))
    .bind(old.id.as_str())
    .execute(write.connection())
    .await?;
    if moved.rows_affected() == 0 {
        return Ok(None);
    }
    let mut data = json!({
        "from": { "opening": old.opening.to_string(), "site": old.site },
        "to": { "opening": planned.opening.to_string(), "site": planned.site },
    });
    let event = if because.is_some() { "replanned" } else { "moved" };
    if let Some(zones) = because {
        data["from"]["time-zone-data"] = json!(zones.before);
        data["to"]["time-zone-data"] = json!(zones.after);
    }
    append(write, Some(&old.id), event, data, at).await?;
    Ok(Some(old.id.clone()))
}

async fn vanish(
    write: &mut Write,
    id: &AttemptId,
    why: &str,
    at: Timestamp,
) -> Result<Option<AttemptId>, StoreErrorKind> {
    let to = State::Ended(Outcome::Cancelled);
    match step(write, &Step { id, from: State::Planned, to, at, note: Some(why) }, json!({})).await {
        Ok(()) => {}
        // It has moved on since the plan was compared: what runs is not the plan's to cancel.
        Err(StoreErrorKind::Conflict { .. }) => return Ok(None),
        Err(other) => return Err(other),
    }
    sqlx::query("UPDATE attempt SET vanished = 1 WHERE id = $1").bind(id.as_str()).execute(write.connection()).await?;
    Ok(Some(id.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("in range")
    }

    fn planned(date: i8, opening: i64) -> Planned {
        Planned {
            booking: "wednesday".into(),
            member: "ana".into(),
            site: "las-palmas".into(),
            date: jiff::civil::date(2027, 1, date),
            opening: at(opening),
        }
    }

    fn known(planned: &Planned, state: State, vanished: bool) -> Known {
        let attempt = Attempt {
            id: AttemptId::new(planned.date.to_string()),
            booking: planned.booking.clone(),
            member: planned.member.clone(),
            site: planned.site.clone(),
            date: planned.date,
            opening: planned.opening,
            state,
            submits: 0,
            created_at: at(0),
            planned_at: at(0),
            updated_at: at(0),
            withdrawn: false,
            note: None,
        };
        Known { attempt, vanished }
    }

    #[test]
    fn only_what_is_planned_is_touched() {
        let (old, moved) = (planned(6, 100), planned(6, 50));
        for (state, expected) in [(State::Planned, 1), (State::Ready, 0), (State::Ended(Outcome::Confirmed), 0)] {
            let known = [known(&old, state, false)];
            assert_eq!(difference(&known, std::slice::from_ref(&moved), at(0)).0.len(), expected, "{state:?} moved");
            assert_eq!(difference(&known, &[], at(0)).0.len(), expected, "{state:?} vanished");
        }
    }

    #[test]
    fn a_missed_opening_is_not_quietly_cancelled() {
        let known = [known(&planned(6, 100), State::Planned, false)];
        let (changes, overdue) = difference(&known, &[], at(100));
        assert_eq!(changes, []);
        assert_eq!(overdue, [AttemptId::from("2027-01-06")]);
    }

    /// A weekly booking becomes one of every day: the far weeks are out of sight, and nobody is told that they are called off.
    #[test]
    fn what_is_out_of_sight_is_not_called_off() {
        let day = |number: i32, opening| Planned {
            date: jiff::civil::date(2027, 1, 1).saturating_add(jiff::Span::new().days(number)),
            ..planned(1, opening)
        };
        let daily: Vec<Planned> = (1..=52).map(|number| day(number, 100)).collect();
        let cancelled = |number: i32, wanted: &[Planned]| {
            let known = [known(&day(number, 100), State::Planned, false)];
            let (changes, _) = difference(&known, wanted, at(0));
            changes.iter().any(|change| matches!(change, Change::Cancel(_)))
        };
        assert!(!cancelled(70, &daily));
        assert!(cancelled(70, &daily[1..]), "the control: the rule ends sooner");
        assert!(cancelled(0, &daily), "the control: it would be seen");
    }

    #[test]
    fn what_vanished_comes_back_but_what_a_person_cancelled_does_not() {
        let wanted = [planned(6, 100)];
        let cancelled = State::Ended(Outcome::Cancelled);
        let vanished = [known(&wanted[0], cancelled, true)];
        assert!(matches!(difference(&vanished, &wanted, at(0)).0[..], [Change::Revive(..)]));
        let by_hand = [known(&wanted[0], cancelled, false)];
        assert_eq!(difference(&by_hand, &wanted, at(0)).0, []);
    }

    #[test]
    fn the_same_plan_twice_and_doubled_wishes_change_nothing() {
        let wanted = [planned(6, 100), planned(6, 100)];
        assert_eq!(difference(&[], &wanted, at(0)).0.len(), 1);
        let known = [known(&wanted[0], State::Planned, false)];
        assert_eq!(difference(&known, &wanted, at(0)).0, []);
    }
}
