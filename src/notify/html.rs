//! The same words, dressed: no images, no scripts, nothing fetched from anywhere.

/// A whole page; every text is escaped here.
pub(super) fn page(
    title: &str,
    paragraphs: &[String],
    table: &[(&str, String)],
    language: &str,
    attempt: &str,
) -> String {
    let body: String = paragraphs.iter().map(|text| format!("<p>{}</p>\n", escape(text))).collect();
    let rows: String = table
        .iter()
        .map(|(name, value)| {
            format!(
                "<tr><th style=\"text-align:left;padding:2px 16px 2px 0;font-weight:normal;color:#666\">{}</th>\
                 <td style=\"padding:2px 0\">{}</td></tr>\n",
                escape(name),
                escape(value)
            )
        })
        .collect();
    format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<head><meta charset=\"utf-8\"><title>{}</title></head>\n\
         <body style=\"font-family:sans-serif;line-height:1.5;max-width:36em\">\n{body}<table style=\"border-spacing:0\">\n\
         {rows}</table>\n<p style=\"color:#999;font-size:smaller\">firstserve, {}</p>\n</body>\n</html>\n",
        escape(title),
        escape(attempt)
    )
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
    fn a_hostile_text_stays_text() {
        let hostile = "\"><script>alert('x')</script>&".to_owned();
        let page = page(&hostile, std::slice::from_ref(&hostile), &[("a", hostile.clone())], "en", &hostile);
        assert!(!page.contains("<script"), "{page}");
        assert_eq!(page.matches("&lt;script&gt;").count(), 4);
    }
}
