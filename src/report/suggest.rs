//! The word he meant.

/// The known word nearest to a mistyped one, where one is near enough to be worth offering.
pub fn did_you_mean<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_lowercase();
    let letters = wrong.chars().count();
    known
        .into_iter()
        .filter_map(|word| {
            let length = word.chars().count();
            let most = (1 + length / 4).min(length.saturating_sub(1));
            // So many letters more or less are so many slips at least: most words need no closer look.
            let distance = || strsim::damerau_levenshtein(&wrong, &word.to_lowercase());
            (letters.abs_diff(length) <= most).then(distance).filter(|it| *it <= most).map(|it| (it, word))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_the_near_word_only() {
        let known = ["courts", "times", "repeat"];
        assert_eq!(did_you_mean("cuorts", known), Some("courts"));
        assert_eq!(did_you_mean("password", known), None);
        assert_eq!(did_you_mean("3", ["1", "2"]), None, "nothing in common");
    }
}
