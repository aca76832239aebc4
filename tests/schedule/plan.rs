//! `plan` and `explain`, as a user reads them and as a program does.

use firstserve::cli::{explain, plan};
use firstserve::model::{Booking, MeasuredTo, Member, OpeningRule, Site};
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
    Member { id: id.into(), site: site.into(), vault: format!("{site}/{id}"), mail: None }
}

fn planned(until: Option<jiff::civil::Date>) -> plan::Plan {
    let (bookings, members, sites) = world();
    plan::plan(&bookings, &members, &sites, &zones(), at(NOW), until)
}

fn explained(name: &str) -> Result<Vec<explain::Explanation>, firstserve::report::Problem> {
    let (bookings, members, sites) = world();
    explain::explain(name, &bookings, &members, &sites, &zones(), at(NOW))
}

#[test]
fn a_plan_is_read() {
    insta::assert_snapshot!(planned(Some(date(2027, 11, 30))).text());
}

#[test]
fn a_plan_has_the_promised_keys() {
    let json = planned(Some(date(2027, 7, 31))).json();
    insta::assert_json_snapshot!(json);
}

#[test]
fn an_empty_plan_says_so() {
    assert_eq!(planned(Some(date(2027, 7, 1))).text(), "No booking has a date ahead.\n");
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
    let found = explain::explain("july doubles", &bookings, &members, &sites, &zones(), at(NOW)).expect("it is there");
    insta::assert_snapshot!(found[0].text());
    assert!(plan::plan(&bookings[..1], &members, &sites, &zones(), at(NOW), None).rows.is_empty());
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
