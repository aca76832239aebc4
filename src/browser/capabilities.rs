//! What a browser is told when it starts.

use serde_json::{Map, Value, json};
use thirtyfour::Capabilities;

use super::{Deadlines, Engine, Options};
use std::path::Path;

/// A browser that sends a POST again when its connection drops would book twice (`network.http.request.max-attempts`), and one
/// that merges timers fires seconds late (`timer.…_tolerance_ms`); one that holds back the timers of pages that nobody sees, half a
/// second (`dom.min_background_…`, `dom.timeout.…`). One that blurs its clock (`privacy.reduceTimerPrecision`) must
/// be waited for a millisecond longer, lest it be early. The others keep it quiet at the instant.
const FIREFOX_PREFS: &[(&str, Pref)] = &[
    ("network.http.request.max-attempts", Pref::Int(1)),
    ("timer.maximum_firing_delay_tolerance_ms", Pref::Text("0.0")),
    ("timer.minimum_firing_delay_tolerance_ms", Pref::Text("0.0")),
    ("dom.min_background_timeout_value", Pref::Int(4)),
    ("dom.min_background_timeout_value_without_budget_throttling", Pref::Int(4)),
    ("dom.timeout.enable_budget_timer_throttling", Pref::Bool(false)),
    ("privacy.reduceTimerPrecision", Pref::Bool(false)),
    // A page that was cut off is an error, not a shorter page: a list that ends early would hide a booking.
    ("network.http.enforce-framing.http", Pref::Bool(true)),
    ("network.http.enforce-framing.http1", Pref::Bool(true)),
    ("app.normandy.enabled", Pref::Bool(false)),
    ("app.update.disabledForTesting", Pref::Bool(true)),
    // What is saved goes with the profile: see `SAVED`.
    ("browser.download.useDownloadDir", Pref::Bool(true)),
    ("browser.download.alwaysOpenPanel", Pref::Bool(false)),
    ("browser.download.start_downloads_in_tmp_dir", Pref::Bool(false)),
    ("browser.region.update.enabled", Pref::Bool(false)),
    ("browser.safebrowsing.downloads.enabled", Pref::Bool(false)),
    ("browser.safebrowsing.malware.enabled", Pref::Bool(false)),
    ("browser.safebrowsing.phishing.enabled", Pref::Bool(false)),
    ("datareporting.healthreport.uploadEnabled", Pref::Bool(false)),
    ("datareporting.policy.dataSubmissionEnabled", Pref::Bool(false)),
    ("dom.push.connection.enabled", Pref::Bool(false)),
    ("extensions.update.enabled", Pref::Bool(false)),
    ("media.gmp-manager.updateEnabled", Pref::Bool(false)),
    ("network.captive-portal-service.enabled", Pref::Bool(false)),
    ("network.connectivity-service.enabled", Pref::Bool(false)),
    ("network.dns.disablePrefetch", Pref::Bool(true)),
    ("network.prefetch-next", Pref::Bool(false)),
    ("services.settings.server", Pref::Text("data:,#remote-settings-dummy/v1")),
    ("signon.rememberSignons", Pref::Bool(false)),
    ("toolkit.telemetry.enabled", Pref::Bool(false)),
    ("toolkit.telemetry.unified", Pref::Bool(false)),
];

/// No background work, no throttling of a page that waits, no credential manager.
const CHROMIUM_ARGS: &[&str] = &[
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-client-side-phishing-detection",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-domain-reliability",
    "--disable-features=Translate,OptimizationHints,MediaRouter",
    "--disable-gpu",
    "--disable-renderer-backgrounding",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
    "--window-size=1280,900",
];

/// The folder, inside the scratch folder, of what a site has saved: it goes with the session.
const SAVED: &str = "saved";

/// Chromium's word for: no download at all.
const NO_DOWNLOADS: u8 = 3;

enum Pref {
    Bool(bool),
    Int(i32),
    /// Firefox keeps fractions as text.
    Text(&'static str),
}

/// What is so on this machine; nothing of it is known of a remote browser's.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Local<'a> {
    /// The browser's binary.
    pub(super) browser: Option<&'a Path>,
    /// The session's scratch folder.
    pub(super) scratch: Option<&'a Path>,
    /// Whether Chromium keeps its sandbox.
    pub(super) sandboxed: bool,
}

/// The capabilities of a new session.
pub(super) fn build(options: &Options, local: Local<'_>, label: &str) -> Capabilities {
    let mut all = common(&options.deadlines, label);
    let (key, value) = match options.engine {
        Engine::Firefox => ("moz:firefoxOptions", firefox(options, local)),
        Engine::Chromium => ("goog:chromeOptions", chromium(options, local)),
    };
    let name = if options.engine == Engine::Firefox { "firefox" } else { "chrome" };
    all.insert("browserName".to_owned(), json!(name));
    if options.any_certificate {
        all.insert("acceptInsecureCerts".to_owned(), json!(true));
    }
    all.insert(key.to_owned(), value);
    all.into()
}

