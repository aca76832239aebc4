//! Opening a session: driver, capabilities, and the questions that a new browser must answer.

use std::path::{Path, PathBuf};
use std::time::Duration;

use thirtyfour::error::{WebDriverError, WebDriverErrorInner};
use thirtyfour::{Capabilities, TimeoutConfiguration, WebDriver};
use url::Url;

use super::capabilities::Local;
use super::client::Bounded;
use super::driver::Driver;
use super::error::ErrorKind;
use super::session::{Parts, Session, Warning};
use super::{BrowserError, Engine, Options, WebDriverAt, capabilities, discover, resend, tls};
use crate::clock::Stopwatch;

/// Between two questions whether a driver is ready.
const LOOK: Duration = Duration::from_millis(25);

/// How long one such question may take.
const ASK: Duration = Duration::from_secs(3);

/// Opens a session that bears `label` (an attempt's id, say). The browser has a fresh profile and an empty page.
///
/// # Errors
/// What is missing or wrong, in words for the user; nothing is left running.
pub async fn open(options: &Options, label: &str) -> Result<Session, BrowserError> {
    tls::install_provider();
    let opened = match &options.webdriver {
        WebDriverAt::Auto => open_local(options, label).await,
        WebDriverAt::Url(url) => open_remote(options, url, label).await,
    };
    opened.map_err(|kind| BrowserError { engine: options.engine, label: label.to_owned(), kind })
}

/// Whether a browser and its driver are on this machine, without starting them; a remote service has its own.
///
/// # Errors
/// Which of them is missing, in words for the user.
pub fn look_for(options: &Options) -> Result<(), BrowserError> {
    if options.webdriver != WebDriverAt::Auto {
        return Ok(());
    }
    programs(options).map(drop)
}

/// A browser and its driver on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programs {
    /// The browser itself, not a script around it.
    pub browser: PathBuf,
    /// Its WebDriver server.
    pub driver: PathBuf,
}

/// Where a browser and its driver are on this machine.
///
/// # Errors
/// Which of them is missing, in words for the user.
pub fn programs(options: &Options) -> Result<Programs, BrowserError> {
    let look = || Ok(Programs { browser: discover::browser(options)?, driver: discover::driver(options)? });
    look().map_err(|kind| BrowserError { engine: options.engine, label: "a look".to_owned(), kind })
}

async fn open_local(options: &Options, label: &str) -> Result<Session, ErrorKind> {
    let waiting = Stopwatch::start();
    let browser = discover::browser(options)?;
    let program = discover::driver(options)?;
    let client = client(options)?;
    let mut driver = Driver::start(options, &program, options.deadlines.start).await?;
    wait_until_ready(&client, &driver.url, options.deadlines.start.saturating_sub(waiting.elapsed())).await?;
    let mut warnings = engine_warnings(options.engine);
    let open_sandbox = options.engine == Engine::Chromium && cannot_sandbox();
    warnings.extend(open_sandbox.then_some(Warning::SandboxOff));
    let scratch = driver.folder();
    let local = Local { browser: Some(&browser), scratch: Some(&scratch), sandboxed: !open_sandbox };
    let capabilities = capabilities::build(options, local, label);
    let web = match new_session(&client, &driver.url, capabilities, options).await {
        Ok(web) => web,
        Err(kind) => return Err(explain(kind, &mut driver)),
    };
    let session = Session::new(Parts { options, client, web, driver: Some(driver), warnings });
    match assert_sends_once(options, &session).await {
        Ok(()) => Ok(session),
        Err(kind) => {
            // The first error is the one to tell; the guardian ends the browser in any case.
            let _ = session.quit().await;
            Err(kind)
        }
    }
}

async fn open_remote(options: &Options, url: &str, label: &str) -> Result<Session, ErrorKind> {
    let url = service(url)?;
    let client = client(options)?;
    wait_until_ready(&client, &url, options.deadlines.start).await?;
    let local = Local { browser: options.browser.as_deref(), ..Local::default() };
    let capabilities = capabilities::build(options, local, label);
    let web = new_session(&client, &url, capabilities, options).await?;
    let mut warnings = engine_warnings(options.engine);
    warnings.extend((options.engine == Engine::Firefox).then_some(Warning::SendsOnceNotChecked));
    Ok(Session::new(Parts { options, client, web, driver: None, warnings }))
}

fn client(options: &Options) -> Result<Bounded, ErrorKind> {
    Bounded::new(options.deadlines).map_err(|error| ErrorKind::Broken { said: error.to_string() })
}

