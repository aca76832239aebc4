//! A booking is given back at its site: the look at the list, and the steps of `cancel/`.
//!
//! What is absent: what follows from it, and what is written down.

use std::time::Duration;

use super::staging::{Stager, is_logged_in, keep_what_is_good, log_in};
use crate::engine::What;
use crate::flow::Phase;
use crate::flow::rows::Row;
use crate::model::Answer;
use crate::timing::Trouble;

/// How often the site is shown the credentials at most, while one booking is given back.
const LOG_INS: u8 = 2;

/// How often one look at the list is tried, where the site or the browser failed.
const TRIES: u32 = 3;

/// Between two of those.
const TRY_AGAIN: Duration = Duration::from_secs(2);

/// What the site's list shows of a booking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Found {
    /// Nothing.
    Gone,
    /// One, with what was read of it.
    One(Row),
    /// So many that fit.
    Several(u32),
}

/// Looks for the first choice on the site's list; logs in where nobody is.
pub(super) async fn look(hands: &mut impl Stager) -> Result<Found, Trouble> {
    let mut tries = 1;
    loop {
        let trouble = match look_once(hands).await {
            Ok(found) => return Ok(found),
            Err(trouble) => trouble,
        };
        keep_what_is_good(hands, &trouble).await;
        hands.kit().told(trouble.clone());
        if tries == TRIES || !may_pass(&trouble) || !(is_logged_in(hands) || hands.account().may_log_in(LOG_INS)) {
            return Err(trouble);
        }
        tries += 1;
        hands.kit().clock.sleep_for(TRY_AGAIN).await;
    }
}

/// Does the steps that cancel the booking of that row, once.
pub(super) async fn cancel(hands: &mut impl Stager, row: &Row) -> Result<(), Trouble> {
    let words = hands.session_words().expect("the row was read in a session");
    *words = words.clone().with_row(row);
    match hands.do_steps(Phase::Cancel, 0).await {
        Ok(()) => Ok(()),
        Err(trouble) => {
            keep_what_is_good(hands, &trouble).await;
            Err(hands.kit().told(trouble))
        }
    }
}

async fn look_once(hands: &mut impl Stager) -> Result<Found, Trouble> {
    if !is_logged_in(hands) {
        if !hands.account().may_log_in(LOG_INS) {
            return Err(Trouble::Answer(Answer::LoginExpired));
        }
        hands.account().verifies = true;
        log_in(hands).await?;
    }
    let rows = hands.rows().await?;
    let words = hands.session_words().expect("the list is read in a session").clone();
    let (found, shown) = match hands.kit().only_row(&words, &rows)? {
        Ok(row) => (Found::One(row), 1),
        Err(0) => (Found::Gone, 0),
        Err(several) => (Found::Several(several), several),
    };
    hands.kit().reporter.say(hands.kit().clock.now(), What::Listed { rows: shown });
    Ok(found)
}

/// Whether it may be otherwise in a moment.
fn may_pass(trouble: &Trouble) -> bool {
    match trouble {
        Trouble::Unreachable(_) | Trouble::Browser(_) | Trouble::Account(_) => true,
        Trouble::Answer(answer) => matches!(answer, Answer::SiteError | Answer::LoginExpired),
        Trouble::Selector(_) | Trouble::Credentials(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_must_answer_is_not_tried_again() {
        assert!(may_pass(&Trouble::Unreachable("slow".to_owned())) && may_pass(&Trouble::Answer(Answer::LoginExpired)));
        for answer in [Answer::Captcha, Answer::LoginRefused, Answer::Unknown] {
            assert!(!may_pass(&Trouble::Answer(answer)), "{answer:?}");
        }
        assert!(!may_pass(&Trouble::Selector("login/10.toml:1:1".to_owned())));
    }
}
