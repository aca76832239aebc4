//! The first choice is taken: the second is booked in the same opening, and the first is never asked for again.

use std::time::Duration;

use firstserve::club::{Fault, Options, Shape};
use jiff::SignedDuration;

use super::club::{DAYS_BEFORE, OwnClub, Submit, ZONE};
use super::house::House;
use super::process::{Ended, Process, next_turn};

/// Everything is over by then.
const LIMIT: Duration = Duration::from_secs(120);

/// Long enough for a browser to start and log in.
const OPENS_IN: SignedDuration = SignedDuration::from_secs(8);

/// A way back that begins with what only the refusal shows: the list must have been read elsewhere.
const FROM_THE_REFUSAL: &str = "[[step]]\nexpect = { visible = \".aviso.error\" }\n\
                                [[step]]\ngo = \"{site.url}reservar\"\ndialog = \"accept\"\n\
                                [[step]]\nwait-for = { visible = \"form#reserva\" }\n";

#[tokio::test(flavor = "multi_thread")]
async fn the_second_choice_is_booked_when_the_first_is_taken() {
    for (browser, fire, shape, retry) in [
        ("firefox", "script", Shape::Submit, None),
        ("chromium", "armed", Shape::Reload, None),
        ("chromium", "http", Shape::Submit, None),
        ("firefox", "native", Shape::Submit, Some(FROM_THE_REFUSAL)),
        ("chromium", "native", Shape::Submit, Some(FROM_THE_REFUSAL)),
    ] {
        let options = Options { faults: vec![Fault::Taken], shape, ..Options::default() };
        let (submits, ended) = book(browser, fire, options, retry).await;
        let told = format!("{browser}, {fire}, {shape:?}, {retry:?}: {ended:?}");
        assert_eq!(submits, [submit("17:00", "taken"), submit("18:00", "confirmed")], "{told}");
        assert_eq!(ended.code, Some(0), "{told}");
        let result = ended.json();
        assert_eq!(result["outcome"], "confirmed", "{told}");
        let start = result["start"].as_str().unwrap_or_default();
        assert!(start.ends_with("T18:00:00"), "{told}");
    }
}

/// The same without the fault, so that the test above would see a second choice that is asked for needlessly.
#[tokio::test(flavor = "multi_thread")]
async fn the_second_choice_is_not_asked_for_when_the_first_is_won() {
    let (submits, ended) = book("chromium", "script", Options::default(), None).await;
    assert_eq!(submits, [submit("17:00", "confirmed")], "{ended:?}");
}

async fn book(browser: &str, fire: &str, options: Options, retry: Option<&str>) -> (Vec<Submit>, Ended) {
    let _turn = next_turn().await;
    let flow = match options.shape {
        Shape::Submit => "club",
        Shape::Reload => "club-reload",
    };
    let club = OwnClub::opens_in(OPENS_IN, options);
    let mut house = house(&club, browser, fire, flow);
    if let Some(retry) = retry {
        house = house.with_file(flow, "retry/10-form.toml", retry);
    }
    let ended = tokio::task::spawn_blocking(move || {
        let config = house.config();
        let words = ["--config", config.to_str().expect("a plain path"), "--json", "book", "two chances"];
        Process::start(&words, &[]).ended(LIMIT)
    });
    let ended = ended.await.expect("it ends in time");
    (club.submits().await, ended)
}

fn house(club: &OwnClub, browser: &str, fire: &str, flow: &str) -> House {
    let (date, at) = club.opens();
    let at = at.strftime("%H:%M:%S");
    House::new(&format!(
        "[browser]\nengine = \"{browser}\"\n\
         [site.club]\nurl = \"{}\"\ntime-zone = \"{ZONE}\"\nflow = \"selectors/{flow}\"\nfire = \"{fire}\"\n\
         [site.club.court.1]\nsite-id = \"5\"\nopens = {{ days-before = {DAYS_BEFORE}, at = \"{at}\" }}\n\
         [member.ana]\nsite = \"club\"\nvault = \"club/ana\"\n\
         [[booking]]\nname = \"two chances\"\nmember = \"ana\"\ncourts = [\"1\"]\ndate = {date}\ntimes = [\"17:00\", \"18:00\"]\n",
        club.ready.url
    ))
    .with_flow(&format!("selectors/{flow}"), flow)
    .with_account("club/ana", "ana", "ana-raqueta")
}

fn submit(start: &str, answer: &str) -> Submit {
    Submit { start: start.to_owned(), answer: answer.to_owned(), early: false }
}
