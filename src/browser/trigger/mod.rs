//! The trigger: one WebDriver command, sent at an instant, on a connection of its own, never twice.
//!
//! A thread of its own holds fantoccini, attached to the session that thirtyfour holds. Nothing else runs there, so the command
//! leaves as soon as the thread is released; and the connection counts what is written ([`meter`]), so that afterwards it is
//! known whether the command can have reached the driver. What is absent: finding the element, and judging the answer.

mod connection;
mod meter;
mod thread;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use fantoccini::error::{CmdError, ErrorStatus};
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use url::Url;

use super::Trust;
use crate::clock::Clock;

/// A trigger on one session. Dropping it leaves the session as it is.
#[derive(Debug)]
pub struct Trigger {
    orders: mpsc::Sender<thread::Order>,
}

/// What is fired.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// A WebDriver click on the element with that id, as a person's mouse would (fire mode `native`).
    Click(String),
    /// One function body run in the page (fire mode `script`). It must answer with plain data.
    Execute {
        /// The body.
        script: String,
        /// Its `arguments`; an element is `{"element-6066-11e4-a52e-4f735466cecf": ID}`.
        args: Vec<Value>,
    },
}

/// A command that was sent and answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Fired {
    /// When the thread was released: never before the instant.
    pub woke_at: Timestamp,
    /// When the first byte of the command was handed to the system: never before the instant.
    pub sent_at: Timestamp,
    /// When the driver had answered; after a click that may be when the next page was there.
    pub returned_at: Timestamp,
    /// What the driver answered.
    pub result: Value,
}

/// A command whose answer is not known to be good.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FireError {
    /// Not one byte of the command was written: it has certainly not happened.
    #[error("fire: nothing was sent: {why}")]
    NotSent {
        /// Why.
        why: String,
    },
    /// The driver answered that it could not even begin (no such element, covered element): it has certainly not happened.
    #[error("fire: the driver refused: {why}")]
    Refused {
        /// The driver's words.
        why: String,
        /// When the command was sent.
        sent_at: Timestamp,
    },
    /// It may have happened.
    #[error("fire: sent, and nobody knows what became of it: {why}")]
    Unknown {
        /// What is known.
        why: String,
        /// When the command was sent.
        sent_at: Timestamp,
    },
}

/// A trigger could not be made.
#[derive(Clone, Debug, thiserror::Error)]
#[error("attach a trigger: {why}")]
pub struct TriggerError {
    /// Why.
    pub why: String,
}

impl Trigger {
    /// A trigger on the session of that id at the driver or service `webdriver`.
    pub(super) fn attach(webdriver: &Url, session_id: &str, trust: &Trust) -> Result<Self, TriggerError> {
        let session = thread::Attachment::new(webdriver, session_id, trust)?;
        let (orders, ordered) = mpsc::channel(1);
        let run = move || session.run(ordered);
        std::thread::Builder::new()
            .name("trigger".to_owned())
            .spawn(run)
            .map_err(|error| TriggerError { why: error.to_string() })?;
        Ok(Self { orders })
    }

    /// Sends the command once `clock` shows `at`, and waits at most `answer` for what the driver says. Until shortly before,
    /// dropping the future disarms it; from the instant on it does not.
    ///
    /// # Errors
    /// See [`FireError`]: only [`FireError::Unknown`] leaves it open whether the command has happened.
    pub async fn fire_at(
        &mut self,
        clock: Arc<dyn Clock>,
        at: Timestamp,
        command: Command,
        answer: Duration,
    ) -> Result<Fired, FireError> {
        let (tell, told) = oneshot::channel();
        let gone = || FireError::NotSent { why: "the trigger's thread has ended".to_owned() };
        let order = thread::Order { firing: thread::Firing { clock, at, command, answer }, tell };
        self.orders.send(order).await.map_err(|_| gone())?;
        // The thread answers whatever happens; should it panic nevertheless, nothing is known.
        told.await.unwrap_or_else(|_| {
            Err(FireError::Unknown { why: "the trigger's thread has ended".to_owned(), sent_at: at })
        })
    }
}

/// Whether the driver says so before it does anything at all.
fn proves_nothing_happened(command: &Command, error: &CmdError) -> bool {
    let CmdError::Standard(said) = error else { return false };
    match said.error {
        ErrorStatus::NoSuchElement | ErrorStatus::StaleElementReference => true,
        ErrorStatus::ElementNotInteractable | ErrorStatus::ElementClickIntercepted => {
            matches!(command, Command::Click(_))
        }
        _ => false,
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Click(_) => "click",
            Self::Execute { .. } => "script",
        })
    }
}

#[cfg(test)]
mod fake_driver;

#[cfg(test)]
mod tests {
    use fantoccini::error::WebDriver;

    use super::fake_driver::FakeDriver;
    use super::*;
    use crate::clock::SystemClock;

    fn standard(error: ErrorStatus) -> CmdError {
        CmdError::Standard(WebDriver { error, message: String::new().into(), stacktrace: String::new(), data: None })
    }

    #[test]
    fn only_what_is_found_before_the_click_proves_that_there_was_none() {
        let click = Command::Click("e".to_owned());
        let script = script("");
        assert!(proves_nothing_happened(&click, &standard(ErrorStatus::ElementClickIntercepted)));
        assert!(proves_nothing_happened(&script, &standard(ErrorStatus::StaleElementReference)));
        let after = || {
            [
                ErrorStatus::JavascriptError,
                ErrorStatus::Timeout,
                ErrorStatus::InvalidSessionId,
                ErrorStatus::NoSuchWindow,
            ]
        };
        for command in [&click, &script] {
            for error in after().map(standard) {
                assert!(!proves_nothing_happened(command, &error), "{command}: {error}");
            }
        }
        assert!(!proves_nothing_happened(&click, &CmdError::WaitTimeout));
    }

    fn script(text: &str) -> Command {
        Command::Execute { script: text.to_owned(), args: Vec::new() }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_driver_that_hangs_up_gets_the_command_once_over_plain_and_tls() {
        for tls in [false, true] {
            let driver = FakeDriver::new(tls).await;
            let mut trigger = Trigger::attach(&driver.url, "s1", &driver.trust).unwrap();
            // Far enough ahead to be warmed, so that the connection has been used: then clients like to try again.
            let at = SystemClock.now() + Duration::from_millis(1000);
            let fired = trigger.fire_at(Arc::new(SystemClock), at, script("hang up"), Duration::from_secs(2)).await;
            let Err(FireError::Unknown { sent_at, .. }) = fired else { panic!("{fired:?}") };
            assert!(sent_at >= at);
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert_eq!(driver.heard(), ["return 0", "hang up"], "tls: {tls}");
            let again = trigger
                .fire_at(Arc::new(SystemClock), SystemClock.now(), script("go on"), Duration::from_secs(2))
                .await;
            assert!(again.is_ok(), "another command is another matter: {again:?}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_service_that_is_not_known_gets_nothing() {
        let (driver, stranger) = (FakeDriver::new(true).await, FakeDriver::new(true).await);
        let mut trigger = Trigger::attach(&driver.url, "s1", &stranger.trust).unwrap();
        let fired =
            trigger.fire_at(Arc::new(SystemClock), SystemClock.now(), script("x"), Duration::from_secs(2)).await;
        assert!(matches!(fired, Err(FireError::NotSent { .. })), "{fired:?}");
        assert!(driver.heard().is_empty());
    }
}
