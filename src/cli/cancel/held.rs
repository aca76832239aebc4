//! Which confirmed booking is meant: by its name, and perhaps its date.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::cli::named::named;
use crate::cli::{Exit, Failure, settle};
use crate::clock::ZoneData;
use crate::config::Config;
use crate::model::{Attempt, BookingName, Outcome, State};
use crate::schedule::first_instant;
use crate::store::{AttemptFilter, Slot, Store};

/// Dates that a message names at most.
const NAMED: usize = 10;

/// A confirmed booking.
#[derive(Debug)]
pub(super) struct Held {
    /// The attempt that won it.
    pub(super) attempt: Attempt,
    /// What was won.
    pub(super) slot: Slot,
    /// Other dates of the same booking that could be meant.
    pub(super) others: Vec<Date>,
}

impl Held {
    /// `ana · singles, court 1 on Sun 2027-07-18 at 17:00`.
    pub(super) fn words(&self) -> String {
        let Slot { court, start, .. } = &self.slot;
        let (member, booking) = (&self.attempt.member, &self.attempt.booking);
        format!("{member} · {booking}, court {court} on {}", start.strftime("%a %Y-%m-%d at %H:%M"))
    }
}

/// The confirmed date that is meant: the next one, unless one is named. A booking may have left the configuration since.
///
/// # Errors
/// There is no such booking, or nothing of it to give back; the database's.
pub(super) async fn held(
    wanted: &str,
    date: Option<Date>,
    (config, zones): (&Config, &ZoneData),
    store: &Store,
    now: Timestamp,
) -> anyhow::Result<Held> {
    let all = store.attempts(&AttemptFilter::default()).await?;
    let won = all.iter().filter(|one| one.state == State::Ended(Outcome::Confirmed));
    let (member, booking) = named(wanted, config, won)?;
    let of_booking: Vec<Attempt> =
        all.into_iter().filter(|one| one.member == member && one.booking == booking).collect();
    if let Some(date) = date {
        let known = of_booking.iter().find(|one| one.date == date).cloned();
        if known.as_ref().map(|one| one.state) != Some(State::Ended(Outcome::Confirmed)) {
            let ahead = ahead(of_booking, (config, zones), store, now).await?;
            return Err(not_confirmed(&booking, date, known.as_ref(), &ahead, config).into());
        }
        let attempt = of_booking.into_iter().find(|one| one.date == date).expect("it is confirmed");
        let slot = store.slot_of(&attempt.id).await?.ok_or_else(|| no_slot(&attempt))?;
        if has_begun(&attempt, &slot, (config, zones), now) {
            let why = format!("`{booking}` on {date} has begun, and is nothing to give back any more");
            return Err(Failure::new(Exit::Data, why).into());
        }
        return Ok(Held { attempt, slot, others: Vec::new() });
    }
    let unsure = of_booking.iter().find(|one| one.state == State::Ended(Outcome::NeedsAttention)).cloned();
    let mut ahead = ahead(of_booking, (config, zones), store, now).await?.into_iter();
    let Some((attempt, slot)) = ahead.next() else {
        let cure = match unsure {
            Some(unsure) => format!("{} needs attention: {}", unsure.date, settle::way_on(&unsure, &config.path)),
            None => "`firstserve status` says what became of it".to_owned(),
        };
        return Err(Failure::new(Exit::Data, format!("`{booking}` has no confirmed date ahead; {cure}")).into());
    };
    Ok(Held { attempt, slot, others: ahead.map(|(other, _)| other.date).collect() })
}

/// The confirmed ones whose slot has not begun, the next one first.
async fn ahead(
    of_booking: Vec<Attempt>,
    known: (&Config, &ZoneData),
    store: &Store,
    now: Timestamp,
) -> anyhow::Result<Vec<(Attempt, Slot)>> {
    let mut ahead = Vec::new();
    for attempt in of_booking.into_iter().filter(|one| one.state == State::Ended(Outcome::Confirmed)) {
        if let Some(slot) = store.slot_of(&attempt.id).await?
            && !has_begun(&attempt, &slot, known, now)
        {
            ahead.push((attempt, slot));
        }
    }
    ahead.sort_by_key(|(attempt, slot)| (slot.start, attempt.date));
    Ok(ahead)
}

/// A list shows no more what is over, which would read as given back.
fn has_begun(attempt: &Attempt, slot: &Slot, (config, zones): (&Config, &ZoneData), now: Timestamp) -> bool {
    let zone = config.site(&attempt.site).and_then(|site| zones.zone(&site.time_zone));
    zone.is_some_and(|zone| first_instant(slot.start, &zone) <= now)
}

fn not_confirmed(
    booking: &BookingName,
    date: Date,
    known: Option<&Attempt>,
    ahead: &[(Attempt, Slot)],
    config: &Config,
) -> Failure {
    let what = match known.map(|known| known.state) {
        None => "is no date of it that is known".to_owned(),
        Some(State::Ended(Outcome::Cancelled)) => "is cancelled already".to_owned(),
        Some(State::Ended(Outcome::NeedsAttention)) => {
            let way_on = known.map(|known| settle::way_on(known, &config.path)).unwrap_or_default();
            format!("needs attention: {way_on}")
        }
        Some(state @ State::Ended(_)) => format!("ended {}", state.as_str()),
        Some(state) => format!("is {}; to call it off, take it out of the configuration", state.as_str()),
    };
    let dates: Vec<Date> = ahead.iter().map(|(attempt, _)| attempt.date).collect();
    let cure = match dates.is_empty() {
        true => "it has no confirmed date ahead".to_owned(),
        false => format!("confirmed: {}", list(&dates)),
    };
    Failure::new(Exit::Data, format!("`{booking}` has nothing to give back on {date}, which {what}; {cure}"))
}

/// `2027-07-18, 2027-07-25`, and how many more there are.
pub(in crate::cli) fn list(dates: &[Date]) -> String {
    let named: Vec<String> = dates.iter().take(NAMED).map(Date::to_string).collect();
    match dates.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

fn no_slot(attempt: &Attempt) -> Failure {
    let what = format!("which court `{}` has on {} is not written down", attempt.booking, attempt.date);
    Failure::new(Exit::Data, format!("{what}; cancel it at the site"))
}
