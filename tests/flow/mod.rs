//! Selector files, from their text to what a page is told.

mod chains;
mod docs;
mod invalid;
mod robust;
mod shipped;
mod support;
mod templates;
