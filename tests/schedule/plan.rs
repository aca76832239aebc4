//! `plan` and `explain`, as a user reads them and as a program does.

use firstserve::cli::heard::Heard;
use firstserve::cli::{explain, plan};
use firstserve::model::{
    Announced, Attempt, Booking, FireMode, Language, MeasuredTo, Member, OpeningRule, Outcome, Site, State,
};
use firstserve::store::Slot;
use jiff::SignedDuration;
use jiff::civil::{date, time};

use super::bookings::{booking, las_palmas, repeat, site, visible};
use super::{at, zones};

const NOW: &str = "2027-07-01T12:00:00Z";

fn world() -> (Vec<Booking>, Vec<Member>, Vec<Site>) {
    let five = time(17, 0, 0, 0);
    let july = booking(&["1", "2"], &[five, time(18, 0, 0, 0)], firstserve::model::When::Once(date(2027, 7, 18)));
    let mut weekly = booking(&["2"], &[five], repeat("FREQ=WEEKLY;BYDAY=WE;COUNT=4", date(2027, 6, 30)));
    weekly.name = "wednesday singles".into();
    let mut havana = booking(&["1", "open"], &[five], repeat("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU", date(2027, 11, 14)));
    havana.name = "domingo".into();
    havana.member = "luis".into();
    let courts = [("1", "5", visible(8)), ("open", "9", OpeningRule::Always)];
    let mut vedado = site("America/Havana", &courts);
    vedado.id = "vedado".into();
    let members = vec![member("ana", "las-palmas"), member("luis", "vedado")];
    (vec![july, weekly, havana], members, vec![las_palmas(), vedado])
}

fn member(id: &str, site: &str) -> Member {
    Member { id: id.into(), site: site.into(), vault: format!("{site}/{id}"), mail: None, language: Language::English }
}

fn planned(until: Option<jiff::civil::Date>) -> plan::Plan {
    let (bookings, members, sites) = world();
    plan::plan(&bookings, &members, &sites, &zones(), at(NOW), until)
}

fn explained(name: &str) -> Result<Vec<explain::Explanation>, firstserve::report::Problem> {
    let (bookings, members, sites) = world();
    explain::explain(name, &known(&bookings, &members, &sites, &by_script, &Heard::default()), &zones(), at(NOW))
}

fn known<'k>(
    bookings: &'k [Booking],
    members: &'k [Member],
    sites: &'k [Site],
    firing: &'k dyn Fn(&Site) -> explain::Firing,
    heard: &'k Heard,
) -> explain::Known<'k> {
    explain::Known { bookings, members, sites, firing, heard }
}

fn by_script(_: &Site) -> explain::Firing {
    explain::Firing { mode: FireMode::Script, opening_steps: false }
}

#[test]
fn a_plan_is_read() {
    insta::assert_snapshot!(planned(Some(date(2027, 11, 30))).text(usize::MAX, None));
}

#[test]
fn a_plan_has_the_promised_keys() {
    let json = planned(Some(date(2027, 7, 31))).json(usize::MAX);
    insta::assert_json_snapshot!(json);
}

/// On a narrow terminal no line is longer than it, and nothing that matters is lost.
#[test]
fn a_plan_is_read_on_a_narrow_terminal() {
    let (bookings, members, sites) = world();
    let plan = plan::plan(&bookings, &members, &sites, &zones(), at(NOW), None);
    let next = plan.rows.iter().find(|row| row.booking.as_str() == "july doubles").expect("it is planned");
    let attempt = Attempt {
        id: "01".into(),
        booking: next.booking.clone(),
        member: next.member.clone(),
        site: "las-palmas".into(),
        date: next.date,
        opening: at(NOW),
        state: State::Planned,
        submits: 0,
        created_at: at(NOW),
        planned_at: at(NOW),
        updated_at: at(NOW),
        withdrawn: false,
        note: None,
    };
    let plan = plan.with_states(&[(attempt, None)]);
    insta::assert_snapshot!(plan.text(9, Some(80)));
    for width in [60, 80, 100, 120] {
        let text = plan.text(9, Some(width));
        assert!(text.lines().all(|line| line.chars().count() <= width), "{width}\n{text}");
    }
    assert!(
        plan.text(9, None).lines().any(|line| line.chars().count() > 120),
        "the control: there is something to fold"
    );
}

