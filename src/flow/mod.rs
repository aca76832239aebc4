//! Selector files: steps, locators, templates, conditions. Pure.

pub mod wire;
