//! firstserve's own shots and chains, as the engine plans them, without a browser.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use firstserve::browser::shot::{self, ChainPlan, Chained, Form, Plan, Prepared, Visitor};
use firstserve::clock::{Clock, Stopwatch, SystemClock};
use firstserve::flow::chain::{Chain, Fetched, Next, Staged};
use firstserve::flow::wire::{By, Commit, Condition, Locator, SelectBy, Send, Step, Target, Verb};
use jiff::Timestamp;

use crate::bare::Shot;
use crate::club::{COURT, Club, Opening, millis};

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(10);

/// From the log-in to the opening at least.
const AHEAD: Duration = Duration::from_millis(1_500);

fn visitor(opening: &Opening) -> Visitor {
    let user_agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned();
    Visitor { user_agent, accept_language: Some("es".to_owned()), jar: opening.jar.clone(), ..Visitor::default() }
}

fn plan(club: &Club, opening: &Opening) -> anyhow::Result<Plan> {
    let pairs = [("csrf", opening.csrf.as_str()), ("cancha", COURT), ("fecha", &opening.date), ("horario", "17:00")];
    let page = club.url.join("reservar")?;
    let form = Form {
        method: "post".to_owned(),
        action: page.clone(),
        enctype: String::new(),
        fields: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        page: page.clone(),
        charset: "UTF-8".to_owned(),
    };
    let prepared = Prepared::of_form(&form, &visitor(opening), SystemClock.now())?;
    Ok(Plan { prepared, trust: club.trust.clone(), warm_with: Some(page), answer: ANSWER })
}

fn after(instant: Timestamp, opening: &Opening) -> f64 {
    millis(instant.as_nanosecond() - opening.at.as_nanosecond())
}

/// The first shot of a session.
pub(crate) async fn http(club: &Club, idle: Duration) -> anyhow::Result<Shot> {
    let opening = club.opens_in(AHEAD + idle, "submit").await?;
    let landed = shot::fire_at(Arc::new(SystemClock), opening.at, plan(club, &opening)?).await?;
    let received = club.received(&opening, 1).await?;
    Ok(Shot { written: after(landed.sent_at, &opening), received: received[0] })
}

/// Many shots of one session at one instant; all but the first are told that the court is taken.
pub(crate) async fn many(club: &Club, count: usize) -> anyhow::Result<Vec<Shot>> {
    let opening = club.opens_in(Duration::from_secs(4), "submit").await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let plan = plan(club, &opening)?;
    let fired = (0..count).map(|_| tokio::spawn(shot::fire_at(Arc::clone(&clock), opening.at, plan.clone())));
    let mut written = Vec::new();
    for fired in fired.collect::<Vec<_>>() {
        written.push(after(fired.await??.sent_at, &opening));
    }
    let received = club.received(&opening, count).await?;
    Ok(written.into_iter().zip(received).map(|(written, received)| Shot { written, received }).collect())
}

fn css(css: &str) -> Target {
    let by = By::Css(css.to_owned());
    vec![Locator { by, within: Vec::new(), has_text: None, nth: None, first: false, exact: false }]
}

fn steps(date: &str) -> Vec<Step> {
    let choose = |id: &str, value: &str| Verb::Select {
        target: css(&format!("#{id}")),
        by: SelectBy::Value,
        options: vec![value.to_owned()],
    };
    let option = format!("select#fecha option[value='{date}']");
    let there = Verb::Expect(Condition::Count { of: css(&option), min: 1, max: Some(1) });
    let verbs = [Verb::Reload, there, choose("fecha", date), choose("cancha", COURT), choose("horario", "17:00")];
    let step =
        |verb| Step { verb, timeout_ms: 3_000, optional: false, dialog: None, place: String::new(), secret: false };
    verbs.map(step).into()
}

fn chained(club: &Club, opening: &Opening) -> anyhow::Result<Chain> {
    let place = String::new();
    let commit = Commit { click: css("#reservar"), send: Send::Http, request: None, dialog: None, place };
    let staged = Staged { url: club.url.join("reservar")?, referrer: None, charset: "UTF-8".to_owned() };
    Ok(Chain::new(&steps(&opening.date), &commit, &[], staged)?)
}

/// The opening of a site that shows the date only afterwards: the page, the form, the commit.
pub(crate) async fn chain(club: &Club, idle: Duration) -> anyhow::Result<Shot> {
    let opening = club.opens_in(AHEAD + idle, "reload").await?;
    let plan = ChainPlan {
        chain: chained(club, &opening)?,
        visitor: visitor(&opening),
        trust: club.trust.clone(),
        warm_with: Some(club.url.join("reservar")?),
        answer: ANSWER,
    };
    let run = shot::chain_at(Arc::new(SystemClock), opening.at, plan).await;
    let Chained::Landed(landed) = run.end else { bail!("the chain ended otherwise: {:?}", run.end) };
    let received = club.received(&opening, 1).await?;
    Ok(Shot { written: after(landed.sent_at, &opening), received: received[0] })
}

/// How long a page takes to be read and filled in: the club's own, and one of 32 KB.
pub(crate) async fn parse(club: &Club) -> anyhow::Result<()> {
    let opening = club.opens_in(Duration::from_millis(300), "reload").await?;
    SystemClock.sleep_until(opening.at).await;
    let jar = opening.jar.header(&club.url, SystemClock.now()).context("no session")?;
    let url = club.url.join("reservar")?;
    let page = reqwest::Client::new().get(url.clone()).header("cookie", jar.expose()).send().await?.text().await?;
    let filler = "<tr class=x><td>Lorem ipsum dolor</td><td><a href=/y>sit amet</a></td></tr>".repeat(380);
    let large = page.replace("</footer>", &format!("</footer><table>{filler}</table>"));
    for (name, html) in [("the club's page", &page), ("a larger page", &large)] {
        let mut took: Vec<f64> = Vec::new();
        for _ in 0..200 {
            let mut chain = chained(club, &opening)?;
            chain.proceed();
            let watch = Stopwatch::start();
            let (content_type, body) = (Some("text/html; charset=utf-8"), html.as_bytes());
            chain.take(&Fetched { url: &url, redirected: false, status: 200, content_type, body });
            let next = chain.proceed();
            took.push(watch.elapsed().as_secs_f64() * 1e3);
            anyhow::ensure!(matches!(next, Next::Commit(_)), "{next:?}");
        }
        took.sort_by(f64::total_cmp);
        let kb = html.len() / 1024;
        println!("{name} ({kb} KB) is read and filled in: median {:.3} ms, p95 {:.3} ms", took[100], took[190]);
    }
    Ok(())
}
