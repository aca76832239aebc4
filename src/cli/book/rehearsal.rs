//! What a rehearsal says of itself.

use crate::flow::{Flow, Phase};
use crate::timing::{Chosen, WhyWay};

/// `log-in, list and choose`: what a rehearsal before the opening has gone through, as far as the flow has it.
pub(super) fn what_works(flow: &Flow) -> String {
    let phases = [(Phase::Prepare, "prepare"), (Phase::Choose, "choose")];
    let there = phases.into_iter().filter(|(phase, _)| !flow.steps(*phase).is_empty()).map(|(_, word)| word);
    let words: Vec<&str> = ["log-in", "list"].into_iter().chain(there).collect();
    let (last, first) = words.split_last().expect("there are two at least");
    format!("{} and {last}", first.join(", "))
}

/// The way that is taken and why, as the rehearsal says it that has just been: it does not send anybody to another one like it.
pub(super) fn why(chosen: &Chosen, waits: bool) -> String {
    let WhyWay::NotProved { fastest } = &chosen.why else { return chosen.words() };
    let (way, fastest) = (chosen.way.words(), fastest.words());
    match waits {
        true => format!(
            "{way}: no rehearsal has proved a faster way yet; one without --now waits for the opening, and then tries to prove {fastest}"
        ),
        false => format!("{way}: no rehearsal has proved a faster way, and neither has this one"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::FireMode;
    use crate::timing::Way;

    fn way(mode: FireMode) -> Way {
        Way { mode, opening: None }
    }

    #[test]
    fn a_rehearsal_does_not_send_anybody_to_a_rehearsal_like_it() {
        let (script, http) = (way(FireMode::Script), way(FireMode::Http));
        let unproved = Chosen { way: script, why: WhyWay::NotProved { fastest: http } };
        assert!(unproved.words().contains("--dry-run"), "elsewhere it is the cure");
        let waits = why(&unproved, true);
        assert!(waits.contains("without --now waits for the opening, and then tries to prove http"), "{waits}");
        let tried = why(&unproved, false);
        assert!(tried.ends_with("neither has this one") && !tried.contains("--dry-run"), "{tried}");
        let (at, evidence) = (Timestamp::UNIX_EPOCH, "seen".to_owned());
        let proved = Chosen { way: http, why: WhyWay::Proved { at, evidence } };
        assert_eq!(why(&proved, true), proved.words(), "the control");
    }
}
