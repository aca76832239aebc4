//! How the opening steps may be done: what `commit.toml` says, and what the steps allow.

use std::path::Path;

use firstserve::flow::opening::not_chained;
use firstserve::flow::wire::OpeningWay;
use firstserve::flow::{Flow, Phase};
use firstserve::model::{FireMode, Site};
use firstserve::report::{Problem, SourceFile};

use super::support::{files, site, words};

const BUTTON: &str = "click = { id = \"reservar\" }\n";

/// The club whose opening has steps, with files of it replaced or added.
fn club(changed: &[(&str, &str)]) -> (Option<Flow>, Vec<Problem>) {
    let folder = Path::new("selectors/club-reload");
    let is_changed = |path: &Path| changed.iter().any(|(name, _)| folder.join(name) == path);
    let mut flow: Vec<_> = files(folder).into_iter().filter(|file| !is_changed(file.path())).collect();
    flow.extend(changed.iter().map(|(name, text)| SourceFile::new(folder.join(name), text.to_string())));
    Flow::parse(folder, &flow)
}

fn whole(changed: &[(&str, &str)]) -> Flow {
    let (flow, problems) = club(changed);
    flow.unwrap_or_else(|| panic!("{problems:?}"))
}

fn firing(fire: FireMode) -> Site {
    Site { fire, ..site("UTC") }
}

#[test]
fn what_is_left_out_follows_send() {
    for (said, way) in [
        ("", OpeningWay::Page),
        ("send = \"fetch\"", OpeningWay::Fetch),
        ("send = \"http\"", OpeningWay::Http),
        ("send = \"form\"\nopening = \"fetch\"", OpeningWay::Fetch),
        ("send = \"http\"\nopening = \"page\"", OpeningWay::Page),
        ("opening = \"http\"", OpeningWay::Http),
    ] {
        assert_eq!(whole(&[("commit.toml", &format!("{BUTTON}{said}\n"))]).commit().opening(), way, "{said}");
    }
    assert!(OpeningWay::Page < OpeningWay::Fetch && OpeningWay::Fetch < OpeningWay::Http);
}

#[test]
fn an_unknown_way_and_a_way_without_pages_are_mistakes() {
    let (_, problems) = club(&[("commit.toml", &format!("{BUTTON}opening = \"fetsch\"\n"))]);
    assert_eq!((problems[0].code, problems[0].help.as_deref()), ("unknown-opening", Some("did you mean `fetch`?")));
    let (_, problems) = club(&[("commit.toml", "request = { url = \"{site.url}book\" }\nopening = \"fetch\"\n")]);
    assert!(problems.iter().any(|problem| problem.code == "misplaced-key"), "{problems:?}");
}

#[test]
fn the_shipped_club_can_be_chained() {
    let flow = whole(&[]);
    assert_eq!(flow.cannot_be_chained(), None);
    for fire in FireMode::ALL {
        assert!(flow.problems_with_site(&firing(fire)).is_empty());
    }
}

/// The files say the same as the rendered steps.
#[test]
fn what_cannot_be_chained_is_said_at_its_place() {
    let ahead = ("opening/05-first.toml", "[[step]]\nclick = \"#next\"\n");
    let script = ("opening/20-last.toml", "[[step]]\nif-present = \"#a\"\nsteps = [{ script = \"x()\" }]\n");
    let text = ("opening/20-last.toml", "[[step]]\nclick = \"#a\"\ndialog = { accept = \"a text\" }\n");
    let refused = ("commit.toml", "click = \"#a\"\nsend = \"fetch\"\ndialog = \"dismiss\"\n");
    for changed in [ahead, script, text, refused] {
        let flow = whole(&[changed]);
        let (place, _) = flow.cannot_be_chained().expect("it cannot");
        let steps = flow.render_steps(Phase::Opening, &words()).expect("rendered");
        let not = not_chained(&steps, &flow.commit().render(&words()).expect("rendered")).expect("it cannot");
        assert!(place.to_string().contains(changed.0) && not.place.contains(changed.0), "{place} {not}");
        let told = flow.problems_with_site(&firing(FireMode::Armed));
        let codes: Vec<_> = told.iter().map(|problem| problem.code).collect();
        assert_eq!(codes, ["not-chained"], "{told:?}");
        assert!(told[0].place.as_ref().is_some_and(|told| told.to_string() == place.to_string()));
    }
}

#[test]
fn who_does_not_want_a_chain_is_not_told_of_it() {
    let ahead = ("opening/05-first.toml", "[[step]]\nclick = \"#next\"\n");
    let codes = |changed: &[(&str, &str)], fire| -> Vec<&str> {
        whole(changed).problems_with_site(&firing(fire)).iter().map(|problem| problem.code).collect()
    };
    assert_eq!(codes(&[ahead], FireMode::Script), [""; 0]);
    assert_eq!(codes(&[ahead], FireMode::Auto), [""; 0], "nobody has asked for it");
    let by_page = ("commit.toml", "click = \"#a\"\nsend = \"http\"\nopening = \"page\"\n");
    assert_eq!(codes(&[ahead, by_page], FireMode::Armed), [""; 0]);
    let asked = ("commit.toml", "click = \"#a\"\nopening = \"fetch\"\n");
    assert_eq!(codes(&[ahead, asked], FireMode::Auto), ["not-chained"]);
    let reads = ("opening/30-more.toml", "[[step]]\nread = \"h1\"\ninto = \"heading\"\n");
    assert_eq!(codes(&[ahead, reads], FireMode::Armed), ["not-armed"], "that says enough");
}
