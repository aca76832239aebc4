//! The same words, dressed: no images, no scripts, nothing fetched from anywhere.

/// What the edge of the letter says before a word is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// The court is won.
    Good,
    /// No court, and nothing to do at once.
    Bad,
    /// A person should look.
    Look,
}

impl Tone {
    /// Dark enough to be read as text on white.
    fn colour(self) -> &'static str {
        match self {
            Self::Good => "#1a7f37",
            Self::Bad => "#57606a",
            Self::Look => "#9a5b00",
        }
    }
}

/// A whole page for phones and desks; every text is escaped here. Styles stand in the tags: mail programs drop others.
pub(super) fn page(
    tone: Tone,
    title: &str,
    paragraphs: &[String],
    table: &[(&str, String)],
    language: &str,
    attempt: &str,
) -> String {
    let colour = tone.colour();
    let (title, attempt) = (escape(title), escape(attempt));
    let body: String =
        paragraphs.iter().map(|text| format!("<p style=\"margin:0 0 12px\">{}</p>\n", with_code(text))).collect();
    let rows: String = table.iter().map(|(name, value)| row(name, value)).collect();
    format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title></head>\n\
         <body style=\"margin:0;padding:16px;background:#f6f5f2;color:#24292f;\
         font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif\">\n\
         <div style=\"max-width:560px;margin:0 auto;padding:20px 24px;background:#fff;border:1px solid #dedad0;\
         border-top:4px solid {colour};border-radius:6px\">\n\
         <h1 style=\"margin:0 0 16px;font-size:20px;line-height:1.3;color:{colour}\">{title}</h1>\n{body}\
         <table style=\"width:100%;margin:16px 0 0;border-collapse:collapse\">\n{rows}</table>\n\
         <p style=\"margin:16px 0 0;color:#6b6f76;font-size:13px;overflow-wrap:anywhere\">firstserve, {attempt}</p>\n\
         </div>\n</body>\n</html>\n"
    )
}

fn row(name: &str, value: &str) -> String {
    let cell = "padding:6px 0;border-top:1px solid #eceae4;vertical-align:top;text-align:left;font-weight:normal";
    format!(
        "<tr><th scope=\"row\" style=\"{cell};padding-right:16px;color:#6b6f76;white-space:nowrap\">{}</th>\
         <td style=\"{cell};width:100%;overflow-wrap:anywhere\">{}</td></tr>\n",
        escape(name),
        escape(value)
    )
}

/// Escaped, with what stands between backticks as code.
fn with_code(text: &str) -> String {
    let escaped = escape(text);
    if escaped.matches('`').count() % 2 == 1 {
        return escaped;
    }
    let pieces = escaped.split('`').enumerate();
    pieces.map(|(at, piece)| if at % 2 == 1 { format!("<code>{piece}</code>") } else { piece.to_owned() }).collect()
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_code_and_a_lone_backtick_is_itself() {
        assert_eq!(with_code("run `a < b` now"), "run <code>a &lt; b</code> now");
        assert_eq!(with_code("a ` b"), "a ` b");
    }

    #[test]
    fn a_hostile_text_stays_text() {
        let hostile = "\"><script>alert('x')</script>&".to_owned();
        let page =
            page(Tone::Good, &hostile, std::slice::from_ref(&hostile), &[("a", hostile.clone())], "en", &hostile);
        assert!(!page.contains("<script"), "{page}");
        assert_eq!(page.matches("&lt;script&gt;").count(), 5);
    }
}
