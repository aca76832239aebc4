//! The club's form in the browser, filled in for an opening: the same for a mode and its control.

use anyhow::{Context, ensure};
use firstserve::flow::wire::{By, Commit, Condition, Locator, Outcome, Send};
use serde_json::{Value, json};
use thirtyfour::WebDriver;
use url::Url;

use crate::club::Opening;

/// The member who books, and his password.
const MEMBER: (&str, &str) = firstserve::club::MEMBERS[0];

/// Logs in behind the page's back: the club forgets its sessions when it is emptied.
const LOG_IN: &str = "
    const [user, password] = arguments;
    return fetch('/ingresar').then(answer => answer.text()).then(text => {
      const form = new DOMParser().parseFromString(text, 'text/html').getElementById('acceso');
      const body = new URLSearchParams(new FormData(form));
      body.set('usuario', user);
      body.set('clave', password);
      return fetch('/ingresar', { method: 'POST', body });
    }).then(answer => new URL(answer.url).pathname);";

const FILL: &str = "
    const [court, date, start] = arguments;
    document.getElementById('cancha').value = court;
    document.getElementById('fecha').value = date;
    document.getElementById('horario').value = start;
    return new FormData(document.getElementById('reserva')).get('fecha');";

/// Brings a new session to the club's address.
pub(crate) async fn enter(driver: &WebDriver, club: &Url) -> anyhow::Result<()> {
    Ok(driver.goto(club.join("ingresar")?.as_str()).await?)
}

/// Logs in and fills the form for the opening.
pub(crate) async fn stage(driver: &WebDriver, club: &Url, opening: &Opening) -> anyhow::Result<()> {
    let came_to = driver.execute(LOG_IN, vec![json!(MEMBER.0), json!(MEMBER.1)]).await?;
    ensure!(came_to.json() == "/reservar", "the log-in led to {}", came_to.json());
    driver.goto(club.join("reservar")?.as_str()).await?;
    let slot = vec![json!(opening.court), json!(opening.date), json!(opening.start)];
    let filled = driver.execute(FILL, slot).await?;
    ensure!(filled.json() == &Value::from(opening.date.as_str()), "the form holds {}", filled.json());
    Ok(())
}

/// The commit of the club's selector files, sent in that way.
pub(crate) fn commit(send: Send) -> Commit {
    let click = vec![locator(By::Id("reservar".to_owned()))];
    Commit { click, send, request: None, dialog: None, place: "commit.toml:3:1".to_owned() }
}

/// How an armed program knows that it is over.
pub(crate) fn outcomes() -> Vec<Outcome> {
    let outcome = |is: &str, css: &str| Outcome {
        is: is.to_owned(),
        when: Condition::Visible(vec![locator(By::Css(css.to_owned()))]),
        place: "outcomes.toml:3:1".to_owned(),
    };
    vec![outcome("confirmed", ".aviso.exito"), outcome("not-open", ".aviso.error")]
}

fn locator(by: By) -> Locator {
    Locator { by, within: Vec::new(), has_text: None, nth: None, first: false, exact: false }
}

/// The id of the button for WebDriver commands.
pub(crate) async fn button(driver: &WebDriver) -> anyhow::Result<String> {
    let button = driver.find(thirtyfour::By::Id("reservar")).await.context("the form has no button")?;
    Ok(button.element_id().to_string())
}
