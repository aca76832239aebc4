//! A browser session, from its first page to its confirmed end.

use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};
use thirtyfour::WebDriver;
use url::Url;

use super::client::Bounded;
use super::driver::Driver;
use super::error::ErrorKind;
use super::trigger::{Trigger, TriggerError};
use super::{Cookie, Deadlines, Engine, Options, Remains, Trust};
use crate::model::Secret;

/// How long a session may take to show that it is alive.
const ALIVE: Duration = Duration::from_secs(3);

/// An open browser. Dropping it ends a local browser all the same, but nobody hears whether that worked: use
/// [`Session::quit`].
#[derive(Debug)]
pub struct Session {
    web: WebDriver,
    driver: Option<Mutex<Driver>>,
    facts: Facts,
    warnings: Vec<Warning>,
    deadlines: Deadlines,
    client: Bounded,
}

/// What the journal keeps, so that a session can be found and ended after a crash of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Which browser.
    pub engine: Engine,
    /// Its version, as it says itself.
    pub browser_version: String,
    /// The WebDriver session.
    pub session_id: String,
    /// Where the driver or service listens; may hold a password.
    pub webdriver: Url,
    /// The driver's process; none for a remote one.
    pub driver_pid: Option<u32>,
    /// The process that guards it; none for a remote one.
    pub guardian_pid: Option<u32>,
}

/// What a user should know about a session that works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// Chromium runs without its sandbox.
    SandboxOff,
    /// The browser may send a POST again when its connection drops.
    MayResend,
    /// A remote Firefox was told to send once, but that could not be tried.
    SendsOnceNotChecked,
}

/// What a session is made of.
pub(super) struct Parts<'a> {
    pub(super) options: &'a Options,
    pub(super) client: Bounded,
    pub(super) web: WebDriver,
    pub(super) driver: Option<Driver>,
    pub(super) warnings: Vec<Warning>,
}

impl Session {
    pub(super) fn new(parts: Parts<'_>) -> Self {
        let Parts { options, client, web, driver, warnings } = parts;
        let version = web.capabilities().get("browserVersion").and_then(Value::as_str).unwrap_or("unknown");
        let facts = Facts {
            engine: options.engine,
            browser_version: version.to_owned(),
            session_id: web.session_id().to_string(),
            webdriver: web.server_url().clone(),
            driver_pid: driver.as_ref().and_then(|driver| driver.pid),
            guardian_pid: driver.as_ref().and_then(Driver::guardian_pid),
        };
        Self { web, driver: driver.map(Mutex::new), facts, warnings, deadlines: options.deadlines, client }
    }

    /// The WebDriver client, for staging. Do not call its `quit`.
    pub fn driver(&self) -> &WebDriver {
        &self.web
    }

    /// What the journal keeps.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// What a user should know.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// A trigger on this session: its own thread, its own connection.
    ///
    /// # Errors
    /// The thread cannot be started, or TLS to a remote service cannot be set up.
    pub fn trigger(&self) -> Result<Trigger, TriggerError> {
        Trigger::attach(&self.facts.webdriver, &self.facts.session_id, &Trust::Platform)
    }

    /// The cookies that a request of the current window to `url` would carry. They come from the window's own user context
    /// (the classic cookie commands of Firefox read the default one, which may be another member's).
    ///
    /// # Errors
    /// The browser's words.
    pub async fn cookies_for(&self, url: &Url) -> Result<Vec<Cookie>, String> {
        Ok(self.cookies().await?.into_iter().filter(|cookie| cookie.belongs_to(url)).collect())
    }

    /// Every cookie of the current window's user context.
    ///
    /// # Errors
    /// The browser's words.
    pub async fn cookies(&self) -> Result<Vec<Cookie>, String> {
        let asked = json!({ "partition": { "type": "storageKey", "userContext": self.user_context().await? } });
        let answer = self.bidi("storage.getCookies", asked).await?;
        let all = answer["cookies"].as_array().ok_or("no list of cookies")?;
        all.iter().map(cookie_of).collect()
    }

