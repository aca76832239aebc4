//! Templates by tables: every word and format, what is escaped where, and nights on which clocks turn.

use firstserve::flow::template::Context;
use firstserve::flow::{RenderErrorKind, Template, Words};
use jiff::SignedDuration;

use super::support::{words, words_at};

fn render(template: &str, words: &Words) -> String {
    render_as(template, Context::Text, words)
}

fn render_as(template: &str, context: Context, words: &Words) -> String {
    let parsed = Template::parse_as(template, context).unwrap_or_else(|errors| panic!("{template}: {errors:?}"));
    parsed.render(words).unwrap_or_else(|error| panic!("{template}: {error}")).text
}

#[test]
fn every_word_and_format() {
    let table = [
        // The site's own forms of a slot.
        ("De {start:%I:%M %p} a {end:%I:%M %p}", "De 05:00 PM a 06:00 PM"),
        ("{slot}", "De 05:00 PM a 06:00 PM"),
        ("{slot:upper}", "DE 05:00 PM A 06:00 PM"),
        ("{start:%-I:%M %P}", "5:00 pm"),
        // Dates.
        ("{date}", "2027-07-18"),
        ("{date:iso}", "2027-07-18"),
        ("{date:%d.%m.%Y}", "18.07.2027"),
        ("{date+14d:%-m/%-d/%Y}", "8/1/2027"),
        ("{date:%Y}/{date:%-m}/{date:%-d}", "2027/7/18"),
        ("{date:url:%d/%m/%Y}", "18%2F07%2F2027"),
        ("{start:url:iso}", "2027-07-18T17%3A00%3A00"),
        ("{start:iso}", "2027-07-18T17:00:00"),
        // Instants, in the site's zone.
        ("{start:epoch}", "1815951600"),
        ("{start:epoch-ms}", "1815951600000"),
        ("{end:epoch}", "1815955200"),
        ("{date:epoch}", "1815890400"),
        ("{start:utc}", "2027-07-18T23:00:00Z"),
        ("{start:rfc3339}", "2027-07-18T17:00:00-06:00"),
        ("{start:%s %:z}", "1815951600 -06:00"),
        // Numbers of the day.
        ("{start:seconds-of-day}", "61200"),
        ("{start:minutes-of-day}", "1020"),
        ("{start:hour-index-6}", "11"),
        ("{start:slot-index-6}", "11"),
        ("{start+30m:slot-index-6}", "11"),
        // Weekdays and weeks: 2027-07-18 is a Sunday.
        ("{date:%A %a}", "Sunday Sun"),
        ("{date:%u %w}", "7 0"),
        ("{date:weekday-monday-1}", "7"),
        ("{date:weekday-monday-0}", "6"),
        ("{date:weekday-sunday-0}", "0"),
        ("{date:week-start-monday}", "2027-07-12"),
        ("{date:week-start-sunday:%F}", "2027-07-18"),
        ("{date-7d:week-start-monday:%F}", "2027-07-05"),
        ("{date:week-start-monday+6d:%F}", "2027-07-18"),
        ("{date:month-start:%d} {date:month-end:%d}", "01 31"),
        // Arithmetic.
        ("{date+1d} {date-1d} {date+2w}", "2027-07-19 2027-07-17 2027-08-01"),
        ("{start+30m} {start-90m} {end+1h} {start+1h-30m}", "17:30 15:30 19:00 17:30"),
        ("{start+8h:%F %H:%M}", "2027-07-19 01:00"),
        // Names in other languages.
        ("{date:es:%A %-d de %B de %Y}", "domingo 18 de julio de 2027"),
        ("{date:es:%a %-d %b}", "dom 18 jul"),
        ("{date:de:%A, %-d. %B %Y}", "Sonntag, 18. Juli 2027"),
        ("{date:de:upper:%a}", "SO"),
        ("{date:es:%^B}", "JULIO"),
        ("{date:en:%B %%}", "July %"),
        // The rest.
        ("{length} {length:hours} {length:seconds} {length:%H:%M}", "60 1 3600 01:00"),
        ("{court.name} {court.site-id}", "1 5"),
        ("{site.url}reservas", "https://reservas.example.com/reservas"),
        ("{site.sport} {site.sport:url}", "tenis & pádel tenis%20%26%20p%C3%A1del"),
        ("{member.name} {user} {booking.name}", "ana ana july doubles"),
        ("{attempt.id}", "01J0000000000000000000TEST"),
        ("{booking.partner:lower}", "o'brien \"bob\""),
        ("{{literally}} }}{{", "{literally} }{"),
        ("no hole", "no hole"),
        ("{ date }", "2027-07-18"),
    ];
    let words = words();
    for (template, wanted) in table {
        assert_eq!(render(template, &words), wanted, "{template}");
    }
}

#[test]
fn a_length_of_an_hour_and_a_half() {
    let words = words_at("Europe/Berlin", "2027-07-18T18:30", SignedDuration::from_mins(90));
    assert_eq!(render("{end:%H:%M} {length} {length:hours} {length:%-Hh%M}", &words), "20:00 90 1.5 1h30");
    assert_eq!(render("{start:slot-index-8}", &words), "7");
}

