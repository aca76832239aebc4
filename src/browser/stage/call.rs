//! Calls into the program in the page, each with a deadline.

use std::future::Future;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use thirtyfour::error::WebDriverError;

use super::{FailureKind, Stage, Trouble};
use crate::flow::page::{Call, PAGE_JS, Problem};

/// No command of the driver is waited for longer (loading a page has a limit of its own).
const COMMAND_DEADLINE: Duration = Duration::from_secs(30);

/// What the driver gets on top of a page's own limit to say that it is over.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// How often a call is repeated that met a changing page, and how long between.
const CHANGING: (u32, Duration) = (40, Duration::from_millis(50));

/// A driver command, bounded.
pub(super) async fn bounded<T>(command: impl Future<Output = Result<T, WebDriverError>>) -> Result<T, Trouble> {
    within(COMMAND_DEADLINE, command).await
}

/// A driver command with a limit.
pub(super) async fn within<T>(
    limit: Duration,
    command: impl Future<Output = Result<T, WebDriverError>>,
) -> Result<T, Trouble> {
    match tokio::time::timeout(limit, command).await {
        Ok(answer) => answer.map_err(Trouble::from),
        Err(_) => Err(Trouble::new(FailureKind::Driver, format!("the driver did not answer within {limit:?}"))),
    }
}

impl Stage {
    /// Calls the program, which is put into the document first where it is missing.
    pub(super) async fn call<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Trouble> {
        let mut answer = self.execute(&call.script, call.args.clone()).await?;
        if answer["missing"] == true {
            self.execute(PAGE_JS, Vec::new()).await?;
            answer = self.execute(&call.script, call.args.clone()).await?;
        }
        read(answer)
    }

    /// The same, again while the page is changing under it; a declared dialog is answered on the way.
    pub(super) async fn patient<T: DeserializeOwned>(&mut self, call: &Call) -> Result<T, Trouble> {
        let (times, pause) = CHANGING;
        let mut last = Trouble::passing(FailureKind::Timeout, "the page is changing");
        for _ in 0..times {
            match self.call(call).await {
                Ok(answer) => return Ok(answer),
                Err(trouble) if trouble.passing => last = trouble,
                Err(trouble) if trouble.kind == FailureKind::Dialog && self.answer_declared().await? => last = trouble,
                Err(trouble) => return Err(trouble),
            }
            tokio::time::sleep(pause).await;
        }
        Err(last)
    }

    pub(super) async fn execute(&self, script: &str, args: Vec<Value>) -> Result<Value, Trouble> {
        // A driver may hold a call back while a page loads, as long as pages may take.
        let limit = COMMAND_DEADLINE.max(self.page_load.unwrap_or_default() + GRACE);
        let answer = within(limit, self.driver.execute(script, args)).await?;
        Ok(answer.json().clone())
    }
}

/// The value of a call, or its problem.
pub(super) fn read<T: DeserializeOwned>(mut answer: Value) -> Result<T, Trouble> {
    if answer.is_null() {
        return Err(Trouble::new(FailureKind::Dialog, "a dialog opened before the page could answer"));
    }
    if let Ok(problem) = serde_json::from_value::<Problem>(answer["problem"].take()) {
        return Err(problem.into());
    }
    if answer["missing"] == true {
        return Err(Trouble::passing(FailureKind::Timeout, "the page is changing"));
    }
    serde_json::from_value(answer["value"].take())
        .map_err(|error| Trouble::new(FailureKind::Driver, format!("the page's answer cannot be read: {error}")))
}
