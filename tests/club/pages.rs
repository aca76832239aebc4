//! Pages for people: log-in, booking, the list, cancelling, both languages.

use super::world::World;

#[tokio::test]
async fn a_member_logs_in_books_reads_the_list_and_cancels() {
    let world = World::new().await;
    let ana = world.member("ana").await;
    assert!(ana.get("/reservar").await.html.contains(r#"<span class="chip" id="socio">ana</span>"#));
    assert!(ana.get("/reservas").await.html.contains(r#"id="sin-reservas""#));

    let date = world.date(1);
    let accepted = ana.book("5", &date, "17:00").await.expect("the club answers");
    let reference = accepted.reference();
    let told = ana.get(&accepted.location).await.notice();
    assert_eq!(told, Some(("exito".into(), format!("Reserva confirmada: {reference}"))));
    let [year, month, day] = date.split('-').collect::<Vec<_>>().try_into().expect("an ISO date");
    let row = [format!("{day}/{month}/{year}"), "De 05:00 PM a 06:00 PM".into(), "Cancha 1".into(), reference.clone()];
    assert_eq!(ana.list().await, [row]);

    let csrf = ana.get("/reservas").await.csrf("salir");
    let cancel = format!("/reservas/{reference}/cancelar");
    let cancelled = ana.post(&cancel, &[("csrf", &csrf)]).await.expect("the club answers");
    assert_eq!((cancelled.status, cancelled.location), (303, format!("/reservas?cancelada={reference}")));
    assert!(ana.list().await.is_empty());
    assert_eq!(world.ledger().await["bookings"][0]["cancelled"], true);
    let again = ana.post(&cancel, &[("csrf", &csrf)]).await.expect("the club answers");
    assert_eq!(again.status, 404);
}

#[tokio::test]
async fn each_refusal_has_its_words() {
    let world = World::new().await;
    let (ana, bruno) = (world.member("ana").await, world.member("bruno").await);
    let date = world.date(1);
    ana.book("5", &date, "17:00").await.expect("the club answers").reference();
    for again in [&ana, &bruno] {
        let refused = again.book("5", &date, "17:00").await.expect("the club answers");
        refused.assert_refused("La cancha ya está reservada");
        assert!(refused.html.contains(r#"<option value="17:00" selected>"#), "the form stays filled");
    }
    let far = ana.book("5", &world.date(30), "17:00").await.expect("the club answers");
    far.assert_refused("Esa fecha aún no está disponible");
    let wrong = ana.book("6", &date, "17:00").await.expect("the club answers");
    wrong.assert_refused("Datos no válidos");
    let forged = ana.submit("0123456789abcdef", "7", &date, "18:00").await.expect("the club answers");
    forged.assert_refused("Formulario vencido");
    assert_eq!(world.held_by("ana").await + world.held_by("bruno").await, 1);
    assert!(bruno.list().await.is_empty(), "the list shows one's own bookings only");
}

#[tokio::test]
async fn one_members_booking_is_not_anothers_to_cancel_nor_a_forged_form_to_send() {
    let world = World::new().await;
    let (ana, bruno) = (world.member("ana").await, world.member("bruno").await);
    let reference = ana.book("5", &world.date(1), "17:00").await.expect("the club answers").reference();
    let cancel = format!("/reservas/{reference}/cancelar");
    let csrf = bruno.get("/reservas").await.csrf("salir");
    assert_eq!(bruno.post(&cancel, &[("csrf", &csrf)]).await.expect("the club answers").status, 404);
    let forged = ana.post(&cancel, &[("csrf", &csrf)]).await.expect("the club answers");
    forged.assert_refused("Formulario vencido");
    assert_eq!(world.held_by("ana").await, 1);
}

#[tokio::test]
async fn without_a_session_one_is_sent_to_log_in() {
    let world = World::new().await;
    let visitor = world.visitor();
    for path in ["/reservar", "/reservas"] {
        let sent = visitor.get(path).await;
        assert_eq!((sent.status, sent.location.as_str()), (303, "/ingresar?motivo=expirada"));
    }
    let told = visitor.get("/ingresar?motivo=expirada").await.notice();
    assert_eq!(told, Some(("error".into(), "Su sesión ha expirado".into())));
    assert_eq!(visitor.get("/ingresar").await.notice(), None);
    let lost = visitor.submit("x", "5", &world.date(1), "17:00").await.expect("the club answers");
    assert_eq!(lost.location, "/ingresar?motivo=expirada");
    let ledger = world.ledger().await;
    assert_eq!((&ledger["submits"], &ledger["bookings"]), (&1.into(), &serde_json::json!([])));
}

#[tokio::test]
async fn a_wrong_password_a_forged_log_in_and_logging_out() {
    let world = World::new().await;
    let visitor = world.visitor();
    visitor.log_in("ana", "bruno-raqueta").await.assert_refused("Usuario o clave incorrectos");
    let fields = [("csrf", "x"), ("usuario", "ana"), ("clave", "ana-raqueta")];
    visitor.post("/ingresar", &fields).await.expect("the club answers").assert_refused("Formulario vencido");

    let ana = world.member("ana").await;
    let csrf = ana.get("/reservas").await.csrf("salir");
    let left = ana.post("/salir", &[("csrf", &csrf)]).await.expect("the club answers");
    assert_eq!((left.status, left.location.as_str()), (303, "/ingresar"));
    assert_eq!(ana.get("/reservas").await.status, 303);
}

#[tokio::test]
async fn english_is_asked_for_and_kept() {
    let world = World::new().await;
    let ana = world.member("ana").await;
    assert!(ana.get("/reservar").await.html.contains("De 05:00 PM a 06:00 PM"));
    let page = ana.get("/reservar?lang=en").await;
    assert!(page.html.contains(r#"<option value="17:00">From 05:00 PM to 06:00 PM</option>"#));
    let accepted = ana.book("17", &world.date(1), "17:00").await.expect("the club answers");
    let told = ana.get(&accepted.location).await;
    assert_eq!(told.notice().map(|(_, words)| words), Some(format!("Booking confirmed: {}", accepted.reference())));
    assert!(told.html.contains("Court 3"));
    let refused = ana.book("17", &world.date(1), "17:00").await.expect("the club answers");
    refused.assert_refused("The court is already booked");
    assert!(ana.get("/reservar?lang=es").await.html.contains("Nueva reserva"));
}

#[tokio::test]
async fn the_session_cookie_is_out_of_reach_of_scripts() {
    let world = World::new().await;
    let visitor = world.visitor();
    let csrf = visitor.get("/ingresar").await.csrf("acceso");
    let form = [("csrf", csrf.as_str()), ("usuario", "ana"), ("clave", "ana-raqueta")];
    let answer = visitor.client.post(world.url("/ingresar")).form(&form).send().await.expect("the club answers");
    let cookie = answer.headers()["set-cookie"].to_str().expect("plain text").to_owned();
    assert!(cookie.starts_with("sesion=") && cookie.ends_with("; HttpOnly; SameSite=Lax"), "{cookie}");
}

#[tokio::test]
async fn head_is_answered_and_harmless() {
    let world = World::new().await;
    let ana = world.member("ana").await;
    let csrf = ana.get("/reservar").await.csrf("reserva");
    for path in ["/", "/ingresar", "/canchas", "/reservar", "/reservas", "/club.css"] {
        let answer = ana.client.head(world.url(path)).send().await.expect("the club answers");
        assert_eq!(answer.status(), 200, "{path}");
        assert!(answer.text().await.expect("no body").is_empty());
    }
    ana.submit(&csrf, "5", &world.date(1), "17:00").await.expect("the club answers").reference();
    assert_eq!(world.ledger().await["submits"], 1);
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let world = World::new().await;
    let lost = world.visitor().get("/nada").await;
    assert_eq!(lost.status, 404);
    assert!(lost.html.contains("Página no encontrada"));
    let program = world.program("ana").await;
    assert_eq!(program.send("GET", "/api/nada", None).await, (404, serde_json::json!({"error": "not-found"})));
}

#[tokio::test]
async fn the_table_of_hours_shows_what_is_taken_but_not_by_whom() {
    let world = World::new().await;
    let ana = world.member("ana").await;
    ana.book("7", &world.date(1), "17:00").await.expect("the club answers").reference();
    let page = world.visitor().get(&format!("/canchas?fecha={}", world.date(1))).await.html;
    assert_eq!((page.matches("cell-held").count(), page.matches("cell-free").count()), (1, 47));
    assert!(!page.contains("ana<"));
    let newest = world.visitor().get(&format!("/canchas?fecha={}", world.date(9))).await.html;
    assert_eq!(newest.matches("cell-closed").count(), 16, "court 2 shows nine days");
}

#[tokio::test]
async fn hostile_words_stay_words() {
    let world = World::new().await;
    let told = world.visitor().log_in("\"><script>alert(1)</script>", "x").await;
    assert!(told.html.contains("&#60;script&#62;") && !told.html.contains("<script>"), "{}", told.html);
    let ana = world.member("ana").await;
    assert_eq!(ana.get("/reservas?nueva=%3Cb%3E").await.notice(), None);
}
