//! What is kept of a failed step: a picture and the source, without secrets.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use firstserve::browser::stage::{FailureKind, Stage};
use firstserve::flow::page::{self, Call, Shown};
use firstserve::flow::wire::Step;
use firstserve::model::{Origins, Secret};
use serde_json::json;

use super::steps::{brief, css, step};
use super::world::{World, cases};

cases![
    masked_and_bounded,
    a_picture_of_a_step,
    nothing_to_be_had,
    an_echoed_secret_is_covered_in_the_picture,
    what_cannot_be_covered_gives_no_picture,
    whoever_is_cut_off_leaves_nothing_covered,
];

/// Secrets that the page, or the flow, holds.
const CANARIES: [&str; 5] =
    ["typed-secret-1", "handed-secret-2", "markup-password", "hidden-token-456", "meta-token-123"];

async fn masked_and_bounded(world: &mut World<'_>) {
    let dir = tempfile::tempdir().expect("a folder");
    let stage = Stage::begin(world.driver.clone()).await.expect("the window answers");
    world.stage = stage.with_secrets([Secret::new("handed-secret-2")]);
    world.stage.trust(Origins::of(&world.site.url("/"), [], &[]));
    world.open("verbs/screenshot.html").await;
    let fill = |text: &str, secret: bool| Step {
        secret,
        ..step(json!({ "fill": { "target": css("#plain"), "with": text } }))
    };
    world.run(fill("handed-secret-2 and typed-secret-1", false)).await;
    world.run(fill("typed-secret-1", true)).await;
    let plain = world.driver.source().await.expect("there is a source");
    assert!(plain.contains("typed-secret-1"), "the control: the page does show it");
    assert_eq!(world.fails(brief(json!({ "click": css("#none") }))).await.kind, FailureKind::NotFound);
    let kept = world.stage.evidence(dir.path()).await;
    assert_eq!(kept.notes, Vec::<String>::new());
    let source = std::fs::read_to_string(kept.source.expect("a source")).expect("it can be read");
    for canary in CANARIES {
        assert!(!source.contains(canary), "{canary} is in the evidence");
    }
    assert!(source.contains("id=\"user\"") && source.contains("[masked]"), "{source}");
    let picture = std::fs::read(kept.picture.expect("a picture")).expect("it can be read");
    assert!(picture.starts_with(b"\x89PNG") && picture.len() < 2 * 1024 * 1024);
    let colour = world.ask("return document.getElementById('password').style.color").await;
    assert_eq!(colour, "", "what was concealed for the picture is shown again");
}

/// What the page shows, wherever it does.
const ECHOED: &str = "return [document.title, head.textContent, said.textContent, value.value, area.value, done.value, \
    hint.placeholder, host.shadowRoot.textContent, frame.contentDocument.body.textContent].join('|')";

/// A page that shows this in every place where a page can, once it is complete.
async fn echo(world: &mut World<'_>, said: &str) {
    world.open(&format!("verbs/echo.html?{said}")).await;
    for _ in 0..100 {
        let shown = world.ask(&format!("{{ {ECHOED} }}")).await;
        if shown == [said; 9].join("|") && world.ask("return document.readyState").await == "complete" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the page does not show “{said}”");
}

/// Browsers paint the same page a little differently, at edges.
const FEW: u64 = 10;

/// Another word, in nine places.
const MANY: u64 = 300;

/// How many pixels are clearly different, as the browser itself decodes both pictures.
async fn differing(world: &World<'_>, one: &[u8], other: &[u8]) -> u64 {
    let body = r"const pixels = async coded => {
          const picture = new Image();
          picture.src = `data:image/png;base64,${coded}`;
          await picture.decode();
          const canvas = Object.assign(document.createElement('canvas'), { width: picture.width, height: picture.height });
          const drawn = canvas.getContext('2d');
          drawn.drawImage(picture, 0, 0);
          return drawn.getImageData(0, 0, canvas.width, canvas.height).data;
        };
        return Promise.all(Array.from(arguments, pixels)).then(([one, other]) => one.length !== other.length ? 1e9
          : one.reduce((count, level, at) => count + (Math.abs(level - other[at]) > 64 ? 1 : 0), 0));";
    let coded = [one, other].map(|png| json!(STANDARD.encode(png)));
    let answer = world.driver.execute(body, coded.to_vec()).await.expect("the script runs");
    answer.json().as_f64().map(|count| count as u64).expect("a number")
}

