//! What a site makes a browser save: nothing of it is left anywhere.

use std::path::{Path, PathBuf};
use std::time::Duration;

use firstserve::browser::{Engine, Session, open};
use serde_json::json;

use super::{opened, options};
use crate::drivers::site::{Does, Site, page};

/// A site whose page hands out a file of that name as soon as somebody clicks.
fn site(name: &str) -> Site {
    let head =
        format!("Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"{name}\"");
    Site::new(move |receipt| match receipt.path.as_str() {
        "/" => page("<a id=get href=/file>Your calendar</a>"),
        _ => Does::Answers(format!("HTTP/1.1 200 OK\r\n{head}\r\nContent-Length: 5\r\n\r\nhello")),
    })
}

fn unique(what: &str) -> String {
    format!("firstserve-{what}-{}.bin", std::process::id())
}

/// Clicks, and gives the browser time to save what it gets.
async fn download(session: &Session, site: &Site) {
    session.driver().goto(&site.url).await.unwrap();
    session.driver().execute("document.getElementById('get').click()", Vec::new()).await.unwrap();
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        if site.receipts().iter().any(|receipt| receipt.path == "/file") {
            break;
        }
    }
    assert!(site.receipts().iter().any(|receipt| receipt.path == "/file"), "the file was asked for");
    tokio::time::sleep(Duration::from_secs(2)).await;
}

/// Every file below a folder whose name holds the text; not deeper than so many folders.
fn holding(folder: &Path, text: &str, depth: usize) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && depth > 1 {
            found.extend(holding(&entry.path(), text, depth - 1));
        } else if entry.file_name().to_string_lossy().contains(text) {
            found.push(entry.path());
        }
    }
    found
}

/// Wherever a browser could put it: the user's folders, the folder of this process, and those for what passes.
fn everywhere(text: &str) -> Vec<PathBuf> {
    let home = PathBuf::from(std::env::var_os("HOME").expect("there is one"));
    let mut found = holding(&home.join("Downloads"), text, 3);
    found.extend(holding(&home, text, 2));
    found.extend(holding(&std::env::temp_dir(), text, 3));
    found.extend(holding(&std::env::current_dir().unwrap(), text, 1));
    found
}

fn is_in_scratch(path: &Path) -> bool {
    let below = path.strip_prefix(std::env::temp_dir()).ok().and_then(|below| below.components().next());
    below.is_some_and(|first| first.as_os_str().to_string_lossy().starts_with("fs-"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_site_makes_a_browser_save_is_not_left_behind() {
    for engine in [Engine::Firefox, Engine::Chromium] {
        let name = unique(engine.as_str());
        let site = site(&name);
        let session = opened(engine).await;
        download(&session, &site).await;
        let outside: Vec<_> =
            everywhere(&name[..name.len() - 4]).into_iter().filter(|path| !is_in_scratch(path)).collect();
        assert!(outside.is_empty(), "{engine:?}: {outside:?}");
        assert_eq!(session.driver().title().await.unwrap(), "club", "the page is the one it was");
        session.quit().await.unwrap();
        let left = everywhere(&name[..name.len() - 4]);
        assert!(left.is_empty(), "{engine:?}: {left:?}");
    }
}

/// The control: a browser that is told otherwise does save it, and the look finds it.
#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_may_save_is_found_out() {
    let folder = tempfile::Builder::new().prefix("downloads-").tempdir().unwrap();
    let name = unique("control");
    let mut options = options(Engine::Firefox);
    options.prefs.push(("browser.download.dir".to_owned(), json!(folder.path().display().to_string())));
    let session = open(&options, "test").await.unwrap();
    download(&session, &site(&name)).await;
    let found = everywhere(&name);
    session.quit().await.unwrap();
    assert_eq!(found, [folder.path().join(&name)]);
}
