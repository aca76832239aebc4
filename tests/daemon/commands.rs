//! Bad input and exit codes, and what programs read.

use std::process::{Output, Stdio};
use std::time::Duration;

use firstserve::clock::{Clock, Stopwatch, SystemClock};
use serde_json::Value;
use tokio::net::TcpListener;

use super::world::{Answer, Daemon, House, PROGRAM, Practice, booking, member, outcome};

/// A command that cannot do anything says so at once.
const FAST: Duration = Duration::from_secs(10);

async fn house_with_club() -> (House, Practice) {
    let (house, club) = (House::new(), Practice::opens_in(600_000));
    house.write(&[club.site("club-api"), member("ana"), booking("singles", "ana", club.date(), "1", "17:00")]);
    (house, club)
}

#[track_caller]
fn assert_fails(answer: &Answer, code: i32, words: &[&str]) {
    assert_eq!(answer.code, Some(code), "{answer:#?}");
    for word in words {
        assert!(answer.err.contains(word), "{word:?} is not in {answer:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_or_missing_file_has_its_code() {
    let (house, _club) = house_with_club().await;
    for command in [&["run"][..], &["plan"], &["check"], &["book", "singles"], &["explain", "singles"]] {
        let missing = house.ask(&[command, &["--config", "config/none.toml"]].concat()).await;
        assert_fails(&missing, 74, &["there is no such file"]);
    }
    house.edit("config/booking.toml", "courts", "cuorts");
    for command in [&["run"][..], &["plan"], &["check"], &["book", "singles"], &["explain", "singles"]] {
        assert_fails(&house.ask(command).await, 78, &["unknown key `cuorts`"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_command_line_is_64() {
    let (house, _club) = house_with_club().await;
    for words in [&[][..], &["bok"], &["book"], &["plan", "--until", "yesterday"], &["run", "--jsn"]] {
        let answer = house.ask(words).await;
        assert_eq!((answer.code, answer.out.as_str()), (Some(64), ""), "{words:?} {answer:#?}");
        assert!(!answer.err.is_empty());
    }
    assert_eq!(house.ask(&["--help"]).await.code, Some(0));
    assert_eq!(house.ask(&["--version"]).await.code, Some(0));
}

/// The same fact has one code and the same words, whoever is asked.
#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_was_kept_yet_every_look_says_so_and_is_done() {
    let (house, _club) = house_with_club().await;
    for words in [&["ledger"][..], &["lead"], &["audit", "verify"], &["config", "history"]] {
        let answer = house.ask(words).await;
        assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""), "{words:?} {answer:#?}");
        assert!(answer.out.starts_with("nothing was kept yet"), "{words:?} {answer:#?}");
        let document = house.ask(&[words, &["--json"]].concat()).await.json();
        let lists = document.as_object().expect("a document").values().filter_map(Value::as_array);
        assert!(lists.clone().all(Vec::is_empty), "{words:?} {document}");
        assert!(lists.count() > 0 || document["rows"] == 0, "{words:?} {document}");
    }
    assert_fails(&house.ask(&["ledger", "nobody"]).await, 65, &["no attempt has the id or the booking `nobody`"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_booking_says_that_it_is_paused() {
    let (house, _club) = house_with_club().await;
    house.edit("config/booking.toml", "times = ", "paused = true\ntimes = ");
    for words in [&["book", "singles"][..], &["book", "singles", "--dry-run", "--now"]] {
        assert_fails(&house.ask(words).await, 65, &["`singles` is paused", "paused = true"]);
    }
    assert!(house.ask(&["plan"]).await.out.contains("Paused, and not tried: singles"));
}

/// Nobody sits before a terminal for days without being told.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_wait_says_until_when_and_what_can_be_done_meanwhile() {
    let (house, _club) = house_with_club().await;
    let mut waits = Daemon::start(house.command(&["book", "singles"]));
    let told = waits.hears("Court 1 bookings for ").await;
    assert!(
        told.contains("aren't open yet. Your request is scheduled and will be confirmed once it is reserved after ")
    );
    let said = waits.hears("this waits until then; it logs in ").await;
    assert!(said.contains("it opens in "), "{said}");
    waits.hears("`run` does not").await;
    let status = house.ask(&["status", "--json"]).await;
    assert_eq!(status.json()["bookings"][0]["status"], "scheduled", "it works meanwhile: {status:#?}");
    waits.kill().await;
    assert_eq!(house.ask(&["book", "singles", "--dry-run", "--now"]).await.code, Some(0), "nothing is lost");
}

/// What is asked for in vain is told with what to write instead.
#[tokio::test(flavor = "multi_thread")]
async fn a_date_that_bounds_nothing_is_64() {
    let (house, _club) = house_with_club().await;
    assert_fails(&house.ask(&["plan", "--until", "yesterday"]).await, 64, &["yesterday", "2027-07-18"]);
    assert_fails(&house.ask(&["plan", "--until", "2020-01-01"]).await, 64, &["2020-01-01 has passed"]);
    assert_eq!(house.ask(&["plan", "--until", "2199-01-01"]).await.code, Some(0), "the control");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_booking_is_65_with_the_near_one() {
    let (house, _club) = house_with_club().await;
    for command in ["book", "explain"] {
        assert_fails(&house.ask(&[command, "singels"]).await, 65, &["singels", "did you mean", "singles"]);
        let told = house.ask(&[command, "singels", "--json"]).await;
        assert_eq!(told.code, Some(65));
        assert!(told.json()["error"].as_str().is_some_and(|text| text.contains("singles")), "{told:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_read_one_document() {
    let (house, _club) = house_with_club().await;
    let has = |answer: &Answer, pointer: &str| {
        assert_eq!(answer.code, Some(0), "{answer:#?}");
        assert!(answer.json().pointer(pointer).is_some(), "{pointer} {answer:#?}");
    };
    has(&house.ask(&["check", "--json"]).await, "");
    has(&house.ask(&["explain", "singles", "--json"]).await, "");
    has(&house.ask(&["plan", "--json"]).await, "");
    has(&house.ask(&["schema", "--json"]).await, "/$schema");
    has(&house.ask(&["vault", "list", "--json"]).await, "/entries/0");
    has(&house.ask(&["book", "singles", "--now", "--dry-run", "--json"]).await, "/outcome");
    let early = house.ask(&["book", "singles", "--now", "--json"]).await;
    assert_eq!(early.code, Some(65));
    assert!(early.json()["error"].is_string(), "{early:#?}");
    let script = house.ask(&["completions", "bash", "--json"]).await;
    assert_eq!(script.code, Some(64));
    assert!(script.json()["error"].is_string(), "{script:#?}");
    // It ends with its standard input, which is none.
    let club = ["club", "--listen", "127.0.0.1:0", "--opens-in", "1m", "--ends-with-stdin"];
    assert!(house.ask(&club).await.out.starts_with("club ready at http://"), "the control");
    let club = house.ask(&[&club[..], &["--json"]].concat()).await;
    has(&club, "/url");
    has(&club, "/opening");
}

#[tokio::test(flavor = "multi_thread")]
async fn book_books_and_tells_it_as_one_document() {
    let (house, club) = (House::new(), Practice::opens_in(3_000));
    house.write(&[club.site("club-api"), member("ana"), booking("singles", "ana", club.date(), "1", "17:00")]);
    let answer = house.ask(&["book", "singles", "--json"]).await;
    assert_eq!((answer.code, &answer.json()["outcome"]), (Some(0), &Value::from("confirmed")), "{answer:#?}");
    assert_eq!(club.held_by("ana").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_or_a_data_folder_that_is_in_use_is_69() {
    let (house, _club) = house_with_club().await;
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = taken.local_addr().expect("it has an address").to_string();
    house.edit("config/booking.toml", "127.0.0.1:0", &address);
    assert_fails(&house.ask(&["run"]).await, 69, &[&address, "`listen` under [server]"]);
    house.edit("config/booking.toml", &address, "127.0.0.1:0");

    let daemon = house.run().await;
    let book = &["not try again", "end it, then `firstserve book`, then start it again"][..];
    for (second, more) in [(&["run"][..], &[][..]), (&["book", "singles"], book)] {
        let pid = daemon.pid.as_raw_nonzero().to_string();
        let kill = format!("`kill {pid}`");
        let words = ["already uses", "stop it first", &pid, "books by itself", "`firstserve status`", "Ctrl-C", &kill];
        let answer = house.ask(second).await;
        assert_fails(&answer, 69, &[&words[..], more].concat());
        assert!(
            !answer.err.contains("its own"),
            "another database would book without the record of this one: {answer:#?}"
        );
    }
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_vault_the_daemon_runs_and_says_so_and_book_does_not_wait() {
    let (house, club) = (House::without_vault(), Practice::opens_in(600_000));
    house.write(&[club.site("club-api"), member("ana"), booking("singles", "ana", club.date(), "1", "17:00")]);
    let since = Stopwatch::start();
    assert_fails(&house.ask(&["book", "singles"]).await, 78, &["firstserve vault init"]);
    assert!(since.elapsed() < FAST);
    let daemon = house.run().await;
    daemon.hears("without a vault nobody can be logged in").await;
    daemon.stop().await;

    house.make_vault();
    std::fs::remove_file(house.path("identity")).expect("it was there");
    assert_fails(&house.ask(&["vault", "list"]).await, 78, &["identity"]);
    let daemon = house.run().await;
    daemon.hears("there is no identity yet").await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vault_is_the_one_that_the_configuration_names() {
    let (house, club) = (House::without_vault(), Practice::opens_in(600_000));
    house.write(&[club.site("club-api"), member("ana"), booking("singles", "ana", club.date(), "1", "17:00")]);
    let made = house.ask(&["vault", "init", "--json"]).await;
    assert_eq!(made.json()["new"], true, "{made:#?}");
    assert!(house.path("identity").is_file() && house.path("data/vault").is_dir());
    assert_fails(&house.ask(&["book", "singles"]).await, 65, &["club/ana", "firstserve vault set"]);
    let refused = house.ask(&["vault", "rm", "nobody", "--json"]).await;
    assert_eq!(refused.code, Some(65));
    assert!(refused.json()["error"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_browser_book_says_so_at_once_and_an_attempt_ends_in_words() {
    let (house, club) = (House::new(), Practice::opens_in(1_000));
    let browser = "[browser]\ngeckodriver = \"/nowhere/geckodriver\"\n".to_owned();
    let site = club.site("club").replace("settle = \"1s\"", "settle = \"1s\"\ngrace = \"2s\"");
    house.write(&[browser, site, member("ana"), booking("singles", "ana", club.date(), "1", "17:00")]);
    let since = Stopwatch::start();
    let words = ["/nowhere/geckodriver", "[browser]"];
    assert_fails(&house.ask(&["book", "singles"]).await, 69, &words);
    assert!(since.elapsed() < FAST);

    let mut daemon = Daemon::start(house.command(&["run"]));
    let attempt = house_ended(&house, &daemon).await;
    assert_eq!(outcome(&attempt), "missed", "{attempt:?}");
    let note = attempt.note.unwrap_or_default();
    assert!(words.iter().all(|word| note.contains(word)), "{note}");
    daemon.kill().await;
    assert!(SystemClock.now() > club.ready.opening.expect("it opens"));
}

/// Hours before the opening, and not when it is too late to do anything about it.
#[tokio::test(flavor = "multi_thread")]
async fn the_daemon_says_at_its_start_what_is_missing() {
    let (house, club) = (House::new(), Practice::opens_in(600_000));
    let browser = "[browser]\ngeckodriver = \"/nowhere/geckodriver\"\n".to_owned();
    let stranger = member("eva").replace("club/eva", "club/nobody");
    let wishes =
        [booking("singles", "ana", club.date(), "1", "17:00"), booking("doubles", "eva", club.date(), "3", "17:00")];
    let lacking = [&[browser, club.site("club"), member("ana"), stranger][..], &wishes].concat();
    house.write(&lacking);
    let daemon = house.run().await;
    let said = daemon.hears("no firefox to book with").await;
    assert!(said.contains("/nowhere/geckodriver") && said.contains("[browser]"), "{said}");
    let said = daemon.hears("eva cannot be logged in").await;
    assert!(said.contains("club/nobody") && said.contains("firstserve vault set"), "{said}");
    daemon.stop().await;

    house.write(&[club.site("club-api"), member("ana"), booking("singles", "ana", club.date(), "1", "17:00")]);
    let daemon = house.run().await;
    let said = daemon.said().join("\n");
    assert!(!said.contains("to book with") && !said.contains("cannot be logged in"), "the control: {said}");
    daemon.stop().await;
}

/// `firstserve plan | head -1` ends quietly; a disk that is full is told.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_goes_away_is_no_error() {
    let (house, _club) = house_with_club().await;
    let speaks: [&[&str]; 8] = [
        &["plan"],
        &["plan", "--json"],
        &["explain", "singles"],
        &["schema"],
        &["completions", "bash"],
        &["vault", "list"],
        &["check", "--json"],
        &["--help"],
    ];
    for words in speaks {
        let (reader, writer) = std::io::pipe().expect("a pipe can be made");
        drop(reader);
        let output = into(&house, words, writer.into()).await;
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), told.as_ref()), (Some(0), ""), "{words:?}");
    }
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("the system has it");
    let output = into(&house, &["plan"], full.into()).await;
    assert_eq!(output.status.code(), Some(74), "the control: {}", String::from_utf8_lossy(&output.stderr));
}

async fn into(house: &House, words: &[&str], stdout: Stdio) -> Output {
    let child = house.command(words).stdout(stdout).stderr(Stdio::piped()).spawn().expect("it can be run");
    child.wait_with_output().await.expect("it ends")
}

/// A name may hold what turns the direction of writing; a key may hold anything at all.
#[tokio::test(flavor = "multi_thread")]
async fn names_do_not_speak_to_the_terminal() {
    let (house, club) = (House::new(), Practice::opens_in(600_000));
    let wish = booking("to\u{202e}nis", "ana", club.date(), "1", "17:00");
    house.write(&[club.site("club-api"), member("ana"), wish]);
    for words in [&["plan"][..], &["explain", "to\u{202e}nis"], &["book", "x"], &["check"]] {
        let answer = house.ask(words).await;
        let said = format!("{}{}", answer.out, answer.err);
        assert!(!said.contains('\u{202e}'), "{words:?} {answer:#?}");
    }
    assert!(house.ask(&["plan"]).await.out.contains(r"to\u{202e}nis"));
    let told = house.ask(&["plan", "--json"]).await;
    assert_eq!(told.json()["occurrences"][0]["booking"], "to\u{202e}nis", "JSON keeps what was written");
    house.edit("config/booking.toml", "17:00", "17:00\\u001b]0;t\\u0007");
    let told = house.ask(&["check"]).await;
    assert!(!told.err.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{told:#?}");
}

async fn house_ended(house: &House, daemon: &Daemon) -> firstserve::model::Attempt {
    daemon.hears("firstserve runs;").await;
    house.ended("singles").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_or_database_that_cannot_be_is_told_with_its_key() {
    let (house, club) = house_with_club().await;
    let rest = [club.site("club-api"), member("ana")].join("\n");
    std::fs::write(house.path("file"), "").expect("it can be written");
    house.write_text(&format!("{PROGRAM}[log]\nfolder = \"file/log\"\n{rest}"));
    assert_fails(&house.ask(&["run"]).await, 74, &["file/log", "[log]"]);
}
