//! Calls into the page past the driver's queue, through BiDi.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::call::{bounded, read};
use super::{FailureKind, Stage, Trouble};
use crate::flow::page::{self, Call, PAGE_JS, State};

/// How long a page may keep a call; a dialog keeps it for good.
const ASIDE_DEADLINE: Duration = Duration::from_secs(1);

impl Stage {
    /// The same through BiDi: a driver may hold a classic command back for as long as a page is on its way, and that is just
    /// when a race is asked. Inside a frame, where BiDi would need the frame's own name, the classic way is taken.
    pub(super) async fn aside<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Trouble> {
        if self.in_frame {
            return self.call(call).await;
        }
        match self.ask_aside(call).await {
            Err(trouble) if trouble.kind == FailureKind::Timeout && self.open_dialog().await?.is_some() => {
                Err(Trouble::new(FailureKind::Dialog, "a dialog holds the page"))
            }
            other => read(other?),
        }
    }

    /// Refuses to go on while a dialog is open. Firefox answers BiDi calls beside a dialog; the driver is asked, unless a page is
    /// on its way (then it would not answer, and no dialog of the old page can matter).
    pub(super) async fn refuse_dialog(&self) -> Result<(), Trouble> {
        let state: State = self.aside(&page::state()).await?;
        match state.leaving || state.loading {
            false if self.open_dialog().await?.is_some() => {
                Err(Trouble::new(FailureKind::Dialog, "a dialog holds the page"))
            }
            _ => Ok(()),
        }
    }

    async fn ask_aside(&self, call: &Call) -> Result<Value, Trouble> {
        let answer = self.evaluate("", call).await?;
        if answer["missing"] == true { self.evaluate(PAGE_JS, call).await } else { Ok(answer) }
    }

    async fn evaluate(&self, before: &str, call: &Call) -> Result<Value, Trouble> {
        let function = format!(
            "told => {{ {before}\nreturn JSON.stringify((function () {{ {} }}).apply(null, JSON.parse(told))); }}",
            call.script
        );
        let told = Value::from(call.args.clone()).to_string();
        let params = json!({
            "functionDeclaration": function,
            "awaitPromise": false,
            "target": { "context": self.window.to_string() },
            "arguments": [{ "type": "string", "value": told }],
        });
        let answer = self.bidi("script.callFunction", params, ASIDE_DEADLINE).await?;
        if answer["type"] == "exception" {
            return Err(Trouble::passing(FailureKind::Script, &answer["exceptionDetails"]["text"]));
        }
        let text = answer["result"]["value"].as_str().unwrap_or("null");
        serde_json::from_str(text).map_err(|error| Trouble::new(FailureKind::Driver, format!("no JSON: {error}")))
    }

    pub(super) async fn bidi(&self, method: &str, params: Value, limit: Duration) -> Result<Value, Trouble> {
        let bidi = bounded(self.driver.bidi()).await?;
        match tokio::time::timeout(limit, bidi.send_raw(method, params)).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) if error.error == "no such frame" || error.error == "unknown error" => {
                Err(Trouble::passing(FailureKind::Timeout, format!("the page is changing: {}", error.message)))
            }
            Ok(Err(error)) => Err(Trouble::new(FailureKind::Driver, format!("{method}: {}", error.message))),
            Err(_) => {
                Err(Trouble::passing(FailureKind::Timeout, format!("the browser did not answer within {limit:?}")))
            }
        }
    }
}
