//! Sessions: what they can, what they refuse, and how they end.

use std::path::{Path, PathBuf};
use std::time::Duration;

use firstserve::browser::{Engine, ErrorKind, Options, Warning, WebDriverAt, end_session, open};
use firstserve::model::Secret;
use serde_json::json;

use super::{opened, options};
use crate::drivers::site::{Does, Site, page};

const BOTH: [Engine; 2] = [Engine::Firefox, Engine::Chromium];

fn exists(pid: Option<u32>) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.unwrap())).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_shows_a_page_and_ends_with_its_driver() {
    let site = Site::new(|_| page("<h1>Courts</h1>"));
    for engine in BOTH {
        let session = opened(engine).await;
        session.driver().goto(&site.url).await.unwrap();
        assert_eq!(session.driver().title().await.unwrap(), "club");
        assert!(session.alive().await);
        let agent = session.user_agent().await.unwrap();
        assert!(agent.contains("Mozilla/5.0"), "{agent}");
        let seen = site.receipts().pop().unwrap().text;
        assert!(seen.contains(&agent), "the site sees the same name: {seen}");
        let facts = session.facts().clone();
        assert!(exists(facts.driver_pid) && exists(facts.guardian_pid), "{facts:?}");
        session.quit().await.unwrap();
        assert!(!exists(facts.driver_pid) && !exists(facts.guardian_pid), "{facts:?}");
    }
}

/// A process and all that it has started.
fn family_of(root: u32) -> Vec<u32> {
    let numbers = std::fs::read_dir("/proc").unwrap().flatten();
    let all: Vec<u32> = numbers.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    let parent = |pid: u32| -> Option<u32> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
    };
    let mut family = vec![root];
    let mut at = 0;
    while let Some(one) = family.get(at).copied() {
        family.extend(all.iter().filter(|pid| parent(**pid) == Some(one)));
        at += 1;
    }
    family
}

