//! Whether a log-in has shown the site the credentials. That is what is counted: a site locks accounts that try too often,
//! and a page that did not load costs nothing.

use crate::flow::wire::{Step, Verb};

/// Follows the steps of one log-in.
#[derive(Debug, Default)]
pub(super) struct LogIn {
    written: bool,
    sent: bool,
}

impl LogIn {
    /// A step is about to be done. True once: from this step on the site may have the credentials.
    pub(super) fn begins(&mut self, step: &Step) -> bool {
        let may_send = may_send(&step.verb) && (self.written || step.secret);
        self.written |= step.secret;
        may_send && !std::mem::replace(&mut self.sent, true)
    }

    /// Every step is done. True when only now: a page may send by itself what was written into it.
    pub(super) fn ends(&mut self) -> bool {
        self.written && !std::mem::replace(&mut self.sent, true)
    }

    /// Whether the site may have the credentials.
    pub(super) fn is_sent(&self) -> bool {
        self.sent
    }
}

/// Whether something can leave the page with it; where that depends, it is taken to.
fn may_send(verb: &Verb) -> bool {
    match verb {
        Verb::Type { with, .. } => with.contains('\n'),
        Verb::Fill { .. }
        | Verb::Clear(_)
        | Verb::Set { .. }
        | Verb::Frame(_)
        | Verb::Window(_)
        | Verb::WaitFor(_)
        | Verb::Expect(_)
        | Verb::Read { .. }
        | Verb::Rows(_)
        | Verb::Screenshot(_)
        | Verb::Pause { .. } => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(verb: Verb, secret: bool) -> Step {
        Step { verb, timeout_ms: 1, optional: false, dialog: None, place: "login/10.toml:1:1".to_owned(), secret }
    }

    fn fill() -> Step {
        step(Verb::Fill { target: vec![], with: "x".to_owned() }, true)
    }

    #[test]
    fn a_form_is_sent_by_the_step_after_it_is_filled_and_once() {
        let mut log_in = LogIn::default();
        assert!(!log_in.begins(&step(Verb::Go("https://example.org/".to_owned()), false)), "nothing is written yet");
        assert!(!log_in.begins(&fill()));
        assert!(!log_in.is_sent());
        assert!(log_in.begins(&step(Verb::Click(vec![]), false)));
        assert!(!log_in.begins(&step(Verb::Click(vec![]), false)) && !log_in.ends(), "counted once");
        assert!(log_in.is_sent());
    }

    #[test]
    fn a_step_that_bears_them_itself_sends_them() {
        let script = step(Verb::Script { body: "x".to_owned(), into: None }, true);
        assert!(LogIn::default().begins(&script));
    }

    #[test]
    fn a_page_that_sends_by_itself_is_counted_at_the_end_and_one_without_credentials_never() {
        let mut by_itself = LogIn::default();
        assert!(!by_itself.begins(&fill()));
        assert!(by_itself.ends());
        assert!(!LogIn::default().ends());
    }
}
