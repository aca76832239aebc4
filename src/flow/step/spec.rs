//! The table of verbs: which keys each takes, and how long it may take.

/// What belongs to one verb.
pub(super) struct Spec {
    /// The verb's key.
    pub(super) verb: &'static str,
    /// The further keys it takes.
    pub(super) keys: &'static [&'static str],
    /// Whether it acts on a target, so that it can be `optional`.
    pub(super) has_target: bool,
    /// Whether it can open a native dialog, so that `dialog` can stand beside it.
    pub(super) can_open_dialog: bool,
    /// Whether it loads a page or waits for a site.
    pub(super) is_slow: bool,
}

/// Keys that every verb takes.
pub(super) const COMMON: [&str; 2] = ["timeout", "note"];

/// Every verb, in the order of the documentation.
pub(super) static VERBS: [Spec; 27] = [
    slow("go", &[]),
    slow("reload", &[]),
    acting("click", &[]),
    on_target("fill", &["with"]),
    on_target("type", &["with"]),
    on_target("clear", &[]),
    on_target("set", &["with"]),
    acting("select", &["value", "label", "text"]),
    acting("check", &[]),
    acting("uncheck", &[]),
    acting("press", &["in"]),
    on_target("upload", &["file"]),
    acting("submit", &[]),
    on_target("frame", &[]),
    plain("window", &[]),
    plain("dialog", &[]),
    plain("wait-for", &[]),
    plain("expect", &[]),
    on_target("read", &["attribute", "matches", "into"]),
    plain("rows", &["columns", "fresh-if"]),
    plain("if-present", &["steps"]),
    plain("when", &["steps"]),
    plain("repeat", &["steps"]),
    Spec { can_open_dialog: true, ..plain("script", &["into"]) },
    slow("request", &[]),
    plain("screenshot", &[]),
    plain("pause", &[]),
];

const fn plain(verb: &'static str, keys: &'static [&'static str]) -> Spec {
    Spec { verb, keys, has_target: false, can_open_dialog: false, is_slow: false }
}

const fn slow(verb: &'static str, keys: &'static [&'static str]) -> Spec {
    Spec { verb, keys, has_target: false, can_open_dialog: true, is_slow: true }
}

const fn on_target(verb: &'static str, keys: &'static [&'static str]) -> Spec {
    Spec { verb, keys, has_target: true, can_open_dialog: false, is_slow: false }
}

const fn acting(verb: &'static str, keys: &'static [&'static str]) -> Spec {
    Spec { verb, keys, has_target: true, can_open_dialog: true, is_slow: false }
}

impl Spec {
    /// Whether a key may stand beside the verb.
    pub(super) fn takes(&self, key: &str) -> bool {
        key == self.verb
            || COMMON.contains(&key)
            || self.keys.contains(&key)
            || (key == "optional" && self.has_target)
            || (key == "dialog" && self.can_open_dialog)
    }

    /// Everything that may stand beside the verb.
    pub(super) fn beside(&self) -> Vec<&'static str> {
        let optional = self.has_target.then_some("optional");
        let dialog = self.can_open_dialog.then_some("dialog");
        self.keys.iter().copied().chain(COMMON).chain(optional).chain(dialog).collect()
    }
}
