//! A browser, a site, and the cases that are run in them.

use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::panic::AssertUnwindSafe;
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::time::Duration;

use firstserve::browser::stage::{Done, FailureKind, Stage, StepFailure};
use firstserve::browser::{self, Programs};
use firstserve::flow::page::{self, Call, PAGE_JS, Tried};
use firstserve::flow::wire::{Commit, Kept, Step};
use firstserve::model::Origins;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use thirtyfour::{Capabilities, TimeoutConfiguration, WebDriver};

use super::site::Site;
use super::steps::{booked_or_taken, step};

/// A case never takes longer.
const CASE_LIMIT: Duration = Duration::from_secs(40);

/// A name and what it does.
pub(crate) type Case = (&'static str, for<'w> fn(&'w mut World<'w>) -> BoxFuture<'w, ()>);

/// Lists cases: async functions over a world.
macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        fn cases() -> Vec<crate::browser::world::Case> {
            vec![$((stringify!($name), |world| Box::pin($name(world)))),*]
        }
        crate::browser::in_both_browsers!();
    };
}
pub(crate) use cases;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Firefox,
    Chromium,
}

/// What a case works in.
pub(crate) struct World<'a> {
    pub(crate) engine: Engine,
    pub(crate) driver: &'a WebDriver,
    pub(crate) site: &'a Site,
    pub(crate) stage: Stage,
    /// What a commit by script finds changed or not.
    pub(crate) kept: Kept,
}

/// Why the page did not do the commit.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) kind: FailureKind,
    pub(crate) reason: String,
}

impl World<'_> {
    /// Opens a page of `fixtures/pages`.
    pub(crate) async fn open(&mut self, page: &str) {
        let url = self.site.page(page);
        self.run(step(json!({ "go": url }))).await;
    }

    /// Does a step that must succeed.
    pub(crate) async fn run(&mut self, step: Step) -> Done {
        match self.stage.run(&step).await {
            Ok(done) => done,
            Err(failure) => panic!("{failure} ({:?} at {})", failure.kind, failure.page_url),
        }
    }

    /// Does a step that must fail.
    pub(crate) async fn fails(&mut self, step: Step) -> StepFailure {
        match self.stage.run(&step).await {
            Ok(done) => panic!("it did not fail: {done:?}"),
            Err(failure) => failure,
        }
    }

    /// Does the commit by script, held until `at_ms`, as the trigger does it. What the page says against it is the error.
    pub(crate) async fn fire(&self, commit: &Commit, at_ms: f64) -> Result<Tried, Refused> {
        let call = page::fire(commit, &booked_or_taken(), &self.kept, at_ms);
        let mut answer = self.call(&call).await;
        if answer["missing"] == true {
            self.driver.execute(PAGE_JS, Vec::new()).await.expect("the program runs");
            answer = self.call(&call).await;
        }
        let tried: Tried = serde_json::from_value(answer["value"].take()).expect("it is an answer");
        if tried.fired_at_ms.is_some() {
            return Ok(tried);
        }
        let kind = tried.kind.as_deref().and_then(FailureKind::parse).expect("a kind");
        Err(Refused { kind, reason: tried.reason.unwrap_or_default() })
    }

    async fn call(&self, call: &Call) -> Value {
        self.driver.execute(&call.script, call.args.clone()).await.expect("the script runs").json().clone()
    }

    /// Runs a function body in the page.
    pub(crate) async fn ask(&self, body: &str) -> Value {
        self.driver.execute(body, Vec::new()).await.expect("the script runs").json().clone()
    }

    /// What the page wrote into its log.
    pub(crate) async fn log(&self) -> String {
        let log = self.ask("return document.getElementById('log').textContent").await;
        log.as_str().unwrap_or_default().trim().to_owned()
    }
}

/// Runs the cases one after the other in one session; panics with the names of all that failed.
pub(crate) async fn run(engine: Engine, cases: Vec<Case>) {
    assert!(!cases.is_empty(), "there is nothing to run");
    let site = Site::open();
    let browser = Browser::start(engine).await;
    let only = std::env::var("CASE").unwrap_or_default();
    let mut failed = Vec::new();
    for (name, case) in cases.into_iter().filter(|(name, _)| name.contains(&only)) {
        let result = tokio::time::timeout(
            CASE_LIMIT,
            AssertUnwindSafe(one(engine, &browser.driver, &site, case)).catch_unwind(),
        );
        match result.await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => failed.push(name.to_owned()),
            Err(_) => failed.push(format!("{name} (not over after {CASE_LIMIT:?})")),
        }
    }
    browser.quit().await;
    assert!(failed.is_empty(), "in {engine:?} failed: {failed:?}");
}

