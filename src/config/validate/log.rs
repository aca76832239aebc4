//! `[log]`.

use std::path::Path;

use crate::config::raw::Section;
use crate::config::valid::{Log, LogFormat};

use super::{Paths, path};

/// Reads the table; its kinds say everything.
pub(super) fn log(section: &Section, data: &Path, paths: &Paths) -> Option<Log> {
    Some(Log {
        level: section.value("level")?,
        format: match section.value::<String>("format")?.as_str() {
            "json" => LogFormat::Json,
            _ => LogFormat::Human,
        },
        folder: path(section, "folder", paths).unwrap_or_else(|| data.join("log")),
        keep_days: section.value("keep-days")?,
    })
}
