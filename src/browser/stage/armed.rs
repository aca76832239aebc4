//! Programs that act in the page by themselves: put in, asked, called off.

use std::time::Duration;

use serde_json::{Value, json};

use super::{FailureKind, Stage, Trouble};
use crate::flow::opening::not_chained;
use crate::flow::page::{self, Phase, Report};
use crate::flow::wire::{OpeningWay, Program};

/// No BiDi command is waited for longer.
const BIDI_DEADLINE: Duration = Duration::from_secs(10);

impl Stage {
    /// Arms a program in the main page of the current window: in the document that is there now, and, as a preload script, in
    /// every later document of this window. The caller has spent the permit before: from now on the page fires by itself.
    pub async fn arm(&mut self, program: &Program) -> Result<(), Trouble> {
        if let Some(need) = page::needs_driver(&program.steps).first() {
            let reason = format!("{}: {} cannot be done without the driver", need.place, need.verb);
            return Err(Trouble::new(FailureKind::Unsupported, reason));
        }
        if program.opening > OpeningWay::Page
            && let Some(not) = not_chained(&program.steps, &program.commit)
        {
            return Err(Trouble::new(FailureKind::Unsupported, not));
        }
        self.refuse_secrets_of(&program.steps).await?;
        self.allow_page_load(Duration::from_millis(program.answer_ms)).await?;
        self.leave_frame().await?;
        // The preload first: it does nothing without a state, and no navigation can slip in between.
        let params = json!({
            "functionDeclaration": page::preload(program, &self.words),
            "contexts": [self.window.to_string()],
        });
        let installed = self.bidi("script.addPreloadScript", params, BIDI_DEADLINE).await?;
        let script = installed["script"].as_str().unwrap_or_default().to_owned();
        self.preloads.insert(program.id.clone(), script);
        let answer: Value = self.call(&page::arm(program, &self.words)).await?;
        if let Some(reason) = answer["refused"].as_str() {
            self.remove_preload(&program.id).await?;
            return Err(Trouble::new(FailureKind::Unsupported, reason));
        }
        Ok(())
    }

    /// How far the program is; none where the document that is there now cannot know (another origin, an error page). Kind
    /// `dialog`: a dialog that nobody declared holds the page.
    pub async fn armed_report(&mut self, id: &str) -> Result<Option<Report>, Trouble> {
        let report = match self.ask_armed(id).await {
            Err(trouble) if trouble.kind == FailureKind::Dialog => {
                let text = self.open_dialog().await?.unwrap_or_default();
                let reason = format!("a dialog is open that no step declared: “{text}”");
                return Err(Trouble::new(FailureKind::Dialog, reason));
            }
            other => other?,
        };
        if report.as_ref().is_some_and(Report::is_over) {
            self.remove_preload(id).await?;
        }
        Ok(report)
    }

    async fn ask_armed(&self, id: &str) -> Result<Option<Report>, Trouble> {
        let report: Option<Report> = self.aside(&page::report(id)).await?;
        if report.as_ref().is_some_and(|report| matches!(report.phase, Phase::Opening | Phase::Committed)) {
            self.refuse_dialog().await?;
        }
        Ok(report)
    }

    /// Calls a program off that has not fired, and tells how far it had come. Only the end of the browser session proves that
    /// nothing fires any more.
    pub async fn disarm(&mut self, id: &str) -> Result<Option<Report>, Trouble> {
        let report = self.patient(&page::disarm(id)).await;
        self.remove_preload(id).await?;
        report
    }

    async fn remove_preload(&mut self, id: &str) -> Result<(), Trouble> {
        if let Some(script) = self.preloads.remove(id) {
            self.bidi("script.removePreloadScript", json!({ "script": script }), BIDI_DEADLINE).await?;
        }
        Ok(())
    }
}
