//! The command `check`: exit codes, and one JSON document.

use std::path::Path;

use firstserve::cli::check::{self, Shown};
use firstserve::config::Environment;
use serde_json::Value;

use super::world::{CLUB, DOUBLES, World, now, zones};

#[test]
fn warnings_are_no_failure_errors_are_and_a_file_that_is_not_there_is_another() {
    let world = World::with(&format!("{CLUB}{}", DOUBLES.replace("2027", "2020")));
    let (code, out, err) = run(&world.file(), Shown::Plain);
    assert_eq!((code, out.as_str()), (0, ""));
    assert!(err.contains("is finished: 2020-07-18 has passed"), "{err}");
    assert!(err.contains("1 warning; 1 site, 1 member, 1 booking"), "{err}");

    let (code, _, err) = run(Path::new("fixtures/config/invalid/unknown-keys.toml"), Shown::Plain);
    assert_eq!(code, 78);
    assert!(err.contains("did you mean `courts`?") && err.contains(": 6 errors"), "{err}");

    let (code, _, err) = run(&world.path("config/none.toml"), Shown::Plain);
    assert_eq!(code, 74);
    assert!(err.contains("there is no such file"), "{err}");
}

/// Who mends one of them must not be told of the other only then.
#[test]
fn a_member_who_is_wrong_does_not_hide_what_is_wrong_of_his_bookings() {
    let wrong = CLUB.replace("vault =", "vualt =");
    let world = World::with(&format!("{wrong}{DOUBLES}courts = [\"1\", \"9\"]\n"));
    let (code, _, err) = run(&world.file(), Shown::Plain);
    assert!(code == 78 && err.contains("`vualt`") && err.contains("there is no court `9`"), "{err}");
    world.write(&format!("{wrong}{DOUBLES}courts = [\"1\", \"2\"]\n"));
    let (_, _, err) = run(&world.file(), Shown::Plain);
    assert!(err.contains("`vualt`") && !err.contains("there is no"), "the control: {err}");
}

#[test]
fn json_is_one_document_and_the_only_thing_on_stdout() {
    let (code, out, err) = run(Path::new("fixtures/config/invalid/unknown-keys.toml"), Shown::Json);
    assert_eq!((code, err.as_str()), (78, ""));
    let document: Value = serde_json::from_str(&out).expect("it is one JSON document");
    let first = &document["problems"][0];
    assert_eq!(first["severity"], "error");
    assert_eq!(first["code"], "unknown-key");
    assert_eq!(first["message"], "unknown key `lisen` in [server]");
    assert_eq!(first["help"], "did you mean `listen`?");
    assert_eq!(first["file"], "fixtures/config/invalid/unknown-keys.toml");
    assert_eq!((&first["line"], &first["column"]), (&17.into(), &1.into()));
    assert_eq!(document["problems"].as_array().map(Vec::len), Some(6));

    let (code, out, _) = run(Path::new("fixtures/config/valid/minimal.toml"), Shown::Json);
    assert_eq!(code, 0);
    let document: Value = serde_json::from_str(&out).expect("it is one JSON document");
    assert_eq!(document["problems"], Value::Array(Vec::new()));
}

/// What is right and will do nothing all the same: words of the example, no entry in the vault, nobody to be told.
#[test]
fn a_right_file_is_told_what_it_lacks() {
    let two = CLUB.replace("club.example", "reservas.example.com")
        + "[member.luis]\nsite = \"club\"\nvault = \"club/lius\"\n";
    let luis = DOUBLES.replace("ana", "luis").replace("17:00", "19:00");
    let mail =
        "[mail]\nfrom = \"firstserve <booking@example.com>\"\nsmtp-host = \"smtp.example.org\"\nvault = \"mail\"\n";
    let world = World::with(&format!("{two}{mail}{DOUBLES}{luis}"));
    for entry in ["ana", "luis"] {
        let file = world.path(&format!("data/vault/club/{entry}.age"));
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder can be made");
        std::fs::write(file, "nobody reads it").expect("a file");
    }
    let (code, out, err) = run(&world.file(), Shown::Plain);
    assert_eq!((code, out.as_str()), (0, ""));
    let folder = world.path("").display().to_string();
    insta::assert_snapshot!("advice", err.replace(&folder, "…/"));

    world.write(&format!("{CLUB}mail = \"ana@club.example\"\n{DOUBLES}"));
    let (code, _, err) = run(&world.file(), Shown::Plain);
    assert!(code == 0 && err.contains("`member.ana.mail` says who is told, but no mail is sent"), "{err}");
    assert!(err.contains(": 1 warning;"), "{err}");

    world.write(&format!("{CLUB}{DOUBLES}"));
    let (_, _, err) = run(&world.file(), Shown::Plain);
    assert!(err.contains("no problems"), "control: {err}");
}

fn run(path: &Path, shown: Shown) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let environment = Environment::default();
    let code =
        check::run(path, &environment, &zones, now(), shown, None, (&mut out, &mut err)).expect("a Vec can be written");
    (code, String::from_utf8(out).expect("it is text"), String::from_utf8(err).expect("it is text"))
}
