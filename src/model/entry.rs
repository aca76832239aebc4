//! Names of the vault's entries: paths of files in its folder, which never lead out of it.

/// Parts of a name at most.
pub const MOST_PARTS: usize = 4;

/// What such a name is made of.
pub const MADE_OF: &str = "letters, digits and . _ - @ + in parts divided by /, as in las-palmas/ana";

/// Whether it can name an entry.
pub fn is_name(name: &str) -> bool {
    let parts: Vec<&str> = name.split('/').collect();
    parts.len() <= MOST_PARTS && parts.iter().all(|part| is_part(part))
}

/// Whether it can be one part of a name. None starts with a dot: neither `..` nor the temporary files of a write.
pub fn is_part(part: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || "._-@+".contains(c);
    (1..=100).contains(&part.len()) && !part.starts_with('.') && part.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_folder() {
        for good in ["ana", "las-palmas/ana", "club/josé@example.org", "a/b/c/d"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "/etc/passwd", "../ana", "a//b", "a/../b", ".hidden", "a b", "a\0", "a\n", "a/b/c/d/e", "a/"] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
