//! What is kept of a page: a picture and the source, masked and bounded.

use std::path::{Path, PathBuf};

use super::mask::mask;
use super::{Done, Stage, Trouble, call};
use crate::flow::page;

/// The most that is kept of one picture or one source.
const LARGEST: usize = 2 * 1024 * 1024;

/// What was kept; what could not be had is said instead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// A PNG.
    pub picture: Option<PathBuf>,
    /// The page's source, without secrets.
    pub source: Option<PathBuf>,
    /// Why something is missing or cut.
    pub notes: Vec<String>,
}

impl Stage {
    /// Keeps `page.png` and `page.html` of the page as it is now in the folder, which is made. Never fails: what cannot be had
    /// is noted.
    pub async fn evidence(&mut self, dir: &Path) -> Evidence {
        let mut kept = Evidence::default();
        if let Err(error) = tokio::fs::create_dir_all(dir).await {
            kept.notes.push(format!("the folder {} cannot be made: {error}", dir.display()));
            return kept;
        }
        match self.png().await {
            Ok(png) if png.len() > LARGEST => kept.notes.push(format!("the picture has {} bytes: left out", png.len())),
            Ok(png) => kept.picture = write(&dir.join("page.png"), &png, &mut kept.notes).await,
            Err(trouble) => kept.notes.push(format!("no picture: {trouble}")),
        }
        match self.source().await {
            Ok(source) => {
                let cut = cut(&source, LARGEST);
                if cut.len() < source.len() {
                    kept.notes.push(format!("the source has {} bytes: cut", source.len()));
                }
                kept.source = write(&dir.join("page.html"), cut.as_bytes(), &mut kept.notes).await;
            }
            Err(trouble) => kept.notes.push(format!("no source: {trouble}")),
        }
        kept
    }

    pub(super) async fn picture(&mut self, name: &str) -> Result<Done, Trouble> {
        let png = self.png().await?;
        Ok(Done { pictures: vec![(name.to_owned(), png)], ..Done::default() })
    }

    /// A picture in which secret controls show nothing.
    async fn png(&mut self) -> Result<Vec<u8>, Trouble> {
        self.patient::<serde_json::Value>(&page::conceal(true)).await?;
        let png = call::bounded(self.driver.screenshot_as_png()).await;
        self.patient::<serde_json::Value>(&page::conceal(false)).await?;
        png
    }

    async fn source(&mut self) -> Result<String, Trouble> {
        let source: String = self.patient(&page::source()).await?;
        Ok(mask(&source, &self.secrets))
    }
}

async fn write(path: &Path, bytes: &[u8], notes: &mut Vec<String>) -> Option<PathBuf> {
    match tokio::fs::write(path, bytes).await {
        Ok(()) => Some(path.to_owned()),
        Err(error) => {
            notes.push(format!("{} cannot be written: {error}", path.display()));
            None
        }
    }
}

fn cut(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(cut("añb", 2), "a");
        assert_eq!(cut("añb", 9), "añb");
    }
}
