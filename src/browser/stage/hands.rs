//! What a person's hands do: clicks, keys, files, answers to dialogs.

use std::path::Path;
use std::time::Duration;

use thirtyfour::WebElement;

use super::keys::keys_of;
use super::mask::mask;
use super::{Done, FailureKind, Stage, Trouble, call, limit};
use crate::clock::Stopwatch;
use crate::flow::page::Tried;
use crate::flow::wire::{Dialog, Step, Verb};

/// How long a declared dialog is waited for after the step that may open it. One that opens later is answered by the next step.
const DIALOG_WAIT: Duration = Duration::from_millis(500);

/// How often it is looked for.
const DIALOG_AGAIN: Duration = Duration::from_millis(25);

/// What a key or a submit gets until the page has heard it, before the page is asked whether it is leaving.
const KEY_WORKS: Duration = Duration::from_millis(25);

impl Stage {
    /// Does with real hands what the page has found to be possible now.
    pub(super) async fn lay_hands_on(&mut self, step: &Step, tried: Tried, watch: Stopwatch) -> Result<Done, Trouble> {
        let element = self.element(&tried)?;
        match &step.verb {
            Verb::Frame(_) => {
                call::bounded(element.enter_frame()).await?;
                self.in_frame = true;
                return Ok(self.harvest(step, tried));
            }
            Verb::Upload { file, .. } => upload(&element, file).await?,
            Verb::Type { with, .. } => call::bounded(element.send_keys(with.as_str())).await?,
            Verb::Press { key, .. } => call::bounded(element.send_keys(chord(key)?)).await?,
            _ => call::within(limit(step).max(Duration::from_secs(1)), element.click()).await?,
        }
        if step.dialog.is_some() {
            self.await_declared().await?;
        }
        if matches!(step.verb, Verb::Check(_) | Verb::Uncheck(_)) {
            // The page says when the box has changed.
            return Err(Trouble::passing(FailureKind::Rejected, "the click did not change it"));
        }
        if matches!(step.verb, Verb::Press { .. }) {
            tokio::time::sleep(KEY_WORKS).await;
        }
        self.settle(watch, limit(step)).await?;
        Ok(self.harvest(step, tried))
    }

    /// The page submits a moment after it has answered.
    pub(super) async fn after_submit(&mut self, step: &Step, watch: Stopwatch) -> Result<(), Trouble> {
        tokio::time::sleep(KEY_WORKS).await;
        if step.dialog.is_some() {
            self.await_declared().await?;
        }
        self.settle(watch, limit(step)).await
    }

    /// A key where the focus is.
    pub(super) async fn press_focused(&mut self, key: &str) -> Result<Done, Trouble> {
        let focused = call::bounded(self.driver.active_element()).await?;
        call::bounded(focused.send_keys(chord(key)?)).await?;
        if self.declared.is_some() {
            self.await_declared().await?;
        }
        tokio::time::sleep(KEY_WORKS).await;
        self.settle(Stopwatch::start(), DIALOG_WAIT).await?;
        Ok(Done::default())
    }

    /// Answers the dialog that is open, waiting for it.
    pub(super) async fn answer_open_dialog(
        &mut self,
        answer: &Dialog,
        watch: Stopwatch,
        limit: Duration,
    ) -> Result<Done, Trouble> {
        loop {
            if self.open_dialog().await?.is_some() {
                self.answer(answer).await?;
                return Ok(Done::default());
            }
            if watch.elapsed() >= limit {
                return Err(Trouble::new(FailureKind::Dialog, "no dialog is open"));
            }
            tokio::time::sleep(DIALOG_AGAIN).await;
        }
    }

    /// The text of the native dialog that is open now.
    pub async fn open_dialog(&self) -> Result<Option<String>, Trouble> {
        match call::bounded(self.driver.get_alert_text()).await {
            Ok(text) => Ok(Some(text)),
            Err(trouble) if trouble.kind == FailureKind::Dialog => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// Answers the open dialog as declared; a dialog that nobody declared is dismissed where that is allowed, or is the trouble that
    /// ends the step.
    pub(super) async fn answer_declared(&mut self) -> Result<bool, Trouble> {
        let Some(text) = self.open_dialog().await? else {
            return Ok(true);
        };
        let Some(answer) = self.declared.take() else {
            if self.may_dismiss && self.dismissals > 0 {
                self.dismissals -= 1;
                let text = mask(&text, &self.secrets);
                tracing::warn!(text, left = self.dismissals, "a dialog that no step declared is dismissed");
                self.answer(&Dialog::Dismiss).await?;
                return Ok(true);
            }
            let reason = format!("a dialog is open that no step declared: “{text}”");
            return Err(Trouble::new(FailureKind::Dialog, reason));
        };
        self.answer(&answer).await?;
        Ok(true)
    }

    async fn await_declared(&mut self) -> Result<(), Trouble> {
        let watch = Stopwatch::start();
        while watch.elapsed() < DIALOG_WAIT {
            if self.open_dialog().await?.is_some() {
                return self.answer_declared().await.map(drop);
            }
            tokio::time::sleep(DIALOG_AGAIN).await;
        }
        Ok(())
    }

    async fn answer(&self, answer: &Dialog) -> Result<(), Trouble> {
        match answer {
            Dialog::Dismiss => call::bounded(self.driver.dismiss_alert()).await,
            Dialog::Accept(text) => {
                if let Some(text) = text {
                    call::bounded(self.driver.send_alert_text(text.as_str())).await?;
                }
                call::bounded(self.driver.accept_alert()).await
            }
        }
    }

    pub(super) fn element(&self, tried: &Tried) -> Result<WebElement, Trouble> {
        let reference = tried.element.clone().unwrap_or_default();
        WebElement::from_json(reference, self.driver.handle().clone()).map_err(Trouble::from)
    }
}

async fn upload(element: &WebElement, file: &str) -> Result<(), Trouble> {
    let file = whole_path(file).await?;
    call::bounded(element.send_keys(file)).await
}

/// The file as a browser, which has a working folder of its own, must be told of it.
async fn whole_path(file: &str) -> Result<String, Trouble> {
    let there = tokio::fs::metadata(file).await.is_ok_and(|meta| meta.is_file());
    let whole = std::path::absolute(file).ok().filter(|_| there);
    let text = whole.as_deref().and_then(Path::to_str).map(str::to_owned);
    text.ok_or_else(|| Trouble::new(FailureKind::NoFile, format!("there is no file {file}")))
}

fn chord(key: &str) -> Result<String, Trouble> {
    keys_of(key).ok_or_else(|| Trouble::new(FailureKind::Unsupported, format!("“{key}” is no key")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_beside_a_relative_configuration_is_found() {
        let whole = whole_path("src/lib.rs").await.unwrap();
        assert!(Path::new(&whole).is_absolute() && whole.ends_with("/src/lib.rs"), "{whole}");
        assert_eq!(whole_path(&whole).await.unwrap(), whole);
        for wrong in ["src/no-such.rs", "/no/such/file", "src"] {
            assert_eq!(whole_path(wrong).await.unwrap_err().kind, FailureKind::NoFile, "{wrong}");
        }
    }
}
