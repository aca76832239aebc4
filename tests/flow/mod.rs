//! Selector files, from their text to what a page is told.

mod docs;
mod invalid;
mod opening;
mod robust;
mod shipped;
mod support;
mod templates;