/// Every page's process can read its own environment, and whoever breaks a page can too.
#[tokio::test(flavor = "multi_thread")]
async fn no_process_of_a_browser_has_what_is_ours_in_its_environment() {
    // Cargo gives it to tests, and it is nothing to a browser: it stands for PGPASSWORD and its like.
    const CANARY: &str = "CARGO_MANIFEST_DIR";
    assert!(std::env::var_os(CANARY).is_some(), "the control: we have it");
    let site = Site::new(|_| page("<h1>Courts</h1>"));
    for engine in BOTH {
        let session = opened(engine).await;
        session.driver().goto(&site.url).await.unwrap();
        let family = family_of(session.facts().guardian_pid.unwrap());
        let read = |pid: &u32| std::fs::read(format!("/proc/{pid}/environ")).ok().filter(|bytes| !bytes.is_empty());
        let environments: Vec<String> =
            family.iter().filter_map(read).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect();
        assert!(environments.len() >= 4, "guardian, driver, browser and its pages: {family:?}");
        // Some write their title over it.
        let readable = environments.iter().filter(|environment| environment.contains("PATH=")).count();
        assert!(readable >= 3, "guardian, driver and browser: {environments:?}");
        for environment in &environments {
            assert!(!environment.contains(CANARY), "{engine:?}: {environment}");
        }
        session.quit().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_says_what_is_weaker_about_it() {
    let session = opened(Engine::Chromium).await;
    assert!(session.warnings().contains(&Warning::MayResend));
    let root = rustix::process::geteuid().is_root();
    assert!(session.warnings().contains(&Warning::SandboxOff) || !root);
    session.quit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_whose_connection_drops_is_sent_once() {
    let site = Site::new(|receipt| match receipt.method.as_str() {
        "POST" => Does::HangsUp,
        _ => page("<form method=post><button id=go>Book</button></form>"),
    });
    let session = opened(Engine::Firefox).await;
    for _ in 0..5 {
        let before = site.with_method("POST").len();
        session.driver().goto(&site.url).await.unwrap();
        session.driver().execute("document.forms[0].submit()", Vec::new()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert_eq!(site.with_method("POST").len(), before + 1);
    }
    session.quit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_firefox_that_would_send_again_is_refused() {
    let mut options = options(Engine::Firefox);
    options.prefs.push(("network.http.request.max-attempts".to_owned(), json!(10)));
    let error = open(&options, "test").await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Resends { sent: 2.. }), "{error}");
    assert!(error.help().contains("max-attempts"));
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_come_from_the_windows_own_context() {
    let site = Site::new(|receipt| {
        let who = receipt.path.trim_start_matches('/');
        let body = "<title>in</title>";
        let set = if ["ana", "ben"].contains(&who) {
            format!("Set-Cookie: sid={who}; HttpOnly; Path=/\r\n")
        } else {
            String::new()
        };
        Does::Answers(format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{set}Content-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    });
    let url = site.url.parse().unwrap();
    for engine in BOTH {
        let session = opened(engine).await;
        session.driver().goto(&format!("{}ana", site.url)).await.unwrap();
        let bidi = session.driver().bidi().await.unwrap();
        let made = bidi.send_raw("browser.createUserContext", json!({})).await.unwrap();
        let tab = json!({ "type": "tab", "userContext": made["userContext"] });
        let tab = bidi.send_raw("browsingContext.create", tab).await.unwrap();
        let window = tab["context"].as_str().unwrap().to_owned();
        session.driver().switch_to_window(thirtyfour::WindowHandle::from(window)).await.unwrap();
        assert!(session.cookies_for(&url).await.unwrap().is_empty(), "another member's session must not be seen");
        session.driver().goto(&format!("{}ben", site.url)).await.unwrap();
        let cookies = session.cookies_for(&url).await.unwrap();
        let words: Vec<(&str, &str, bool)> =
            cookies.iter().map(|c| (c.name.as_str(), c.value.expose(), c.subdomains)).collect();
        assert_eq!(words, [("sid", "ben", false)], "{engine:?}");
        assert!(cookies[0].http_only);
        assert!(session.cookies_for(&"http://other.example/".parse().unwrap()).await.unwrap().is_empty());
        let renewed = firstserve::browser::Cookie { value: Secret::new("renewed"), ..cookies[0].clone() };
        session.set_cookies(&[renewed]).await.unwrap();
        assert_eq!(session.cookies_for(&url).await.unwrap()[0].value.expose(), "renewed");
        session.quit().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_whose_driver_is_gone_is_not_alive_and_still_ends() {
    let session = opened(Engine::Chromium).await;
    let driver = session.facts().driver_pid.unwrap();
    let pid = rustix::process::Pid::from_raw(i32::try_from(driver).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!session.alive().await);
    let error = session.quit().await.unwrap_err();
    assert!(error.session.is_some() && error.driver.is_none() && error.remains.is_none(), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_never_comes_is_given_up() {
    let site = Site::new(|_| Does::Sleeps);
    let mut options = options(Engine::Firefox);
    options.deadlines.page_load = Duration::from_secs(1);
    let session = open(&options, "test").await.unwrap();
    let waiting = firstserve::clock::Stopwatch::start();
    let error = session.driver().goto(&site.url).await.unwrap_err();
    assert!(waiting.elapsed() < Duration::from_secs(8), "{error}");
    assert!(session.alive().await, "the session itself goes on");
    session.quit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remote_session_can_be_ended_by_those_who_only_know_its_name() {
    let local = opened(Engine::Firefox).await;
    let service = local.facts().webdriver.clone();
    // geckodriver keeps one session: make room, and use it as somebody else's service.
    end_session(&service, &local.facts().session_id, Duration::from_secs(5)).await.unwrap();
    let mut options = options(Engine::Firefox);
    options.webdriver = WebDriverAt::Url(service.to_string().trim_end_matches('/').to_owned());
    let remote = open(&options, "attempt-7").await.unwrap();
    assert_eq!(remote.facts().driver_pid, None);
    assert_eq!(remote.warnings(), [Warning::SendsOnceNotChecked]);
    assert!(remote.alive().await);
    end_session(&service, &remote.facts().session_id, Duration::from_secs(5)).await.unwrap();
    end_session(&service, &remote.facts().session_id, Duration::from_secs(5)).await.unwrap();
    assert!(!remote.alive().await);
    drop(local);
    let gone = end_session(&service, "none", Duration::from_secs(1)).await;
    let _ = remote.quit().await;
    drop(gone);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_said_with_what_to_do() {
    let missing = |kind: &str| PathBuf::from(format!("/nowhere/{kind}"));
    let mut without = options(Engine::Firefox);
    without.driver = Some(missing("geckodriver"));
    let error = open(&without, "a-1").await.unwrap_err();
    assert_eq!(error.to_string(), "open firefox for `a-1`: `/nowhere/geckodriver` is not a program that can be run");

    let mut closed = options(Engine::Firefox);
    closed.webdriver = WebDriverAt::Url("http://127.0.0.1:9".to_owned());
    closed.deadlines.start = Duration::from_millis(200);
    let error = open(&closed, "a-1").await.unwrap_err();
    assert!(
        error.to_string().starts_with("open firefox for `a-1`: no ready driver at http://127.0.0.1:9/ within 200 ms: "),
        "{error}"
    );
    assert!(error.help().contains("webdriver = \"auto\""));

    let mut wrong = options(Engine::Firefox);
    wrong.driver = Some("/bin/false".into());
    let error = open(&wrong, "a-1").await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::DriverDied { .. }), "{error}");

    let mut no_browser = options(Engine::Firefox);
    no_browser.browser = Some("/bin/true".into());
    no_browser.deadlines.start = Duration::from_secs(20);
    let error = open(&no_browser, "a-1").await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Refused { .. } | ErrorKind::NoBrowser { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_in_the_scratch_folder() {
    let journal = tempfile::tempdir().unwrap();
    let written = || std::fs::read_dir(journal.path()).unwrap().count();
    let told = Options { families: Some(journal.path().to_owned()), ..options(Engine::Firefox) };
    let session = open(&told, "a-1").await.unwrap();
    assert_eq!(written(), 1, "it is written down while it runs");
    let profile = session.driver().capabilities().get("moz:profile").and_then(|path| path.as_str()).unwrap().to_owned();
    assert!(Path::new(&profile).exists());
    let folder = Path::new(&profile).parent().unwrap().to_owned();
    assert!(folder.file_name().unwrap().to_str().unwrap().starts_with("fs-"), "{profile}");
    session.quit().await.unwrap();
    assert!(!folder.exists());
    assert_eq!(written(), 0);
}
