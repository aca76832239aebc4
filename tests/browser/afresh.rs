//! The site's list is read as the site has it now, though browsers may keep it.

use std::net::TcpListener;

use firstserve::browser::stage::Stage;
use firstserve::clock::{Clock, SystemClock};
use firstserve::club::{Club, Fault, Options};
use jiff::ToSpan;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::steps::{css, step};
use super::world::{Browser, Engine, World, cases};

cases![a_list_that_the_browser_has_kept];

/// A club whose list may be kept for an hour; it ends with the value.
struct Practice {
    url: String,
    client: reqwest::Client,
    _shutdown: DropGuard,
}

impl Practice {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let shutdown = CancellationToken::new();
        let options = Options { faults: vec![Fault::CachedList], ..Options::default() };
        let club = Club::new(listener, &options, shutdown.clone()).expect("the club is set up");
        let url = club.ready().expect("it has an address").url.to_string();
        tokio::spawn(club.serve());
        let client = reqwest::Client::builder().no_proxy().build().expect("a client can be made");
        Self { url, client, _shutdown: shutdown.drop_guard() }
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Books for ana behind the browser's back; the club says that the court is taken.
    async fn books(&self) {
        let log_in = self.client.post(self.at("api/login")).json(&json!({ "user": "ana", "password": "ana-raqueta" }));
        let answer: Value = log_in.send().await.expect("an answer").json().await.expect("JSON");
        let token = answer["token"].as_str().expect("a token");
        let zone = TimeZone::get("America/Costa_Rica").expect("the zone is known");
        let date = (SystemClock.now().to_zoned(zone).date() + 1.day()).to_string();
        let wish = json!({ "court": "5", "date": date, "start": "17:00" });
        let booked = self.client.post(self.at("api/bookings")).bearer_auth(token).json(&wish).send().await;
        assert_eq!(booked.expect("an answer").status(), 409);
    }

    /// How often the list was really asked for.
    async fn asked(&self) -> usize {
        let answer = self.client.get(self.at("_club/ledger")).send().await.expect("an answer");
        let ledger: Value = answer.json().await.expect("JSON");
        let requests = ledger["requests"].as_array().expect("a list");
        requests.iter().filter(|one| one["method"] == "GET" && one["path"] == "/reservas").count()
    }
}

async fn log_in(stage: &mut Stage, club: &Practice) {
    for doing in [
        json!({ "go": club.at("ingresar") }),
        json!({ "fill": { "target": css("#usuario"), "with": "ana" } }),
        json!({ "fill": { "target": css("#clave"), "with": "ana-raqueta" } }),
        json!({ "click": css("#entrar") }),
        json!({ "wait-for": { "visible": css("#socio") } }),
    ] {
        stage.run(&step(doing)).await.expect("it is done");
    }
}

/// Reads the list as `verify/` does: how many bookings there are, and how often the club was asked for them.
async fn read(stage: &mut Stage, club: &Practice) -> (usize, usize) {
    let before = club.asked().await;
    stage.run(&step(json!({ "go": club.at("reservas") }))).await.expect("the page opens");
    let rows = json!({ "rows": {
        "of": css("tr.reserva"), "fresh-if": { "visible": css("#total-reservas") },
        "columns": [{ "name": "reference", "target": css("td.referencia") }],
    } });
    let found = stage.run(&step(rows)).await.expect("the list is read").rows.expect("rows");
    (found.len(), club.asked().await - before)
}

async fn a_list_that_the_browser_has_kept(world: &mut World<'_>) {
    let club = Practice::open();
    let stage = &mut world.stage;
    log_in(stage, &club).await;
    assert_eq!(read(stage, &club).await, (0, 1), "the browser keeps this one");
    club.books().await;
    assert_eq!(read(stage, &club).await, (0, 0), "the control: the booking is there, and the browser does not show it");
    stage.bypass_cache().await.expect("the browser can be told so");
    assert_eq!(read(stage, &club).await, (1, 1), "the site was asked");
    let tab = stage.open_tab().await.expect("a tab");
    assert_eq!(read(stage, &club).await, (1, 1), "in another tab too");
    stage.close_tab(tab).await.expect("it is closed");
    let before = club.asked().await;
    let fetching = json!({ "script": { "body": "return fetch('/reservas').then(answer => answer.text())" } });
    stage.run(&step(fetching)).await.expect("it is fetched");
    assert_eq!(club.asked().await - before, 1, "what a page's script fetches is asked of the site as well");
    stage.use_cache().await.expect("the browser can be told so");
    read(stage, &club).await;
    assert_eq!(read(stage, &club).await.1, 0, "what is not the list may come from the cache again");
}

/// A browser that cannot be told so, a remote one perhaps.
async fn without_bidi(engine: Engine) {
    let club = Practice::open();
    let browser = Browser::start_without_bidi(engine).await;
    let mut stage = Stage::begin(browser.driver.clone()).await.expect("the window answers");
    log_in(&mut stage, &club).await;
    assert_eq!(read(&mut stage, &club).await, (0, 1), "the browser keeps this one");
    club.books().await;
    assert_eq!(read(&mut stage, &club).await.0, 0, "the control: the browser shows what it has kept");
    stage.bypass_cache().await.expect_err("it cannot be told so, and that is said");
    assert_eq!(read(&mut stage, &club).await, (1, 1), "read again, as the site has it now");
    stage.use_cache().await.expect("there is nothing to be told");
    assert_eq!(read(&mut stage, &club).await.1, 0);
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn firefox_without_bidi() {
    without_bidi(Engine::Firefox).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chromium_without_bidi() {
    without_bidi(Engine::Chromium).await;
}
