//! The word he meant.

/// The known word nearest to a mistyped one, where one is near enough to be worth offering.
pub fn did_you_mean<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_lowercase();
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&wrong, &word.to_lowercase()), word))
        .filter(|(distance, word)| {
            let length = word.chars().count();
            *distance < length && *distance <= 1 + length / 4
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
