//! Selector files, from their text to what a page is told.

mod chains;
mod docs;
mod invalid;
mod opening;
mod robust;
mod shipped;
mod support;
mod templates;
