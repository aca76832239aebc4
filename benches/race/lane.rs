//! A practice club of its own for each who is on the course at the same time: every opening is enforced.

use std::time::Duration;

use anyhow::Context;
use firstserve::club::MEMBERS;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::club::Club;
use crate::job::Job;
use crate::ledger::Ledger;
use crate::setting::Shape;

/// The site's id of the court that all want: the club's court 1.
pub(crate) const COURT: &str = "5";

/// The hour that all want.
pub(crate) const START: &str = "17:00";

/// A running club.
pub(crate) struct Lane {
    club: Club,
}

/// An opening of its next date.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    pub(crate) ns: i64,
    pub(crate) at: Timestamp,
    date: String,
    shape: Shape,
}

impl Lane {
    pub(crate) fn start() -> anyhow::Result<Self> {
        Ok(Self { club: Club::start()? })
    }

    pub(crate) fn club(&self) -> &Club {
        &self.club
    }

    /// Empties the club; its next date opens at the first whole second that is at least that far away.
    pub(crate) fn opens_in(&self, wait: Duration, shape: Shape) -> anyhow::Result<Opened> {
        let body = json!({ "opens_in_ms": wait.as_millis(), "shape": shape.as_str() }).to_string();
        let told: Value = serde_json::from_str(&self.club.connect()?.ask("POST", "/_club/reset", &body)?)?;
        let ns = told["opening_ns"].as_i64().context("the club opens nothing")?;
        let date = told["opening_dates"][COURT].as_str().context("the court has no date")?.to_owned();
        Ok(Opened { ns, at: Timestamp::from_nanosecond(i128::from(ns))?, date, shape })
    }

    /// What the member of that number is told of it.
    pub(crate) fn job(&self, opened: &Opened, member: usize, wait: Duration) -> Job {
        let (user, password) = MEMBERS[member];
        Job {
            url: self.club.url.to_string(),
            user: user.to_owned(),
            password: password.to_owned(),
            court: COURT.to_owned(),
            date: opened.date.clone(),
            start: START.to_owned(),
            at_ms: opened.at.as_millisecond(),
            shape: opened.shape.as_str().to_owned(),
            wait_s: wait.as_secs(),
        }
    }

    /// Everything that reached it.
    pub(crate) fn ledger(&self) -> anyhow::Result<Ledger> {
        let text = self.club.connect()?.ask("GET", "/_club/ledger", "")?;
        serde_json::from_str(&text).context("failed to read the club's ledger")
    }
}
