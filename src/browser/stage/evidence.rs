//! What is kept of a page: a picture and the source, masked and bounded.

use std::path::{Path, PathBuf};

use super::mask::mask;
use super::{Done, Stage, Trouble, residue};
use crate::flow::page;

/// The most that is kept of one picture or one source.
const LARGEST: usize = 2 * 1024 * 1024;

/// The picture's name.
const PICTURE: &str = "page.png";

/// The source's name.
const SOURCE: &str = "page.html";

/// Longer names of pictures are cut: a character may have four bytes, and a file's name 255.
const LONGEST_NAME: usize = 60;

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

impl Evidence {
    /// What is where, and why something is not, in one line for a person.
    pub fn words(&self, dir: &Path) -> String {
        let dir = dir.display();
        let kept = match (&self.picture, &self.source) {
            (Some(_), Some(_)) => format!("a picture and the source of the page are in {dir}"),
            (Some(_), None) => format!("a picture of the page is in {dir}"),
            (None, Some(_)) => format!("the source of the page is in {dir}"),
            (None, None) => "nothing is kept of the page".to_owned(),
        };
        std::iter::once(&kept).chain(&self.notes).map(String::as_str).collect::<Vec<_>>().join("; ")
    }

    /// Beside what was kept nothing may lie of another page.
    async fn forget_the_old(&self, dir: &Path) {
        let old = match (&self.picture, &self.source) {
            (Some(_), None) => SOURCE,
            (None, Some(_)) => PICTURE,
            _ => return,
        };
        // There need be none.
        let _ = tokio::fs::remove_file(dir.join(old)).await;
    }
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
            Ok(png) => kept.picture = write(&dir.join(PICTURE), &png, &mut kept.notes).await,
            Err(trouble) => kept.notes.push(format!("no picture: {trouble}")),
        }
        match self.source().await {
            Ok(source) => {
                let cut = cut(&source, LARGEST).to_owned();
                if cut.len() < source.len() {
                    kept.notes.push(format!("the source has {} bytes: cut", source.len()));
                }
                let (looked_at, secrets) = (cut.clone(), self.strict.clone());
                let looking = tokio::task::spawn_blocking(move || residue::shows(&looked_at, &secrets));
                if looking.await.unwrap_or(true) {
                    kept.notes.push("no source: a secret stands in it in a form that cannot be masked".to_owned());
                } else {
                    kept.source = write(&dir.join(SOURCE), cut.as_bytes(), &mut kept.notes).await;
                }
            }
            Err(trouble) => kept.notes.push(format!("no source: {trouble}")),
        }
        kept.forget_the_old(dir).await;
        kept
    }

    pub(super) async fn picture(&mut self, name: &str) -> Result<Done, Trouble> {
        let png = self.png().await?;
        Ok(Done { pictures: vec![(name.to_owned(), png)], ..Done::default() })
    }

    async fn source(&mut self) -> Result<String, Trouble> {
        let source: String = self.patient(&page::source()).await?;
        Ok(mask(&source, &self.secrets))
    }
}

/// Keeps a picture that a step took, as `NAME.png` in the folder, which is made.
///
/// # Errors
/// It is too large, or cannot be written.
pub async fn keep_picture(dir: &Path, name: &str, png: &[u8]) -> Result<PathBuf, String> {
    if png.len() > LARGEST {
        return Err(format!("the picture has {} bytes: left out", png.len()));
    }
    let path = dir.join(format!("{}.png", file_name(name)));
    let kept = async {
        tokio::fs::create_dir_all(dir).await?;
        tokio::fs::write(&path, png).await
    };
    kept.await.map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    Ok(path)
}

/// A name that is a file's name everywhere and stays in its folder.
fn file_name(name: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | ' ') { c } else { '_' };
    name.chars().take(LONGEST_NAME).map(safe).collect()
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

    #[tokio::test]
    async fn what_is_said_to_be_there_is_there() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(PICTURE), "of another page").unwrap();
        let source = dir.path().join(SOURCE);
        std::fs::write(&source, "<p>").unwrap();
        let notes = vec!["no picture: a secret would be visible in it".to_owned()];
        let half = Evidence { source: Some(source), notes, ..Evidence::default() };
        half.forget_the_old(dir.path()).await;
        let at = dir.path().display();
        let told = half.words(dir.path());
        assert_eq!(told, format!("the source of the page is in {at}; no picture: a secret would be visible in it"));
        assert!(dir.path().join(SOURCE).exists() && !dir.path().join(PICTURE).exists());
        let none = Evidence { source: None, ..half };
        none.forget_the_old(dir.path()).await;
        assert!(dir.path().join(SOURCE).exists(), "what an earlier page has left stays");
        assert!(none.words(dir.path()).starts_with("nothing is kept of the page; no picture: "));
    }

    #[test]
    fn a_picture_stays_in_its_folder() {
        assert_eq!(file_name("antes de reservar"), "antes de reservar");
        assert_eq!(file_name("../../etc/x"), "______etc_x");
        assert_eq!(file_name(&"ñ".repeat(500)).len(), 120);
    }
}
