//! Names of months and weekdays where strftime has English only.

/// A language of names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::flow) enum Language {
    /// What strftime writes.
    #[default]
    English,
    /// Small letters, as Spanish writes them.
    Spanish,
    /// Capitalised, as German writes them.
    German,
}

impl Language {
    /// The language of `en`, `es`, `de`.
    pub(in crate::flow) fn parse(word: &str) -> Option<Self> {
        match word {
            "en" => Some(Self::English),
            "es" => Some(Self::Spanish),
            "de" => Some(Self::German),
            _ => None,
        }
    }

    /// The format with its name directives (`%A %a %B %b %h`, perhaps with `^`) replaced by this language's names.
    /// `month` counts from 1, `weekday` from 0 on Monday.
    pub(super) fn localise(self, format: &str, month: usize, weekday: usize) -> String {
        let Some(names) = self.names() else { return format.to_owned() };
        let mut out = String::with_capacity(format.len());
        let mut rest = format;
        while let Some(at) = rest.find('%') {
            out.push_str(&rest[..at]);
            let (directive, after) = directive(&rest[at..]);
            out.push_str(&names.of(directive, month, weekday).unwrap_or_else(|| directive.to_owned()));
            rest = after;
        }
        out.push_str(rest);
        out
    }

    /// A text with this language's names of months in strptime's own: whole words, in any case, also cut short (`jul.`).
    pub(in crate::flow) fn months_in_english(self, text: &str, short: bool) -> String {
        let Some(names) = self.names() else { return text.to_owned() };
        let word = |word: &str| names.month(word.trim_end_matches('.')).map(|month| english(month, short));
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(char::is_alphabetic) {
            out.push_str(&rest[..at]);
            let end = rest[at..].find(|c: char| !c.is_alphabetic() && c != '.').map_or(rest.len(), |end| at + end);
            out.push_str(word(&rest[at..end]).unwrap_or(&rest[at..end]));
            rest = &rest[end..];
        }
        out.push_str(rest);
        out
    }

    fn names(self) -> Option<&'static Names> {
        match self {
            Self::English => None,
            Self::Spanish => Some(&SPANISH),
            Self::German => Some(&GERMAN),
        }
    }
}

/// Splits `%^B rest` after its letter.
fn directive(text: &str) -> (&str, &str) {
    let end = text.char_indices().skip(1).find(|(_, c)| c.is_alphabetic() || *c == '%');
    text.split_at(end.map_or(text.len(), |(at, c)| at + c.len_utf8()))
}

struct Names {
    months: [&'static str; 12],
    short_months: [&'static str; 12],
    weekdays: [&'static str; 7],
    short_weekdays: [&'static str; 7],
}

/// With fewer letters than these no month can be told.
const SHORTEST: usize = 3;

/// The name of a month, counted from 0, as strptime takes it.
fn english(month: usize, short: bool) -> &'static str {
    let name = crate::model::Language::English.months()[month];
    if short { &name[..3] } else { name }
}

impl Names {
    /// The month whose name begins so, counted from 0.
    fn month(&self, word: &str) -> Option<usize> {
        let word = word.to_lowercase();
        let is = |name: &str| name.to_lowercase().starts_with(&word);
        if word.chars().count() < SHORTEST { None } else { self.months.iter().position(|name| is(name)) }
    }

    fn of(&self, directive: &str, month: usize, weekday: usize) -> Option<String> {
        let flags = directive.strip_prefix('%')?;
        let (flag, letter) = flags.strip_prefix('^').map_or((false, flags), |letter| (true, letter));
        let name = match letter {
            "A" => self.weekdays[weekday],
            "a" => self.short_weekdays[weekday],
            "B" => self.months[month - 1],
            "b" | "h" => self.short_months[month - 1],
            _ => return None,
        };
        Some(if flag { name.to_uppercase() } else { name.to_owned() })
    }
}

const SPANISH: Names = Names {
    months: crate::model::Language::Spanish.months(),
    short_months: ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct", "nov", "dic"],
    weekdays: crate::model::Language::Spanish.weekdays(),
    short_weekdays: ["lun", "mar", "mié", "jue", "vie", "sáb", "dom"],
};

const GERMAN: Names = Names {
    months: [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
    short_months: ["Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez"],
    weekdays: ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"],
    short_weekdays: ["Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"],
};
