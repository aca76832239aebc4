//! Which document is asked for, again or for the first time, and what led to it.

use std::time::Duration;

use url::Url;

use super::act::{self, Did, without_fragment};
use super::program::Step;
use super::steps::Stuck;
use super::{Ask, Chain, Coming, Loaded, Next};
use crate::model::Answer;

/// When a document that came too early is asked for again.
const NOT_OPEN: [Duration; 4] =
    [Duration::from_millis(100), Duration::from_millis(200), Duration::from_millis(400), Duration::from_millis(800)];

/// How often a document is asked for again that a step waits for.
const MOST_WAITS: u32 = 10;

/// The first of these waits; each is twice the one before it, up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// The longest of these waits.
const LONGEST_WAIT: Duration = Duration::from_millis(1_600);

impl Chain {
    pub(super) fn load(&mut self, loaded: Loaded) -> Next {
        let ask = loaded.from.clone().expect("only what was asked for is loaded");
        self.coming = Coming::Page(Box::new(loaded));
        Next::Fetch(ask)
    }

    pub(super) fn go(&self, address: &str) -> Result<Did, String> {
        let url = self.url().join(address).map_err(|error| error.to_string())?;
        if url.origin() != self.staged.url.origin() {
            return Err(format!("{} is on another origin", url.origin().ascii_serialization()));
        }
        match &self.page {
            Some(page) => act::go(page, url).map_err(|trouble| trouble.reason),
            None => Ok(Did::Leaves(Box::new(Ask::Get {
                url: without_fragment(&url),
                from: Some(without_fragment(&self.staged.url)),
            }))),
        }
    }

    pub(super) fn reload(&self) -> Result<Ask, String> {
        let from = match &self.page {
            None => self.staged.referrer.clone(),
            Some(_) if !self.loaded.again => return Err("the answer to a form cannot be loaded again".to_owned()),
            Some(_) => self.led_by(),
        };
        Ok(Ask::Get { url: without_fragment(self.url()), from })
    }

    /// Asks for the document again a little later: it does not change by itself. What was entered would be lost.
    pub(super) fn wait(&mut self, step: &Step) -> Result<Next, Stuck> {
        let wait = FIRST_WAIT.saturating_mul(1 << self.waits.min(8)).min(LONGEST_WAIT);
        let over = self.waits >= MOST_WAITS || self.waited + wait > step.timeout;
        if over || self.touched || !self.loaded.again {
            return Err(Stuck::at(&step.place, step.verb, "what it waits for does not hold of the document"));
        }
        self.waits += 1;
        self.waited += wait;
        let from = Some(Ask::Get { url: without_fragment(self.url()), from: self.led_by() });
        let (at, rounds, step) = (self.at, self.rounds.clone(), step.number);
        self.then = Some(Loaded { from, at, rounds, step, ..Loaded::default() });
        Ok(Next::Pause(wait))
    }

    /// A document that came too early is asked for again, and the steps since are done again.
    pub(super) fn ask_again(&mut self) -> Next {
        let own = || self.loaded.again.then(|| Ask::Get { url: without_fragment(self.url()), from: self.led_by() });
        let ask = match &self.loaded.from {
            Some(get @ Ask::Get { .. }) => Some(get.clone()),
            _ => own(),
        };
        let (Some(ask), Some(wait)) = (ask, NOT_OPEN.get(self.not_open)) else { return Next::Says(Answer::NotOpen) };
        self.not_open += 1;
        self.at = self.loaded.at;
        self.rounds.clone_from(&self.loaded.rounds);
        self.then = Some(Loaded { from: Some(ask), requested: false, ..self.loaded.clone() });
        Next::Pause(*wait)
    }

    /// The page that led to the one that is there now.
    fn led_by(&self) -> Option<Url> {
        match &self.loaded.from {
            Some(Ask::Get { from, .. }) => from.clone(),
            Some(Ask::Form(form)) => Some(form.page.clone()),
            _ => None,
        }
    }

    pub(super) fn url(&self) -> &Url {
        self.page.as_ref().map_or(&self.staged.url, |page| &page.url)
    }
}
