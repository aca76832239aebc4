//! Each fault by its effect, and what it leaves in the ledger.

use std::time::Duration;

use firstserve::clock::Stopwatch;
use firstserve::club::{COURTS, Fault, Latency, Options};
use jiff::SignedDuration;
use serde_json::json;

use super::world::{Answer, Visitor, World};

/// A club with one fault, and ana in it.
async fn with(fault: Fault) -> World {
    World::with(Options { faults: vec![fault], ..Options::default() }).await
}

async fn book(ana: &Visitor<'_>, start: &str) -> Result<Answer, reqwest::Error> {
    ana.book("5", &ana.world.date(1), start).await
}

/// What the last submit was told, by the ledger.
async fn last_answer(world: &World) -> String {
    let ledger = world.ledger().await;
    let requests = ledger["requests"].as_array().expect("a list");
    let last = requests.iter().rev().find(|entry| !entry["submit"].is_null()).expect("a submit");
    last["submit"]["answer"].as_str().expect("a word").to_owned()
}

#[tokio::test]
async fn dropped_before_and_after_the_commit() {
    for (fault, held) in [(Fault::DropBeforeCommit, 0), (Fault::DropAfterCommit, 1)] {
        let world = with(fault).await;
        let ana = world.member("ana").await;
        let error = book(&ana, "17:00").await.expect_err("the connection is closed");
        assert!(!error.is_timeout(), "{error}");
        assert_eq!((world.held_by("ana").await, ana.list().await.len()), (held, held), "{}", fault.as_str());
        assert_eq!((last_answer(&world).await.as_str(), &world.ledger().await["submits"]), ("dropped", &json!(1)));
        book(&ana, "18:00").await.expect("the first submit only").reference();
    }
}

#[tokio::test]
async fn held_before_and_after_the_commit() {
    for (fault, held) in [(Fault::NeverAnswers, 0), (Fault::StallsAfterCommit, 1)] {
        let world = with(fault).await;
        let ana = world.member("ana").await;
        let csrf = ana.get("/reservar").await.csrf("reserva");
        let fields = [("csrf", csrf), ("cancha", "5".into()), ("fecha", world.date(1)), ("horario", "17:00".into())];
        let request = ana.client.post(world.url("/reservar")).form(&fields).timeout(Duration::from_millis(700));
        let error = request.send().await.expect_err("there is no answer");
        assert!(error.is_timeout(), "{error}");
        assert_eq!((world.held_by("ana").await, last_answer(&world).await.as_str()), (held, "held"));
    }
}

#[tokio::test]
async fn a_client_that_leaves_does_not_undo_what_the_club_has_begun() {
    let late = SignedDuration::from_millis(600);
    let world = World::with(Options { latency: Latency { from: late, to: late }, ..Options::default() }).await;
    let ana = world.program("ana").await;
    let body = json!({"court": "5", "date": world.date(1), "start": "17:00"});
    let request = world.visitor().client.post(world.url("/api/bookings")).bearer_auth(&ana.token).json(&body);
    let left = request.timeout(Duration::from_millis(150)).send().await.expect_err("it left");
    assert!(left.is_timeout(), "{left}");
    assert_eq!((last_answer(&world).await.as_str(), world.held_by("ana").await), ("confirmed", 1));
}

#[tokio::test]
async fn error_pages_and_empty_ones() {
    for (fault, status, word, held) in [
        (Fault::ErrorAfterCommit, 502, "Puerta de enlace", 1),
        (Fault::ErrorPage200, 200, "Whoops", 0),
        (Fault::Empty200, 200, "", 0),
    ] {
        let world = with(fault).await;
        let ana = world.member("ana").await;
        let answer = book(&ana, "17:00").await.expect("the club answers");
        assert_eq!((answer.status, world.held_by("ana").await), (status, held), "{}", fault.as_str());
        assert!(answer.html.contains(word) && answer.html.is_empty() == word.is_empty(), "{}", answer.html);
        assert_eq!(answer.notice(), None);
    }
}