    /// Puts cookies into the current window's user context: what an answer outside the browser has set.
    ///
    /// # Errors
    /// The browser's words, for the first cookie it does not take.
    pub async fn set_cookies(&self, cookies: &[Cookie]) -> Result<(), String> {
        let partition = json!({ "type": "storageKey", "userContext": self.user_context().await? });
        for cookie in cookies {
            self.bidi("storage.setCookie", json!({ "cookie": wire_of(cookie), "partition": partition })).await?;
        }
        Ok(())
    }

    /// How the browser names itself to sites.
    ///
    /// # Errors
    /// The browser's words.
    pub async fn user_agent(&self) -> Result<String, String> {
        if let Some(known) = self.web.capabilities().get("userAgent").and_then(Value::as_str) {
            return Ok(known.to_owned());
        }
        let said =
            self.web.execute("return navigator.userAgent", Vec::new()).await.map_err(|error| error.to_string())?;
        said.convert().map_err(|error| error.to_string())
    }

    /// Whether driver and browser still answer.
    pub async fn alive(&self) -> bool {
        if self.driver.as_ref().is_some_and(|driver| !driver.lock().is_ok_and(|mut driver| driver.is_running())) {
            return false;
        }
        // A dialog in the page does not keep the driver from counting its windows.
        matches!(tokio::time::timeout(ALIVE, self.web.windows()).await, Ok(Ok(_)))
    }

    /// Whether the browser runs at a service, on another machine perhaps: its clock is not ours, and it does not end with us.
    pub fn is_remote(&self) -> bool {
        self.driver.is_none()
    }

    /// Ends the browser, politely and then by force. `Ok` says that it has ended: it can send nothing any more.
    ///
    /// # Errors
    /// What failed, and what may still be there ([`QuitError::remains`]).
    pub async fn quit(mut self) -> Result<(), QuitError> {
        let asked = end(self.client.plain(), &self.facts.webdriver, &self.facts.session_id, self.deadlines.end).await;
        // The session is gone or will be killed: thirtyfour must not block on it when it is dropped.
        let _ = self.web.clone().leak();
        let Some(driver) = self.driver.take() else {
            let remains = Remains::of_session(self.facts.webdriver.clone(), &self.facts.session_id);
            return asked.map_err(|error| QuitError { session: Some(error), driver: None, remains: Some(remains) });
        };
        let driver = driver.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        let family = Remains::of_family(driver.folder());
        match (asked.err(), driver.end(self.deadlines.end).await.err()) {
            (None, None) => Ok(()),
            (session, driver) => {
                let remains = (session.is_some() && driver.is_some()).then_some(family);
                Err(QuitError { session, driver, remains })
            }
        }
    }

    async fn user_context(&self) -> Result<String, String> {
        let window = self.web.window().await.map_err(|error| error.to_string())?;
        let tree = self.bidi("browsingContext.getTree", json!({ "root": window.to_string(), "maxDepth": 0 })).await?;
        let context = tree.pointer("/contexts/0/userContext").and_then(Value::as_str);
        context.map(str::to_owned).ok_or_else(|| "the window has no user context".to_owned())
    }

    async fn bidi(&self, method: &str, params: Value) -> Result<Value, String> {
        let asking = async {
            let bidi = self.web.bidi().await.map_err(|error| error.to_string())?;
            bidi.send_raw(method, params).await.map_err(|error| error.to_string())
        };
        let answer = tokio::time::timeout(self.deadlines.command, asking).await;
        answer.unwrap_or_else(|_| Err(format!("{method}: no answer within {} ms", self.deadlines.command.as_millis())))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // A session that has been quit is leaked already.
        if self.web.clone().leak().is_ok() && self.driver.is_none() {
            end_in_the_background(self.client.clone(), self.facts.clone(), self.deadlines.end);
        }
    }
}

