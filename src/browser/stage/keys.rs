//! The names of keys, as the UI Events specification writes them, and the characters that WebDriver sends for them.

/// The characters for `Enter`, `Tab`, `a`, `Control+a`, …; none for a name that is no key.
pub(super) fn keys_of(name: &str) -> Option<String> {
    let mut parts = name.split('+').collect::<Vec<_>>();
    if name.ends_with('+') {
        parts.truncate(parts.len() - 2);
        parts.push("+");
    }
    let last = parts.pop()?;
    let mut keys = String::new();
    for modifier in parts {
        keys.push(modifier_key(modifier)?);
    }
    keys.push(key(last)?);
    Some(keys)
}

fn modifier_key(name: &str) -> Option<char> {
    Some(match name {
        "Shift" => '\u{e008}',
        "Control" => '\u{e009}',
        "Alt" => '\u{e00a}',
        "Meta" => '\u{e03d}',
        _ => return None,
    })
}

fn key(name: &str) -> Option<char> {
    Some(match name {
        "Backspace" => '\u{e003}',
        "Tab" => '\u{e004}',
        "Enter" => '\u{e007}',
        "Escape" => '\u{e00c}',
        "Space" => ' ',
        "PageUp" => '\u{e00e}',
        "PageDown" => '\u{e00f}',
        "End" => '\u{e010}',
        "Home" => '\u{e011}',
        "ArrowLeft" => '\u{e012}',
        "ArrowUp" => '\u{e013}',
        "ArrowRight" => '\u{e014}',
        "ArrowDown" => '\u{e015}',
        "Insert" => '\u{e016}',
        "Delete" => '\u{e017}',
        _ => return function_key(name).or_else(|| single(name)),
    })
}

fn function_key(name: &str) -> Option<char> {
    let number = name.strip_prefix('F')?.parse::<u32>().ok().filter(|number| (1..=12).contains(number))?;
    char::from_u32(0xe031 + number - 1)
}

fn single(name: &str) -> Option<char> {
    let mut chars = name.chars();
    chars.next().filter(|_| chars.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_characters_and_chords() {
        assert_eq!(keys_of("Enter").as_deref(), Some("\u{e007}"));
        assert_eq!(keys_of("F12").as_deref(), Some("\u{e03c}"));
        assert_eq!(keys_of("ñ").as_deref(), Some("ñ"));
        assert_eq!(keys_of("Control+Shift+a").as_deref(), Some("\u{e009}\u{e008}a"));
        assert_eq!(keys_of("Control++").as_deref(), Some("\u{e009}+"));
        assert_eq!(keys_of("+").as_deref(), Some("+"));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for wrong in ["", "enter", "F13", "Ctrl+a", "Return"] {
            assert_eq!(keys_of(wrong), None, "{wrong}");
        }
    }
}