#[test]
fn the_epoch_is_right_on_nights_when_clocks_turn() {
    let hour = SignedDuration::from_hours(1);
    let table = [
        // New York, 2027-03-14: 02:00 does not exist, so 01:00 + 1 h on the wall ends where the gap ends.
        ("America/New_York", "2027-03-14T01:00", "1805004000", "1805007600", "2027-03-14T03:00:00-04:00"),
        // New York, 2027-11-07: 01:00 comes twice; the first one counts.
        ("America/New_York", "2027-11-07T01:00", "1825563600", "1825570800", "2027-11-07T02:00:00-05:00"),
        // A zone whose midnight is skipped.
        ("America/Havana", "2027-03-13T23:00", "1804996800", "1805000400", "2027-03-14T01:00:00-04:00"),
    ];
    for (zone, start, from, to, end) in table {
        let words = words_at(zone, start, hour);
        assert_eq!(render("{start:epoch}", &words), from, "{zone} {start}");
        assert_eq!(render("{end:epoch}", &words), to, "{zone} {start}");
        assert_eq!(render("{end:rfc3339}", &words), end, "{zone} {start}");
    }
    let havana = words_at("America/Havana", "2027-03-14T09:00", hour);
    assert_eq!(render("{date:rfc3339}", &havana), "2027-03-14T01:00:00-04:00", "the first instant of that date");
}

#[test]
fn values_cannot_break_what_is_around_them() {
    let words = words();
    let table = [
        (Context::Css, "td[data-hour='{start}']", r"td[data-hour='17\:00']"),
        (Context::Css, "[title=\"{booking.partner}\"]", r#"[title="O\'Brien\ \"Bob\""]"#),
        (Context::Css, "{site.sport:raw}", "tenis & pádel"),
        (Context::Xpath, "//td[.='{start}']", "//td[.='17:00']"),
        (Context::Pattern, r"^{slot} R-\d{6}$", r"^De 05:00 PM a 06:00 PM R-\d{6}$"),
        (Context::Pattern, r"\p{L}{2,}{site.url}", r"\p{L}{2,}https:\/\/reservas\.example\.com\/"),
        (
            Context::Json,
            r#"{{"with": "{booking.partner}", "court": {court.site-id}}}"#,
            r#"{"with": "O'Brien \"Bob\"", "court": 5}"#,
        ),
    ];
    for (context, template, wanted) in table {
        assert_eq!(render_as(template, context, &words), wanted, "{template}");
    }
    let quote = Template::parse_as("//td[.='{booking.partner}']", Context::Xpath).expect("parses").render(&words);
    assert_eq!(quote.expect_err("it would close the quote").kind, RenderErrorKind::Quote);
}

#[test]
fn mistakes_name_the_place_and_the_cure() {
    let table = [
        ("{dat}", "unknown-word-later", ""),
        ("{sit.url}", "unknown-word", "did you mean `site.url`?"),
        ("{court.id}", "unknown-word", "known: `site.url`, `court.name`"),
        ("{date:dd/mm/yyyy}", "unknown-format", "formats are strftime"),
        ("{start:HH:mm}", "unknown-format", "formats are strftime"),
        ("{start:epoc}", "unknown-format", "did you mean `epoch`?"),
        ("{date:seconds-of-day}", "unknown-format", "`date` takes"),
        ("{date:%H}", "bad-format", "write `start` or `end`"),
        ("{start:%E}", "bad-format", "for example"),
        ("{user:%H}", "bad-format", "a text takes"),
        ("{court.name:week-start-monday}", "bad-format", "go with `date`, `start` and `end`"),
        ("{date+1x}", "bad-arithmetic", "`+1d`"),
        ("{date+}", "bad-arithmetic", "`+1d`"),
        ("{date-30m}", "bad-arithmetic", "write `start`"),
        ("{start+999999999d}", "bad-arithmetic", "`+1d`"),
        ("{", "bad-template", "`{{`"),
        ("{start", "bad-template", "`{{`"),
        ("a } b", "bad-template", "`}}`"),
        ("{}", "unknown-word", ""),
        ("{Date}", "unknown-word", "did you mean `date`?"),
    ];
    for (template, code, help) in table {
        match Template::parse(template) {
            Ok(_) => assert_eq!(
                code, "unknown-word-later",
                "{template} parses: a flow knows its variables, a template does not"
            ),
            Err(errors) => {
                assert_eq!(errors[0].code, code, "{template}: {errors:?}");
                let said = errors[0].help.clone().unwrap_or_default();
                assert!(said.contains(help), "{template}: {said}");
            }
        }
    }
    let errors = Template::parse("{a.b} and {date:zz} and {").expect_err("three mistakes");
    let places: Vec<_> = errors.iter().map(|error| error.span.clone()).collect();
    assert_eq!(places, [1..4, 16..18, 24..25]);
}

#[test]
fn a_slot_label_is_made_of_the_slot() {
    for right in ["De {start:%I:%M %p} a {end:%I:%M %p}", "{court.name} {date} {length}", "{site.sport} {start}"] {
        assert!(Template::slot_label(right).is_ok(), "{right}");
    }
    for wrong in ["{slot}", "{password}", "{user}", "{reference}", "{booking.partner}"] {
        let errors = Template::slot_label(wrong).expect_err(wrong);
        assert_eq!(errors[0].code, "not-in-label");
    }
}

#[test]
fn what_has_no_value_is_an_error_and_offers_what_has() {
    let mut words = words();
    words.learn(firstserve::flow::Phase::Opening, "order-code", "A.7");
    let error = Template::parse("{order-cod}").expect("parses").render(&words).expect_err("nobody read it");
    assert_eq!(error.to_string(), "fill `{order-cod}`: it has no value; did you mean `order-code`?");
    let far = Template::parse("{date+100000w+100000w+100000w+100000w+100000w}").expect("parses").render(&words);
    assert_eq!(far.expect_err("no such year").kind, RenderErrorKind::OutOfRange);
}
