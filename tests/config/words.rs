//! Every kind of problem together, with what its reader is told to do: no code without a case, no case without a cure.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use firstserve::flow::Flow;
use firstserve::report::{Problem, SourceFile};
use regex::Regex;

use super::world::{CLUB, DOUBLES, World, load_plainly};

/// Where problems of the user's files are made.
const SOURCES: [&str; 4] = ["src/config", "src/flow", "src/schedule", "src/report"];

#[test]
fn every_problem_says_what_to_do() {
    let mut problems = of_fixtures();
    problems.extend(of_selector_fixtures());
    problems.extend(of_worlds());
    let mut told: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for problem in &problems {
        let help = problem.help.as_deref().unwrap_or_default();
        assert!(help.len() > 5, "{} says nothing to do: {}", problem.code, problem.message);
        assert!(!help.ends_with(['.', ' ']) && !problem.message.ends_with('.'), "{}: {help}", problem.code);
        told.entry(problem.code).or_default().insert(format!(
            "{}\n    {}",
            problem.message,
            help.replace('\n', "\n    ")
        ));
    }
    let known = codes_in_the_sources();
    assert!(known.len() > 70 && known.contains("unknown-key"), "the search found {} codes only", known.len());
    let missing: Vec<_> = known.iter().filter(|code| !told.contains_key(code.as_str())).collect();
    assert!(missing.is_empty(), "no case shows what is said of {missing:?}");
    let lines = told.iter().filter_map(|(code, all)| Some(format!("{code}: {}", all.first()?)));
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
}

fn of_fixtures() -> Vec<Problem> {
    let files = ["fixtures/config/invalid", "fixtures/config/valid"].map(|folder| toml_files(Path::new(folder)));
    files.iter().flatten().flat_map(|path| load_plainly(path).problems).collect()
}

/// The cases of the flow's own tests: a file that replaces one of the small flow, or a whole folder.
fn of_selector_fixtures() -> Vec<Problem> {
    let small = Path::new("fixtures/flow/valid/small");
    let read = |path: &PathBuf| SourceFile::new(path, fs::read_to_string(path).expect("text"));
    let mut problems = Vec::new();
    for entry in fs::read_dir("fixtures/flow/invalid").expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            problems.extend(Flow::parse(&path, &toml_files(&path).iter().map(read).collect::<Vec<_>>()).1);
            continue;
        }
        let text = fs::read_to_string(&path).expect("text");
        let place = text.lines().next().and_then(|line| line.strip_prefix("# ")).expect("it says where it stands");
        let mut files: Vec<Arc<SourceFile>> = toml_files(small).iter().map(read).collect();
        files.retain(|file| file.path() != small.join(place));
        files.push(SourceFile::new(small.join(place), text.as_str()));
        problems.extend(Flow::parse(small, &files).1);
    }
    problems
}

