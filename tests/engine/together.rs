//! Two bookings of one account that open at one instant.

use std::time::Duration;

use firstserve::clock::Clock;
use firstserve::club::Fault;
use firstserve::engine::What;
use firstserve::model::{Outcome, State};
use jiff::SignedDuration;

use super::sim::{House, IN_TIME, is_trouble, wish};

/// How many of the two are logged in and ready when the first submit leaves.
async fn ready_at_the_first_submit(sessions: &str) -> usize {
    let house = House::before(SignedDuration::from_mins(2), &[]).await;
    let (opens, date) = (house.opens(0), house.date());
    let wishes = [wish("first hour", date, &["1"], "17:00"), wish("second hour", date, &["1"], "18:00")];
    house.write([&opens, &opens], &wishes);
    house.edit("config/booking.toml", "clock = \"own\"\n", &format!("clock = \"own\"\nsessions = \"{sessions}\"\n"));
    let mut life = house.start();
    for _ in 0..2 {
        assert_eq!(life.ended().await, Outcome::Confirmed, "{:#?}", life.story);
    }
    assert_eq!(house.submits_and_bookings().await, (2, 2));
    let before = life.heard.iter().take_while(|what| !matches!(what, What::Sent { .. }));
    let ready = before.filter(|what| **what == What::Entered(State::Ready)).count();
    life.stop().await;
    ready
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_bears_it_gets_both_at_the_instant() {
    assert_eq!(ready_at_the_first_submit("many").await, 2);
}

/// The control: what pushes each other out comes one after the other, and both are booked all the same.
#[tokio::test(flavor = "multi_thread")]
async fn otherwise_the_second_waits_for_the_first() {
    assert_eq!(ready_at_the_first_submit("one").await, 1);
}

/// Court 1 opens in two minutes, court 3 has been open for a day; a wish's own word is the page that it needs.
async fn house_with_forms() -> House {
    let house = House::before(SignedDuration::from_mins(2), &[]).await;
    std::fs::create_dir(house.path("selectors/club-api/prepare")).expect("a folder");
    let form = "[[step]]\n[step.request]\nurl = \"{site.url}api/{booking.form}\"\n\
                headers = { Authorization = \"Bearer {token}\" }\nexpect = { status = 200 }\n";
    std::fs::write(house.path("selectors/club-api/prepare/10-form.toml"), form).expect("the file is written");
    house
}

fn wish_with(name: &str, house: &House, court: &str, time: &str, form: &str) -> String {
    format!("{}variables = {{ form = \"{form}\" }}\n", wish(name, house.date(), &[court], time))
}

fn says(words: &str) -> impl Fn(&What) -> bool {
    move |what| matches!(what, What::Note(note) if note.contains(words))
}

/// A date whose form is not there is tried in vain for half an hour, and the account is needed meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_date_that_is_tried_in_vain_does_not_keep_another_from_its_opening() {
    let house = house_with_forms().await;
    let stuck = wish_with("stuck", &house, "3", "17:00", "no-such-form");
    house.write([&house.opens(0), &house.opens(1)], &[stuck, wish_with("midnight", &house, "1", "18:00", "bookings")]);
    let mut life = house.start();
    life.until("a wait", says("waits for stuck 20")).await;
    life.until("a way that is given", says("leaves its account to midnight 20")).await;
    let sent = life.until("a submit", |what| matches!(what, What::Sent { .. })).await;
    let What::Sent { choice, late: Some(late), .. } = sent else { panic!("it opens while it is waited for: {sent:?}") };
    assert_eq!(choice.court.as_str(), "1");
    assert!(late < IN_TIME, "{late:?}: {:#?}", life.story);
    assert_eq!(life.ended().await, Outcome::Confirmed, "{:#?}", life.story);
    life.until("the other's next try", |what| *what == What::Entered(State::Preparing) || is_trouble(what)).await;
    let told = life.heard.iter().filter(|what| says("waits for stuck")(what)).count();
    life.stop().await;
    assert_eq!((told, house.submits_and_bookings().await), (1, (1, 1)), "it is said once");
}

/// Both are open already, as at a first start: whoever can be booked is.
#[tokio::test(flavor = "multi_thread")]
async fn of_dates_that_are_open_already_one_that_is_tried_in_vain_leaves_the_others_their_turn() {
    let house = house_with_forms().await;
    let (stuck, free) = (("stuck", "3", "17:00", "no-such-form"), ("free", "1", "18:00", "bookings"));
    let [stuck, free] = [stuck, free].map(|(name, court, time, form)| wish_with(name, &house, court, time, form));
    let opens = [house.opens(2), house.opens(1)];
    house.write([&opens[0], &opens[1]], std::slice::from_ref(&stuck));
    let mut life = house.start();
    life.until("trouble", is_trouble).await;
    house.write([&opens[0], &opens[1]], &[stuck, free]);
    life.handle.reload(house.parts()).await;
    let begun = house.clock.now();
    life.until("a wait", says("waits for stuck 20")).await;
    assert_eq!(life.ended().await, Outcome::Confirmed, "{:#?}", life.story);
    let took = house.clock.now().duration_since(begun);
    life.stop().await;
    assert!(took < SignedDuration::from_mins(10), "{took:?}");
    assert_eq!(house.submits_and_bookings().await, (1, 1));
}