/// The address of a service, ending in a slash so that commands can be joined to it.
pub(super) fn service(text: &str) -> Result<Url, ErrorKind> {
    let bad = |why: String| ErrorKind::BadUrl { url: text.to_owned(), why };
    let mut url = Url::parse(text).map_err(|error| bad(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(bad("it must begin with http:// or https:// and name a host".to_owned()));
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

async fn wait_until_ready(client: &Bounded, url: &Url, patience: Duration) -> Result<(), ErrorKind> {
    let waiting = Stopwatch::start();
    loop {
        let last = match is_ready(client, url).await {
            Ok(()) => return Ok(()),
            Err(last) => last,
        };
        if waiting.elapsed() >= patience {
            let at = without_password(url);
            return Err(ErrorKind::NotReady { at, waited_ms: patience.as_millis(), last });
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn is_ready(client: &Bounded, url: &Url) -> Result<(), String> {
    let status = url.join("status").map_err(|error| error.to_string())?;
    let answer = client.plain().get(status).timeout(ASK).send().await.map_err(|error| chain(&error))?;
    let answer: serde_json::Value = answer.json().await.map_err(|error| chain(&error))?;
    match answer.pointer("/value/ready") {
        Some(serde_json::Value::Bool(true)) => Ok(()),
        _ => Err(format!("it says {answer}")),
    }
}

async fn new_session(
    client: &Bounded,
    url: &Url,
    capabilities: Capabilities,
    options: &Options,
) -> Result<WebDriver, ErrorKind> {
    let builder = WebDriver::builder(url.as_str(), capabilities).client(client.clone());
    let web = builder.connect().await.map_err(|error| refusal(&error))?;
    // thirtyfour has just put its own times in the place of those in the capabilities.
    let page_load = options.deadlines.page_load;
    let times = TimeoutConfiguration::new(Some(page_load), Some(page_load), Some(Duration::ZERO));
    match web.update_timeouts(times).await {
        Ok(()) => Ok(web),
        Err(error) => {
            // The first error is the one to tell.
            let _ = web.quit().await;
            Err(refusal(&error))
        }
    }
}

/// The driver's own words; the two that a user can act on have kinds of their own.
fn refusal(error: &WebDriverError) -> ErrorKind {
    let said = said(error);
    let mismatch = [
        "only supports Chrome version",
        "Supported Firefox",
        "This version of ChromeDriver",
        "older version of Firefox",
    ];
    if mismatch.iter().any(|words| said.contains(words)) {
        return ErrorKind::Mismatch { said };
    }
    if said.contains("unable to find binary")
        || said.contains("cannot find Chrome binary")
        || said.contains("no chrome binary")
    {
        return ErrorKind::NoBrowser { looked_for: vec![said] };
    }
    ErrorKind::Refused { said }
}

pub(super) fn said(error: &WebDriverError) -> String {
    match &**error {
        WebDriverErrorInner::SessionNotCreated(info) | WebDriverErrorInner::UnknownError(info) => {
            info.value.message.lines().next().unwrap_or_default().to_owned()
        }
        other => other.to_string(),
    }
}

/// Adds the driver's log to a refusal that says little.
fn explain(kind: ErrorKind, driver: &mut Driver) -> ErrorKind {
    match kind {
        ErrorKind::Refused { said } => {
            ErrorKind::Refused { said: format!("{said} (its log ends with: {})", driver.last_words()) }
        }
        other => other,
    }
}

async fn assert_sends_once(options: &Options, session: &Session) -> Result<(), ErrorKind> {
    if options.engine != Engine::Firefox {
        return Ok(());
    }
    match resend::posts_after_a_drop(session.driver()).await {
        Ok(1) => Ok(()),
        Ok(sent @ 2..) => Err(ErrorKind::Resends { sent }),
        Ok(0) => Err(ErrorKind::Broken { said: "a POST to this machine did not arrive".to_owned() }),
        Err(said) => Err(ErrorKind::Broken { said }),
    }
}

fn engine_warnings(engine: Engine) -> Vec<Warning> {
    if engine == Engine::Chromium { vec![Warning::MayResend] } else { Vec::new() }
}

/// Chromium's sandbox works neither for uid 0 nor in most containers.
fn cannot_sandbox() -> bool {
    let marks: [PathBuf; 2] = ["/.dockerenv".into(), "/run/.containerenv".into()];
    rustix::process::geteuid().is_root()
        || marks.iter().any(|mark| Path::exists(mark))
        || std::env::var_os("KUBERNETES_SERVICE_HOST").is_some()
}

fn without_password(url: &Url) -> String {
    let mut url = url.clone();
    // Only addresses without a host refuse this, and those were refused before.
    let _ = url.set_password(None);
    url.to_string()
}

/// An error with its causes: reqwest's own words are only "error sending request".
fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_has_an_http_address() {
        assert_eq!(service("http://selenium:4444").unwrap().as_str(), "http://selenium:4444/");
        assert_eq!(service("http://grid/wd/hub").unwrap().as_str(), "http://grid/wd/hub/");
        for wrong in ["selenium:4444", "ftp://selenium", "nonsense"] {
            assert!(matches!(service(wrong), Err(ErrorKind::BadUrl { .. })), "{wrong}");
        }
    }

    #[test]
    fn a_password_is_not_told() {
        assert_eq!(without_password(&service("https://me:hush@grid/").unwrap()), "https://me@grid/");
    }
}
