//! The commit: looked at, prepared, raced. Who does it is the trigger or a program in the page; whether it may happen is decided
//! elsewhere.

use std::time::Duration;

use serde_json::Value;
use thirtyfour::WebElement;

use super::{FailureKind, Stage, Trouble};
use crate::clock::Stopwatch;
use crate::flow::page::{self, Prepared, RaceAnswer, Reply, Tried, TriedState};
use crate::flow::wire::{Commit, Condition, Kept, Outcome};
use crate::model::Answer;

/// How often the outcomes are asked.
const RACE_AGAIN: Duration = Duration::from_millis(20);

/// How often a commit that cannot be done yet is looked at again.
const READY_AGAIN: Duration = Duration::from_millis(20);

/// The answer of a race.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raced {
    /// The answer's word (`model::Answer::as_str`); `unknown` when no outcome held in time.
    pub answer: String,
    /// `file:line:column` of the outcome that held.
    pub place: Option<String>,
    /// How long the race took.
    pub after: Duration,
    /// The answer of a commit that was sent as a request.
    pub reply: Option<Reply>,
    /// Why the answer is unknown.
    pub note: Option<String>,
}

impl Stage {
    /// Waits until the commit could be done; nothing is sent. The button, for the hands of the trigger; none for a commit
    /// without a page.
    pub async fn commit_button(&mut self, commit: &Commit, within: Duration) -> Result<Option<WebElement>, Trouble> {
        let watch = Stopwatch::start();
        loop {
            let trouble = match self.call::<Tried>(&page::ready(commit)).await {
                Ok(tried) if tried.state == TriedState::Ready => return self.button(&tried),
                Ok(tried) => Trouble::told(tried.kind.as_deref(), tried.reason, tried.state == TriedState::Wait),
                Err(trouble) => trouble,
            };
            let answered = trouble.kind == FailureKind::Dialog && self.may_dismiss && self.answer_declared().await?;
            if !answered && (!trouble.passing || watch.elapsed() >= within) {
                return Err(trouble);
            }
            tokio::time::sleep(READY_AGAIN).await;
        }
    }

    fn button(&self, tried: &Tried) -> Result<Option<WebElement>, Trouble> {
        tried.element.is_some().then(|| self.element(tried)).transpose()
    }

    /// The request that the commit's button would make. Kind `unsupported` where it cannot be sent without its page.
    pub async fn prepared(&mut self, commit: &Commit) -> Result<Prepared, Trouble> {
        let answer: Value = self.patient(&page::prepared(commit)).await?;
        if answer["state"] != "done" {
            let text = |key: &str| answer[key].as_str().map(str::to_owned);
            return Err(Trouble::told(text("kind").as_deref(), text("reason"), false));
        }
        if let Some(reason) = answer["unsupported"].as_str() {
            return Err(Trouble::new(FailureKind::Unsupported, reason));
        }
        serde_json::from_value(answer)
            .map_err(|error| Trouble::new(FailureKind::Driver, format!("the form cannot be read: {error}")))
    }

    /// The last look before the commit: a race takes no outcome for the answer that holds now, while it stands there unchanged.
    /// Kind `changed`: the page no longer holds what was kept.
    pub async fn last_look(&mut self, outcomes: &[Outcome], kept: &Kept) -> Result<(), Trouble> {
        let tried: Tried = self.patient(&page::look(outcomes, kept)).await?;
        match tried.state {
            TriedState::Done => Ok(()),
            _ => Err(Trouble::told(tried.kind.as_deref(), tried.reason, false)),
        }
    }

    /// What the steps have put into the page that is there.
    pub async fn remember(&mut self) -> Result<Kept, Trouble> {
        self.patient(&page::remember()).await
    }

    /// Why the page no longer holds what was kept; none while it does.
    pub async fn changed(&mut self, kept: &Kept) -> Result<Option<String>, Trouble> {
        self.patient(&page::changed(kept)).await
    }

