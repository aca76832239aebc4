//! From a staged page to what is fired: the trigger's command, or the plan of a shot.
//!
//! Everything here is done before the instant and sends nothing to the site. What is absent: when to fire, and whether it may
//! be done.

use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use super::shot::{ChainPlan, Form, Plan, Prepared, Visitor};
use super::stage::{FailureKind, Stage, Trouble};
use super::{Command, Jar, Session, Trust};
use crate::flow::chain::{Chain, Staged};
use crate::flow::page;
use crate::flow::wire::{Commit, Kept, Outcome, Step};

/// How long before the instant a script is sent into the page, which holds it until the instant itself.
pub const SCRIPT_LEAD: Duration = Duration::from_millis(30);

/// What a page says of itself and of its browser, as requests of the browser would say it.
const WHO: &str = "
    const data = navigator.userAgentData;
    const brands = () => data.brands.map(({ brand, version }) => `\"${brand}\";v=\"${version}\"`).join(', ');
    const hints = () => [['sec-ch-ua', brands()], ['sec-ch-ua-mobile', data.mobile ? '?1' : '?0'],
      ['sec-ch-ua-platform', `\"${data.platform}\"`]];
    return { url: document.URL, referrer: document.referrer, charset: document.characterSet,
      agent: navigator.userAgent, languages: Array.from(navigator.languages), hints: data ? hints() : [] };";

/// A click on the commit's button, once that could be pressed; none for a commit without a page.
///
/// # Errors
/// Why it cannot be pressed `within` that time.
pub async fn click(stage: &mut Stage, commit: &Commit, within: Duration) -> Result<Option<Command>, Trouble> {
    let button = stage.commit_button(commit, within).await?;
    Ok(button.map(|button| Command::Click(button.element_id().to_string())))
}

/// The script call that does the commit when the page shows `at`, if the page holds then what was kept; it is to be sent
/// [`SCRIPT_LEAD`] before.
pub fn script(commit: &Commit, outcomes: &[Outcome], kept: &Kept, at: Timestamp) -> Command {
    let call = page::fire(commit, outcomes, kept, page_milliseconds(at));
    Command::Execute { script: call.script, args: call.args }
}

/// The commit as a request of our own with the browser's session, and the visitor whose it is.
///
/// # Errors
/// What about the form or the session cannot be sent without the browser.
pub async fn shot(
    session: &Session,
    stage: &mut Stage,
    commit: &Commit,
    answer: Duration,
    now: Timestamp,
) -> Result<(Plan, Visitor), Trouble> {
    let unsupported = |error: &dyn std::fmt::Display| Trouble::new(FailureKind::Unsupported, error);
    let told = stage.prepared(commit).await?;
    let action = Url::parse(&told.action).map_err(|error| unsupported(&error))?;
    let page = Url::parse(&told.referer).map_err(|error| unsupported(&error))?;
    let driver = |error: String| Trouble::new(FailureKind::Driver, error);
    let jar = Jar::new(session.cookies_for(&action).await.map_err(driver)?);
    let visitor = Visitor { jar, ..who(session).await.map_err(driver)?.visitor() };
    let form = Form {
        method: told.method,
        action,
        enctype: told.enctype,
        fields: told.fields,
        page: page.clone(),
        charset: told.charset,
    };
    let prepared = Prepared::of_form(&form, &visitor, now).map_err(|error| unsupported(&error))?;
    Ok((Plan { prepared, trust: Trust::default(), warm_with: Some(page), answer }, visitor))
}

/// The opening steps and the commit as a chain of requests of our own with the browser's session, from the page that is there
/// now.
///
/// # Errors
/// What cannot be done without the browser, in words.
pub async fn chain(
    session: &Session,
    steps: &[Step],
    commit: &Commit,
    outcomes: &[Outcome],
    answer: Duration,
) -> Result<ChainPlan, String> {
    let who = who(session).await?;
    let url = Url::parse(&who.url).map_err(|error| error.to_string())?;
    // A page that was opened by its address has no referrer.
    let referrer = Url::parse(&who.referrer).ok();
    let staged = Staged { url: url.clone(), referrer, charset: who.charset.clone() };
    let chain = Chain::new(steps, commit, outcomes, staged).map_err(|error| error.to_string())?;
    let jar = Jar::new(session.cookies().await?);
    let visitor = Visitor { jar, ..who.visitor() };
    Ok(ChainPlan { chain, visitor, trust: Trust::default(), warm_with: Some(url), answer })
}

/// What a page says of itself and of its browser.
#[derive(serde::Deserialize)]
struct Who {
    url: String,
    referrer: String,
    charset: String,
    agent: String,
    languages: Vec<String>,
    hints: Vec<(String, String)>,
}

impl Who {
    fn visitor(self) -> Visitor {
        Visitor {
            user_agent: self.agent,
            accept_language: accept_language(&self.languages),
            hints: self.hints,
            jar: Jar::default(),
        }
    }
}

async fn who(session: &Session) -> Result<Who, String> {
    let told = session.driver().execute(WHO, Vec::new()).await.map_err(|error| error.to_string())?;
    told.convert().map_err(|error| error.to_string())
}

/// Milliseconds of the Unix epoch for a page, rounded up: never before the instant.
pub fn page_milliseconds(at: Timestamp) -> f64 {
    let micros = at.as_nanosecond().div_euclid(1_000) + i128::from(at.as_nanosecond().rem_euclid(1_000) > 0);
    #[expect(clippy::cast_precision_loss, reason = "microseconds of this century fit into 52 bits")]
    let ms = micros as f64 / 1_000.0;
    ms
}

/// `es-ES,es;q=0.9,en;q=0.8`, as browsers write it.
fn accept_language(languages: &[String]) -> Option<String> {
    let weighed = languages.iter().take(9).enumerate().map(|(n, language)| match n {
        0 => language.clone(),
        n => format!("{language};q=0.{}", 10 - n),
    });
    Some(weighed.collect::<Vec<_>>().join(",")).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_rounded_up_for_the_page() {
        let at: Timestamp = "2027-07-09T06:00:00.000000001Z".parse().expect("a timestamp");
        assert!(page_milliseconds(at) > page_milliseconds("2027-07-09T06:00:00Z".parse().expect("a timestamp")));
    }

    #[test]
    fn languages_are_weighed() {
        let said = accept_language(&["es-ES".to_owned(), "en".to_owned()]);
        assert_eq!(said.as_deref(), Some("es-ES,en;q=0.9"));
        assert_eq!(accept_language(&[]), None);
    }
}
