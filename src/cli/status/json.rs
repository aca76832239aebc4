//! What `firstserve status --json` prints.

use serde_json::{Value, json};

use super::super::plan::local;
use super::super::span::opening_of;
use super::{Known, Line, Now, Status};

impl Status {
    /// `{"running","process","other_database","letters_waiting","letters_error","bookings":[{"booking","member","configured","paused","status","date","of_date","last","unsettled","now","next"}]}`; the process is
    /// null where nothing runs, or its number is not known; the other database is the one that this process keeps, null where that is
    /// the one that was read.
    pub fn json(&self) -> Value {
        let process = self.holder.as_deref().and_then(|holder| holder.strip_prefix("process ")?.parse::<u32>().ok());
        json!({
            "running": self.holder.is_some(),
            "process": process,
            "other_database": self.other,
            "letters_waiting": self.letters.count,
            "letters_error": self.letters_error(),
            "bookings": self.bookings.iter().map(Line::json).collect::<Vec<_>>(),
        })
    }
}

impl Line {
    pub(super) fn json(&self) -> Value {
        json!({
            "booking": self.booking.as_str(),
            "member": self.member.as_str(),
            "configured": self.configured,
            "paused": self.paused,
            "status": self.status(),
            "date": self.date.map(|date| date.to_string()),
            "of_date": self.of_date.as_ref().map(Known::json),
            "last": self.last.as_ref().map(Known::json),
            "unsettled": self.unsettled.iter().map(Known::json).collect::<Vec<_>>(),
            "now": self.now.iter().map(Now::json).collect::<Vec<_>>(),
            "next": self.next.as_ref().map(|next| json!({
                "date": next.date.to_string(),
                "court": next.court.as_str(),
                "start": next.start.to_string(),
                "opening_local": next.opening.as_ref().map(local),
                "opening_utc": next.opening.as_ref().map(|opening| opening.timestamp().to_string()),
            })),
        })
    }
}

impl Now {
    fn json(&self) -> Value {
        let Known { attempt, slot, trouble, .. } = &self.known;
        let wanted = self.wanted.as_ref().map(|wanted| (&wanted.court, wanted.start));
        let court = slot.as_ref().map(|slot| (&slot.court, slot.start)).or(wanted);
        json!({
            "date": attempt.date.to_string(),
            "state": attempt.state.as_str(),
            "since": attempt.updated_at.to_string(),
            "court": court.map(|(court, _)| court.as_str()),
            "start": court.map(|(_, start)| start.to_string()),
            "opening_utc": opening_of(attempt.opening),
            "trouble": trouble.as_ref().map(|(_, why)| why),
            "attempt": attempt.id.as_str(),
        })
    }
}

impl Known {
    fn json(&self) -> Value {
        json!({
            "date": self.attempt.date.to_string(),
            "outcome": self.attempt.state.as_str(),
            "note": self.attempt.note,
            "at": self.attempt.updated_at.to_string(),
            "court": self.won().map(|slot| slot.court.as_str()),
            "start": self.won().map(|slot| slot.start.to_string()),
            "attempt": self.attempt.id.as_str(),
        })
    }
}
