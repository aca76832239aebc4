//! By whose clock a site's openings are taken, and what was found out last about the site's own.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Explanation;
use super::ways::store_here;
use crate::cli::status::is_called_off;
use crate::config::Config;
use crate::engine::site_clock_setting;
use crate::model::{Attempt, ClockRule, Follow, Outcome, SiteId, State};
use crate::probe::words;
use crate::store::Slot;
use crate::timing::Offset;

/// What the store knows of a site's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// How far the site's clock was ahead of this machine's.
    pub offset: Offset,
    /// Whether openings were taken by it.
    pub follows: bool,
}

impl Measured {
    /// Reads what [`site_clock_setting`] names.
    pub fn parse(text: &str) -> Option<Self> {
        let data: Value = serde_json::from_str(text).ok()?;
        let ns = |key: &str| data[key].as_i64().map(SignedDuration::from_nanos);
        let at: Timestamp = data["at"].as_str()?.parse().ok()?;
        let offset = Offset::new(ns("low_ns")?, ns("high_ns")?, ns("offset_ns")?, at)?;
        Some(Self { offset, follows: data["follows_site"].as_bool()? })
    }
}

/// Fills in what a database on this machine knows.
pub(super) fn remember(explained: &mut [Explanation], config: &Config) {
    let Ok(runtime) = crate::cli::runtime() else { return };
    runtime.block_on(async {
        let Some(store) = store_here(config).await else { return };
        for one in explained {
            let kept = store.setting(&site_clock_setting(&SiteId::new(&one.site.0))).await;
            one.known = kept.ok().flatten().and_then(|text| Measured::parse(&text));
            let Some(first) = one.occurrences.iter().map(|date| date.date).min() else { continue };
            over(one, &store.overview(first).await.unwrap_or_default());
        }
        store.close().await;
    });
}

/// Dates whose attempt is over say so: nothing of what follows from the rule happens for them.
fn over(explained: &mut Explanation, kept: &[(Attempt, Option<Slot>)]) {
    let (member, booking) = (&explained.member, &explained.booking);
    for date in &mut explained.occurrences {
        let is_of =
            |attempt: &Attempt| attempt.member == *member && attempt.booking == *booking && attempt.date == date.date;
        let found = kept.iter().find(|(attempt, _)| is_of(attempt));
        let Some((attempt, slot)) = found else { continue };
        if attempt.state.is_ended() && !is_called_off(attempt) {
            let won = slot.as_ref().filter(|_| attempt.state == State::Ended(Outcome::Confirmed));
            let won = won.map(|slot| format!(": court {} at {}", slot.court, slot.start.strftime("%H:%M")));
            date.over = Some(format!("{}{}", attempt.state.as_str(), won.unwrap_or_default()));
            date.sentence = None;
        }
    }
}

/// As JSON: the rule, and what is known.
pub(super) fn json(rule: ClockRule, known: Option<&Measured>) -> Value {
    let ms = |time: SignedDuration| time.as_secs_f64() * 1_000.0;
    let measured = known.map(|Measured { offset, follows }| {
        json!({
            "at": offset.measured_at().to_string(),
            "offset_ms": ms(offset.estimate()),
            "bound_ms": ms(offset.bound()),
            "follows_site": follows,
        })
    });
    json!({ "clock": rule.follow.as_str(), "give_up_percent": rule.give_up, "measured": measured })
}

/// In words.
pub(super) fn sentence(rule: ClockRule, known: Option<&Measured>) -> String {
    let whose = match rule.follow {
        Follow::Own => return "this machine's; the site's own is not asked".to_owned(),
        Follow::Site => "the site's",
        Follow::Auto => "the site's where it certainly differs, otherwise this machine's",
    };
    let known = match known {
        None => "it is asked before each opening".to_owned(),
        Some(Measured { offset, .. }) => {
            let at = offset.measured_at().strftime("%Y-%m-%d %H:%M UTC");
            let (ahead, bound) = (words::ahead(offset.estimate()), words::length(offset.bound()));
            format!("at {at} it was {ahead} this machine's, within {bound}")
        }
    };
    format!("{whose}; {known}")
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};

    use super::*;
    use crate::cli::explain::Explained;
    use crate::model::AttemptId;

    #[test]
    fn what_the_engine_keeps_is_read_back() {
        let kept = r#"{"at":"2027-07-09T05:59:30Z","follows_site":true,"high_ns":3002000000,"low_ns":2998000000,
                       "offset_ns":3000100000,"round_trip_ns":400000,"servers":1}"#;
        let known = Measured::parse(kept).expect("it is well written");
        let told = sentence(ClockRule::default(), Some(&known));
        assert!(
            told.ends_with("at 2027-07-09 05:59 UTC it was 3.000 s ahead of this machine's, within 2.10 ms"),
            "{told}"
        );
        assert_eq!(Measured::parse(&kept.replace("2998000000", "3002000001")), None, "an interval upside down");
        assert_eq!(Measured::parse("{}"), None);
    }

    #[test]
    fn a_date_that_is_over_says_how_and_one_that_was_taken_back_does_not() {
        let at: Timestamp = "2027-07-05T06:00:02Z".parse().expect("an instant");
        let start = date(2027, 7, 14).at(17, 0, 0, 0);
        let slot = Slot { court: "2".into(), start, end: start };
        let told = |state: State, withdrawn: bool, member: &str| {
            let attempt = Attempt {
                id: AttemptId::new("01"),
                booking: "singles".into(),
                member: member.into(),
                site: "las-palmas".into(),
                date: start.date(),
                opening: at,
                state,
                submits: 1,
                created_at: at,
                planned_at: at,
                updated_at: at,
                withdrawn,
                note: None,
            };
            let mut explained = explanation(start.date());
            over(&mut explained, &[(attempt, Some(slot.clone()))]);
            let date = explained.occurrences.remove(0);
            (date.over, date.sentence.is_some())
        };
        let confirmed = State::Ended(Outcome::Confirmed);
        assert_eq!(told(confirmed, false, "ana"), (Some("confirmed: court 2 at 17:00".to_owned()), false));
        assert_eq!(told(State::Ended(Outcome::Taken), false, "ana"), (Some("taken".to_owned()), false));
        assert_eq!(told(State::Planned, false, "ana"), (None, true), "it is still to come");
        assert_eq!(told(State::Ended(Outcome::Cancelled), true, "ana"), (None, true), "the plan has it again");
        assert_eq!(told(confirmed, false, "bea"), (None, true), "another member's");
    }

    fn explanation(date: Date) -> Explanation {
        let sentence = Some("scheduled".to_owned());
        Explanation {
            booking: "singles".into(),
            member: "ana".into(),
            site: ("las-palmas".to_owned(), "https://example.com/".to_owned()),
            when: String::new(),
            time_zone: "America/Costa_Rica".to_owned(),
            zone_data: String::new(),
            clock: ClockRule::default(),
            known: None,
            paused: false,
            occurrences: vec![Explained { date, choices: vec![], sentence, over: None }],
            never_open: vec![],
            fires_by: None,
            later: vec![],
        }
    }
}
