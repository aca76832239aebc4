//! The practice club as a process of its own: openings, and what its ledger says of them.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use jiff::Timestamp;
use serde_json::{Value, json};
use url::Url;

use crate::wire::Wire;

/// Between two looks into the ledger.
const LOOK: Duration = Duration::from_millis(40);

/// How long a submit is waited for after its instant.
const PATIENCE_LOOKS: usize = 200;

/// The site's id of the court that is booked: the club's court 1.
const COURT: &str = "5";

/// The running club; it ends with this.
pub(crate) struct Club {
    child: Child,
    _stdin: Option<ChildStdin>,
    pub(crate) url: Url,
    wire: Wire,
}

/// One opening of one date.
#[derive(Clone, Debug)]
pub(crate) struct Opening {
    pub(crate) at: Timestamp,
    pub(crate) court: &'static str,
    pub(crate) date: String,
    pub(crate) start: &'static str,
}

/// What the ledger says of an opening's submit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Landed {
    /// Accepted, so many milliseconds after the opening.
    Confirmed(f64),
    /// Refused because it came so many milliseconds before.
    Early(f64),
}

impl Club {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_firstserve"));
        command.args(["club", "--listen", "127.0.0.1:0", "--ends-with-stdin"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let out = child.stdout.take().context("the club has no output")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let url = line.trim().strip_prefix("club ready at ").and_then(|rest| rest.split(' ').next());
        let url = Url::parse(url.with_context(|| format!("the club says `{}`", line.trim()))?)?;
        Ok(Self { _stdin: child.stdin.take(), child, wire: Wire::open(&url)?, url })
    }

    /// Empties the club; its next date opens at the first whole second that is at least that far away.
    pub(crate) fn opens_in(&mut self, wait: Duration) -> anyhow::Result<Opening> {
        let body = json!({ "opens_in_ms": wait.as_millis() }).to_string();
        let told: Value = serde_json::from_str(&self.wire.ask("POST", "/_club/reset", &body)?)?;
        let ns = told["opening_ns"].as_i64().context("the club opens nothing")?;
        let date = told["opening_dates"][COURT].as_str().context("the court has no date")?;
        let at = Timestamp::from_nanosecond(i128::from(ns))?;
        Ok(Opening { at, court: COURT, date: date.to_owned(), start: "17:00" })
    }

    /// The one submit of the opening, once it has been answered. Anything but a booking or an early refusal is an error.
    pub(crate) async fn landed(&mut self, opening: &Opening) -> anyhow::Result<Landed> {
        for _ in 0..PATIENCE_LOOKS {
            let ledger: Value = serde_json::from_str(&self.wire.ask("GET", "/_club/ledger", "")?)?;
            let submits: Vec<&Value> = submits(&ledger).collect();
            ensure!(submits.len() < 2, "one firing made {} submits: {submits:?}", submits.len());
            if let Some(submit) = submits.first().filter(|submit| !submit["status"].is_null()) {
                return judge(submit, opening, &ledger);
            }
            tokio::time::sleep(LOOK).await;
        }
        bail!("no submit reached the club")
    }

    /// A connection of its own.
    pub(crate) fn connect(&self) -> anyhow::Result<Wire> {
        Wire::open(&self.url)
    }
}

fn submits(ledger: &Value) -> impl Iterator<Item = &Value> {
    ledger["requests"].as_array().into_iter().flatten().filter(|request| !request["submit"].is_null())
}

fn judge(submit: &Value, opening: &Opening, ledger: &Value) -> anyhow::Result<Landed> {
    let received = submit["received_ns"].as_i64().context("a submit without an instant")?;
    let late = i128::from(received) - opening.at.as_nanosecond();
    #[expect(clippy::cast_precision_loss, reason = "a lateness in nanoseconds is far below 2^52")]
    let late = late as f64 / 1e6;
    match submit["submit"]["answer"].as_str() {
        Some("confirmed") if late >= 0.0 => {
            let booked =
                ledger["bookings"].as_array().is_some_and(|all| all.len() == 1 && all[0]["date"] == *opening.date);
            ensure!(booked, "the club confirmed and has not booked: {ledger}");
            Ok(Landed::Confirmed(late))
        }
        Some("confirmed" | "not-open") if late < 0.0 => Ok(Landed::Early(late)),
        _ => bail!("the club did not accept the submit: {submit}"),
    }
}

impl Drop for Club {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
