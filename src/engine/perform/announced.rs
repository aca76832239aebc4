//! What the site itself says of an opening: the steps of `announced/`, and what is made of what they read.
//!
//! Nothing here fails an attempt: what is not read, or not believed, is told, and the opening stays what it was.

use super::Kit;
use super::staging::Stager;
use crate::engine::What;
use crate::flow::{OPENING, Phase};
use crate::model::{Announced, Answer};
use crate::schedule::{ALWAYS_OPEN, Incredible, believe, opening_by_rule};
use crate::timing::Trouble;

/// The most that is kept of the site's own words.
const LONGEST: usize = 200;

/// Reads when the choice opens, where the site announces it. What is open by what it has said already is not asked for again: then
/// every moment counts. Only what ends a session fails.
pub(super) async fn hear(hands: &mut impl Stager, choice: usize) -> Result<(), Trouble> {
    let kit = hands.kit();
    let is_open = kit.errand.choices[choice].opening <= kit.clock.now();
    if kit.errand.flow.announcement().is_none() || is_open && hands.account().heard.contains(&choice) {
        return Ok(());
    }
    match read(hands, choice).await {
        Ok(said) => {
            let before = hands.kit().errand.choices[choice].opening;
            let counts = hands.kit_mut().errand.hear(choice, said.clone());
            let account = hands.account();
            account.moved |= counts.opening() != before;
            account.heard.push(choice);
            account.announced.push((choice, said));
        }
        Err(trouble) if ends_the_session(&trouble) => return Err(trouble),
        Err(trouble) => {
            let words = format!("when it opens was not read off the site, and stays as it was: {}", trouble.words());
            hands.kit().reporter.say(hands.kit().clock.now(), What::Trouble(words));
        }
    }
    Ok(())
}

async fn read(hands: &mut impl Stager, choice: usize) -> Result<Announced, Trouble> {
    if let Some(words) = hands.read_words() {
        words.forget(OPENING);
    }
    hands.do_steps(Phase::Announced, choice).await?;
    let said = hands.read_words().and_then(|words| words.read(OPENING)).map(str::to_owned);
    let nothing = || Trouble::Selector("the steps of announced/ have read no `opening`".to_owned());
    hands.kit().announced(choice, &said.ok_or_else(nothing)?)
}

fn ends_the_session(trouble: &Trouble) -> bool {
    matches!(
        trouble,
        Trouble::Browser(_)
            | Trouble::Credentials(_)
            | Trouble::Account(_)
            | Trouble::Answer(Answer::LoginExpired | Answer::LoginRefused | Answer::Captcha)
    )
}

impl Kit {
    /// What the site's words say, if that is an instant and to be believed.
    fn announced(&self, choice: usize, said: &str) -> Result<Announced, Trouble> {
        let (errand, now) = (&self.errand, self.clock.now());
        let choice = &errand.choices[choice];
        let rule = opening_by_rule(choice, &errand.site, &errand.zone);
        let near = if rule == ALWAYS_OPEN { now } else { rule };
        let announcement = errand.flow.announcement().ok_or_else(|| Trouble::Selector("nothing is read".to_owned()))?;
        let instant = announcement.instant(said, near, &errand.zone);
        let instant = instant.map_err(|error| Trouble::Selector(error.to_string()))?;
        let incredible = |why: Incredible| {
            Trouble::Selector(format!(
                "the site says {}, and {why}",
                instant.to_zoned(errand.zone.clone()).strftime("%Y-%m-%d %H:%M:%S")
            ))
        };
        believe(instant, choice, rule).map_err(incredible)?;
        Ok(Announced {
            site: errand.site.id.clone(),
            court: choice.court.clone(),
            start: choice.start,
            instant,
            rule,
            read_at: now,
            said: said[..said.floor_char_boundary(LONGEST)].trim().to_owned(),
            files: errand.flow.announced_hash().to_owned(),
        })
    }
}