fn common(deadlines: &Deadlines, label: &str) -> Map<String, Value> {
    let page_load = millis(deadlines.page_load);
    let pairs = [
        ("webSocketUrl", json!(true)),
        ("pageLoadStrategy", json!("eager")),
        ("unhandledPromptBehavior", json!("ignore")),
        ("timeouts", json!({ "implicit": 0, "pageLoad": page_load, "script": page_load })),
        ("se:name", json!(label)),
        ("firstserve:attempt", json!(label)),
    ];
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn firefox(options: &Options, local: Local<'_>) -> Value {
    let ours = FIREFOX_PREFS.iter().map(|(name, pref)| ((*name).to_owned(), pref.to_json()));
    let saved = local.scratch.map(|scratch| {
        let folder = scratch.join(SAVED).display().to_string();
        [("browser.download.folderList".to_owned(), json!(2)), ("browser.download.dir".to_owned(), json!(folder))]
    });
    let prefs: Map<String, Value> =
        ours.chain(saved.into_iter().flatten()).chain(options.prefs.iter().cloned()).collect();
    let args: &[&str] = if options.headless { &["-headless"] } else { &[] };
    with_binary(json!({ "args": args, "prefs": prefs }), local.browser)
}

fn chromium(options: &Options, local: Local<'_>) -> Value {
    let headless = options.headless.then_some("--headless=new");
    let open = (!local.sandboxed).then_some("--no-sandbox");
    let args: Vec<&str> = CHROMIUM_ARGS.iter().copied().chain(headless).chain(open).collect();
    let mut prefs = json!({
        "credentials_enable_service": false,
        "profile.password_manager_enabled": false,
        "download_restrictions": NO_DOWNLOADS,
        "download.prompt_for_download": false,
    });
    if let Some(scratch) = local.scratch {
        prefs["download.default_directory"] = json!(scratch.join(SAVED).display().to_string());
    }
    with_binary(json!({ "args": args, "prefs": prefs }), local.browser)
}

fn with_binary(mut value: Value, browser: Option<&Path>) -> Value {
    if let Some(path) = browser {
        value["binary"] = json!(path.display().to_string());
    }
    value
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Pref {
    fn to_json(&self) -> Value {
        match self {
            Self::Bool(value) => json!(value),
            Self::Int(value) => json!(value),
            Self::Text(value) => json!(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(engine: Engine, sandboxed: bool) -> Value {
        let local =
            Local { browser: Some(Path::new("/opt/browser")), scratch: Some(Path::new("/tmp/fs-00000000")), sandboxed };
        build(&Options::new(engine, "guardian"), local, "a-1").into()
    }

    #[test]
    fn firefox_is_told_to_send_once_and_to_keep_its_timers_exact() {
        let all = built(Engine::Firefox, true);
        let prefs = &all["moz:firefoxOptions"]["prefs"];
        assert_eq!(prefs["network.http.request.max-attempts"], 1);
        assert_eq!(prefs["timer.maximum_firing_delay_tolerance_ms"], "0.0");
        assert_eq!(all["unhandledPromptBehavior"], "ignore");
        assert_eq!(all["pageLoadStrategy"], "eager");
        assert_eq!(all["webSocketUrl"], true);
        assert_eq!(all["moz:firefoxOptions"]["binary"], "/opt/browser");
    }

    #[test]
    fn what_a_site_saves_goes_with_the_session() {
        let prefs = &built(Engine::Firefox, true)["moz:firefoxOptions"]["prefs"];
        assert_eq!(prefs["browser.download.folderList"], 2);
        assert_eq!(prefs["browser.download.dir"], "/tmp/fs-00000000/saved");
        let prefs = &built(Engine::Chromium, true)["goog:chromeOptions"]["prefs"];
        assert_eq!(prefs["download_restrictions"], 3);
        assert_eq!(prefs["download.default_directory"], "/tmp/fs-00000000/saved");
        let remote: Value = build(&Options::new(Engine::Chromium, "guardian"), Local::default(), "a-1").into();
        assert_eq!(remote["goog:chromeOptions"]["prefs"]["download_restrictions"], 3, "elsewhere too");
    }

    #[test]
    fn a_preference_of_the_caller_wins() {
        let mut options = Options::new(Engine::Firefox, "guardian");
        options.prefs.push(("network.http.request.max-attempts".to_owned(), json!(10)));
        let all: Value = build(&options, Local::default(), "a-1").into();
        assert_eq!(all["moz:firefoxOptions"]["prefs"]["network.http.request.max-attempts"], 10);
        assert!(all["moz:firefoxOptions"].get("binary").is_none(), "a remote browser has its own binary");
    }

    #[test]
    fn certificates_are_looked_at_unless_the_caller_says_otherwise() {
        assert!(built(Engine::Firefox, true).get("acceptInsecureCerts").is_none());
        let options = Options { any_certificate: true, ..Options::new(Engine::Chromium, "guardian") };
        let all: Value = build(&options, Local::default(), "a-1").into();
        assert_eq!(all["acceptInsecureCerts"], true);
    }

    #[test]
    fn chromium_keeps_its_sandbox_unless_it_cannot() {
        let has =
            |all: &Value| all["goog:chromeOptions"]["args"].as_array().unwrap().iter().any(|arg| arg == "--no-sandbox");
        assert!(!has(&built(Engine::Chromium, true)));
        assert!(has(&built(Engine::Chromium, false)));
    }
}
