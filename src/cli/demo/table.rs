//! When the submits of several members left, arrived and were answered: a line for each.

use std::fmt::Write;

use crate::model::{Answer, Attempt};
use crate::report::plot::signed_words;
use crate::store::{Fire, Mark};

/// The columns; who it was first, and last what may be left out.
const HEAD: [&str; 6] = ["MEMBER", "SENT", "RECEIVED", "ANSWERED", "ANSWER", "FIRED BY"];

/// The table; times after the opening.
pub(super) fn table(fires: &[Fire], attempts: &[Attempt]) -> String {
    let rows = fires.iter().map(|fire| row(fire, attempts));
    let lines: Vec<[String; 6]> = std::iter::once(HEAD.map(str::to_owned)).chain(rows).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    let mut text = "After the opening:\n".to_owned();
    for line in &lines {
        let cells: Vec<_> = line.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        writeln!(text, "{}", cells.join("  ").trim_end()).expect("a String takes it");
    }
    text
}

fn row(fire: &Fire, attempts: &[Attempt]) -> [String; 6] {
    let attempt = attempts.iter().find(|attempt| attempt.id == fire.attempt);
    let after = |mark| match fire.after_opening(mark) {
        Some(after) => signed_words(after.as_secs_f64() * 1_000.0),
        None => "?".to_owned(),
    };
    [
        attempt.map(|attempt| attempt.member.to_string()).unwrap_or_default(),
        after(Mark::Sent),
        after(Mark::Received),
        after(Mark::Answered),
        fire.answer.map_or("?", Answer::as_str).to_owned(),
        match &fire.browser {
            Some(browser) => format!("{} in {browser}", fire.way.short()),
            None => fire.way.short(),
        },
    ]
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::model::{AttemptId, FireMode, SiteId, State};
    use crate::timing::Way;

    #[test]
    fn each_submit_has_a_line_that_a_terminal_of_eighty_columns_holds() {
        let opening: Timestamp = "2027-07-09T06:00:00Z".parse().expect("a timestamp");
        let attempt = Attempt {
            id: AttemptId::new("01M6DEMO000000000000000000"),
            booking: "18:00 on court 1".into(),
            member: "bernardo".into(),
            site: SiteId::new("club"),
            date: jiff::civil::date(2027, 7, 18),
            opening,
            state: State::Planned,
            submits: 1,
            created_at: opening,
            planned_at: opening,
            updated_at: opening,
            withdrawn: false,
            note: None,
        };
        let at = |ms| opening + SignedDuration::from_millis(ms);
        let fire = Fire {
            attempt: attempt.id.clone(),
            site: SiteId::new("club"),
            seq: 1,
            way: Way { mode: FireMode::Armed, opening: None },
            browser: Some("chromium".into()),
            opening,
            open_already: false,
            lead: SignedDuration::ZERO,
            answer: Some(Answer::Confirmed),
            marks: vec![(Mark::Sent, at(1)), (Mark::Answered, at(1_250))],
        };
        let text = table(&[fire.clone(), fire], &[attempt]);
        let expected = "After the opening:\n\
            MEMBER    SENT      RECEIVED  ANSWERED  ANSWER     FIRED BY\n\
            bernardo  +1.00 ms  ?         +1.25 s   confirmed  armed in chromium\n\
            bernardo  +1.00 ms  ?         +1.25 s   confirmed  armed in chromium\n";
        assert_eq!(text, expected);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
}
