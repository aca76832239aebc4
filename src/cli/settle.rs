//! `firstserve settle BOOKING --booked | --not-booked`: a person who has looked at the site says what it shows, where nobody else
//! could find out. Nothing is asked of the site.

use std::path::Path;
use std::process::ExitCode;

use jiff::civil::{Date, Time};
use serde_json::{Value, json};

use super::cancel::list;
use super::household::open_store;
use super::named::named;
use super::setting::Setting;
use super::{Exit, Failure, consent};
use crate::clock::{Clock, SystemClock, ZoneData};
use crate::config::Config;
use crate::model::{Attempt, BookingName, CourtName, MemberId, Outcome, State};
use crate::notify::{config_option, quoted};
use crate::schedule::choices_on;
use crate::store::{AttemptFilter, PastPermit, Seen, Slot, Store, StoreError, StoreErrorKind};

/// What is said while a daemon has the database.
const BESIDE_RUN: &str = "The one that runs has the database to itself; see `firstserve status`. End it, then `firstserve settle`, then \
                          start it again";

/// What is read of an attempt that was settled so.
const NOTES: [&str; 2] = ["settled by hand: it is booked", "settled by hand: it is not booked"];

/// What `settle` takes.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("seen").required(true).args(["booked", "not_booked"]))]
pub(super) struct Args {
    /// The booking's name, or MEMBER/NAME
    booking: String,

    /// Which date, as 2027-07-18 [default: the one that needs attention]
    #[arg(long, value_name = "DATE")]
    date: Option<Date>,

    /// The site shows it as booked
    #[arg(long)]
    booked: bool,

    /// The site does not show it
    #[arg(long)]
    not_booked: bool,

    /// Which court is booked, where it could be one of several
    #[arg(long, value_name = "N", conflicts_with = "not_booked")]
    court: Option<CourtName>,

    /// When it begins, as 17:00, where it could be one of several
    #[arg(long, value_name = "HH:MM", conflicts_with = "not_booked")]
    at: Option<Time>,

    /// Do not ask first; needed where there is no terminal
    #[arg(long)]
    yes: bool,
}

/// Writes down what a person has seen; 0 when it is written.
///
/// # Errors
/// The configuration or the store cannot be used, or there is nothing to settle.
pub(super) fn run(args: &Args, setting: &Setting, as_json: bool) -> anyhow::Result<ExitCode> {
    consent::can_be_asked(args.yes, "it is settled without being asked")?;
    let (config, zones) = setting.config_and_zones()?;
    let result = super::runtime()?.block_on(async {
        let store = open_store(&config, BESIDE_RUN).await?.acting_as("user");
        let result = settle(args, (&config, &zones), &store).await;
        store.close().await;
        result
    })?;
    if as_json {
        super::answer(&result);
    }
    let is_settled = result["settled"] == true;
    Ok(if is_settled { ExitCode::SUCCESS } else { Exit::NotWon.into() })
}

/// What a person does about an attempt that needs attention, under the configuration at that path.
pub(super) fn way_on(attempt: &Attempt, config: &Path) -> String {
    let command = command("settle", attempt, config);
    format!("look at the site, then say what it shows: `{command} --booked` or `--not-booked`")
}

/// A command of ours for that date of that booking.
pub(super) fn command(word: &str, Attempt { member, booking, date, .. }: &Attempt, config: &Path) -> String {
    let name = quoted(&format!("{member}/{booking}"));
    format!("firstserve {word} {name} --date {date}{}", config_option(config))
}

async fn settle(args: &Args, known: (&Config, &ZoneData), store: &Store) -> anyhow::Result<Value> {
    let attempt = meant(args, known.0, store).await?;
    let permits = store.permits_of(&attempt.id).await?;
    let seen = match args.booked {
        true => Seen::Booked {
            slot: booked(args, &attempt, slots(&attempt, &permits, known))?,
            account: account(&attempt, &permits, known.0),
        },
        false => Seen::NotBooked,
    };
    if !args.yes && !consent::is_given(&format!("Write down that {}?", words(&attempt, &seen)))? {
        super::say("not settled; nothing is written down");
        return Ok(told(&attempt, &seen, None));
    }
    let note = NOTES[usize::from(seen == Seen::NotBooked)];
    let settled = store.settle_by_hand(&attempt.id, &seen, note, SystemClock.now()).await;
    let outcome = settled.map_err(|error| refused(error, &attempt, &known.0.path))?;
    super::say(&format!("written down: {}; {}", words(&attempt, &seen), then(&attempt, &seen, &known.0.path)));
    Ok(told(&attempt, &seen, Some(outcome)))
}

