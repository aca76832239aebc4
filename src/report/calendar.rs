//! Dates that no calendar has.

use jiff::civil::Date;

/// What a person has to know who wrote a date that cannot be; nothing for a date that can, and for what resembles none.
pub fn date_help(written: &str) -> Option<String> {
    let parts: Vec<&str> = written.trim().split(['-', '/', '.']).map(str::trim).collect();
    let digits = |part: &&str| !part.is_empty() && part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
    let [first, second, third] = parts.as_slice() else { return None };
    if !parts.iter().all(digits) {
        return None;
    }
    if first.len() < 4 {
        return Some(last_year(first, second, third));
    }
    let (year, month, day) = (first.parse::<i16>().ok()?, second.parse::<i8>().ok()?, third.parse::<i8>().ok()?);
    let Ok(begin) = Date::new(year, month, 1) else {
        return Some(format!("there is no month {month}: write year-month-day, 2027-07-18"));
    };
    let days = begin.days_in_month();
    if (1..=days).contains(&day) {
        let right = Date::new(year, month, day).ok()?.to_string();
        return (right != written.trim())
            .then(|| format!("write year-month-day, month and day with two digits: {right}"));
    }
    Some(format!("{} has {days} days: the last one is {}", begin.strftime("%B %Y"), begin.last_of_month()))
}

/// The year at the end: what stands before it is told apart only where one of the two can be no month.
fn last_year(first: &str, second: &str, year: &str) -> String {
    let form = "write year-month-day: 2027-07-18".to_owned();
    let number = |text: &str| text.parse::<i8>().unwrap_or_default();
    let (month, day) = match (number(first), number(second)) {
        (day, month @ 1..=12) if day > 12 => (month, day),
        (month @ 1..=12, day) if day > 12 => (month, day),
        _ => return form,
    };
    let date = year.parse().ok().filter(|year| *year > 1000).and_then(|year| Date::new(year, month, day).ok());
    date.map_or(form, |date| format!("write year-month-day: {date}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_is_told() {
        for (written, help) in [
            ("2026-02-30", Some("February 2026 has 28 days: the last one is 2026-02-28")),
            ("2028-02-30", Some("February 2028 has 29 days: the last one is 2028-02-29")),
            ("2026-04-31", Some("April 2026 has 30 days: the last one is 2026-04-30")),
            ("2026-13-01", Some("there is no month 13: write year-month-day, 2027-07-18")),
            ("2027-7-18", Some("write year-month-day, month and day with two digits: 2027-07-18")),
            ("2027/07/18", Some("write year-month-day, month and day with two digits: 2027-07-18")),
            ("18.07.2027", Some("write year-month-day: 2027-07-18")),
            ("7/18/2027", Some("write year-month-day: 2027-07-18")),
            ("05.06.2027", Some("write year-month-day: 2027-07-18")),
            ("2027-07-18", None),
            ("tomorrow", None),
            ("a-b-c", None),
        ] {
            assert_eq!(date_help(written).as_deref(), help, "{written}");
        }
    }
}