/// What needs more than one file, or an environment.
fn of_worlds() -> Vec<Problem> {
    let mut problems = Vec::new();
    let fires = |mode: &str| CLUB.replace("flow =", &format!("fire = \"{mode}\"\nflow ="));
    let step = |verbs: &str| format!("[[step]]\n{verbs}\n");
    let mut flow = |club: &str, files: &[(&str, String)]| {
        let world = World::with(&format!("{club}{DOUBLES}"));
        for (path, text) in files {
            let path = world.path("selectors/club").join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder can be made");
            fs::write(path, text).expect("the file can be written");
        }
        problems.extend(world.load().problems.into_iter().map(|problem| without_folder(problem, &world)));
    };
    flow(CLUB, &[("opening/20-x.toml", step("go = \"{site.url}{site.nowhere}{booking.partner}\""))]);
    flow(CLUB, &[("prepare/20-x.toml", step("go = \"{site.url}{row.reference}\""))]);
    flow(CLUB, &[("prepare/20-x.toml", "# nothing yet\n".to_owned())]);
    flow(CLUB, &[("commit.toml", "click = \"#go\"\nopening = \"fast\"\n".to_owned())]);
    let nots = format!("{}{{ visible = \"#a\" }}{}", "{ not = ".repeat(9), " }".repeat(9));
    flow(CLUB, &[("prepare/20-x.toml", step(&format!("wait-for = {nots}")))]);
    let reads = step("read = \"#price\"\ninto = \"price\"");
    flow(&fires("armed"), &[("opening/20-x.toml", reads)]);
    let chained = "click = \"#go\"\nsend = \"http\"\nopening = \"http\"\n".to_owned();
    flow(&fires("http"), &[("commit.toml", chained), ("opening/20-x.toml", step("click = \"#date\""))]);
    flow(CLUB, &[("login/20-x.txt", step("click = \"#go\""))]);
    flow(CLUB, &[("prepare/20-x.toml", step("wait-for = \"2s\""))]);
    fs_problem(&mut problems);
    let mail = "[mail]\nfrom = \"a@example.org\"\nsmtp-host = \"127.0.0.1:2526\"\n";
    problems.extend(World::with(&format!("{mail}{CLUB}{DOUBLES}")).load().problems);
    let noon = CLUB.replace("{ visible-days = 9 }", "{ days-before = 0, at = \"18:00\" }");
    let late = DOUBLES.replace("date = 2027-07-18", "repeat = \"FREQ=WEEKLY;INTERVAL=2;BYDAY=FR\"\nfrom = 2027-01-10");
    let label = CLUB.replace("flow =", "slot-label = \"{user}\"\nflow =");
    let slow = "[browser]\nwebdriver = \"http://selenium:4444\"\nsession-timeout = \"50m\"\n";
    for text in [
        format!("{noon}{DOUBLES}"),
        format!("{CLUB}{late}"),
        label,
        format!("{slow}{CLUB}"),
        format!("{CLUB}{DOUBLES}{}", DOUBLES.replace("doubles", "next hour").replace("17:00", "18:00")),
        (0..200).map(|n| format!("unknown-{n} = 1\n")).collect(),
        format!("{CLUB}{}", DOUBLES.repeat(1001)),
    ] {
        problems.extend(World::with(&text).load().problems);
    }
    let environment = [("FIRSTSERVE_SERVER_LISTN", "x"), ("FIRSTSERVE_SERVER_DB_POOL_SIZE", "many")];
    problems.extend(World::with(CLUB).load_in(&environment).problems);
    let server = "[mail]\nfrom = \"a@example.org\"\nsmtp-host = \"smtp.example.org\"\n";
    problems.extend(World::with(&format!("{server}{CLUB}{DOUBLES}")).load_in(&[("SMTP_PASSWORD", "x")]).problems);
    problems
}

fn fs_problem(problems: &mut Vec<Problem>) {
    let world = World::with(CLUB);
    problems.extend(load_plainly(&world.path("config")).problems.into_iter().map(|it| without_folder(it, &world)));
}

fn without_folder(problem: Problem, world: &World) -> Problem {
    let folder = format!("{}/", world.path("").display()).replace("//", "/");
    let words = |text: &str| text.replace(&folder, "…/");
    Problem { message: words(&problem.message), help: problem.help.as_deref().map(words), ..problem }
}

fn toml_files(folder: &Path) -> Vec<PathBuf> {
    files(folder, "toml").collect()
}

fn files<'a>(folder: &Path, ending: &'a str) -> Box<dyn Iterator<Item = PathBuf> + 'a> {
    let mut paths: Vec<_> =
        fs::read_dir(folder).expect("the folder is there").map(|it| it.expect("an entry").path()).collect();
    paths.sort();
    Box::new(paths.into_iter().flat_map(move |path| {
        if path.is_dir() {
            files(&path, ending)
        } else {
            Box::new(Some(path).into_iter().filter(move |path| path.extension().is_some_and(|it| it == ending)))
        }
    }))
}

/// The words that stand where a problem's code does.
fn codes_in_the_sources() -> BTreeSet<String> {
    let made = Regex::new(
        r#"(?:Problem::(?:error|warning)|error_with_help|\b(?:at|section|written|name|id|until|item|timeout|reader|password)\.(?:error|warning)|\berror|\bunknown|code:|\bsay)\(?\s*"([a-z]+(?:-[a-z0-9]+)*)","#,
    )
    .expect("a pattern");
    let texts = SOURCES.iter().flat_map(|folder| files(Path::new(folder), "rs"));
    let text = |path: PathBuf| fs::read_to_string(path).expect("text");
    let shown = texts.map(text).map(|text| text.split("#[cfg(test)]").next().unwrap_or_default().to_owned());
    shown.flat_map(|text| made.captures_iter(&text).map(|found| found[1].to_owned()).collect::<Vec<_>>()).collect()
}
