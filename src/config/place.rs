//! Where a key of the file stands, for who has something to say of it that the checks here cannot know.

use std::path::Path;
use std::sync::Arc;

use toml::de::DeTable;

use crate::report::{Place, SourceFile};

use super::valid::Config;

/// The places in the file that a configuration was read from.
#[derive(Debug)]
pub struct Places {
    file: Arc<SourceFile>,
}

impl Places {
    /// Of the file at that path.
    pub fn new(path: &Path, config: &Config) -> Self {
        Self { file: SourceFile::new(path, config.text.as_str()) }
    }

    /// The value under those words (`["member", "ana", "vault"]`); none: it is not written in the file.
    pub fn of(&self, words: &[&str]) -> Option<Place> {
        let (last, above) = words.split_last()?;
        let (tree, _) = DeTable::parse_recoverable(self.file.text());
        let mut table = tree.get_ref();
        for word in above {
            table = table.get(*word)?.get_ref().as_table()?;
        }
        Some(Place::new(&self.file, table.get(*last)?.span()))
    }
}