/// What is won is shown as it was booked, whatever the booking asks for by now; another state is that of one court only.
#[test]
fn a_state_belongs_to_the_court_that_it_is_about() {
    let (bookings, members, sites) = world();
    let plan = plan::plan(&bookings, &members, &sites, &zones(), at(NOW), None);
    let of_date = |plan: &plan::Plan, like: &plan::Row| -> Vec<plan::Row> {
        plan.rows.iter().filter(|row| (&row.booking, row.date) == (&like.booking, like.date)).cloned().collect()
    };
    let first = plan.rows.iter().find(|row| of_date(&plan, row).len() > 1).expect("one has several courts").clone();
    let attempt = Attempt {
        id: "01".into(),
        booking: first.booking.clone(),
        member: first.member.clone(),
        site: "las-palmas".into(),
        date: first.date,
        opening: at(NOW),
        state: State::Planned,
        submits: 0,
        created_at: at(NOW),
        planned_at: at(NOW),
        updated_at: at(NOW),
        withdrawn: false,
        note: None,
    };
    let planned = plan.clone().with_states(&[(attempt.clone(), None)]);
    let told = of_date(&planned, &first).iter().filter(|row| row.state.is_some()).count();
    assert_eq!(told, 1, "the one that is tried next");

    let start = first.date.at(6, 15, 0, 0);
    let slot = Slot { court: "17".into(), start, end: start };
    let won = Attempt { state: State::Ended(Outcome::Confirmed), ..attempt };
    let plan = plan.with_states(&[(won, Some(slot))]);
    let rows = of_date(&plan, &first);
    assert_eq!(rows.len(), 1, "{rows:#?}");
    assert_eq!((rows[0].court.as_str(), &rows[0].times[..]), ("17", &[start.time()][..]));
    let words = "is confirmed; the edit of court or time does nothing for this date any more";
    assert!(plan.text(usize::MAX, None).contains(words), "{:?}", plan.settled);
}

/// What opens sooner is tried first; of what is open already, what is preferred.
#[test]
fn a_dates_courts_stand_in_the_order_in_which_they_are_tried() {
    let (bookings, members, sites) = world();
    let now = at("2027-11-10T12:00:00Z");
    let plan = plan::plan(&bookings, &members, &sites, &zones(), now, Some(date(2027, 11, 30)));
    let rows = plan.rows.iter().filter(|row| row.booking.as_str() == "domingo");
    let rows: Vec<_> = rows.map(|row| (row.date.day(), row.court.as_str(), row.opening.is_some())).collect();
    // Court 1 opened on 7 November for the 14th, and opens on the 21st for the 28th; the other one can be booked at any time.
    assert_eq!(rows, [(14, "1", true), (14, "open", false), (28, "open", false), (28, "1", true)]);
}

#[test]
fn a_long_plan_says_what_it_leaves_out() {
    let plan = planned(None);
    let (all, some) = (plan.text(usize::MAX, None), plan.text(4, None));
    let (rows, changes) = (plan.rows.len(), plan.touched.len() + 2);
    assert!(!all.contains("more (") && all.lines().count() == rows + changes + 3, "{all}");
    assert!(some.contains(&format!("… and {} more (--all, or --limit N)", rows - 4)), "{some}");
    assert_eq!(plan.json(4)["occurrences"].as_array().map(Vec::len), Some(4));
}

#[test]
fn an_empty_plan_says_so() {
    assert_eq!(planned(Some(date(2027, 7, 1))).text(9, None), "No booking has a date ahead.\n");
}

#[test]
fn bookings_are_explained() {
    let texts: Vec<_> =
        ["july doubles", "ana/wednesday singles", "domingo"].map(|name| explained(name).expect(name)).concat();
    let texts: Vec<_> = texts.iter().map(explain::Explanation::text).collect();
    insta::assert_snapshot!(texts.join("\n----\n"));
}

#[test]
fn what_will_not_be_done_is_said() {
    let (mut bookings, members, mut sites) = world();
    bookings[0].paused = true;
    let evening = OpeningRule::DaysBefore { days: 0, at: time(17, 30, 0, 0), measured_to: MeasuredTo::End };
    sites[0].courts[0].opens = evening;
    let nothing_heard = Heard::default();
    let known = known(&bookings, &members, &sites, &by_script, &nothing_heard);
    let found = explain::explain("july doubles", &known, &zones(), at(NOW)).expect("it is there");
    insta::assert_snapshot!(found[0].text());
    let nothing = plan::plan(&bookings[..1], &members, &sites, &zones(), at(NOW), None);
    assert!(nothing.rows.is_empty());
    assert_eq!(nothing.text(9, None), "No booking has a date ahead.\n\nPaused, and not tried: july doubles\n");
}

