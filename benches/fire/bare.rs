//! The bare controls: the least that does the same at the instant. Of ours they have the clock and nothing else.

use anyhow::{Context, ensure};
use firstserve::browser::Session;
use firstserve::clock::{Clock, SystemClock};
use jiff::Timestamp;
use serde_json::json;
use thirtyfour::WebDriver;
use url::Url;

use crate::page;
use crate::way::Way;
use crate::wire::Wire;

/// What a driver calls an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Sleeps by timers until shortly before, then watches the clock.
const WAIT: &str = "
    const at = arguments[0];
    const button = document.getElementById('reservar');
    const wait = act => {
      const left = at - Date.now();
      if (left > 25) return void setTimeout(wait, Math.max(1, Math.min(left - 20, 200)), act);
      while (Date.now() < at) { /* the last moments */ }
      act();
    };";

const SUBMIT: &str = "wait(() => button.form.requestSubmit(button));";

const FETCH: &str = "
    const body = new URLSearchParams(new FormData(button.form, button));
    wait(() => fetch(button.form.action, { method: 'POST', body }));";

/// The form as a request: its body and the cookies it would carry.
const FORM: &str = "
    const button = document.getElementById('reservar');
    return new URLSearchParams(new FormData(button.form, button)).toString();";

/// Fires from the staged page at `at`.
pub(crate) async fn fire(session: &Session, club: &Url, way: Way, at: Timestamp) -> anyhow::Result<()> {
    let driver = session.driver();
    match way {
        Way::Native => command(session, at, "click").await,
        Way::Script => command(session, at, "script").await,
        Way::ArmedForm => in_page(driver, at, SUBMIT).await,
        Way::ArmedFetch => in_page(driver, at, FETCH).await,
        Way::Http => request(driver, club, at).await,
    }
}

/// One WebDriver command on a connection of its own.
async fn command(session: &Session, at: Timestamp, what: &str) -> anyhow::Result<()> {
    let button = page::button(session.driver()).await?;
    let facts = session.facts();
    let base = format!("{}session/{}", facts.webdriver.path(), facts.session_id);
    let (path, body) = match what {
        "click" => (format!("{base}/element/{button}/click"), json!({})),
        _ => {
            (format!("{base}/execute/sync"), json!({ "script": "arguments[0].click()", "args": [{ ELEMENT: button }] }))
        }
    };
    let mut wire = Wire::open(&facts.webdriver)?;
    // Opens the driver's side of the connection as well.
    wire.ask("POST", &format!("{base}/execute/sync"), &json!({ "script": "return 0", "args": [] }).to_string())?;
    let json = ["Content-Type: application/json; charset=utf-8".to_owned()];
    let command = wire.request("POST", &path, &json, &body.to_string());
    at_the_instant(wire, command, at, 200..=299).await
}

/// A timer in the page.
async fn in_page(driver: &WebDriver, at: Timestamp, act: &str) -> anyhow::Result<()> {
    driver.execute(format!("{WAIT}\n{act}"), vec![json!(at.as_millisecond())]).await?;
    SystemClock.sleep_until(at).await;
    Ok(())
}

/// The form's request on a connection of its own.
async fn request(driver: &WebDriver, club: &Url, at: Timestamp) -> anyhow::Result<()> {
    let body = driver.execute(FORM, Vec::new()).await?;
    let body = body.json().as_str().context("the form has no fields")?.to_owned();
    let cookies = driver.get_all_cookies().await?;
    let cookies: Vec<String> = cookies.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
    let headers =
        ["Content-Type: application/x-www-form-urlencoded".to_owned(), format!("Cookie: {}", cookies.join("; "))];
    let mut wire = Wire::open(club)?;
    wire.ask("GET", "/_club/echo", "")?;
    let request = wire.request("POST", "/reservar", &headers, &body);
    at_the_instant(wire, request, at, 300..=399).await
}

/// Holds a thread until the instant, writes once, and reads the answer.
async fn at_the_instant(
    mut wire: Wire,
    request: Vec<u8>,
    at: Timestamp,
    good: std::ops::RangeInclusive<u16>,
) -> anyhow::Result<()> {
    let fire = move || -> anyhow::Result<(u16, String)> {
        SystemClock.hold_until(at);
        wire.send(&request)?;
        wire.receive()
    };
    let (status, body) = tokio::task::spawn_blocking(fire).await??;
    ensure!(good.contains(&status), "the answer was {status}: {body}");
    Ok(())
}
