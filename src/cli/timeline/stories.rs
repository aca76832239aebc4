//! What a person reads while one or several attempts go on, in eighty columns.

use std::cell::RefCell;
use std::rc::Rc;

use super::*;

/// Eighty columns, and what was written there.
#[derive(Clone, Default)]
struct Sheet(Rc<RefCell<Vec<String>>>);

impl Paper for Sheet {
    fn width(&self) -> Option<usize> {
        Some(80)
    }

    fn write(&self, line: &str) {
        self.0.borrow_mut().extend(line.lines().map(str::to_owned));
    }
}

fn on_paper() -> (Timeline, Sheet) {
    let zone = TimeZone::get("America/Costa_Rica").expect("it is known");
    let sheet = Sheet::default();
    (Timeline { paper: Box::new(sheet.clone()), colour: false, ..Timeline::new(zone, true) }, sheet)
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_795_000_000_000 + ms).expect("an instant")
}

fn event(id: &str, ms: i64, what: What) -> Event {
    Event { at: at(ms), attempt: Some(AttemptId::new(id)), what }
}

fn step(id: &str, ms: i64, phase: &'static str, file: &str) -> Event {
    let place = format!("selectors/club/{phase}/{file}.toml:3:1");
    event(id, ms, What::Step { phase, place, took: Duration::from_millis(40) })
}

fn taken_up(member: &str) -> Event {
    let (booking, date) = ("18:00 on court 1".into(), jiff::civil::date(2026, 12, 1));
    let what = What::TakenUp { booking, member: member.into(), date, opening: at(60_000), open_already: false };
    event(member, 0, what)
}

#[test]
fn several_attempts_take_a_line_a_file_and_times_never_run_backwards() {
    let (timeline, sheet) = on_paper();
    let mut timeline = timeline.of_several(true);
    let [low, high, middle] = [-2, 3, 1].map(SignedDuration::from_millis);
    let offset = Offset::new(low, high, middle, at(290)).expect("the middle is in it");
    let story = [
        taken_up("ana"),
        taken_up("bruno"),
        event("ana", 5, What::Entered(State::Preparing)),
        event("bruno", 6, What::Entered(State::Preparing)),
        step("ana", 100, "login", "10-open"),
        step("bruno", 120, "login", "10-open"),
        event("bruno", 300, What::SiteClock { offset, follows: true }),
        event("bruno", 300, What::Trouble("the two clocks differ".to_owned())),
        step("bruno", 400, "login", "10-open"),
        step("ana", 450, "login", "20-sign-in"),
        step("bruno", 500, "login", "20-sign-in"),
        event("bruno", 600, What::Entered(State::Ready)),
        event("ana", 700, What::Entered(State::Ready)),
    ];
    story.iter().for_each(|event| timeline.show(event));
    timeline.finish();
    let lines = sheet.0.borrow();
    let text = lines.join("\n");
    assert_eq!(lines[0], "times are the club's, America/Costa_Rica");
    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{text}");
    let times: Vec<&str> = lines[1..].iter().filter(|line| !line.starts_with(' ')).map(|line| &line[..12]).collect();
    assert!(times.is_sorted(), "{text}");
    for whose in ["ana · 18:00 on cou…", "bruno · 18:00 on c…"] {
        let of = |what: &str| lines.iter().filter(|line| line.contains(whose) && line.contains(what)).count();
        assert_eq!([of("✓ login/10-open.toml "), of("✓ login/20-sign-in.toml ")], [1, 1], "{whose}\n{text}");
    }
    assert!(text.contains("bruno · 18:00 on c…  ✓ login/10-open.toml        80 ms"), "both steps are in it: {text}");
    assert_eq!(text.matches("logs in and").count(), 1, "said once: {text}");
}

#[test]
fn what_is_noted_after_a_file_stands_below_it_and_above_the_trouble_that_it_fails_by() {
    let (mut timeline, sheet) = on_paper();
    let note = |ms, words: &str| event("ana", ms, What::Note(words.to_owned()));
    timeline.show(&taken_up("ana"));
    timeline.show(&step("ana", 100, "choose", "10-slot"));
    timeline.show(&note(2_000, "http works"));
    timeline.count_down(at(2_100));
    assert!(!sheet.0.borrow().join("\n").contains("http works"), "it may be followed by a trouble");
    timeline.count_down(at(2_600));
    timeline.show(&note(3_000, "armed works"));
    timeline.show(&step("ana", 3_100, "choose", "20-more"));
    timeline.show(&note(4_000, "the page is kept"));
    timeline.show(&event("ana", 4_001, What::Trouble("selectors/club/choose/20-more.toml:3:1: gone".to_owned())));
    timeline.finish();
    let signs = ["✓ choose/10-slot", "http works", "armed works", "the page is kept", "✘ choose/20-more", "! sel"];
    let lines = sheet.0.borrow();
    let at = signs.map(|sign| lines.iter().position(|line| line.contains(sign)));
    assert!(at.iter().all(Option::is_some) && at.is_sorted(), "{at:?} {lines:#?}");
}
