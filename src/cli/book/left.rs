//! `book` is interrupted: what the attempt is left as, and how it goes on.

use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::cli::Timeline;
use crate::cli::household::Household;
use crate::cli::run::signals::Signals;
use crate::model::{Attempt, AttemptId, State};
use crate::notify::{config_option, quoted};

/// The word for programs.
const INTERRUPTED: &str = "interrupted";

/// Somebody has ended it: what is spent is still looked for, unless he says so again.
pub(super) fn interrupted(attempt: &AttemptId, timeline: &mut Timeline) -> Value {
    timeline.finish();
    timeline.line("stopping; if something was submitted, what came of it is looked for first (again: at once)");
    json!({ "outcome": INTERRUPTED, "attempt": attempt.as_str(), "won": false })
}

/// Whether that is how it ended.
pub(super) fn is_interrupted(told: &Value) -> bool {
    told["outcome"] == INTERRUPTED
}

/// Waits until nobody works on it, and says what it is by then.
///
/// # Errors
/// The database's.
pub(super) async fn left(
    mut told: Value,
    mut task: JoinHandle<()>,
    signals: &mut Signals,
    household: &Household,
    timeline: &Timeline,
) -> anyhow::Result<Value> {
    tokio::select! {
        done = &mut task => done?,
        _ = signals.next() => task.abort(),
    }
    let id = AttemptId::new(told["attempt"].as_str().unwrap_or_default());
    let Some(attempt) = household.store().attempt(&id).await? else { return Ok(told) };
    if attempt.state.is_ended() {
        told["outcome"] = json!(attempt.state.as_str());
    }
    told["state"] = json!(attempt.state.as_str());
    timeline.line(&words(&attempt, &config_option(&household.config().path)));
    Ok(told)
}

/// What is true of an attempt that nobody works on any more; `config` is what a command needs beside.
fn words(attempt: &Attempt, config: &str) -> String {
    let (state, name) = (attempt.state.as_str(), quoted(&format!("{}/{}", attempt.member, attempt.booking)));
    let goes_on = format!("`firstserve run{config}` or `firstserve book {name}{config}`");
    match attempt.state {
        State::Ended(_) => format!("it has ended: {state}; {}", attempt.note.as_deref().unwrap_or_default()),
        state if state.is_spent() => {
            format!(
                "stopped: something was submitted, and nobody knows yet what came of it; {goes_on} reads the site's list first"
            )
        }
        State::Waitlisted => format!("stopped: it is on the site's waiting list, at which {goes_on} looks on"),
        _ => format!(
            "stopped: nothing is under way at the site, and the date is left to be booked; {goes_on} takes it up again. To stop it for \
             good, take the booking out of the configuration, or write `paused = true` into its table"
        ),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::civil::date;

    use super::*;
    use crate::model::Outcome;

    fn left_in(state: State) -> String {
        let now = Timestamp::UNIX_EPOCH;
        let attempt = Attempt {
            id: AttemptId::new("01"),
            booking: "july doubles".into(),
            member: "ana".into(),
            site: "club".into(),
            date: date(2027, 7, 18),
            opening: now,
            state,
            submits: 1,
            created_at: now,
            planned_at: now,
            updated_at: now,
            withdrawn: false,
            note: Some("it is on the site's own list".to_owned()),
        };
        words(&attempt, " --config club.toml")
    }

    #[test]
    fn what_is_left_says_how_it_goes_on() {
        for state in [State::Planned, State::Preparing, State::Ready] {
            let words = left_in(state);
            assert!(
                words.contains("`firstserve run --config club.toml` or `firstserve book 'ana/july doubles' --config"),
                "{words}"
            );
            assert!(words.contains("takes it up again") && words.contains("paused = true"), "{words}");
        }
        for state in [State::Submitting, State::Unknown, State::Confirming, State::Verifying] {
            let words = left_in(state);
            assert!(words.contains("something was submitted") && words.contains("list first"), "{words}");
        }
        let won = left_in(State::Ended(Outcome::Confirmed));
        assert_eq!(won, "it has ended: confirmed; it is on the site's own list", "the control");
    }
}
