//! The steps one after another, until one leads out of the document or the commit is reached.

use std::sync::Arc;
use std::time::Duration;

use super::act::{At, Did, Trouble};
use super::holds::holds;
use super::look::Condition;
use super::page::Page;
use super::program::{Act, Op, Step};
use super::{Ask, Chain, Coming, Loaded, Next, What};
use crate::flow::wire;

/// More lines than any chain has use for, rounds of loops counted.
const MOST_LINES: u32 = 10_000;

/// A document could not be read, or there was none.
const NO_PAGE: &str = "there is no document that could be read";

impl Chain {
    pub(super) fn advance(&mut self) -> Result<Next, Stuck> {
        let code = Arc::clone(&self.code);
        while let Some(op) = code.get(self.at) {
            self.lines += 1;
            if self.lines > MOST_LINES {
                return Err(Stuck::at(&self.commit.place, "repeat", format!("more than {MOST_LINES} steps")));
            }
            match op {
                Op::Jump(to) => self.at = *to,
                Op::Unless { condition, to, place } => {
                    self.at = if self.holds(condition, place, "when")? { self.at + 1 } else { *to };
                }
                Op::Loop { until, most, to, place } => self.round(until, *most, *to, place)?,
                Op::Do(step) => {
                    if let Some(next) = self.step(step)? {
                        return Ok(next);
                    }
                }
            }
        }
        self.commit()
    }

    fn holds(&self, condition: &Condition, place: &str, verb: &'static str) -> Result<bool, Stuck> {
        let page = self.page.as_ref().ok_or_else(|| Stuck::at(place, verb, NO_PAGE))?;
        Ok(holds(page, condition))
    }

    fn round(&mut self, until: &Condition, most: u32, to: usize, place: &str) -> Result<(), Stuck> {
        let over = self.holds(until, place, "repeat")?;
        let rounds = self.rounds.entry(self.at).or_default();
        if over {
            *rounds = 0;
            self.at = to;
            return Ok(());
        }
        if *rounds >= most {
            let reason = format!("after {most} rounds its condition does not hold");
            return Err(Stuck::at(place, "repeat", reason));
        }
        *rounds += 1;
        self.at += 1;
        Ok(())
    }

    /// Does a step; something is next where it leads out of the document.
    fn step(&mut self, step: &Step) -> Result<Option<Next>, Stuck> {
        let stuck = |reason: String| Stuck::at(&step.place, step.verb, reason);
        let did = match &step.act {
            Act::Go(address) => self.go(address).map_err(stuck)?,
            Act::Reload => Did::Leaves(Box::new(self.reload().map_err(stuck)?)),
            Act::Pause(ms) => {
                self.pass(step.place.clone());
                return Ok(Some(Next::Pause(Duration::from_millis(*ms))));
            }
            Act::WaitFor(condition) if !self.holds(condition, &step.place, step.verb)? => {
                return self.wait(step).map(Some);
            }
            Act::Request { request, expect } => return self.request(step, request, expect.clone()).map(Some),
            _ => {
                let page = self.page.as_mut().ok_or_else(|| stuck(NO_PAGE.to_owned()))?;
                match done_in(page, step) {
                    Ok(did) => did,
                    Err(trouble) if step.optional && trouble.absent => Did::Stays,
                    Err(trouble) => return Err(stuck(trouble.reason)),
                }
            }
        };
        self.touched |= step.act.enters();
        self.pass(step.place.clone());
        let Did::Leaves(ask) = did else { return Ok(None) };
        let step = step.number.map(|number| number + 1);
        let loaded = Loaded { from: Some(*ask), at: self.at, rounds: self.rounds.clone(), step, ..Loaded::default() };
        Ok(Some(self.load(loaded)))
    }

    fn request(&mut self, step: &Step, request: &wire::Request, expect: Option<Condition>) -> Result<Next, Stuck> {
        if matches!(self.coming, Coming::Misfit) {
            return Err(Stuck::at(&step.place, step.verb, "its answer is not what it expects"));
        }
        let stuck = |reason: String| Stuck::at(&step.place, step.verb, reason);
        let url = self.url().join(&request.url).map_err(|error| stuck(error.to_string()))?;
        self.coming = Coming::Reply(step.place.clone(), expect);
        self.loaded.requested = true;
        Ok(Next::Fetch(Ask::Request(Box::new(wire::Request { url: url.into(), ..request.clone() }))))
    }

    fn commit(&mut self) -> Result<Next, Stuck> {
        match &self.commit.what {
            What::Request(request) => Ok(Next::Commit(Ask::Request(request.clone()))),
            What::Button(click) => {
                let stuck = |reason: String| Stuck::at(&self.commit.place, "commit", reason);
                let page = self.page.as_mut().ok_or_else(|| stuck(NO_PAGE.to_owned()))?;
                let form = At { page, asks: self.commit.asks }.commit(click);
                Ok(Next::Commit(Ask::Form(form.map_err(|trouble| stuck(trouble.reason))?)))
            }
        }
    }

    pub(super) fn pass(&mut self, place: String) {
        self.done.push(place);
        self.at += 1;
        (self.waits, self.waited) = (0, Duration::ZERO);
    }
}

/// A step that could not be done.
pub(super) struct Stuck {
    pub(super) place: String,
    pub(super) verb: &'static str,
    pub(super) reason: String,
}

impl Stuck {
    pub(super) fn at(place: &str, verb: &'static str, reason: impl Into<String>) -> Self {
        Self { place: place.to_owned(), verb, reason: reason.into() }
    }
}

/// Does a step that stays within a document, or leads from it.
pub(super) fn done_in(page: &mut Page, step: &Step) -> Result<Did, Trouble> {
    let mut at = At { page, asks: step.asks };
    match &step.act {
        Act::Click(target) => at.click(target),
        Act::Submit(target) => at.submit(target),
        Act::Fill { target, with } => at.fill(target, with),
        Act::Set { target, with } => at.set(target, with),
        Act::Select { target, by, options } => at.select(target, *by, options),
        Act::Tick { target, wanted } => at.tick(target, *wanted),
        Act::Expect(condition) if !holds(at.page, condition) => {
            Err(Trouble::other("what it expects does not hold of the document"))
        }
        _ => Ok(Did::Stays),
    }
}