/// The permit's instant is that of the mode which is used, not of the one that the site is set to.
#[test]
fn the_permit_is_explained_by_the_mode_that_is_used() {
    let (bookings, members, mut sites) = world();
    sites[0].fire = FireMode::Armed;
    let lead = |mode: FireMode, opening_steps: bool| {
        let firing = move |_: &Site| explain::Firing { mode, opening_steps };
        let nothing_heard = Heard::default();
        let known = known(&bookings, &members, &sites, &firing, &nothing_heard);
        let found = explain::explain("july doubles", &known, &zones(), at(NOW)).expect("it is there");
        let planned = found[0].occurrences[0].choices[0].planned.clone().expect("it is not open yet");
        planned.fire.timestamp().duration_since(planned.permit.timestamp()).as_millis()
    };
    assert_eq!(lead(FireMode::Armed, false), sites[0].patience.armed_lead.as_millis());
    assert_eq!(lead(FireMode::Script, false), 500, "a flow that cannot be armed is fired as script");
    assert_eq!(lead(FireMode::Http, true), 0, "opening steps of ours come before the permit");
}

/// Court 2 at 17:00 is preferred to court 1 at 18:00, which opens a day sooner.
#[test]
fn a_preferred_court_that_opens_later_says_what_comes_before_it() {
    let notes = |name: &str| {
        let found = explained(name).expect("it is there");
        found[0].occurrences[0].choices.iter().map(|choice| choice.notes.clone()).collect::<Vec<_>>()
    };
    let said = notes("july doubles");
    assert_eq!(said.iter().map(Vec::len).collect::<Vec<_>>(), [0, 1, 0, 0], "{said:?}");
    assert!(said[1][0].starts_with("court 1 at 18:00 opens sooner and is tried before it"), "{said:?}");
    assert!(notes("wednesday singles").concat().is_empty(), "the control: one court waits for nobody");
}

/// Court 1 at 17:00 opens five minutes later, says the site; what the rule says stands beside it.
#[test]
fn what_the_site_has_announced_is_said_with_the_rule_beside_it() {
    let (bookings, members, sites) = world();
    let by_rule = plan::plan(&bookings, &members, &sites, &zones(), at(NOW), None);
    let row = by_rule.rows.iter().find(|row| row.booking.as_str() == "july doubles" && row.court.as_str() == "1");
    let row = row.expect("it is planned").clone();
    let rule = row.opening.expect("it has a rule").timestamp();
    let announced = |rule| Announced {
        site: sites[0].id.clone(),
        court: "1".into(),
        start: row.date.to_datetime(row.times[0]),
        instant: rule + SignedDuration::from_mins(5),
        rule,
        read_at: at(NOW),
        said: "9 de julio a las 00:05".to_owned(),
        files: "f".to_owned(),
    };
    let heard = |files: &str, rule| Heard {
        known: vec![announced(rule)],
        files: [(sites[0].id.clone(), files.to_owned())].into(),
    };
    let with = |heard: &Heard| {
        let plan = plan::plan_with(&bookings, &members, &sites, heard, &zones(), at(NOW), None);
        let found = plan.rows.iter().find(|other| other.booking == row.booking && other.court == row.court);
        let found = found.expect("it is planned").clone();
        (found.opening.expect("it opens").timestamp(), found.announced, plan.text(9, None))
    };
    let (opening, said, text) = with(&heard("f", rule));
    // Of the two starts the other one still opens by the rule, and is the first.
    assert!(opening == rule && said.len() == 1, "{said:?}");
    assert!(text.contains("Openings that the site has announced:\n"), "{text}");
    assert!(said[0].starts_with("the site announced 2027-07-09 00:05:00 (“9 de julio a las 00:05”, read "), "{said:?}");
    assert!(said[0].ends_with("; by the rule it is 2027-07-09 00:00:00"), "{said:?}");
    for void in [heard("other files", rule), heard("f", rule - SignedDuration::from_hours(1))] {
        let (_, said, text) = with(&void);
        assert!(said.is_empty() && !text.contains("announced"), "read by other files, or under another rule: {said:?}");
    }
    let heard = heard("f", rule);
    let known = known(&bookings, &members, &sites, &by_script, &heard);
    let found = explain::explain("july doubles", &known, &zones(), at(NOW)).expect("it is there");
    let first = &found[0].occurrences[0].choices[0];
    let fire = first.planned.as_ref().expect("it is ahead").fire.timestamp();
    assert_eq!(fire, rule + SignedDuration::from_mins(5));
    assert!(first.notes[0].starts_with("the site announced 2027-07-09 00:05:00"), "{:?}", first.notes);
}

#[test]
fn an_explanation_is_data() {
    insta::assert_json_snapshot!(explain::json(&explained("wednesday singles").expect("it is there")));
}

#[test]
fn an_unknown_name_gets_the_nearest() {
    let problem = explained("july dobles").expect_err("a slip");
    assert_eq!(problem.message, "no booking is named `july dobles`");
    assert_eq!(problem.help.as_deref(), Some("did you mean `july doubles`?"));
    let problem = explained("x").expect_err("nothing near");
    assert_eq!(problem.help.as_deref(), Some("the bookings are: july doubles, wednesday singles, domingo"));
}