/// A look at the session that is not answered does not keep the submit from its instant.
#[tokio::test(flavor = "multi_thread")]
async fn a_look_without_an_answer_does_not_outlast_the_opening() {
    let house = House::before(SignedDuration::from_mins(2), &[]).await;
    house.write_one(&["1"]);
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}/", silent.local_addr().expect("it has an address"));
    house.edit("selectors/club-api/login/logged-in.toml", "{site.url}api/bookings", &url);
    let mut life = house.start();
    let sent = life.until("a submit", |what| matches!(what, What::Sent { .. })).await;
    let What::Sent { late: Some(late), .. } = sent else { panic!("it is waited for: {sent:?}") };
    assert!(late < IN_TIME, "{late:?}: {:#?}", life.story);
    assert_eq!(life.ended().await, Outcome::Confirmed, "{:#?}", life.story);
    life.stop().await;
}

/// Sessions of one account beside each other.
fn bears_many(house: &House) {
    house.edit("config/booking.toml", "clock = \"own\"\n", "clock = \"own\"\nsessions = \"many\"\n");
}

/// Both want 17:00. The first submit is answered "taken", and only then is the other court anybody's to submit.
#[tokio::test(flavor = "multi_thread")]
async fn what_one_of_two_loses_the_other_still_gets() {
    for sessions in ["many", "one"] {
        let house = House::before(SignedDuration::from_mins(2), &[Fault::Taken]).await;
        let (opens, date) = (house.opens(0), house.date());
        house.write([&opens, &opens], &[wish("here", date, &["1"], "17:00"), wish("there", date, &["3"], "17:00")]);
        if sessions == "many" {
            bears_many(&house);
        }
        let mut life = house.start();
        let ends = [life.ended().await, life.ended().await];
        assert!(ends.contains(&Outcome::Taken) && ends.contains(&Outcome::Confirmed), "{ends:?} {:#?}", life.story);
        assert_eq!(house.submits_and_bookings().await, (2, 1), "sessions: {sessions}");
        let waited = life.heard.iter().any(|what| matches!(what, What::Note(note) if note.contains("waited for")));
        assert!(waited || sessions == "one", "{:#?}", life.story);
        life.stop().await;
    }
}

fn two_hours(name: &str, house: &House, court: &str) -> String {
    wish(name, house.date(), &[court], "17:00").replace("[\"17:00\"]", "[\"17:00\", \"18:00\"]")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overlap_costs_the_other_booking_that_time_and_no_other() {
    // On the same court the site's list shows what the first has, which is no booking of the second.
    for (renamed, court) in [(false, "3"), (false, "1"), (true, "3")] {
        let house = House::before(SignedDuration::from_mins(2), &[]).await;
        house.write_one(&["1"]);
        let mut life = house.start();
        assert_eq!(life.ended().await, Outcome::Confirmed);
        let opens = house.opens(0);
        let first = wish("ana plays", house.date(), &["1"], "17:00");
        let kept = if renamed { vec![] } else { vec![first] };
        house.write([&opens, &opens], &[kept, vec![two_hours("later", &house, court)]].concat());
        life.handle.reload(house.parts()).await;
        // The control: what has no other booking in its place may be the same wish by another name, and is about every time.
        let (outcome, expected) = if renamed { (Outcome::Skipped, (1, 1)) } else { (Outcome::Confirmed, (2, 2)) };
        assert_eq!(life.ended().await, outcome, "renamed: {renamed}, court {court}; {:#?}", life.story);
        assert_eq!(house.submits_and_bookings().await, expected, "court {court}");
        let sent = life.heard.iter().filter_map(|what| match what {
            What::Sent { choice, .. } => Some(choice.start.hour()),
            _ => None,
        });
        assert_eq!(sent.collect::<Vec<_>>(), if renamed { vec![17] } else { vec![17, 18] });
        life.stop().await;
    }
}

/// Nobody gives the place up, and nobody is waited for longer than the grace.
#[tokio::test(flavor = "multi_thread")]
async fn who_never_comes_free_is_waited_for_until_it_is_too_late() {
    let house = House::before(SignedDuration::from_mins(2), &[]).await;
    let (opens, date) = (house.opens(0), house.date());
    house.write([&opens, &opens], &[wish("waits", date, &["1"], "17:00")]);
    house.plan_only().await;
    house.is_on_the_waiting_list("waits", &house.choice("1")).await;
    house.write([&opens, &opens], &[wish("waits", date, &["1"], "17:00"), wish("other", date, &["3"], "17:00")]);
    let mut life = house.start();
    life.pace = Duration::from_secs(1);
    assert_eq!(life.ended().await, Outcome::Skipped, "{:#?}", life.story);
    assert!(house.clock.now() > house.opening() + Duration::from_secs(30 * 60));
    assert_eq!((house.submits_and_bookings().await, house.asked("/api/login").await < 4), ((0, 0), true));
    assert_eq!(house.attempt("waits").await.state, State::Waitlisted);
    life.stop().await;
}
