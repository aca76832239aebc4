//! The watcher, with real files and real time.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use firstserve::clock::{Clock, SimClock, Stopwatch};
use firstserve::config::{Environment, Pace, Reason, Reload, Watcher, watch};
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

use super::world::{CLUB, DOUBLES, World, load_plainly, now, zones};

/// What the issue allows from a save to the new plan.
const SOON: Duration = Duration::from_secs(2);

/// What a busy machine is given before a test gives up.
const PATIENT: Duration = Duration::from_secs(15);

/// Long enough for an event, short of every poll of [`events_only`].
const A_WHILE: Duration = Duration::from_millis(700);

/// No poll within any test: what is noticed is noticed by events.
fn events_only() -> Pace {
    Pace { poll: Duration::from_secs(3600), ..Pace::default() }
}

struct Watched {
    world: World,
    watcher: Watcher,
    reloads: Receiver<Reload>,
}

impl Watched {
    fn new(pace: Pace) -> Self {
        let world = World::with(CLUB);
        let file = world.file();
        Self::at(world, &file, pace)
    }

    fn at(world: World, file: &Path, pace: Pace) -> Self {
        let loaded = load_plainly(file);
        assert!(loaded.config.is_some(), "{:?}", loaded.problems);
        let clock: Arc<dyn Clock> = Arc::new(SimClock::new(now()));
        let (watcher, reloads) = watch(file.to_owned(), Environment::default(), Arc::new(zones), clock, &loaded, pace);
        Self { world, watcher, reloads }
    }

    async fn next(&mut self) -> Option<Reload> {
        timeout(PATIENT, self.reloads.recv()).await.ok().flatten()
    }

    /// Waits for a configuration with so many bookings, past whatever comes before; gives the time it took.
    async fn bookings(&mut self, wanted: usize) -> Duration {
        let since = Stopwatch::start();
        loop {
            let reload = self.next().await.expect("a reload arrives");
            if reload.loaded.config.is_some_and(|config| config.bookings.len() == wanted) {
                return since.elapsed();
            }
        }
    }

    async fn silence(&mut self) {
        let heard = timeout(A_WHILE, self.reloads.recv()).await;
        assert!(heard.is_err(), "{heard:?}");
    }
}

fn one_booking() -> String {
    format!("{CLUB}{DOUBLES}")
}

#[tokio::test]
async fn a_save_by_rename_is_noticed_again_and_again() {
    let mut watched = Watched::new(events_only());
    for wanted in [1, 0, 1] {
        let new = watched.world.path("config/.booking.toml.swp");
        fs::write(&new, if wanted == 1 { one_booking() } else { CLUB.to_owned() }).expect("the file can be written");
        fs::rename(&new, watched.world.file()).expect("the file can be renamed");
        assert!(watched.bookings(wanted).await < SOON);
    }
    watched.silence().await;
}

/// The control: without folders to watch (and without a poll) the same save stays unseen.
#[tokio::test]
async fn without_events_and_poll_nothing_is_noticed() {
    let mut watched = Watched::new(Pace { events: false, ..events_only() });
    tokio::time::sleep(Duration::from_millis(300)).await;
    watched.world.write(&one_booking());
    watched.silence().await;
    watched.watcher.reload_now();
    watched.bookings(1).await;
}

/// Network file systems send no events.
#[tokio::test]
async fn without_events_the_poll_finds_it() {
    let mut watched = Watched::new(Pace { events: false, ..Pace::default() });
    watched.world.write(&one_booking());
    let since = Stopwatch::start();
    let reload = timeout(PATIENT, watched.reloads.recv()).await.expect("in time").expect("a reload");
    assert!(reload.loaded.config.is_some_and(|config| config.bookings.len() == 1), "after {:?}", since.elapsed());
}

#[tokio::test]
async fn a_file_written_in_pieces_is_read_once_when_it_is_whole() {
    let quiet = Duration::from_millis(400);
    let mut watched = Watched::new(Pace { quiet, patience: PATIENT, ..events_only() });
    write_in_pieces(&watched.world.file()).await;
    let reload = watched.next().await.expect("a reload arrives");
    assert!(reload.loaded.config.is_some(), "half a file was told: {:?}", reload.loaded.problems);
    watched.silence().await;
}

/// The control: without a quiet moment, pieces are told.
#[tokio::test]
async fn without_a_quiet_moment_pieces_are_told() {
    let mut watched = Watched::new(Pace { quiet: Duration::from_millis(1), ..events_only() });
    write_in_pieces(&watched.world.file()).await;
    let first = watched.next().await.expect("a reload arrives");
    assert!(first.loaded.config.is_none_or(|config| config.bookings.is_empty()));
}