/// A remote session does not end with us; a local one does, when the guardian's pipe closes.
fn end_in_the_background(client: Bounded, facts: Facts, patience: Duration) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        tracing::warn!(session = facts.session_id, "a remote session was dropped outside the runtime and stays open");
        return;
    };
    runtime.spawn(async move {
        if let Err(error) = end(client.plain(), &facts.webdriver, &facts.session_id, patience).await {
            tracing::warn!(session = facts.session_id, error, "a remote session was dropped and could not be ended");
        }
    });
}

/// Ends a session of which only the journal knows, for example after a crash. `Ok` says that it has ended, or that the
/// service does not know it any more.
///
/// # Errors
/// Why that is not known.
pub async fn end_session(webdriver: &Url, session_id: &str, patience: Duration) -> Result<(), String> {
    super::tls::install_provider();
    let client = Bounded::new(Deadlines::default()).map_err(|error| error.to_string())?;
    end(client.plain(), webdriver, session_id, patience).await
}

async fn end(client: &reqwest::Client, webdriver: &Url, id: &str, patience: Duration) -> Result<(), String> {
    let url = webdriver.join(&format!("session/{id}")).map_err(|error| error.to_string())?;
    let answer = client.delete(url).timeout(patience).send().await.map_err(|error| error.without_url().to_string())?;
    let status = answer.status();
    let said = answer.text().await.map_err(|error| error.without_url().to_string())?;
    let unknown = status.as_u16() == 404 && said.contains("invalid session id");
    if status.is_success() || unknown { Ok(()) } else { Err(format!("{status}: {said}")) }
}

fn cookie_of(wire: &Value) -> Result<Cookie, String> {
    let text = |key: &str| wire[key].as_str().map(str::to_owned).ok_or_else(|| format!("a cookie without {key}"));
    let flag = |key: &str| wire[key].as_bool().unwrap_or(false);
    let domain = text("domain")?;
    Ok(Cookie {
        name: text("name")?,
        value: value_of(&wire["value"])?,
        subdomains: domain.starts_with('.'),
        domain: domain.trim_start_matches('.').to_owned(),
        path: text("path")?,
        secure: flag("secure"),
        http_only: flag("httpOnly"),
        expires: wire["expiry"].as_i64(),
    })
}

/// A value is text, or base64 when it is no UTF-8.
fn value_of(wire: &Value) -> Result<Secret, String> {
    let value = wire["value"].as_str().ok_or("a cookie without value")?;
    match wire["type"].as_str() {
        Some("string") => Ok(Secret::new(value)),
        _ => Err("a cookie whose value is no text".to_owned()),
    }
}

fn wire_of(cookie: &Cookie) -> Value {
    let dot = if cookie.subdomains { "." } else { "" };
    let mut wire = json!({
        "name": cookie.name,
        "value": { "type": "string", "value": cookie.value.expose() },
        "domain": format!("{dot}{}", cookie.domain),
        "path": cookie.path,
        "secure": cookie.secure,
        "httpOnly": cookie.http_only,
    });
    if let Some(at) = cookie.expires {
        wire["expiry"] = json!(at);
    }
    wire
}

/// A session did not end as it should.
#[derive(Debug, thiserror::Error)]
#[error("end the browser: {}", words(self))]
pub struct QuitError {
    /// Why the session could not be ended by its driver or service.
    pub session: Option<String>,
    /// Why driver and browser could not be ended as processes.
    pub driver: Option<String>,
    /// What may still be there; none: it is certain nevertheless that the browser has ended.
    pub remains: Option<Remains>,
}

fn words(error: &QuitError) -> String {
    let both = [error.session.as_deref(), error.driver.as_deref()];
    both.into_iter().flatten().collect::<Vec<_>>().join("; and ")
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SandboxOff => "chromium runs without its sandbox, which works neither as root nor in a container; Firefox keeps its own",
            Self::MayResend => "chromium may send a booking again when the connection drops; Firefox does not",
            Self::SendsOnceNotChecked => "a remote Firefox was told to send a booking once, which could not be tried from here",
        })
    }
}

impl From<TriggerError> for ErrorKind {
    fn from(error: TriggerError) -> Self {
        Self::Broken { said: error.to_string() }
    }
}
