//! Canaries: secrets that are planted everywhere, logged in every form at the loudest level, and looked for.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use firstserve::clock::SimClock;
use firstserve::model::Secret;
use firstserve::notify::{Letter, LetterKind, Security, Smtp, Transport, deliver_due};
use firstserve::store::Store;
use firstserve::telemetry::{Format, Redactor, attempt_span};
use firstserve::vault::{Credentials, Vault};

use super::Logged;

/// Every canary holds this word; whatever form hides a canary hides the word.
const SONG: &str = "Canary7f3";

fn canaries() -> Vec<String> {
    let tails =
        ["", " with spaces", "\"quoted\"", "back\\slash", "<tag>&amp;", "ñandú 😀", "a/b?c=d&e+f%20", "line\nline"];
    (0..5).flat_map(|number| tails.iter().map(move |tail| format!("{number}{SONG}-{tail}-{number}{SONG}"))).collect()
}

/// How often the word is heard: itself, and what it becomes in base64 at its three alignments.
fn songs(text: &str) -> usize {
    let mut pieces = vec![SONG.to_owned()];
    for shift in 0..3 {
        let encoded = STANDARD.encode(format!("{}{SONG}", "\0".repeat(shift)));
        let first = [0, 2, 3][shift];
        let last = (shift + SONG.len()) * 8 / 6;
        pieces.push(encoded[first..last].to_owned());
    }
    pieces.iter().map(|piece| text.matches(piece.as_str()).count()).sum()
}

fn sing(canary: &str) {
    let _entered = attempt_span(&"01ATTEMPT".into()).entered();
    tracing::trace!(typed = canary, "as a field");
    tracing::debug!(typed = %canary, "shown");
    tracing::info!("in the message: {canary} and on");
    tracing::warn!(text = ?format!("script said {canary:?}"), "escaped twice");
    let body =
        serde_json::json!({ "value": [canary], "text": format!("{{\"v\":{}}}", serde_json::Value::from(canary)) });
    tracing::info!(%body, "as JSON");
    let form: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("x", canary).finish();
    tracing::info!(form, "as a form");
    let mut address = url::Url::parse("https://club.example.org/").expect("an address");
    address.query_pairs_mut().append_pair("x", canary);
    address.path_segments_mut().expect("a path").push(canary);
    tracing::info!(%address, "in an address");
    tracing::info!(basic = STANDARD.encode(format!("ana@example.org:{canary}")), "as a log-in");
    tracing::info!(
        token = URL_SAFE_NO_PAD.encode(canary),
        plain = URL_SAFE_NO_PAD.encode(canary),
        "in the other alphabet"
    );
    let _span = tracing::info_span!("step", value = canary).entered();
    tracing::info!("within a span");
}

#[test]
fn no_form_of_a_secret_is_ever_written() {
    for format in [Format::Human, Format::Json] {
        let redactor = Redactor::new();
        for canary in canaries() {
            redactor.hide(&Secret::new(canary));
        }
        let mut logged = Logged::new("trace", format, &redactor);
        logged.under(|| canaries().iter().for_each(|canary| sing(canary)));
        let (console, files) = logged.read();
        for text in [console, files] {
            assert_eq!(text.lines().count(), canaries().len() * 10, "every event is there");
            let heard: Vec<_> = text.lines().filter(|line| songs(line) > 0).take(3).collect();
            assert!(heard.is_empty(), "{format:?}: {heard:#?}");
        }
    }
}

#[test]
fn control_without_the_redactor_they_are_heard() {
    for format in [Format::Human, Format::Json] {
        let mut logged = Logged::new("trace", format, &Redactor::new());
        logged.under(|| canaries().iter().for_each(|canary| sing(canary)));
        let (console, files) = logged.read();
        assert!(songs(&console) >= 30 && songs(&files) >= 30, "{format:?}");
        let deaf: Vec<_> = console.lines().filter(|line| songs(line) == 0 && !line.contains("[secret]")).collect();
        assert!(deaf.is_empty(), "every line sings, so that the search is not blind: {deaf:#?}");
    }
}

#[test]
fn the_parts_that_handle_secrets_log_none() {
    let canary = format!("{SONG} \"quoted\"");
    let mut logged = Logged::new("trace", Format::Human, &Redactor::new());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    logged.under(|| runtime.block_on(handle(&canary)));
    let (console, files) = logged.read();
    assert!(console.contains("mail waits"), "control: something was logged");
    assert_eq!((songs(&console), songs(&files)), (0, 0), "{console}");
}

/// Vault, store and mail with a secret in hand, and a mail server that is not there.
async fn handle(canary: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, identity) = (folder.path().join("data"), folder.path().join("identity"));
    Vault::init(&data, &identity).expect("made");
    let vault = Vault::open(&data, &identity).expect("opens");
    let login = Credentials { user: "bot".into(), password: Secret::new(canary) };
    vault.set("smtp", &login).expect("kept");
    let store = Store::open(&format!("sqlite://{}", data.join("x.db").display()), &data).await.expect("opens");
    let clock = SimClock::new("2027-07-09T06:00:00Z".parse().expect("an instant"));
    let letter = Letter {
        kind: LetterKind::Failed,
        to: "ana@example.org".into(),
        subject: "x".into(),
        text: "x".into(),
        html: "x".into(),
        message_id: "<one@firstserve>".into(),
    };
    store.queue_letter(None, &letter, firstserve::clock::Clock::now(&clock)).await.expect("queued");
    let smtp = Smtp {
        host: "127.0.0.1".into(),
        port: Some(1),
        security: Security::None,
        login: Some(vault.get("smtp").expect("there")),
        from: "courts@example.org".into(),
        trusted: None,
    };
    let transport = Transport::smtp(&smtp).expect("usable");
    tracing::info!(?smtp, ?login, ?vault, "shown by mistake");
    deliver_due(&store, &transport, &clock).await.expect("the store works");
}