    /// Asks after a commit which outcome holds, until one does or the time is over. An undeclared dialog, an error page or a
    /// lost browser end as `unknown`.
    pub async fn race(&mut self, outcomes: &[Outcome], within: Duration) -> Raced {
        let watch = Stopwatch::start();
        self.may_dismiss = false;
        if let Err(trouble) = self.allow_page_load(within).await {
            return unknown(trouble.reason, None, watch.elapsed());
        }
        let mut note = "none of the outcomes held in time".to_owned();
        while watch.elapsed() < within {
            match self.race_once(outcomes).await {
                Ok(Some(raced)) => return Raced { after: watch.elapsed(), ..raced },
                Ok(None) => {}
                Err(trouble) if trouble.kind == FailureKind::Dialog => match self.answer_declared().await {
                    Ok(_) => {}
                    Err(undeclared) => return unknown(undeclared.reason, None, watch.elapsed()),
                },
                Err(trouble) if trouble.passing => {}
                Err(trouble) if trouble.kind == FailureKind::Timeout => note = trouble.reason,
                Err(trouble) => return unknown(trouble.reason, None, watch.elapsed()),
            }
            tokio::time::sleep(RACE_AGAIN).await;
        }
        if let Err(trouble) = self.aside::<Value>(&page::stop_loading()).await {
            tracing::debug!(%trouble, "a page that does not come cannot be stopped");
        }
        unknown(note, None, watch.elapsed())
    }

    async fn race_once(&self, outcomes: &[Outcome]) -> Result<Option<Raced>, Trouble> {
        let asked: RaceAnswer = self.aside(&page::race(outcomes)).await?;
        if asked.state != TriedState::Done {
            self.refuse_dialog().await?;
            return Ok(None);
        }
        let Some(held) = asked.answer else {
            let note = asked.error.unwrap_or_else(|| "the answer fits none of the outcomes".to_owned());
            return Ok(Some(unknown(note, asked.reply, Duration::ZERO)));
        };
        let after = Duration::ZERO;
        Ok(Some(Raced { answer: held.is, place: held.place, after, reply: asked.reply, note: None }))
    }

    /// The first outcome that holds of an answer that was not given to the page; its word.
    pub async fn judge(&mut self, outcomes: &[Outcome], reply: &Reply) -> Option<String> {
        let held: Option<page::Answered> = self.patient(&page::race_reply(outcomes, reply)).await.ok()?;
        held.map(|held| held.is)
    }

    /// The first outcome that holds of the page that is there, whatever was sent from it before; its word. It is asked until
    /// the time is over.
    pub async fn says(&mut self, outcomes: &[Outcome], within: Duration) -> Option<String> {
        let (call, watch) = (page::race_page(outcomes), Stopwatch::start());
        loop {
            if let Ok(Some(held)) = self.aside::<Option<page::Answered>>(&call).await {
                return Some(held.is);
            }
            if watch.elapsed() >= within {
                return None;
            }
            tokio::time::sleep(RACE_AGAIN).await;
        }
    }

    /// Whether a condition holds of an address that is fetched behind the page's back, with the session's cookies.
    pub async fn fetched(&mut self, url: &str, condition: &Condition, within: Duration) -> Result<bool, Trouble> {
        self.tickets += 1;
        let call = page::fetched(url, condition, &format!("fetched/{}", self.tickets));
        let watch = Stopwatch::start();
        loop {
            let tried: Tried = self.patient(&call).await?;
            if let Some(holds) = tried.holds {
                return Ok(holds);
            }
            if tried.state == TriedState::Fail || watch.elapsed() >= within {
                return Err(Trouble::told(tried.kind.as_deref(), tried.reason, false));
            }
            tokio::time::sleep(RACE_AGAIN).await;
        }
    }
}

fn unknown(note: String, reply: Option<Reply>, after: Duration) -> Raced {
    Raced { answer: Answer::Unknown.as_str().to_owned(), place: None, after, reply, note: Some(note) }
}