/// Whose list shows it: the account that submitted, or, where nothing was submitted, the one that would have.
fn account(attempt: &Attempt, permits: &[PastPermit], config: &Config) -> Option<String> {
    let spent = permits.iter().rev().find(|permit| permit.open).or(permits.last());
    let spent = spent.and_then(|permit| permit.account.clone());
    spent.or_else(|| config.member(&attempt.member).map(|member| member.vault.clone()))
}

/// Nobody is believed who has two courts at one time.
fn refused(error: StoreError, attempt: &Attempt, config: &Path) -> anyhow::Error {
    let StoreErrorKind::SlotHeld { by } = &error.kind else { return error.into() };
    let (which, why) = (format!("{} · {} on {}", attempt.member, attempt.booking, attempt.date), &error.kind);
    let cure = match by.state {
        State::Ended(Outcome::Confirmed) => {
            format!(
                "if the site shows both, cancel one there; if it is that one's, say `{} --not-booked`",
                command("settle", attempt, config)
            )
        }
        _ => format!("settle that one first: {}", way_on(by, config)),
    };
    Failure::new(Exit::Data, format!("{which} cannot be that: {why}; {cure}")).into()
}

/// The date that is meant: the one that waits for a person's word, unless one is named.
async fn meant(args: &Args, config: &Config, store: &Store) -> anyhow::Result<Attempt> {
    let unsettled = store.unsettled().await?;
    let (member, booking) = named(&args.booking, config, unsettled.iter())?;
    let mut of_booking: Vec<Attempt> =
        unsettled.into_iter().filter(|one| one.member == member && one.booking == booking).collect();
    let dates: Vec<Date> = of_booking.iter().map(|one| one.date).collect();
    if let Some(date) = args.date {
        match of_booking.into_iter().find(|one| one.date == date) {
            Some(attempt) => return Ok(attempt),
            None => return Err(settled_already(store, (member, booking), date, &dates).await?.into()),
        }
    }
    match (of_booking.pop(), dates.len()) {
        (Some(attempt), 1) => Ok(attempt),
        (None, _) => {
            let cure = "`firstserve status` says what became of it";
            Err(Failure::new(Exit::Data, format!("`{booking}` has no date that needs attention; {cure}")).into())
        }
        (Some(_), _) => {
            let several = format!("`{booking}` has several dates that need attention; say which with --date: ");
            Err(Failure::new(Exit::Data, format!("{several}{}", list(&dates))).into())
        }
    }
}

/// Why there is nothing to settle on a date.
async fn settled_already(
    store: &Store,
    (member, booking): (MemberId, BookingName),
    date: Date,
    others: &[Date],
) -> anyhow::Result<Failure> {
    let cure = match others.is_empty() {
        true => "it has no other date that does".to_owned(),
        false => format!("that does: {}", list(others)),
    };
    let why = format!("`{booking}` needs no attention on {date}");
    let filter = AttemptFilter { member: Some(member), booking: Some(booking), ..AttemptFilter::default() };
    let known = store.attempts(&filter).await?.into_iter().find(|one| one.date == date).map(|one| one.state);
    let what = match known {
        None => "which is no date of it that is known".to_owned(),
        Some(State::Ended(Outcome::Confirmed)) => "which is confirmed; `firstserve cancel` gives it back".to_owned(),
        Some(state @ State::Ended(_)) => format!("which ended {}", state.as_str()),
        Some(state) => format!("which is {}: firstserve goes on with it by itself", state.as_str()),
    };
    Ok(Failure::new(Exit::Data, format!("{why}, {what}; {cure}")))
}

/// What may be booked: what was submitted, the last one first, and then what the booking asks for.
struct Slots {
    submitted: Vec<Slot>,
    wanted: Vec<Slot>,
}

