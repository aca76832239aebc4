//! Log-ins of an attempt: how often the site has seen the credentials, which a restart must know, and since when they count.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{AuditRow, Store, StoreError};
use crate::model::{AttemptId, State};

/// The word in the audit trail.
const EVENT: &str = "log-in";

/// The word for one that stages.
const TO_STAGE: &str = "stage";

/// The word for one that reads the site's list after a submit.
const TO_VERIFY: &str = "verify";

/// A log-in that was about to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastLogIn {
    /// When.
    pub at: Timestamp,
    /// To read the list after a submit; otherwise to stage.
    pub verifies: bool,
}

/// What the trail says of an attempt's log-ins and of who asked for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trail {
    /// The log-ins since it was last planned, oldest first: a choice that opens on another day has its own.
    pub log_ins: Vec<PastLogIn>,
    /// Log-ins to stage since a person has planned it, by an edit or by asking again, however often it went back to waiting since.
    pub log_ins_for_a_person: usize,
    /// When a person asked for it once more, for the last time; no edit is that.
    pub asked_again: Option<Timestamp>,
}

impl Store {
    /// Writes down that the site is about to see the credentials. They are sent after this has returned, or not at all.
    ///
    /// # Errors
    /// The database's.
    pub async fn note_log_in(&self, id: &AttemptId, verifies: bool, at: Timestamp) -> Result<(), StoreError> {
        let why = if verifies { TO_VERIFY } else { TO_STAGE };
        self.audit(Some(id), EVENT, json!({ "to": why }), at).await
    }

    /// The log-ins of an attempt, and who asked for it.
    ///
    /// # Errors
    /// The database's.
    pub async fn trail(&self, id: &AttemptId) -> Result<Trail, StoreError> {
        Ok(trail(&self.audit_of(id).await?))
    }
}

fn trail(rows: &[AuditRow]) -> Trail {
    let log_ins = |since: Option<usize>| {
        let ours = rows.iter().skip(since.unwrap_or_default()).filter(|row| row.event == EVENT);
        ours.map(|row| PastLogIn { at: row.at, verifies: row.data.contains(TO_VERIFY) })
    };
    let by_a_person = log_ins(rows.iter().rposition(|row| is_planned(row) && !went_back(row)));
    Trail {
        log_ins: log_ins(rows.iter().rposition(is_planned)).collect(),
        log_ins_for_a_person: by_a_person.filter(|past| !past.verifies).count(),
        asked_again: rows.iter().rfind(|row| is_planned(row) && !data(row)["asked"].is_null()).map(|row| row.at),
    }
}

fn is_planned(row: &AuditRow) -> bool {
    row.event == State::Planned.as_str()
}

/// Whether it was under way, and waits for a later opening since.
fn went_back(row: &AuditRow) -> bool {
    let from = data(row)["from"].as_str().and_then(State::parse);
    from.is_some_and(|from| !from.is_ended())
}

fn data(row: &AuditRow) -> Value {
    serde_json::from_str(&row.data).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: usize) -> Timestamp {
        Timestamp::from_second(i64::try_from(second).expect("small")).expect("in range")
    }

    /// The trail of these events, a second after each other.
    fn of(events: &[(&str, &str)]) -> Trail {
        let row = |(second, (event, data)): (usize, &(&str, &str))| AuditRow {
            seq: 0,
            at: at(second),
            actor: "engine".to_owned(),
            attempt: None,
            event: (*event).to_owned(),
            data: (*data).to_owned(),
            prev_hash: String::new(),
            hash: String::new(),
        };
        trail(&events.iter().enumerate().map(row).collect::<Vec<_>>())
    }

    const NEW: (&str, &str) = ("planned", r#"{"booking":"doubles","opening":"2027-07-09T06:00:00Z"}"#);
    const STAGES: (&str, &str) = ("log-in", r#"{"to":"stage"}"#);
    const VERIFIES: (&str, &str) = ("log-in", r#"{"to":"verify"}"#);
    const WENT_BACK: (&str, &str) = ("planned", r#"{"from":"preparing"}"#);
    const CAME_BACK: (&str, &str) = ("planned", r#"{"from":"cancelled","opening":"2027-07-09T06:00:00Z"}"#);
    const ASKED: (&str, &str) = ("planned", r#"{"asked":"again","from":"missed"}"#);

    #[test]
    fn what_goes_back_to_waiting_has_its_own_log_ins_and_a_person_sees_them_all() {
        let found = of(&[NEW, STAGES, WENT_BACK, STAGES, WENT_BACK, STAGES, VERIFIES]);
        assert_eq!((found.log_ins.len(), found.log_ins_for_a_person, found.asked_again), (2, 3, None));
        let back = of(&[NEW, STAGES, WENT_BACK, STAGES, CAME_BACK, STAGES]);
        assert_eq!((back.log_ins.len(), back.log_ins_for_a_person), (1, 1), "the control: an edit");
    }

    #[test]
    fn an_edit_is_no_person_who_asks_again() {
        assert_eq!(of(&[NEW, CAME_BACK]).asked_again, None);
        assert_eq!(of(&[NEW, ASKED, CAME_BACK, WENT_BACK]).asked_again, Some(at(1)));
    }
}
