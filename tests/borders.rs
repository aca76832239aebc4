//! One sentence is the architecture: a module imports only what stands above it in `lib.rs`.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Modules that decide: no async, no files, no database.
const DECISIONS: [&str; 5] = ["model", "schedule", "timing", "flow", "config"];

/// What they do not name.
const WORLDS: [&str; 7] = ["tokio", "sqlx", "std::fs", "async fn", "async move", ".await", "std::net"];

/// Crates that only some modules name.
const NEIGHBOURS: [(&[&str], &[&str]); 3] = [
    (&["sqlx"], &["store"]),
    (&["thirtyfour", "fantoccini", "webdriver"], &["browser"]),
    (&["axum"], &["web", "club"]),
];

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
    let walk = worlds_named_below(Path::new("."));
    assert!(walk.read > 100, "the walk found {} files only", walk.read);
    assert!(walk.wrong.is_empty(), "{}", walk.wrong.join("\n"));
}

#[test]
fn each_neighbour_is_named_in_one_place() {
    let walk = neighbours_named_below(Path::new("."));
    assert!(walk.read > 300, "the walk found {} files only", walk.read);
    assert!(walk.wrong.is_empty(), "{}", walk.wrong.join("\n"));
}

#[test]
fn a_world_that_is_planted_among_decisions_is_found() {
    for (word, line) in
        [("tokio", "use tokio::sync::Mutex;"), ("async fn", "pub async fn f() {}"), ("std::fs", "use std::fs;")]
    {
        let root = planted("src/timing/deep/new.rs", line);
        let walk = worlds_named_below(root.path());
        assert_eq!(walk.wrong.len(), 1, "{:?}", walk.wrong);
        assert!(walk.wrong[0].ends_with(&format!("new.rs names {word}")), "{:?}", walk.wrong);
    }
    assert_eq!(worlds_named_below(planted("src/config/load.rs", "use std::fs;").path()).wrong, [""; 0]);
    assert_eq!(worlds_named_below(planted("src/store/new.rs", "use tokio::fs;").path()).wrong, [""; 0]);
}

#[test]
fn a_neighbour_that_is_named_elsewhere_is_found() {
    let found = |path, line| neighbours_named_below(planted(path, line).path()).wrong.len();
    for line in [
        "use sqlx::Row;",
        "use sqlx;",
        "fn f(row: &sqlx::Row) {}",
        "fn f() -> Vec<sqlx::Row> {}",
        "pub(crate) use sqlx as s;",
    ] {
        assert_eq!(found("src/engine/new.rs", line), 1, "{line}");
        assert_eq!(found("src/store/new.rs", line), 0, "{line}");
    }
    assert_eq!(found("src/engine/new.rs", "use webdriver::command::X;"), 1);
    assert_eq!(found("src/engine/new.rs", "fn f(x: webdriver::X) {}"), 1);
    assert_eq!(found("src/main.rs", "use axum::Router;"), 1);
    assert_eq!(found("src/engine/new.rs", "use crate::browser::webdriver::X; let sqlx_rows = my_sqlx::rows();"), 0);
}

#[test]
fn only_comments_and_the_test_module_are_left_out() {
    let text = "use a;\n#[cfg(test)]\nmod fake;\nuse b;\n#[cfg(test)]\nfn helper() {}\n// use c;\n#[cfg(test)]\n\
                #[expect(unused, reason = \"x\")]\npub(super) mod tests {\n    use d;\n    fn f() {\n    }\n}\nuse e;\n";
    let code = code_in(text);
    for (word, there) in
        [("use a", true), ("use b", true), ("helper", true), ("use c", false), ("use d", false), ("use e", true)]
    {
        assert_eq!(code.contains(word), there, "{word} in\n{code}");
    }
}

/// What a walk found, and in how many files it looked.
struct Walk {
    read: usize,
    wrong: Vec<String>,
}

fn worlds_named_below(root: &Path) -> Walk {
    let may_touch = |file: &Path| TOUCH_FILES.iter().any(|touch| root.join(touch) == file);
    let below = DECISIONS.iter().flat_map(|module| rust_files(&root.join("src").join(module)));
    let files: Vec<PathBuf> = below.filter(|file| !may_touch(file)).collect();
    let wrong = files.iter().flat_map(|file| {
        let code = code_of(file);
        let named = WORLDS.iter().filter(move |word| code.contains(*word));
        named.map(|word| format!("{} names {word}", file.display()))
    });
    Walk { read: files.len(), wrong: wrong.collect() }
}

fn neighbours_named_below(root: &Path) -> Walk {
    let files = rust_files(&root.join("src"));
    let wrong = files.iter().flat_map(|file| {
        let code = code_of(file);
        let owns = |modules: &[&str]| modules.iter().any(|module| file.starts_with(root.join("src").join(module)));
        let others = NEIGHBOURS.iter().filter(move |(_, modules)| !owns(modules)).flat_map(|(words, _)| *words);
        others.filter(move |word| names_crate(&code, word)).map(|word| format!("{} names {word}", file.display()))
    });
    Walk { read: files.len(), wrong: wrong.collect() }
}

/// Whether a crate is imported, or named with a path.
fn names_crate(code: &str, name: &str) -> bool {
    let is_of_a_name = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(name).any(|(at, _)| {
        let (before, after) = (&code[..at], &code[at + name.len()..]);
        let begins = !before.ends_with(|c: char| is_of_a_name(c) || c == ':');
        let imported = before.ends_with("use ") && !after.starts_with(is_of_a_name);
        begins && (imported || after.starts_with("::"))
    })
}

/// A tree like ours with one line of code in one file.
fn planted(path: &str, line: &str) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a folder");
    for module in DECISIONS {
        fs::create_dir_all(root.path().join("src").join(module)).expect("a folder");
    }
    let file = root.path().join(path);
    fs::create_dir_all(file.parent().expect("it is in a folder")).expect("a folder");
    fs::write(&file, format!("#[cfg(test)]\nmod fake;\n\n{line}\n")).expect("it is written");
    root
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
    code_in(&fs::read_to_string(file).expect("the file can be read"))
}

/// The test module ends at the first brace that stands at the margin, as rustfmt puts it.
fn code_in(text: &str) -> String {
    let (mut code, mut rest) = (Vec::new(), text.lines());
    while let Some(line) = rest.next() {
        if line == "#[cfg(test)]" && opens_the_test_module(rest.clone()) {
            rest.by_ref().find(|line| *line == "}");
        } else if !line.trim_start().starts_with("//") {
            code.push(line);
        }
    }
    code.join("\n")
}

fn opens_the_test_module<'t>(mut lines: impl Iterator<Item = &'t str>) -> bool {
    let item = lines.find(|line| !line.starts_with("#["));
    item.is_some_and(|item| item == "mod tests {" || item.starts_with("pub") && item.ends_with(" mod tests {"))
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