fn slots(attempt: &Attempt, permits: &[PastPermit], (config, zones): (&Config, &ZoneData)) -> Slots {
    let since = |permit: &&PastPermit| permit.open || permit.spent_at >= attempt.planned_at;
    let mut submitted: Vec<Slot> = Vec::new();
    for permit in permits.iter().rev().filter(since) {
        let slot = Slot { court: permit.court.clone(), start: permit.start, end: permit.end };
        if !submitted.contains(&slot) {
            submitted.push(slot);
        }
    }
    let wanted = config.booking(&attempt.member, &attempt.booking).and_then(|booking| {
        let site = config.site(&attempt.site)?;
        Some(choices_on(booking, site, &zones.zone(&site.time_zone)?, attempt.date))
    });
    let wanted = wanted.unwrap_or_default().iter().map(Slot::from).filter(|slot| !submitted.contains(slot)).collect();
    Slots { submitted, wanted }
}

/// The slot that the site shows: the only one that can be meant, or the one that is named.
fn booked(args: &Args, attempt: &Attempt, Slots { submitted, wanted }: Slots) -> Result<Slot, Failure> {
    let is_named = args.court.is_some() || args.at.is_some();
    let is_meant = |slot: &&Slot| {
        args.court.as_ref().is_none_or(|court| *court == slot.court) && args.at.is_none_or(|at| at == slot.start.time())
    };
    // What was never submitted is only meant by who names it, unless nothing was.
    let known: Vec<Slot> = match submitted.is_empty() || is_named {
        true => submitted.into_iter().chain(wanted).collect(),
        false => submitted,
    };
    let meant: Vec<&Slot> = known.iter().filter(is_meant).collect();
    let which = format!("{} · {} on {}", attempt.member, attempt.booking, attempt.date);
    match meant[..] {
        [one] => Ok(one.clone()),
        [] if known.is_empty() => {
            let why = "nothing is known that it could have been, and its booking is not in the configuration any more";
            Err(Failure::new(Exit::Data, format!("{which}: {why}; write it back, and settle it then")))
        }
        [] => Err(Failure::new(Exit::Data, format!("{which} could not be that; it could be {}", places(&known)))),
        _ => {
            let several = meant.into_iter().cloned().collect::<Vec<_>>();
            let cure = "say which one the site shows with --court N --at HH:MM";
            Err(Failure::new(Exit::Data, format!("{which} could be {}; {cure}", places(&several))))
        }
    }
}

/// `court 1 at 17:00, court 3 at 17:00`
fn places(slots: &[Slot]) -> String {
    slots.iter().map(place).collect::<Vec<_>>().join(", ")
}

fn place(Slot { court, start, .. }: &Slot) -> String {
    format!("court {court} at {}", start.strftime("%H:%M"))
}

/// `ana · singles, court 1 at 17:00 on Sun 2027-07-18, is booked`
fn words(Attempt { member, booking, date, .. }: &Attempt, seen: &Seen) -> String {
    let date = date.strftime("%a %Y-%m-%d");
    match seen {
        Seen::Booked { slot, .. } => format!("{member} · {booking}, {} on {date}, is booked", place(slot)),
        Seen::NotBooked => format!("{member} · {booking} on {date} is not booked"),
    }
}

/// What follows from it.
fn then(attempt: &Attempt, seen: &Seen, config: &Path) -> String {
    match seen {
        Seen::Booked { .. } => format!("`{}` gives it back", command("cancel", attempt, config)),
        Seen::NotBooked => {
            let (name, config) = (quoted(&format!("{}/{}", attempt.member, attempt.booking)), config_option(config));
            format!(
                "`firstserve book {name}{config}` may try the date again, and no other booking is kept from that time"
            )
        }
    }
}

