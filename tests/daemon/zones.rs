//! Time zone data that are updated under a running daemon.

use std::fs;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::date;
use rustix::process::Signal;

use super::world::{House, Practice, booking, client, member, until};

/// A zone whose clocks show something else in the two committed releases, for good.
const CHANGED: &str = "Africa/Casablanca";

/// The daemon looks at the folders once a minute.
const NEXT_LOOK: Duration = Duration::from_secs(90);

/// What it is told is done at once.
const SOON: Duration = Duration::from_secs(10);

/// The compiled zone out of a committed file.
fn tzif(release: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/zones/tzdata-{release}.bin"));
    let all = fs::read(path).expect("the fixture can be read");
    let number = |at: usize| u32::from_be_bytes(all[at..at + 4].try_into().expect("four bytes")) as usize;
    let (index, data) = (number(12), number(16));
    let mut entries = (index..data).step_by(52);
    let entry = entries.find(|at| all[*at..].starts_with(CHANGED.as_bytes())).expect("the zone is there");
    let start = data + number(entry + 40);
    all[start..start + number(entry + 44)].to_vec()
}

/// Puts the data of a committed release into the household's folder, under a name that is newer than anything else.
fn install(house: &House, release: &str, called: &str) {
    let folder = house.path("zoneinfo");
    fs::create_dir_all(folder.join("Africa")).expect("a folder can be made");
    fs::write(folder.join(CHANGED), tzif(release)).expect("it can be written");
    fs::write(folder.join("+VERSION"), called).expect("it can be written");
}

async fn opening(house: &House) -> Option<Timestamp> {
    house.attempts().await.first().map(|attempt| attempt.opening)
}

async fn audited(house: &House, event: &str) -> usize {
    let rows = house.store().await.audit_rows(0, 10_000).await.expect("it can be read");
    rows.iter().filter(|row| row.event == event).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_moves_the_plan_by_itself_and_at_once_when_it_is_told() {
    let (house, club) = (House::new(), Practice::opens_in(1_000));
    install(&house, "2025b", "9998a");
    let site = club.site("club-api").replace(super::world::ZONE, CHANGED);
    let wish = booking("far away", "ana", date(2199, 7, 11), "1", "17:00");
    house.write(&["[time]\nzoneinfo = \"zoneinfo\"\n".to_owned(), site, member("ana"), wish]);
    let daemon = house.run().await;
    until("it is planned", SOON, async || opening(&house).await.is_some()).await;
    let before = opening(&house).await.expect("it is planned");
    let livez = format!("http://{}/livez", daemon.address().await);
    let shows = async |release: &str| {
        let answer = client().get(&livez).send().await.expect("it answers");
        answer.text().await.expect("a text").contains(&format!("time zone data {release} (configured)"))
    };
    until("9998a is shown", SOON, async || shows("9998a").await).await;

    install(&house, "2026f", "9999a");
    until("it is noticed", NEXT_LOOK, async || opening(&house).await.is_some_and(|after| after != before)).await;
    let after = opening(&house).await.expect("it is planned");
    assert_eq!(after.duration_since(before).as_mins(), 60, "one hour later by the new data");
    until("9999a is shown", SOON, async || shows("9999a").await).await;
    until("1 moves are audited", SOON, async || audited(&house, "replanned").await == 1).await;

    install(&house, "2025b", "9999b");
    daemon.signal(Signal::HUP);
    until("it is taken back", SOON, async || opening(&house).await == Some(before)).await;
    until("2 moves are audited", SOON, async || audited(&house, "replanned").await == 2).await;
    until("9999b is shown", SOON, async || shows("9999b").await).await;
    daemon.stop().await;
}
