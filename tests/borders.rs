//! One sentence is the architecture: a module imports only what stands above it in `lib.rs`.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Modules that decide: no async, no files, no database.
const DECISIONS: [&str; 5] = ["model", "schedule", "timing", "flow", "config"];

/// The files of a decision module that may touch files.
const TOUCH_FILES: [&str; 2] = ["src/config/load.rs", "src/config/watch.rs"];

#[test]
fn a_module_imports_only_what_stands_above_it() {
    let order = modules_in_reading_order();
    let rank: HashMap<&str, usize> = order.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
    let mut read = 0;
    let mut wrong = Vec::new();
    for module in &order {
        for file in rust_files(&Path::new("src").join(module)) {
            read += 1;
            for used in crate_modules_named_in(&code_of(&file)) {
                if rank.get(used.as_str()).is_some_and(|used| *used > rank[module.as_str()]) {
                    wrong.push(format!("{} names crate::{used}", file.display()));
                }
            }
        }
    }
    assert!(read > 20, "the walk found {read} files only");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn decisions_name_no_world() {
    for module in DECISIONS {
        for file in rust_files(&Path::new("src").join(module)) {
            if TOUCH_FILES.iter().any(|touch| Path::new(touch) == file) {
                continue;
            }
            let code = code_of(&file);
            for word in ["tokio", "sqlx", "std::fs", "async fn", "async move", ".await", "std::net"] {
                assert!(!code.contains(word), "{} names {word}", file.display());
            }
        }
    }
}

#[test]
fn each_neighbour_is_named_in_one_place() {
    let owners: [(&[&str], &[&str]); 3] = [
        (&["sqlx"], &["store"]),
        (&["thirtyfour", "fantoccini", "webdriver::"], &["browser"]),
        (&["axum"], &["web", "club"]),
    ];
    for (words, modules) in owners {
        for file in rust_files(Path::new("src")) {
            if modules.iter().any(|module| file.starts_with(Path::new("src").join(module))) {
                continue;
            }
            let code = code_of(&file);
            for word in words {
                assert!(!code.contains(&format!("use {word}")), "{} uses {word}", file.display());
                assert!(!code.contains(&format!(" {word}::")), "{} names {word}", file.display());
            }
        }
    }
}

#[test]
fn the_walk_sees_a_wrong_import() {
    let named = crate_modules_named_in(
        "use crate::engine::Handle;\nlet x = crate::cli::main();\nuse crate::{store, web::Api};",
    );
    assert_eq!(named, ["engine", "cli", "store", "web"]);
}

fn modules_in_reading_order() -> Vec<String> {
    let lib = fs::read_to_string("src/lib.rs").expect("lib.rs is there");
    lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';').map(str::to_owned)).collect()
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).expect("the folder is there") {
        let path = entry.expect("the entry can be read").path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found
}

/// The file without comments and without its own tests, which may build worlds.
fn code_of(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("the file can be read");
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn crate_modules_named_in(code: &str) -> Vec<String> {
    let mut named = Vec::new();
    for rest in code.split("crate::").skip(1) {
        if let Some(list) = rest.strip_prefix('{') {
            let list = list.split(';').next().unwrap_or_default();
            named.extend(list.trim_end_matches('}').split(',').map(first_word));
        } else {
            named.push(first_word(rest));
        }
    }
    named
}

fn first_word(text: &str) -> String {
    text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}
