//! A rule in words: "every second Friday, until 2027-12-31".

use crate::model::Language;
use jiff::civil::Weekday;

use super::rule::Rule;
use super::rule_parts::{End, Frequency, Parts};

impl Rule {
    /// The rule in English.
    pub fn words(&self) -> String {
        let parts = &self.parts;
        let mut words = vec![every(parts)];
        words.extend(within(parts));
        words.extend(chosen(parts));
        format!("{}{}", words.join(" "), end(parts.end))
    }

    /// "every second week".
    pub(super) fn period(&self) -> String {
        period(self.parts.frequency, self.parts.interval)
    }
}

/// "every Monday and Wednesday", "every second month", "every day".
fn every(parts: &Parts) -> String {
    let plain: Option<Vec<_>> = parts.days.iter().map(|(nth, day)| nth.is_none().then(|| weekday(*day))).collect();
    let plain = plain.filter(|days| !days.is_empty());
    match (parts.frequency, plain) {
        (Frequency::Weekly, Some(days)) if parts.interval == 1 => format!("every {}", listed(&days)),
        (Frequency::Weekly, Some(days)) if days.len() == 1 && parts.interval == 2 => {
            format!("every second {}", days[0])
        }
        (frequency, _) => period(frequency, parts.interval),
    }
}

fn period(frequency: Frequency, interval: u16) -> String {
    let unit = match frequency {
        Frequency::Daily => "day",
        Frequency::Weekly => "week",
        Frequency::Monthly => "month",
        Frequency::Yearly => "year",
    };
    match interval {
        1 => format!("every {unit}"),
        2 => format!("every second {unit}"),
        many => format!("every {many} {unit}s"),
    }
}

/// "on the 2nd Wednesday", "in July and August", "on day 1 and the last day of the month".
fn within(parts: &Parts) -> Vec<String> {
    let mut words = Vec::new();
    if !parts.days.is_empty() && !every_names_days(parts) {
        words.push(format!(
            "on {}",
            listed(&parts.days.iter().map(|(nth, day)| nth_day(*nth, *day)).collect::<Vec<_>>())
        ));
    }
    if !parts.month_days.is_empty() {
        let days: Vec<_> = parts.month_days.iter().map(|day| numbered("day", i32::from(*day))).collect();
        words.push(format!("on {} of the month", listed(&days)));
    }
    if !parts.year_days.is_empty() {
        let days: Vec<_> = parts.year_days.iter().map(|day| numbered("day", i32::from(*day))).collect();
        words.push(format!("on {} of the year", listed(&days)));
    }
    if !parts.weeks.is_empty() {
        let weeks: Vec<_> = parts.weeks.iter().map(|week| numbered("week", i32::from(*week))).collect();
        words.push(format!("in {} of the year", listed(&weeks)));
    }
    if !parts.months.is_empty() {
        let months: Vec<_> = parts
            .months
            .iter()
            .map(|month| Language::English.months()[usize::from(*month - 1) % 12].to_owned())
            .collect();
        words.push(format!("in {}", listed(&months)));
    }
    words
}

fn every_names_days(parts: &Parts) -> bool {
    parts.frequency == Frequency::Weekly && (parts.interval == 1 || (parts.interval == 2 && parts.days.len() == 1))
}

fn chosen(parts: &Parts) -> Option<String> {
    let positions: Vec<_> = parts.positions.iter().map(|position| ordinal(*position)).collect();
    (!positions.is_empty()).then(|| format!("(of these the {} only)", listed(&positions)))
}

fn end(end: End) -> String {
    match end {
        End::Never => String::new(),
        End::After(1) => ", once".to_owned(),
        End::After(count) => format!(", {count} times"),
        End::On(date) => format!(", until {date}"),
    }
}

fn nth_day(nth: Option<i16>, day: Weekday) -> String {
    match nth {
        Some(nth) => format!("the {} {}", ordinal(i32::from(nth)), weekday(day)),
        None => weekday(day),
    }
}

fn numbered(unit: &str, number: i32) -> String {
    if number > 0 { format!("{unit} {number}") } else { format!("the {} {unit}", ordinal(number)) }
}

fn ordinal(number: i32) -> String {
    let digits = number.unsigned_abs();
    let ending = match (digits % 10, digits % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    match number {
        -1 => "last".to_owned(),
        ..-1 => format!("{digits}{ending} last"),
        _ => format!("{digits}{ending}"),
    }
}

fn weekday(day: Weekday) -> String {
    format!("{day:?}")
}

fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_read_like_sentences() {
        let cases = [
            ("FREQ=WEEKLY;BYDAY=WE", "every Wednesday"),
            ("FREQ=WEEKLY;INTERVAL=2;BYDAY=FR", "every second Friday"),
            ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", "every second week on Monday and Friday"),
            ("FREQ=DAILY;COUNT=5", "every day, 5 times"),
            ("FREQ=MONTHLY;BYDAY=2WE,-1FR", "every month on the 2nd Wednesday and the last Friday"),
            (
                "FREQ=MONTHLY;BYMONTHDAY=1,-2;UNTIL=20271231",
                "every month on day 1 and the 2nd last day of the month, until 2027-12-31",
            ),
            ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "every year on Monday in week 20 of the year"),
            (
                "FREQ=MONTHLY;INTERVAL=3;BYDAY=MO,TU;BYSETPOS=-1",
                "every 3 months on Monday and Tuesday (of these the last only)",
            ),
        ];
        for (rule, words) in cases {
            assert_eq!(Rule::parse(rule).expect("a rule").words(), words, "{rule}");
        }
    }
}