async fn one(
    engine: Engine,
    driver: &WebDriver,
    site: &Site,
    case: for<'w> fn(&'w mut World<'w>) -> BoxFuture<'w, ()>,
) {
    clean(driver).await;
    site.clear();
    let mut stage = Stage::begin(driver.clone()).await.expect("the window answers");
    stage.trust(Origins::of(&site.url("/"), [], &[]));
    let mut world = World { engine, driver, site, stage, kept: Kept::default() };
    case(&mut world).await;
}

/// Back to one window without dialogs, whatever the last case left.
async fn clean(driver: &WebDriver) {
    let _ = driver.dismiss_alert().await;
    driver.update_timeouts(TimeoutConfiguration::default()).await.expect("the driver answers");
    let windows = driver.windows().await.expect("there are windows");
    for extra in &windows[1..] {
        let _ = driver.switch_to_window(extra.clone()).await;
        let _ = driver.close_window().await;
    }
    driver.switch_to_window(windows[0].clone()).await.expect("the first window is there");
    driver.goto("about:blank").await.expect("an empty page opens");
}

/// A browser with its driver; both die with it.
pub(crate) struct Browser {
    pub(crate) driver: WebDriver,
    process: Process,
}

impl Browser {
    async fn start(engine: Engine) -> Self {
        let programs = programs_of(engine);
        Self::start_with(engine, &programs, capabilities(engine, &programs)).await
    }

    /// One that does not speak BiDi.
    pub(crate) async fn start_without_bidi(engine: Engine) -> Self {
        let programs = programs_of(engine);
        let mut told = capabilities(engine, &programs);
        told.remove("webSocketUrl");
        Self::start_with(engine, &programs, told).await
    }

    async fn start_with(engine: Engine, programs: &Programs, told: Capabilities) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let port = free_port();
        let mut command = Command::new(&programs.driver);
        match engine {
            Engine::Firefox => {
                command.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
                command.args(["--websocket-port", &free_port().to_string()])
            }
            Engine::Chromium => command.arg(format!("--port={port}")),
        };
        let process = Process(
            command.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0).spawn().expect("the driver starts"),
        );
        let driver = connect(port, told).await;
        Self { driver, process }
    }

    pub(crate) async fn quit(self) {
        let ended = self.driver.quit().await;
        drop(self.process);
        ended.expect("the session ends");
    }
}

async fn connect(port: u16, told: Capabilities) -> WebDriver {
    let url = format!("http://127.0.0.1:{port}");
    for _ in 0..100 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    WebDriver::new(url, told).await.expect("the browser starts")
}

/// Where the product itself finds them.
fn programs_of(engine: Engine) -> Programs {
    let engine = match engine {
        Engine::Firefox => browser::Engine::Firefox,
        Engine::Chromium => browser::Engine::Chromium,
    };
    let options = browser::Options::new(engine, env!("CARGO_BIN_EXE_firstserve"));
    browser::programs(&options).unwrap_or_else(|error| panic!("{error}: {}; {}", error.kind, error.help()))
}

fn capabilities(engine: Engine, programs: &Programs) -> Capabilities {
    let browser = match engine {
        Engine::Firefox => json!({
            "browserName": "firefox",
            "moz:firefoxOptions": {
                "binary": programs.browser,
                "args": ["-headless"],
                "prefs": {
                    "network.http.request.max-attempts": 1,
                    "timer.maximum_firing_delay_tolerance_ms": "0.0",
                    "timer.minimum_firing_delay_tolerance_ms": "0.0",
                    "app.normandy.enabled": false,
                    "app.update.disabledForTesting": true,
                    "datareporting.policy.dataSubmissionEnabled": false,
                    "toolkit.telemetry.enabled": false,
                    "network.captive-portal-service.enabled": false,
                    "network.connectivity-service.enabled": false,
                    "services.settings.server": "data:,none",
                },
            },
        }),
        Engine::Chromium => json!({
            "browserName": "chrome",
            "goog:chromeOptions": {
                "binary": programs.browser,
                "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                    "--window-size=1280,900", "--no-first-run", "--disable-background-networking",
                    "--disable-background-timer-throttling", "--disable-renderer-backgrounding"],
            },
        }),
    };
    let mut all = json!({ "webSocketUrl": true, "pageLoadStrategy": "eager", "unhandledPromptBehavior": "ignore" });
    for (key, value) in browser.as_object().expect("it is an object") {
        all[key] = value.clone();
    }
    Capabilities::from(all.as_object().expect("it is an object").clone())
}

/// A child process whose whole group is killed when it is dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(group) = rustix::process::Pid::from_raw(self.0.id().cast_signed()) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("it is bound").port()
}
