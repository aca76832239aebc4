//! A club on a free port, and those who visit it.

use std::net::TcpListener;
use std::time::Duration;

use firstserve::clock::{Clock, SystemClock};
use firstserve::club::{Club, Options, Ready};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use regex::Regex;
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The longest that any answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The zone of the club.
pub(super) const ZONE: &str = "America/Costa_Rica";

/// A running club; it ends with the value.
pub(super) struct World {
    pub(super) ready: Ready,
    pub(super) offset: SignedDuration,
    shutdown: DropGuard,
    club: JoinHandle<std::io::Result<()>>,
}

impl World {
    pub(super) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(super) async fn with(options: Options) -> Self {
        // A second installation is refused, and the first one holds.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let shutdown = CancellationToken::new();
        let club = Club::new(listener, &options, shutdown.clone()).expect("the club is set up");
        let ready = club.ready().expect("it has an address");
        let club = tokio::spawn(club.serve());
        Self { ready, offset: options.clock_offset, shutdown: shutdown.drop_guard(), club }
    }

    /// A club whose clock shows `lead` before its next midnight.
    pub(super) async fn before_midnight(lead: SignedDuration, options: Options) -> (Self, Timestamp) {
        let zone = TimeZone::get(ZONE).expect("the zone is known");
        let now = SystemClock.now();
        let midnight = now.to_zoned(zone).tomorrow().and_then(|day| day.start_of_day()).expect("tomorrow comes");
        let offset = midnight.timestamp().duration_since(now) - lead;
        (Self::with(Options { clock_offset: offset, ..options }).await, midnight.timestamp())
    }

    /// Shuts the club down and waits until it is gone; panics where that takes longer than it may.
    pub(super) async fn close(self) {
        drop(self.shutdown);
        let ended = tokio::time::timeout(Duration::from_secs(3), self.club).await.expect("it ends in time");
        ended.expect("no panic").expect("no error");
    }

    /// What the club's clock shows.
    pub(super) fn now(&self) -> Timestamp {
        SystemClock.now() + self.offset
    }

    /// Over once the club's clock shows `at`.
    pub(super) async fn reaches(&self, at: Timestamp) {
        SystemClock.sleep_until(at - self.offset).await;
    }

    /// The club's date, as long as it turns at midnight, so many days on.
    pub(super) fn date(&self, ahead: i32) -> String {
        let zone = TimeZone::get(ZONE).expect("the zone is known");
        let today: Date = self.now().to_zoned(zone).date();
        (today + ahead.days()).to_string()
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{}", self.ready.url, path.trim_start_matches('/'))
    }

    pub(super) fn visitor(&self) -> Visitor<'_> {
        let client = reqwest::Client::builder().cookie_store(true).redirect(Policy::none()).timeout(PATIENCE);
        Visitor { world: self, client: client.build().expect("a client can be made") }
    }

    /// A visitor who has logged in as that member.
    pub(super) async fn member(&self, name: &str) -> Visitor<'_> {
        let visitor = self.visitor();
        let answer = visitor.log_in(name, &format!("{name}-raqueta")).await;
        assert_eq!((answer.status, answer.location.as_str()), (303, "/reservar"), "{}", answer.html);
        visitor
    }

    /// A program that has logged in as that member.
    pub(super) async fn program(&self, name: &str) -> Program<'_> {
        let mut program = Program { visitor: self.visitor(), token: String::new() };
        let (status, answer) = program
            .send("POST", "/api/login", Some(json!({"user": name, "password": format!("{name}-raqueta")})))
            .await;
        assert_eq!(status, 200, "{answer}");
        program.token = answer["token"].as_str().expect("a token").to_owned();
        program
    }

    pub(super) async fn ledger(&self) -> Value {
        let answer = self.visitor().client.get(self.url("/_club/ledger")).send().await.expect("the club answers");
        answer.json().await.expect("the ledger is JSON")
    }

    pub(super) async fn reset(&self, settings: Value) -> (u16, Value) {
        let request = self.visitor().client.post(self.url("/_club/reset")).json(&settings);
        let answer = request.send().await.expect("the club answers");
        (answer.status().as_u16(), answer.json().await.expect("the answer is JSON"))
    }

    /// How many slots somebody holds, by the ledger.
    pub(super) async fn held_by(&self, member: &str) -> usize {
        let ledger = self.ledger().await;
        let bookings = ledger["bookings"].as_array().expect("a list");
        bookings.iter().filter(|booking| booking["member"] == member && booking["cancelled"] == false).count()
    }
}

