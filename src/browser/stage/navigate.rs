//! Addresses, frames, windows and scripts.

use std::time::Duration;

use serde_json::Value;
use thirtyfour::{TimeoutConfiguration, WindowHandle};

use super::call::GRACE;
use super::{AGAIN, Done, FailureKind, Stage, Trouble, call};
use crate::clock::Stopwatch;
use crate::flow::page::{self, State};
use crate::flow::wire::Window;

/// How long a page that may greet with a dialog is given to be complete.
const GREETING: Duration = Duration::from_millis(500);

/// How often it is asked.
const GREETING_AGAIN: Duration = Duration::from_millis(10);

impl Stage {
    pub(super) async fn go(&mut self, address: &str, limit: Duration) -> Result<Done, Trouble> {
        self.allow_page_load(limit).await?;
        let loaded = call::within(limit + GRACE, self.driver.goto(address)).await;
        let done = self.loaded(loaded, limit).await?;
        if !self.must_renew() {
            return Ok(done);
        }
        let renewed = self.open_renewed(address, limit).await;
        self.loaded(renewed, limit).await
    }

    pub(super) async fn reload(&mut self, limit: Duration) -> Result<Done, Trouble> {
        self.allow_page_load(limit).await?;
        let loaded = call::within(limit + GRACE, self.driver.refresh()).await;
        self.loaded(loaded, limit).await
    }

    /// A page that opens a dialog while it loads is answered as declared; the browser's own error page is no page.
    async fn loaded(&mut self, loaded: Result<(), Trouble>, limit: Duration) -> Result<Done, Trouble> {
        self.in_frame = false;
        match loaded {
            Err(trouble) if trouble.kind == FailureKind::Dialog => {
                self.answer_declared().await?;
            }
            Err(trouble) if trouble.kind == FailureKind::Timeout => {
                return Err(Trouble::new(FailureKind::Timeout, format!("the page did not load within {limit:?}")));
            }
            other => other?,
        }
        if self.declared.is_some() {
            self.answer_while_loading().await?;
        }
        self.refuse_error_page().await?;
        Ok(Done::default())
    }

    /// A page that greets with a dialog does so when it is complete, which is after the driver calls it loaded.
    async fn answer_while_loading(&mut self) -> Result<(), Trouble> {
        let watch = Stopwatch::start();
        loop {
            let complete = self.is_complete().await;
            if self.open_dialog().await?.is_some() {
                return self.answer_declared().await.map(drop);
            }
            if complete || watch.elapsed() >= GREETING {
                return Ok(());
            }
            tokio::time::sleep(GREETING_AGAIN).await;
        }
    }

    async fn is_complete(&self) -> bool {
        matches!(self.execute("return document.readyState", Vec::new()).await, Ok(state) if state == "complete")
    }

    async fn answer_declared_if_open(&mut self) -> Result<(), Trouble> {
        if self.open_dialog().await?.is_some() {
            self.answer_declared().await?;
        }
        Ok(())
    }

    async fn refuse_error_page(&mut self) -> Result<(), Trouble> {
        match self.state().await {
            Ok(state) if state.error_page => {
                Err(Trouble::new(FailureKind::Unreachable, "the browser shows its own error page"))
            }
            Ok(_) => Ok(()),
            // A dialog in the way says nothing about the address; the next step meets it.
            Err(trouble) if trouble.passing || trouble.kind == FailureKind::Dialog => Ok(()),
            Err(trouble) => Err(trouble),
        }
    }

    /// What the document is doing.
    pub async fn state(&self) -> Result<State, Trouble> {
        self.call(&page::state()).await
    }

    /// After something that may load another page: waits until that page is there, as long as the step may take.
    pub(super) async fn settle(&mut self, watch: Stopwatch, limit: Duration) -> Result<(), Trouble> {
        loop {
            match self.call::<State>(&page::state_in_a_moment()).await {
                Ok(state) if state.error_page => {
                    return Err(Trouble::new(FailureKind::Unreachable, "the browser shows its own error page"));
                }
                Ok(state) if !state.leaving && !state.loading => return Ok(()),
                // An undeclared dialog is met, and named, by the next step; a window may close itself.
                Err(trouble) if matches!(trouble.kind, FailureKind::Dialog | FailureKind::NoWindow) => return Ok(()),
                Err(trouble) if !trouble.passing => return Err(trouble),
                Ok(_) | Err(_) if watch.elapsed() >= limit => return Ok(()),
                Ok(_) | Err(_) => tokio::time::sleep(AGAIN.min(limit)).await,
            }
        }
    }

    /// Tells the driver how long pages may take, when that has changed. Chromium's driver stops a page that takes longer,
    /// whatever command it was asked for meanwhile: so the limit must cover the wait for an answer too.
    pub(super) async fn allow_page_load(&mut self, limit: Duration) -> Result<(), Trouble> {
        if self.page_load != Some(limit) {
            let timeouts = TimeoutConfiguration::new(Some(limit.max(Duration::from_secs(1))), Some(limit), None);
            match call::bounded(self.driver.update_timeouts(timeouts)).await {
                // The step itself will meet the dialog.
                Err(trouble) if trouble.kind == FailureKind::Dialog => return Ok(()),
                other => other?,
            }
            self.page_load = Some(limit);
        }
        Ok(())
    }

    pub(super) async fn leave_frame(&mut self) -> Result<Done, Trouble> {
        call::bounded(self.driver.enter_default_frame()).await?;
        self.in_frame = false;
        Ok(Done::default())
    }

    pub(super) async fn go_to_window(
        &mut self,
        window: Window,
        watch: Stopwatch,
        limit: Duration,
    ) -> Result<Done, Trouble> {
        let handle = match window {
            Window::Main => self.main.clone(),
            Window::New => self.newest_window(watch, limit).await?,
        };
        self.go_to(handle).await?;
        Ok(Done::default())
    }

    /// The window that opened last; one that is just opening is waited for.
    async fn newest_window(&mut self, watch: Stopwatch, limit: Duration) -> Result<WindowHandle, Trouble> {
        loop {
            let open = call::bounded(self.driver.windows()).await?;
            let fresh = open.iter().filter(|handle| !self.seen.contains(handle)).cloned().collect::<Vec<_>>();
            self.seen.extend(fresh.iter().cloned());
            if let Some(newest) = fresh.into_iter().next_back() {
                return Ok(newest);
            }
            if watch.elapsed() >= limit {
                let known = self.seen.iter().rev().find(|handle| open.contains(handle) && **handle != self.main);
                return known.cloned().ok_or_else(|| Trouble::new(FailureKind::NoWindow, "no new window has opened"));
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    pub(super) async fn script(&mut self, body: &str, into: Option<&str>, limit: Duration) -> Result<Done, Trouble> {
        self.allow_page_load(limit).await?;
        let script = format!("return ({}).apply(null, arguments);", page::function(body));
        let ran = call::within(limit + GRACE, self.driver.execute(script, vec![self.words.clone()])).await;
        let value = match ran {
            Ok(answer) => as_text(answer.json()),
            // A script may open a dialog that its step declared; then there is no answer.
            Err(trouble) if trouble.kind == FailureKind::Dialog && self.declared.is_some() => String::new(),
            Err(trouble) => return Err(trouble),
        };
        if self.declared.is_some() {
            self.answer_declared_if_open().await?;
        }
        let captured = into.map(|name| (name.to_owned(), value)).into_iter().collect();
        Ok(Done { captured, ..Done::default() })
    }
}

/// A script's answer as a variable keeps it.
fn as_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
