//! What is kept when something fails: where the page was, its picture, its source. Each has a limit; what cannot be had is said.

use std::time::Duration;

use thirtyfour::WebDriver;

use crate::model::Secret;

/// How long each piece may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A longer source is cut.
const SOURCE_LIMIT: usize = 1024 * 1024;

/// A larger picture is left out.
const PICTURE_LIMIT: usize = 8 * 1024 * 1024;

/// Shorter secrets would be found in ordinary words.
const SHORTEST_SECRET: usize = 4;

/// What stands in the place of a secret.
const MASK: &str = "[secret]";

/// The state of a page; each piece is there, or the reason why not.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The address.
    pub url: Result<String, String>,
    /// The title.
    pub title: Result<String, String>,
    /// The document as it is now, secrets masked, at most 1 MiB.
    pub source: Result<String, String>,
    /// A PNG of the window, at most 8 MiB.
    pub picture: Result<Vec<u8>, String>,
}

/// Takes what can be had of the current page. `secrets` are masked in every text.
pub async fn capture(driver: &WebDriver, secrets: &[Secret]) -> Evidence {
    let url = in_time(async { driver.current_url().await.map(String::from) }).await;
    let title = in_time(driver.title()).await;
    let source = in_time(driver.source()).await;
    let picture = in_time(driver.screenshot_as_png()).await;
    Evidence {
        url: url.map(|text| masked(text, secrets)),
        title: title.map(|text| masked(text, secrets)),
        source: source.map(|text| cut(masked(text, secrets))),
        picture: picture.and_then(|bytes| {
            if bytes.len() > PICTURE_LIMIT { Err(format!("the picture has {} bytes", bytes.len())) } else { Ok(bytes) }
        }),
    }
}

async fn in_time<T>(asking: impl Future<Output = thirtyfour::error::WebDriverResult<T>>) -> Result<T, String> {
    match tokio::time::timeout(PATIENCE, asking).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} ms", PATIENCE.as_millis())),
    }
}

/// Masks every way in which a page writes a secret: as it is, in markup, in an address.
fn masked(mut text: String, secrets: &[Secret]) -> String {
    for secret in secrets.iter().map(Secret::expose).filter(|secret| secret.len() >= SHORTEST_SECRET) {
        let markup = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let attribute = markup.replace('"', "&quot;");
        let address: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let percent = address.replace('+', "%20");
        for written in [secret, &markup, &attribute, &address, &percent] {
            text = text.replace(written, MASK);
        }
    }
    text
}

fn cut(mut text: String) -> String {
    if text.len() > SOURCE_LIMIT {
        text.truncate(text.floor_char_boundary(SOURCE_LIMIT));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_masked_however_the_page_writes_it() {
        let secrets = [Secret::new("p<\"& w")];
        for written in ["p<\"& w", "p&lt;\"&amp; w", "p&lt;&quot;&amp; w", "p%3C%22%26+w", "p%3C%22%26%20w"] {
            assert_eq!(masked(format!("x={written};"), &secrets), "x=[secret];", "{written}");
        }
        assert_eq!(masked("of".to_owned(), &[Secret::new("of")]), "of", "two letters are everywhere");
    }

    #[test]
    fn a_long_source_is_cut_between_letters() {
        let text = cut("é".repeat(SOURCE_LIMIT));
        assert_eq!(text.len(), SOURCE_LIMIT);
    }
}
