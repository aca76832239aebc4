//! Configurations that were in force: read and brought back beside a running daemon; and the record of it all.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use jiff::civil::date;

use super::world::{House, PROGRAM, Practice, booking, member, until};

/// How soon an edit must be in force.
const SOON: Duration = Duration::from_secs(10);

const FILE: &str = "config/booking.toml";

fn parts(club: &Practice, day: i8) -> Vec<String> {
    vec![club.site("club-api"), member("ana"), booking("far away", "ana", date(2199, 7, day), "1", "17:00")]
}

async fn moves_to(house: &House, day: i8) {
    until("the plan moves", SOON, async || {
        let live = house.attempts().await;
        live.iter().any(|one| one.date == date(2199, 7, day) && !one.state.is_ended())
    })
    .await;
}

async fn kept(house: &House, number: usize) {
    until("it is kept", SOON, async || {
        let store = house.store().await;
        let kept = store.config_history(100).await.expect("it can be read").len();
        store.close().await;
        kept == number
    })
    .await;
}

fn read(house: &House) -> String {
    std::fs::read_to_string(house.path(FILE)).expect("it can be read")
}

/// Files in the folder of the configuration, but for the configuration.
fn beside(house: &House) -> Vec<String> {
    let entries = std::fs::read_dir(house.path("config")).expect("it can be read");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    names.filter(|name| name != "booking.toml").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_in_force_is_listed_and_comes_back() {
    let (house, club) = (House::new(), Practice::opens_in(1_000_000));
    house.write(&parts(&club, 11));
    assert_eq!(house.ask(&["config", "rollback", "1"]).await.code, Some(65), "nothing was kept yet");
    let empty = house.ask(&["config", "history"]).await;
    assert!(empty.code == Some(0) && empty.out.contains("nothing was kept yet"), "{empty:#?}");
    let daemon = house.run().await;
    moves_to(&house, 11).await;

    house.write(&parts(&club, 12));
    kept(&house, 2).await;
    // As an editor of another system writes it, with a mark before it; nothing of that is ours to tidy up.
    let odd = format!("\u{feff}# mañana\n{PROGRAM}{}", parts(&club, 13).join("\n")).replace('\n', "\r\n");
    house.write_text(&odd);
    kept(&house, 3).await;
    house.write(&parts(&club, 14));
    kept(&house, 4).await;
    moves_to(&house, 14).await;

    let list = house.ask(&["config", "history", "--json"]).await;
    assert_eq!(list.code, Some(0), "{list:#?}");
    let list = list.json();
    let list = list["configurations"].as_array().expect("a list");
    let of = |key: &str| list.iter().map(|one| one[key].clone()).collect::<Vec<_>>();
    assert_eq!(of("number"), [4, 3, 2, 1]);
    assert_eq!(of("cause"), ["reload", "reload", "reload", "start"]);
    assert_eq!(of("is_file"), [true, false, false, false]);
    for (at, day) in [(0, 14), (1, 13), (2, 12)] {
        let before = day - 1;
        let said = format!("booking \"far away\" of ana: dates was 2199-07-{before}, is now 2199-07-{day}");
        assert_eq!(list[at]["changes"], serde_json::json!([said]), "{list:#?}");
    }
    assert_eq!(list[3]["note"], "nothing is kept before it");
    let text = house.ask(&["config", "history", "--limit", "1"]).await.out;
    assert!(text.contains("dates was 2199-07-13, is now 2199-07-14") && text.contains("(the file holds it)"), "{text}");
    assert_eq!(text.lines().count(), 2, "{text}");

    std::fs::set_permissions(house.path(FILE), std::fs::Permissions::from_mode(0o640)).expect("set");
    let back = house.ask(&["config", "rollback", "3"]).await;
    assert_eq!(back.code, Some(0), "{back:#?}");
    assert!(back.out.contains("dates was 2199-07-14, is now 2199-07-13"), "{back:#?}");
    assert_eq!(read(&house), odd, "byte for byte");
    let mode = std::fs::metadata(house.path(FILE)).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    assert_eq!(beside(&house), Vec::<String>::new(), "what was replaced is in the history");
    moves_to(&house, 13).await;
    kept(&house, 5).await;
    let again = house.ask(&["config", "rollback", "5", "--json"]).await;
    assert_eq!((again.code, &again.json()["replaced"]), (Some(0), &false.into()), "{again:#?}");
    assert_eq!(daemon.times("refused"), 0, "{:#?}", daemon.said());
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_broken_or_gone_comes_back_and_is_not_lost() {
    let (house, club) = (House::new(), Practice::opens_in(1_000_000));
    house.write(&parts(&club, 11));
    let daemon = house.run().await;
    let good = read(&house);
    let broken = good.replace("courts = [", "cuorts = [\"");
    house.write_text(&broken);
    let missing = house.ask(&["config", "rollback", "9"]).await;
    assert_eq!(missing.code, Some(65), "{missing:#?}");
    assert!(missing.err.contains("no configuration number 9: there are 1 to 1"), "{missing:#?}");
    assert_eq!(read(&house), broken, "nothing was touched");

    let back = house.ask(&["config", "rollback", "1", "--json"]).await;
    assert_eq!((back.code, back.json()["changes"].clone()), (Some(0), serde_json::Value::Null), "{back:#?}");
    assert_eq!(read(&house), good);
    let aside = beside(&house);
    assert!(aside.len() == 1 && aside[0].starts_with("booking.toml.replaced-"), "{aside:?}");
    let aside = house.path("config").join(&aside[0]);
    assert_eq!(std::fs::read_to_string(&aside).expect("it is there"), broken);

    std::fs::remove_file(house.path(FILE)).expect("removed");
    assert_eq!(house.ask(&["config", "rollback", "1"]).await.code, Some(0));
    assert_eq!(read(&house), good);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_today_is_not_brought_back() {
    let (house, club) = (House::new(), Practice::opens_in(1_000_000));
    house.write(&parts(&club, 11));
    house.run().await.stop().await;
    let (now, folder) = (parts(&club, 12), house.path("selectors/club-api"));
    std::fs::rename(&folder, house.path("selectors/moved")).expect("renamed");
    house.write(&now.iter().map(|part| part.replace("selectors/club-api", "selectors/moved")).collect::<Vec<_>>());
    let before = read(&house);
    let refused = house.ask(&["config", "rollback", "1"]).await;
    assert_eq!(refused.code, Some(78), "{refused:#?}");
    assert!(refused.err.contains("there is no such folder") && refused.err.contains("is unchanged"), "{refused:#?}");
    assert_eq!((read(&house), beside(&house).len()), (before, 0));
    let list = house.ask(&["config", "history"]).await;
    assert_eq!(list.code, Some(0), "what is wrong is listed all the same: {list:#?}");
    std::fs::rename(house.path("selectors/moved"), folder).expect("renamed");
    assert_eq!(house.ask(&["config", "rollback", "1"]).await.code, Some(0), "the control");
}

/// SQL run by another program, with the triggers out of the way.
fn forge(house: &House, sql: &str) {
    let script = "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1])\nc.executescript(sys.argv[2])\nc.commit()";
    let sql = format!("DROP TRIGGER IF EXISTS audit_keeps_rows; DROP TRIGGER IF EXISTS audit_loses_no_row; {sql}");
    let run = Command::new("python3").args(["-c", script]).arg(house.path("data/firstserve.db")).arg(sql).output();
    let run = run.expect("python3 is there");
    assert!(run.status.success(), "{run:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_is_verified_beside_the_daemon() {
    let (house, club) = (House::new(), Practice::opens_in(1_000_000));
    house.write(&parts(&club, 11));
    let none = house.ask(&["audit", "verify"]).await;
    assert!(none.code == Some(0) && none.out.starts_with("nothing was kept yet"), "{none:#?}");
    let daemon = house.run().await;
    moves_to(&house, 11).await;
    house.write(&parts(&club, 12));
    moves_to(&house, 12).await;
    let whole = house.ask(&["audit", "verify"]).await;
    assert_eq!(whole.code, Some(0), "{whole:#?}");
    assert!(whole.out.contains("nothing was changed or taken out"), "{whole:#?}");
    daemon.stop().await;

    let whole = house.ask(&["audit", "verify", "--json"]).await.json();
    let rows = whole["rows"].as_i64().expect("a count");
    assert!(whole["whole"] == true && rows >= 4 && whole["first"].as_str() <= whole["last"].as_str(), "{whole}");
    let kept = std::fs::read(house.path("data/firstserve.db")).expect("it can be read");
    let forgeries = [
        ("UPDATE audit SET actor = 'x' WHERE seq = 2", 2, "it was changed", true),
        ("DELETE FROM audit WHERE seq = 2", 2, "it is missing", false),
        (&*format!("DELETE FROM audit WHERE seq = {rows}"), rows, "does not end where it says", false),
    ];
    for (sql, row, why, says) in forgeries {
        std::fs::write(house.path("data/firstserve.db"), &kept).expect("put back");
        for end in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(house.path(&format!("data/firstserve.db{end}")));
        }
        assert_eq!(house.ask(&["audit", "verify"]).await.code, Some(0), "the control");
        forge(&house, sql);
        let found = house.ask(&["audit", "verify", "--json"]).await;
        let broken = &found.json()["broken"];
        assert_eq!((found.code, &broken["row"]), (Some(65), &row.into()), "{sql}: {found:#?}");
        assert!(broken["why"].as_str().is_some_and(|told| told.contains(why)), "{sql}: {found:#?}");
        assert_eq!(broken["says"]["actor"] == "x", says, "{sql}: {found:#?}");
        let text = house.ask(&["audit", "verify"]).await.out;
        assert!(text.contains(&format!("does not hold from row {row} on")), "{text}");
    }
}
