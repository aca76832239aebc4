//! Selector files: steps, locators, templates, conditions. Pure.

pub mod page;
pub mod wire;