async fn write_in_pieces(path: &Path) {
    let text = one_booking();
    let mut file = OpenOptions::new().write(true).truncate(true).open(path).expect("it can be opened");
    for chunk in text.as_bytes().chunks(text.len() / 8) {
        file.write_all(chunk).expect("it can be written");
        file.flush().expect("it can be written");
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
}

#[tokio::test]
async fn a_swapped_link_is_noticed() {
    let world = World::with(CLUB);
    for (version, text) in [("..v1", CLUB.to_owned()), ("..v2", one_booking())] {
        fs::create_dir(world.path("config").join(version)).expect("a folder can be made");
        fs::write(world.path("config").join(version).join("booking.toml"), text).expect("the file can be written");
    }
    fs::remove_file(world.file()).expect("the file can be removed");
    symlink("..v1", world.path("config/..data")).expect("a link can be made");
    symlink("..data/booking.toml", world.file()).expect("a link can be made");
    let file = world.file();
    let mut watched = Watched::at(world, &file, events_only());
    symlink("..v2", watched.world.path("config/..data_tmp")).expect("a link can be made");
    fs::rename(watched.world.path("config/..data_tmp"), watched.world.path("config/..data"))
        .expect("it can be renamed");
    watched.bookings(1).await;
}

/// The file is a link out of the folder, and the file at its other end is edited.
#[tokio::test]
async fn what_a_link_leads_to_is_watched() {
    let world = World::with(CLUB);
    fs::create_dir(world.path("elsewhere")).expect("a folder can be made");
    fs::rename(world.file(), world.path("elsewhere/real.toml")).expect("it can be renamed");
    symlink("../elsewhere/real.toml", world.file()).expect("a link can be made");
    let file = world.file();
    let mut watched = Watched::at(world, &file, events_only());
    fs::write(watched.world.path("elsewhere/real.toml"), one_booking()).expect("the file can be written");
    watched.bookings(1).await;
}

#[tokio::test]
async fn a_file_that_is_gone_is_told_and_so_is_its_return() {
    let mut watched = Watched::new(events_only());
    fs::remove_file(watched.world.file()).expect("the file can be removed");
    let reload = watched.next().await.expect("a reload arrives");
    assert!(reload.loaded.unreadable && reload.loaded.config.is_none());
    watched.silence().await;
    watched.world.write(&one_booking());
    watched.bookings(1).await;
}

#[tokio::test]
async fn two_hundred_broken_edits_and_then_a_good_one() {
    let mut watched = Watched::new(events_only());
    for n in 0..200 {
        watched.world.write(&format!("{CLUB}\nbroken {n}"));
        if n % 10 == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    watched.world.write(&one_booking());
    assert!(watched.bookings(1).await < SOON);
    watched.silence().await;
}

/// Nobody takes the reloads while edits go on: the newest one is the one that waits.
#[tokio::test]
async fn a_slow_receiver_gets_the_latest() {
    let mut watched = Watched::new(events_only());
    for n in 0..3 {
        watched.world.write(&format!("{CLUB}# {n}\n"));
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    watched.world.write(&one_booking());
    tokio::time::sleep(Duration::from_millis(600)).await;
    let mut told = 0;
    while let Some(reload) = watched.next().await {
        told += 1;
        if reload.loaded.config.is_some_and(|config| config.bookings.len() == 1) {
            assert!(told <= 2, "{told} reloads had piled up");
            return;
        }
    }
    panic!("the latest never came");
}

#[tokio::test]
async fn a_selector_file_counts_and_a_new_folder_is_watched() {
    let mut watched = Watched::new(events_only());
    fs::write(watched.world.path("selectors/club/login/20-more.toml"), "# more\n").expect("the file can be written");
    let first = watched.next().await.expect("a reload arrives");
    assert_eq!(first.reason, Reason::Changed);
    fs::create_dir_all(watched.world.path("selectors/club/later/deep")).expect("a folder can be made");
    tokio::time::sleep(Duration::from_millis(100)).await;
    fs::write(watched.world.path("selectors/club/later/deep/10.toml"), "# deep\n").expect("the file can be written");
    let second = watched.next().await.expect("a reload arrives");
    assert_ne!(first.loaded.hash, second.loaded.hash);

    super::world::copy(&watched.world.path("selectors/club"), &watched.world.path("selectors/other"));
    watched.world.write(&CLUB.replace("selectors/club", "selectors/other"));
    watched.next().await.expect("a reload arrives");
    fs::write(watched.world.path("selectors/other/commit.toml"), "# other\n").expect("the file can be written");
    watched.next().await.expect("the new folder is watched");
}

/// A folder that was exchanged whole (an unpacked release, another branch) has the old name and is another folder.
#[tokio::test]
async fn an_exchanged_folder_is_watched_on() {
    let mut watched = Watched::new(events_only());
    super::world::copy(&watched.world.path("selectors/club"), &watched.world.path("selectors/new"));
    fs::write(watched.world.path("selectors/new/commit.toml"), "# new\n").expect("the file can be written");
    fs::rename(watched.world.path("selectors/club"), watched.world.path("selectors/old")).expect("it can be renamed");
    fs::rename(watched.world.path("selectors/new"), watched.world.path("selectors/club")).expect("it can be renamed");
    watched.next().await.expect("the exchange is noticed");
    fs::write(watched.world.path("selectors/club/commit.toml"), "# newer\n").expect("the file can be written");
    watched.next().await.expect("the new folder is watched");
}

#[tokio::test]
async fn touching_or_reading_is_no_news_but_asking_is() {
    let mut watched = Watched::new(events_only());
    watched.world.write(CLUB);
    let _ = fs::read(watched.world.file()).expect("the file can be read");
    watched.silence().await;
    watched.watcher.reload_now();
    let reload = watched.next().await.expect("an answer arrives");
    assert_eq!(reload.reason, Reason::Asked);
    assert!(reload.loaded.config.is_some());
}

#[tokio::test]
async fn the_watch_ends_with_its_guard() {
    let Watched { world, watcher, mut reloads } = Watched::new(events_only());
    drop(watcher);
    assert!(timeout(PATIENT, reloads.recv()).await.expect("the thread ends").is_none());
    drop(world);
}