async fn an_echoed_secret_is_covered_in_the_picture(world: &mut World<'_>) {
    let dir = tempfile::tempdir().expect("a folder");
    echo(world, "[masked]").await;
    let like_it = world.driver.screenshot_as_png().await.expect("a picture");
    world.stage.hide(Secret::new("echoed-secret-9"));
    echo(world, "echoed-secret-9").await;
    let plain = world.driver.screenshot_as_png().await.expect("a picture");
    assert!(differing(world, &plain, &like_it).await > MANY, "the control: the page does show it");
    let kept = world.stage.evidence(dir.path()).await;
    assert_eq!(kept.notes, Vec::<String>::new());
    let picture = std::fs::read(kept.picture.expect("a picture")).expect("it can be read");
    assert!(differing(world, &picture, &like_it).await < FEW, "the picture is that of a page that shows the mask");
    let after = world.ask(ECHOED).await;
    assert_eq!(after, ["echoed-secret-9"; 9].join("|"), "everything is put back");
    echo(world, "echoed-secret-9").await;
    let step = world.run(step(json!({ "screenshot": "before" }))).await;
    assert!(differing(world, &step.pictures[0].1, &like_it).await < FEW, "the same of a picture that a step takes");
}

async fn whoever_is_cut_off_leaves_nothing_covered(world: &mut World<'_>) {
    let secret = "echoed-secret-9";
    echo(world, secret).await;
    world.stage.state().await.expect("the program is in the page");
    let ask = async |call: Call| world.driver.execute(&call.script, call.args).await.expect("it runs").json().clone();
    let shown: Vec<Shown> = serde_json::from_value(ask(page::shown()).await["value"].take()).expect("texts");
    let places = shown.iter().enumerate().filter(|(_, each)| each.text == secret);
    let changes: Vec<_> = places.map(|(at, _)| (at, secret, "[masked]".to_owned())).collect();
    ask(page::cover(&changes)).await;
    assert_eq!(world.ask(ECHOED).await, ["[masked]"; 9].join("|"), "the control: it is covered");
    world.run(step(json!({ "read": { "target": css("#said"), "into": "it" } }))).await;
    assert_eq!(world.ask(ECHOED).await, [secret; 9].join("|"), "the next step finds the page as it was");
}

/// Scripts of pages that show the secret nevertheless.
const STUBBORN: [(&str, &str); 3] = [
    ("the program fails", "document.createTreeWalker = () => { throw new Error('no') }"),
    ("it is written again and again", "setInterval(() => { said.textContent = 'echoed-secret-9' }, 0)"),
    ("it is in pieces", "pieces.innerHTML = '<i>echoed-</i><i>secret-9</i>'"),
];

async fn what_cannot_be_covered_gives_no_picture(world: &mut World<'_>) {
    world.stage.hide(Secret::new("echoed-secret-9"));
    for (how, script) in STUBBORN {
        let dir = tempfile::tempdir().expect("a folder");
        echo(world, "echoed-secret-9").await;
        world.ask(script).await;
        let kept = world.stage.evidence(dir.path()).await;
        assert_eq!((kept.picture, dir.path().join("page.png").exists()), (None, false), "{how}: {:?}", kept.notes);
        assert!(kept.notes[0].starts_with("no picture: "), "{how}: {:?}", kept.notes);
        assert_eq!(world.ask(ECHOED).await, ["echoed-secret-9"; 9].join("|"), "{how}: everything is put back");
        if how == "it is in pieces" {
            assert_eq!((kept.source, dir.path().join("page.html").exists()), (None, false), "{how}: {:?}", kept.notes);
            assert!(kept.notes[1].starts_with("no source: a secret stands in it"), "{how}: {:?}", kept.notes);
            continue;
        }
        let source = std::fs::read_to_string(kept.source.expect("a source")).expect("it can be read");
        assert!(!source.contains("echoed-secret-9"), "{how}");
    }
}

async fn a_picture_of_a_step(world: &mut World<'_>) {
    world.open("verbs/screenshot.html").await;
    let done = world.run(step(json!({ "screenshot": "before" }))).await;
    let (name, png) = &done.pictures[0];
    assert!(name == "before" && png.starts_with(b"\x89PNG"));
}

async fn nothing_to_be_had(world: &mut World<'_>) {
    let dir = tempfile::tempdir().expect("a folder");
    world.open("verbs/dialog.html").await;
    world.run(step(json!({ "click": css("#tell") }))).await;
    let kept = world.stage.evidence(&dir.path().join("inner")).await;
    assert_eq!(
        (kept.picture, kept.source, kept.notes.len()),
        (None, None, 2),
        "a dialog is in the way, and that is said"
    );
}