fn told(attempt: &Attempt, seen: &Seen, settled: Option<Outcome>) -> Value {
    let slot = match seen {
        Seen::Booked { slot, .. } => Some(slot),
        Seen::NotBooked => None,
    };
    let word = match (settled, seen) {
        (None, _) => "untouched",
        (_, Seen::Booked { .. }) => "booked",
        (_, Seen::NotBooked) => "not-booked",
    };
    json!({
        "outcome": word,
        "note": settled.map_or("it was not wanted after all", |_| NOTES[usize::from(slot.is_none())]),
        "settled": settled.is_some(),
        "state": settled.map_or(attempt.state.as_str(), Outcome::as_str),
        "attempt": attempt.id.as_str(),
        "member": attempt.member.as_str(),
        "booking": attempt.booking.as_str(),
        "date": attempt.date.to_string(),
        "court": slot.map(|slot| slot.court.as_str()),
        "start": slot.map(|slot| slot.start.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use jiff::civil::date;

    use super::*;
    use crate::model::AttemptId;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn parsed(words: &[&str]) -> Result<Args, clap::Error> {
        Line::try_parse_from(["settle", "singles"].iter().chain(words)).map(|line| line.args)
    }

    fn attempt() -> Attempt {
        let at = |text: &str| text.parse().expect("an instant");
        Attempt {
            id: AttemptId::new("01"),
            booking: "wednesday singles".into(),
            member: "ana".into(),
            site: "club".into(),
            date: date(2027, 7, 18),
            opening: at("2027-07-08T06:00:00Z"),
            state: State::Ended(Outcome::NeedsAttention),
            submits: 1,
            created_at: at("2027-06-01T00:00:00Z"),
            planned_at: at("2027-06-01T00:00:00Z"),
            updated_at: at("2027-07-08T06:10:00Z"),
            withdrawn: false,
            note: None,
        }
    }

    fn slot(court: &str, hour: i8) -> Slot {
        let start = date(2027, 7, 18).at(hour, 0, 0, 0);
        Slot { court: court.into(), start, end: date(2027, 7, 18).at(hour + 1, 0, 0, 0) }
    }

    fn meant(words: &[&str], submitted: &[Slot]) -> Result<Slot, String> {
        let args = parsed(&[&["--booked"], words].concat()).expect("a command line");
        let wanted = [slot("1", 17), slot("3", 17), slot("3", 18)].into_iter();
        let wanted = wanted.filter(|slot| !submitted.contains(slot)).collect();
        booked(&args, &attempt(), Slots { submitted: submitted.to_vec(), wanted }).map_err(|error| error.to_string())
    }

    #[test]
    fn what_was_seen_is_said_and_said_once() {
        for wrong in
            [&[][..], &["--booked", "--not-booked"], &["--not-booked", "--court", "1"], &["--booked", "--at", "x"]]
        {
            assert!(parsed(wrong).is_err(), "{wrong:?}");
        }
        for right in [&["--not-booked"][..], &["--booked"], &["--booked", "--court", "1", "--at", "17:00"]] {
            assert!(parsed(right).is_ok(), "the control: {right:?}");
        }
    }

    #[test]
    fn one_submit_is_what_is_meant_and_of_several_one_is_named() {
        assert_eq!(meant(&[], &[slot("1", 17)]), Ok(slot("1", 17)));
        let two = [slot("3", 17), slot("1", 17)];
        let several = meant(&[], &two).expect_err("which?");
        assert!(several.contains("court 3 at 17:00, court 1 at 17:00; say which"), "{several}");
        assert_eq!(meant(&["--court", "1"], &two), Ok(slot("1", 17)));
        assert_eq!(meant(&["--court", "3", "--at", "18:00"], &two), Ok(slot("3", 18)), "the site may show any of them");
        let none = meant(&["--court", "2"], &two).expect_err("there is none");
        assert!(none.contains("could not be that; it could be court 3 at 17:00"), "{none}");
        let all = meant(&[], &[]).expect_err("nothing was submitted");
        assert!(all.contains("court 1 at 17:00, court 3 at 17:00, court 3 at 18:00"), "{all}");
    }

    #[test]
    fn the_way_on_is_a_command_that_a_shell_takes() {
        assert_eq!(
            way_on(&attempt(), Path::new("config/booking.toml")),
            "look at the site, then say what it shows: `firstserve settle 'ana/wednesday singles' --date 2027-07-18 --booked` \
             or `--not-booked`"
        );
        let other = way_on(&attempt(), Path::new("my club/booking.toml"));
        assert!(other.contains("--date 2027-07-18 --config 'my club/booking.toml' --booked`"), "{other}");
    }
}
