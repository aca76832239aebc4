//! The JSON API, with every answer of its contract.

use serde_json::{Value, json};

use super::world::World;

#[tokio::test]
async fn a_program_books_lists_and_cancels() {
    let world = World::new().await;
    let ana = world.program("ana").await;
    let date = world.date(1);
    let (status, booked) = ana.book("5", &date, "17:00").await;
    let expected = json!({"reference": "R-000001", "court": "5", "date": date, "start": "17:00", "end": "18:00"});
    assert_eq!((status, &booked), (201, &expected));
    assert_eq!(ana.send("GET", "/api/bookings", None).await, (200, json!({"bookings": [expected]})));
    assert_eq!(world.program("bruno").await.send("GET", "/api/bookings", None).await.1, json!({"bookings": []}));
    assert_eq!(world.program("bruno").await.send("DELETE", "/api/bookings/R-000001", None).await.0, 404);
    assert_eq!(ana.send("DELETE", "/api/bookings/R-000001", None).await.0, 204);
    assert_eq!(ana.send("GET", "/api/bookings", None).await.1, json!({"bookings": []}));
}

#[tokio::test]
async fn each_refusal_has_its_status_and_word() {
    let world = World::new().await;
    let mut ana = world.program("ana").await;
    let date = world.date(1);
    ana.book("5", &date, "17:00").await;
    let error = |word: &str| json!({"error": word});
    assert_eq!(ana.book("5", &date, "17:00").await, (409, error("taken")));
    assert_eq!(ana.book("5", &world.date(30), "17:00").await, (425, error("not-open")));
    assert_eq!(ana.book("5", &date, "17:30").await, (422, error("invalid")));
    assert_eq!(ana.send("POST", "/api/bookings", None).await, (422, error("invalid")));
    world.reset(json!({"faults": ["quota"]})).await;
    assert_eq!(ana.book("5", &date, "17:00").await, (401, error("login-expired")), "the reset ended the session");
    ana = world.program("ana").await;
    assert_eq!(ana.book("5", &date, "17:00").await, (403, error("quota")));
    let refused = ana.send("POST", "/api/login", Some(json!({"user": "ana", "password": "x"}))).await;
    assert_eq!(refused, (401, error("login-refused")));
    ana.token.push('0');
    for (method, path) in [("GET", "/api/courts"), ("GET", "/api/bookings"), ("DELETE", "/api/bookings/R-000001")] {
        assert_eq!(ana.send(method, path, None).await, (401, error("login-expired")), "{path}");
    }
}

#[tokio::test]
async fn courts_and_availability() {
    let world = World::new().await;
    let ana = world.program("ana").await;
    let (_, courts) = ana.send("GET", "/api/courts", None).await;
    assert_eq!(courts["courts"][1], json!({"id": "7", "name": "2", "days": 9}));
    let date = world.date(9);
    ana.book("5", &date, "06:00").await;
    let (status, day) = ana.send("GET", &format!("/api/availability?date={date}"), None).await;
    assert_eq!((status, day["date"].as_str()), (200, Some(date.as_str())));
    let [court_1, court_2, court_3] = [0, 1, 2].map(|nth| &day["courts"][nth]);
    assert_eq!(court_1["slots"][0], json!({"start": "06:00", "end": "07:00", "free": false}));
    assert_eq!(court_3["slots"][0]["free"], true);
    assert_eq!(
        [court_1, court_2, court_3].map(|court| &court["open"]),
        [true, false, true].map(Value::Bool).each_ref()
    );
    assert_eq!(ana.send("GET", "/api/availability?date=tomorrow", None).await.0, 422);
}

/// What is announced is what the club does.
#[tokio::test]
async fn it_announces_when_each_court_opens() {
    let world = World::new().await;
    let ana = world.program("ana").await;
    let date = world.date(10);
    let (status, said) = ana.send("GET", &format!("/api/openings?court=5&date={date}"), None).await;
    assert_eq!((status, &said["date"], &said["court"]), (200, &json!(date), &json!("5")));
    let announced: jiff::Timestamp = said["opens"].as_str().expect("it is closed still").parse().expect("an instant");
    let (_, later) = ana.send("GET", &format!("/api/openings?court=7&date={date}"), None).await;
    let later: jiff::Timestamp = later["opens"].as_str().expect("closed").parse().expect("an instant");
    assert!(later > announced, "court 2 shows a date less");
    assert_eq!(ana.send("GET", "/api/openings?court=9&date=2027-07-18", None).await.0, 422);
    let page = ana_page(&world, &format!("/aperturas?fecha={date}&lang=es")).await;
    let attribute =
        format!("<li id=\"apertura-5\"><b>Cancha 1</b><time datetime=\"{}\">", said["opens"].as_str().expect("a text"));
    assert!(page.contains(&attribute) && page.contains(": abren el "), "{page}");
    assert!(ana_page(&world, &format!("/aperturas?fecha={date}&lang=en")).await.contains(": open on "));
}

async fn ana_page(world: &World, path: &str) -> String {
    world.member("ana").await.get(path).await.html
}