/// Somebody with a browser that follows no redirect.
pub(super) struct Visitor<'a> {
    pub(super) world: &'a World,
    pub(super) client: reqwest::Client,
}

/// An answer to a person.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) location: String,
    pub(super) html: String,
}

impl Visitor<'_> {
    pub(super) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.client.get(self.world.url(path)).send().await).await.expect("the club answers")
    }

    pub(super) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Result<Answer, reqwest::Error> {
        Answer::of(self.client.post(self.world.url(path)).form(fields).send().await).await
    }

    pub(super) async fn log_in(&self, user: &str, password: &str) -> Answer {
        let csrf = self.get("/ingresar").await.csrf("acceso");
        let fields = [("csrf", csrf.as_str()), ("usuario", user), ("clave", password)];
        self.post("/ingresar", &fields).await.expect("the club answers")
    }

    /// Loads the form and submits it.
    pub(super) async fn book(&self, court: &str, date: &str, start: &str) -> Result<Answer, reqwest::Error> {
        let csrf = self.get("/reservar").await.csrf("reserva");
        self.submit(&csrf, court, date, start).await
    }

    /// Submits a form that was loaded before.
    pub(super) async fn submit(
        &self,
        csrf: &str,
        court: &str,
        date: &str,
        start: &str,
    ) -> Result<Answer, reqwest::Error> {
        self.post("/reservar", &[("csrf", csrf), ("cancha", court), ("fecha", date), ("horario", start)]).await
    }

    /// The rows of "my bookings": date, time, court, reference.
    pub(super) async fn list(&self) -> Vec<[String; 4]> {
        let page = self.get("/reservas").await;
        assert!(page.html.contains(r#"<h1 id="titulo-reservas">"#), "{}", page.html);
        let row = Regex::new(
            r#"(?s)<tr class="reserva">.*?<td class="fecha">([^<]*)<.*?<td class="horario">([^<]*)<.*?<td class="cancha">([^<]*)<.*?<td class="referencia">([^<]*)<"#,
        )
        .expect("it is well written");
        row.captures_iter(&page.html).map(|found| [1, 2, 3, 4].map(|nth| found[nth].to_owned())).collect()
    }
}

impl Answer {
    async fn of(answer: Result<reqwest::Response, reqwest::Error>) -> Result<Self, reqwest::Error> {
        let answer = answer?;
        let location = answer.headers().get("location").and_then(|to| to.to_str().ok()).unwrap_or_default().to_owned();
        Ok(Self { status: answer.status().as_u16(), location, html: answer.text().await? })
    }

    /// The token of the form with that id.
    pub(super) fn csrf(&self, form: &str) -> String {
        let pattern = format!(r#"(?s)<form id="{form}".*?name="csrf" value="([^"]+)""#);
        let found =
            Regex::new(&pattern).expect("it is well written").captures(&self.html).map(|found| found[1].to_owned());
        found.unwrap_or_else(|| panic!("no form {form} in {}", self.html))
    }

    /// The notice at the top: its second class and its words.
    pub(super) fn notice(&self) -> Option<(String, String)> {
        let notice = Regex::new(r#"<p class="aviso (\w+)"[^>]*>([^<]*)</p>"#).expect("it is well written");
        notice.captures(&self.html).map(|found| (found[1].to_owned(), found[2].to_owned()))
    }

    /// Whether this is the refusal with these words.
    #[track_caller]
    pub(super) fn assert_refused(&self, words: &str) {
        assert_eq!((self.status, self.notice()), (200, Some(("error".into(), words.into()))), "{}", self.html);
    }

    /// The reference of a submit that was accepted.
    #[track_caller]
    pub(super) fn reference(&self) -> String {
        assert_eq!(self.status, 303, "{}", self.html);
        self.location.strip_prefix("/reservas?nueva=").unwrap_or_else(|| panic!("{}", self.location)).to_owned()
    }
}

/// A program with a bearer token.
pub(super) struct Program<'a> {
    visitor: Visitor<'a>,
    pub(super) token: String,
}

impl Program<'_> {
    /// Status and JSON; null where there is none.
    pub(super) async fn send(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let method = method.parse().expect("a method");
        let mut request = self.visitor.client.request(method, self.visitor.world.url(path)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("the club answers");
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    pub(super) async fn book(&self, court: &str, date: &str, start: &str) -> (u16, Value) {
        self.send("POST", "/api/bookings", Some(json!({"court": court, "date": date, "start": start}))).await
    }
}