#[tokio::test]
async fn a_page_that_is_cut_off_has_booked_and_does_not_say_so() {
    let world = with(Fault::Truncated).await;
    let ana = world.member("ana").await;
    let answer = book(&ana, "17:00").await.expect("the club answers");
    assert_eq!((answer.status, world.held_by("ana").await), (200, 1));
    assert!(answer.html.starts_with("<!doctype html>") && !answer.html.contains("</html>"));
    assert!(!answer.html.contains("confirmada") && !answer.html.contains("R-0"));
}

#[tokio::test]
async fn a_list_that_is_cut_off_shows_no_row_three_times() {
    let world = with(Fault::TruncatedList).await;
    let ana = world.member("ana").await;
    assert!(ana.get("/reservas").await.html.contains("</html>"), "an empty list is whole");
    assert_eq!(book(&ana, "17:00").await.expect("the club answers").status, 502);
    for _ in 0..3 {
        let html = ana.get("/reservas").await.html;
        assert!(html.contains(r#"id="titulo-reservas""#) && html.ends_with("<tbody>"), "{html}");
        assert!(!html.contains("total-reservas"), "the sign below the rows");
    }
    assert_eq!(ana.list().await.len(), 1);
}

#[tokio::test]
async fn a_list_that_may_be_kept_says_so() {
    for (faults, expected) in [(vec![Fault::CachedList], "max-age=3600"), (vec![], "no-store")] {
        let world = World::with(Options { faults, ..Options::default() }).await;
        let ana = world.member("ana").await;
        let answer = ana.client.get(world.url("/reservas")).send().await.expect("the club answers");
        assert_eq!(answer.headers()["cache-control"], expected);
    }
}

#[tokio::test]
async fn lies() {
    let world = with(Fault::LiesTaken).await;
    let ana = world.member("ana").await;
    book(&ana, "17:00").await.expect("the club answers").assert_refused("La cancha ya está reservada");
    assert_eq!(ana.list().await.len(), 1);

    let world = with(Fault::LiesConfirmed).await;
    let ana = world.member("ana").await;
    let lie = book(&ana, "17:00").await.expect("the club answers");
    let told = ana.get(&lie.location).await.notice();
    assert_eq!(told, Some(("exito".into(), format!("Reserva confirmada: {}", lie.reference()))));
    assert!(ana.list().await.is_empty());
    let truth = book(&ana, "17:00").await.expect("the club answers").reference();
    assert_ne!(truth, lie.reference());
}

#[tokio::test]
async fn rivals_who_are_first_once_or_always() {
    let world = with(Fault::Taken).await;
    let ana = world.member("ana").await;
    book(&ana, "17:00").await.expect("the club answers").assert_refused("La cancha ya está reservada");
    book(&ana, "18:00").await.expect("the club answers").reference();
    assert_eq!(world.held_by("rival-0").await, 1);

    let world = with(Fault::AllTaken).await;
    let ana = world.member("ana").await;
    for start in ["17:00", "18:00", "19:00"] {
        book(&ana, start).await.expect("the club answers").assert_refused("La cancha ya está reservada");
    }
}

#[tokio::test]
async fn quota_and_a_refused_log_in() {
    let world = with(Fault::Quota).await;
    let ana = world.member("ana").await;
    book(&ana, "17:00").await.expect("the club answers").assert_refused("Ha alcanzado su límite de reservas");

    let world = with(Fault::LoginRefused).await;
    world.visitor().log_in("ana", "ana-raqueta").await.assert_refused("Usuario o clave incorrectos");
}

#[tokio::test]
async fn captchas() {
    let world = with(Fault::Captcha).await;
    let ana = world.member("ana").await;
    for path in ["/reservar", "/reservas"] {
        let page = ana.get(path).await.html;
        assert!(page.contains(r#"<div id="captcha">"#) && page.contains("Verifique que es humano"));
        assert!(!page.contains(r#"id="reserva""#));
    }
    let world = with(Fault::CaptchaAtSubmit).await;
    let ana = world.member("ana").await;
    let answer = book(&ana, "17:00").await.expect("the club answers");
    assert!(answer.html.contains(r#"<div id="captcha">"#));
    assert_eq!((world.held_by("ana").await, last_answer(&world).await.as_str()), (0, "captcha"));
}

#[tokio::test]
async fn a_redesign_renames_what_selectors_hold_on_to() {
    let world = World::new().await;
    let ana = world.member("ana").await;
    book(&ana, "17:00").await.expect("the club answers").reference();
    let paths = ["/ingresar?motivo=expirada", "/reservar", "/reservas?nueva=R-000001"];
    let usual = [ana.get(paths[0]).await.html, ana.get(paths[1]).await.html, ana.get(paths[2]).await.html].concat();

    let world = with(Fault::Redesign).await;
    let ana = redesigned_member(&world).await;
    let fresh = [ana.get(paths[0]).await.html, ana.get(paths[1]).await.html, ana.get(paths[2]).await.html].concat();
    for name in [
        "id=\"acceso",
        "id=\"usuario",
        "id=\"entrar",
        "id=\"socio",
        "id=\"salir",
        "id=\"reserva\"",
        "id=\"cancha",
        "id=\"fecha",
        "id=\"horario",
        "id=\"reservar",
        "id=\"titulo-reservas",
        "id=\"total-reservas",
        "class=\"aviso",
        "class=\"reserva",
        "class=\"cancelar",
        "<main",
        ">Reservar<",
        ">Entrar<",
        ">Salir<",
        ">Cancelar<",
    ] {
        assert!(usual.contains(name), "{name} is in the usual pages");
        assert!(!fresh.contains(name), "{name} is in the redesigned pages");
    }
    for kept in ["name=\"usuario\"", "name=\"cancha\"", "action=\"/reservar\""] {
        assert!(fresh.contains(kept), "{kept} stays");
    }
}

#[tokio::test]
async fn slow_pages_take_two_seconds_and_a_submit_counts_at_once() {
    let (slow, usual) = (with(Fault::Slow).await, World::new().await);
    for (world, is_slow) in [(&slow, true), (&usual, false)] {
        let ana = world.member("ana").await;
        let csrf = ana.get("/reservar").await.csrf("reserva");
        let watch = Stopwatch::start();
        let date = world.date(1);
        let (answer, held) = tokio::join!(ana.submit(&csrf, "5", &date, "17:00"), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            world.held_by("ana").await
        });
        answer.expect("the club answers").reference();
        assert_eq!((watch.elapsed() >= Duration::from_secs(2), held), (is_slow, 1));
    }
}

#[tokio::test]
async fn native_dialogs() {
    let world = with(Fault::Alert).await;
    let page = world.member("ana").await.get("/reservar").await.html;
    assert!(page.contains("onload=\"alert(") && page.contains("onsubmit=\"return confirm("));
    let page = World::new().await.member("ana").await.get("/reservar").await.html;
    assert!(!page.contains("alert(") && !page.contains("confirm("));
}

#[tokio::test]
async fn a_double_list_lists_twice_what_is_booked_once() {
    let world = with(Fault::DoubleList).await;
    let ana = world.member("ana").await;
    book(&ana, "17:00").await.expect("the club answers").reference();
    let rows = ana.list().await;
    assert!(rows.len() == 2 && rows[0] == rows[1], "{rows:?}");
    assert_eq!(world.held_by("ana").await, 1);
    let (_, listed) = world.program("ana").await.send("GET", "/api/bookings", None).await;
    assert_eq!(listed["bookings"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_rotating_token_is_valid_once() {
    for (faults, words) in [(vec![Fault::CsrfRotates], Some("Formulario vencido")), (vec![], None)] {
        let world = World::with(Options { faults, ..Options::default() }).await;
        let ana = world.member("ana").await;
        let csrf = ana.get("/reservar").await.csrf("reserva");
        ana.submit(&csrf, "5", &world.date(1), "17:00").await.expect("the club answers").reference();
        let again = ana.submit(&csrf, "5", &world.date(1), "18:00").await.expect("the club answers");
        match words {
            Some(words) => again.assert_refused(words),
            None => drop(again.reference()),
        }
        book(&ana, "19:00").await.expect("the next page has a good one").reference();
    }
}

#[tokio::test]
async fn late_busy_and_logged_out_around_the_opening() {
    let lead = SignedDuration::from_millis(5_500);
    let faults = [Fault::LateOpening, Fault::UnavailableAtOpening, Fault::Logout];
    let worlds = faults.map(|fault| Options { faults: vec![fault], opens_in: Some(lead), ..Options::default() });
    let [late, busy, logout] = worlds;
    tokio::join!(late_opening(late), unavailable(busy), logged_out(logout));
}

/// Somebody who finds the way through the renamed log-in.
async fn redesigned_member(world: &World) -> Visitor<'_> {
    let ana = world.visitor();
    let csrf = ana.get("/ingresar").await.csrf("login-panel");
    let fields = [("csrf", csrf.as_str()), ("usuario", "ana"), ("clave", "ana-raqueta")];
    assert_eq!(ana.post("/ingresar", &fields).await.expect("the club answers").status, 303);
    let csrf = ana.get("/reservar").await.csrf("booking-panel");
    ana.submit(&csrf, "5", &world.date(1), "17:00").await.expect("the club answers").reference();
    ana
}

async fn late_opening(options: Options) {
    let world = World::with(options).await;
    let opening = world.ready.opening.expect("it was asked for");
    let opens = world.ready.date(&COURTS[0]).expect("it was asked for").to_string();
    let ana = world.program("ana").await;
    world.reaches(opening + SignedDuration::from_millis(200)).await;
    assert_eq!(ana.book("5", &opens, "17:00").await.0, 425);
    let ledger = world.ledger().await;
    let submit = ledger["requests"].as_array().and_then(|all| all.last()).map(|entry| entry["submit"].clone());
    assert_eq!(submit.map(|submit| submit["early"].clone()), Some(json!(false)), "it was not the member who was early");
    world.reaches(opening + SignedDuration::from_millis(1_500)).await;
    assert_eq!(ana.book("5", &opens, "17:00").await.0, 201);
}

async fn unavailable(options: Options) {
    let world = World::with(options).await;
    let opening = world.ready.opening.expect("it was asked for");
    let opens = world.ready.date(&COURTS[0]).expect("it was asked for").to_string();
    let ana = world.member("ana").await;
    let csrf = ana.get("/reservar").await.csrf("reserva");
    ana.submit(&csrf, "5", &opens, "17:00")
        .await
        .expect("the club answers")
        .assert_refused("Esa fecha aún no está disponible");
    world.reaches(opening).await;
    assert_eq!(ana.submit(&csrf, "5", &opens, "17:00").await.expect("the club answers").status, 503);
    assert_eq!(ana.get("/reservar").await.status, 200, "only submits");
    world.reaches(opening + SignedDuration::from_secs(2)).await;
    ana.submit(&csrf, "5", &opens, "17:00").await.expect("the club answers").reference();
}

async fn logged_out(options: Options) {
    let world = World::with(options).await;
    let opening = world.ready.opening.expect("it was asked for");
    let ana = world.member("ana").await;
    assert_eq!(ana.get("/reservar").await.status, 200);
    assert!(world.now() < opening - SignedDuration::from_secs(3), "the machine is too slow for this test's lead");
    world.reaches(opening - SignedDuration::from_secs(3)).await;
    assert_eq!(ana.get("/reservar").await.location, "/ingresar?motivo=expirada");
    let again = world.member("ana").await;
    world.reaches(opening).await;
    assert_eq!(again.get("/reservar").await.status, 200, "a log-in of after the drop holds");
}
