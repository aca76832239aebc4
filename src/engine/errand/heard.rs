//! What the site has announced of the choices, and when it is not kept to: then the opening of the rule stands.
//!
//! A site that announces another opening at each read would cost a log-in each time, and one whose page is stale, or of another
//! day, announces an instant that has passed while nothing can be booked.

use jiff::Timestamp;

use super::Errand;
use crate::model::{Announced, Choice};
use crate::schedule::{opening_by_rule, take_announced};

/// So many log-ins of one date are spent on what the site announces; with the last one the opening of the rule is kept to.
const LOG_INS_TO_HEAR: usize = 5;

impl Errand {
    /// What was announced before counts until something else is.
    pub(super) fn recall_announced(&mut self) {
        if self.flow.announcement().is_some() {
            take_announced(&mut self.choices, &self.site, &self.zone, self.flow.announced_hash(), &self.announced);
        }
    }

    /// The site has announced when a choice opens: what of it counts. What it had said before is what it says still, and was read
    /// then.
    pub(in crate::engine) fn hear(&mut self, choice: usize, said: Announced) -> Announced {
        let before = self.announced.iter().find(|known| is_of_the_same(known, &said));
        let counts = counts(before, said, self.trail.log_ins_for_a_person);
        self.keep(choice, counts.clone());
        counts
    }

    /// A choice that is open by what the site announced, and was not when it was tried: what is kept of it from now on, if its rule
    /// opens it later.
    pub(in crate::engine) fn keep_to_the_rule(&mut self, choice: usize, now: Timestamp) -> Option<Announced> {
        let at = self.choices.get(choice)?;
        let rule = opening_by_rule(at, &self.site, &self.zone);
        let is_of = |known: &&Announced| {
            (&known.site, &known.court, known.start) == (&self.site.id, &at.court, at.start) && known.rule == rule
        };
        let is_early = at.opening <= now && now < rule;
        let heard = self.announced.iter().find(is_of).filter(|_| is_early)?;
        let ruled = by_the_rule(heard.clone());
        self.keep(choice, ruled.clone());
        Some(ruled)
    }

    fn keep(&mut self, choice: usize, announced: Announced) {
        self.choices[choice].opening = announced.opening();
        self.announced.retain(|known| !is_of_the_same(known, &announced));
        self.announced.push(announced);
    }

    /// When the first of the choices opens that are asked for.
    pub(in crate::engine) fn opening(&self) -> Timestamp {
        let asked_for = |choice: &&Choice| !self.only_verified.contains(choice);
        self.choices.iter().filter(asked_for).map(|choice| choice.opening).min().unwrap_or(Timestamp::MAX)
    }
}

fn is_of_the_same(known: &Announced, said: &Announced) -> bool {
    (&known.site, &known.court, known.start) == (&said.site, &said.court, said.start)
}

/// What counts of that, after what counted `before`, with so many log-ins behind the attempt.
fn counts(before: Option<&Announced>, said: Announced, log_ins: usize) -> Announced {
    let Some(before) = before.filter(|before| before.rule == said.rule && before.files == said.files) else {
        return said;
    };
    // What was found wrong is wrong in the same words.
    let is_found_wrong = before.instant == before.rule && before.said == said.said;
    if before.instant == said.instant || is_found_wrong {
        return before.clone();
    }
    if log_ins >= LOG_INS_TO_HEAR { by_the_rule(said) } else { said }
}

/// In place of what the site says, what the rule does.
fn by_the_rule(said: Announced) -> Announced {
    Announced { instant: said.rule, ..said }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    const RULE: &str = "2027-07-09T06:00:00Z";

    fn says(instant: &str) -> Announced {
        Announced {
            site: "club".into(),
            court: "1".into(),
            start: jiff::civil::date(2027, 7, 18).at(17, 0, 0, 0),
            instant: at(instant),
            rule: at(RULE),
            read_at: at("2027-07-09T05:58:30Z"),
            said: instant.to_owned(),
            files: String::new(),
        }
    }

    #[test]
    fn what_is_another_opening_each_time_is_believed_for_some_log_ins_only() {
        let (first, next) = (says("2027-07-09T06:01:00Z"), says("2027-07-09T06:02:00Z"));
        assert_eq!(counts(Some(&first), next.clone(), 4), next);
        assert_eq!(counts(Some(&first), next.clone(), 5).opening(), at(RULE));
        assert_eq!(counts(None, next.clone(), 50), next, "what is heard for the first time");
        let again = Announced { read_at: at("2027-07-09T05:59:00Z"), ..first.clone() };
        assert_eq!(counts(Some(&first), again, 50), first, "the control: the same, and read then");
    }

    #[test]
    fn what_was_found_wrong_is_not_believed_in_the_same_words() {
        let stale = says("2027-07-08T06:00:00Z");
        let wrong = by_the_rule(stale.clone());
        assert_eq!(wrong.opening(), at(RULE));
        assert_eq!(counts(Some(&wrong), stale.clone(), 1), wrong);
        let other = says("2027-07-09T06:05:00Z");
        assert_eq!(counts(Some(&wrong), other.clone(), 1), other, "the control: other words");
    }
}
