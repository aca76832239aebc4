//! In which character set a document is written, and its text.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// How far into a document browsers look for what it says of itself.
const PRESCAN: usize = 1024;

/// The text of an answer: by its mark, by the `Content-Type`, by what it says of itself, or by what it looks like.
pub fn decode(body: &[u8], content_type: Option<&str>) -> String {
    decode_after(body, content_type, likely(body)).0
}

/// The same, with the character set in which it was written; one that says nothing is written like the page `before` it.
pub(super) fn decode_after(
    body: &[u8],
    content_type: Option<&str>,
    before: &'static Encoding,
) -> (String, &'static Encoding) {
    let marked = Encoding::for_bom(body).map(|(encoding, _)| encoding);
    let stated = || content_type.and_then(of_content_type);
    let encoding = marked.or_else(stated).or_else(|| of_document(body)).unwrap_or(before);
    let (text, encoding, _) = encoding.decode(body);
    (text.into_owned(), encoding)
}

/// The character set of a `Content-Type`.
fn of_content_type(value: &str) -> Option<&'static Encoding> {
    let value = value.to_ascii_lowercase();
    let label = value.split(';').skip(1).find_map(|part| part.trim().strip_prefix("charset"))?;
    let label = label.trim_start().strip_prefix('=')?.trim().trim_matches(['"', '\'']);
    Encoding::for_label(label.as_bytes())
}

/// `<meta charset=…>` and `<meta http-equiv=Content-Type content="…; charset=…">`.
fn of_document(body: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&body[..body.len().min(PRESCAN)]).to_ascii_lowercase();
    for tag in head.split("<meta").skip(1) {
        let tag = tag.split('>').next().unwrap_or_default();
        let Some((_, label)) = tag.split_once("charset") else { continue };
        let label = label.trim_start().strip_prefix('=').unwrap_or_default().trim_start();
        let label: String = label
            .trim_start_matches(['"', '\''])
            .chars()
            .take_while(|c| !c.is_whitespace() && !"\"';/".contains(*c))
            .collect();
        if let Some(encoding) = Encoding::for_label(label.as_bytes()) {
            // A document that could be read so far is not written in 16 bits a character, whatever it says.
            return Some(if encoding.is_ascii_compatible() { encoding } else { UTF_8 });
        }
    }
    None
}

/// A document that says nothing: browsers look at the bytes.
fn likely(body: &[u8]) -> &'static Encoding {
    if std::str::from_utf8(body).is_ok() { UTF_8 } else { WINDOWS_1252 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: &[u8], content_type: Option<&str>) -> (String, &'static str) {
        let (text, encoding) = decode_after(body, content_type, WINDOWS_1252);
        (text, encoding.name())
    }

    #[test]
    fn the_header_comes_before_the_document_and_a_mark_before_both() {
        let latin = b"<meta charset=utf-8>se\xF1al";
        assert_eq!(text(latin, Some("text/html; charset=ISO-8859-1")).1, "windows-1252");
        assert!(text(latin, Some("text/html; charset=\"iso-8859-1\"")).0.ends_with("señal"));
        assert_eq!(text(b"\xEF\xBB\xBFse\xC3\xB1al", Some("text/html; charset=latin1")), ("señal".into(), "UTF-8"));
    }

    #[test]
    fn a_document_may_say_it_itself() {
        for said in [
            "<meta charset=\"windows-1252\">",
            "<META http-equiv='Content-Type' content='text/html; charset=iso-8859-1'>",
            "<meta name=x><meta charset = latin1 >",
        ] {
            let body = [said.as_bytes(), b"<p>se\xF1al"].concat();
            assert!(text(&body, Some("text/html")).0.ends_with("señal"), "{said}");
        }
        assert_eq!(text(b"<meta charset=utf-16><p>x", None).1, "UTF-8");
    }

    #[test]
    fn one_that_says_nothing_is_looked_at() {
        assert_eq!(decode("señal".as_bytes(), None), "señal");
        assert_eq!(decode(b"se\xF1al", None), "señal");
        assert_eq!(text(b"se\xF1al", None), ("señal".into(), "windows-1252"), "like the page before it");
    }
}
