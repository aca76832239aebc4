//! Steps made ready: `when` and `repeat` become jumps, so that one number says how far a chain is.

use std::time::Duration;

use super::look::{self, Condition, Target};
use crate::flow::page::word;
use crate::flow::wire;

/// One line of a program.
#[derive(Clone, Debug)]
pub(super) enum Op {
    Do(Step),
    /// Goes on at `to` unless the condition holds.
    Unless {
        condition: Condition,
        to: usize,
        place: String,
    },
    /// Goes on at `to` once the condition holds; fails after so many rounds.
    Loop {
        until: Condition,
        most: u32,
        to: usize,
        place: String,
    },
    Jump(usize),
}

/// A step of the flow.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) act: Act,
    pub(super) optional: bool,
    /// Whether the flow has declared the answer to what a script may ask.
    pub(super) asks: bool,
    pub(super) timeout: Duration,
    pub(super) place: String,
    pub(super) verb: &'static str,
    /// Which of the flow's steps it is; none for one that stands inside another.
    pub(super) number: Option<usize>,
}

#[derive(Clone, Debug)]
pub(super) enum Act {
    Go(String),
    Reload,
    Click(Target),
    Submit(Target),
    Fill { target: Target, with: String },
    Set { target: Target, with: String },
    Select { target: Target, by: wire::SelectBy, options: Vec<String> },
    Tick { target: Target, wanted: bool },
    Expect(Condition),
    WaitFor(Condition),
    Request { request: Box<wire::Request>, expect: Option<Condition> },
    Pause(u64),
}

impl Act {
    /// Whether it enters something that loading the document again would lose.
    pub(super) fn enters(&self) -> bool {
        matches!(self, Self::Click(_) | Self::Fill { .. } | Self::Set { .. } | Self::Select { .. } | Self::Tick { .. })
    }
}

/// A step that cannot be done without a live page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {why}")]
pub struct NotChainable {
    /// `file:line:column`.
    pub place: String,
    /// A small-letter fragment.
    pub why: String,
}

/// Makes steps ready.
pub(super) fn compile(steps: &[wire::Step]) -> Result<Vec<Op>, NotChainable> {
    let mut code = Vec::new();
    add(steps, true, &mut code)?;
    Ok(code)
}

fn add(steps: &[wire::Step], outermost: bool, code: &mut Vec<Op>) -> Result<(), NotChainable> {
    for (at, step) in steps.iter().enumerate() {
        let place = step.place.clone();
        match &step.verb {
            wire::Verb::When { condition, steps } => {
                let condition = ready(step, look::condition(condition))?;
                let at = code.len();
                code.push(Op::Jump(at));
                add(steps, false, code)?;
                code[at] = Op::Unless { condition, to: code.len(), place };
            }
            wire::Verb::Repeat { until, at_most, steps } => {
                let until = ready(step, look::condition(until))?;
                let at = code.len();
                code.push(Op::Jump(at));
                add(steps, false, code)?;
                code.push(Op::Jump(at));
                code[at] = Op::Loop { until, most: *at_most, to: code.len(), place };
            }
            verb => {
                let act = ready(step, act(verb))?;
                let asks = ready(step, asks(step.dialog.as_ref()))?;
                code.push(Op::Do(Step {
                    act,
                    optional: step.optional,
                    asks,
                    timeout: Duration::from_millis(step.timeout_ms),
                    place,
                    verb: word(verb),
                    number: outermost.then_some(at),
                }));
            }
        }
    }
    Ok(())
}

fn ready<T>(step: &wire::Step, made: Result<T, look::Reason>) -> Result<T, NotChainable> {
    made.map_err(|why| NotChainable { place: step.place.clone(), why })
}

/// Whether an answer to a dialog is declared that a document without scripts can give: OK.
pub(super) fn asks(dialog: Option<&wire::Dialog>) -> Result<bool, look::Reason> {
    match dialog {
        None => Ok(false),
        Some(wire::Dialog::Accept(None)) => Ok(true),
        Some(_) => Err("only OK can be said to a dialog without a live page".to_owned()),
    }
}

fn act(verb: &wire::Verb) -> Result<Act, look::Reason> {
    use wire::Verb as V;
    Ok(match verb {
        V::Go(address) => Act::Go(address.clone()),
        V::Reload => Act::Reload,
        V::Click(of) => Act::Click(look::target(of)?),
        V::Submit(of) => Act::Submit(look::target(of)?),
        V::Fill { target, with } => Act::Fill { target: look::target(target)?, with: with.clone() },
        V::Clear(target) => Act::Fill { target: look::target(target)?, with: String::new() },
        V::Set { target, with } => Act::Set { target: look::target(target)?, with: with.clone() },
        V::Select { target, by, options } => {
            Act::Select { target: look::target(target)?, by: *by, options: options.clone() }
        }
        V::Check(target) => Act::Tick { target: look::target(target)?, wanted: true },
        V::Uncheck(target) => Act::Tick { target: look::target(target)?, wanted: false },
        V::Expect(condition) => Act::Expect(look::condition(condition)?),
        V::WaitFor(condition) => Act::WaitFor(look::condition(condition)?),
        V::Request(request) if request.read.is_empty() => Act::Request {
            request: Box::new(request.clone()),
            expect: request.expect.as_ref().map(look::condition).transpose()?,
        },
        V::Pause { ms } => Act::Pause(*ms),
        other => return Err(format!("`{}` needs a live page", word(other))),
    })
}
