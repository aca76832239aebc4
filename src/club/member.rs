//! Who can log in. Practice accounts: their passwords are printed in the documentation.

/// Every member's user name and password; the rule is `<name>-raqueta`.
pub const MEMBERS: [(&str, &str); 26] = [
    ("ana", "ana-raqueta"),
    ("bruno", "bruno-raqueta"),
    ("carla", "carla-raqueta"),
    ("diego", "diego-raqueta"),
    ("elena", "elena-raqueta"),
    ("fabio", "fabio-raqueta"),
    ("gloria", "gloria-raqueta"),
    ("hugo", "hugo-raqueta"),
    ("ines", "ines-raqueta"),
    ("jorge", "jorge-raqueta"),
    ("karla", "karla-raqueta"),
    ("luis", "luis-raqueta"),
    ("marta", "marta-raqueta"),
    ("nelson", "nelson-raqueta"),
    ("olga", "olga-raqueta"),
    ("pablo", "pablo-raqueta"),
    ("quique", "quique-raqueta"),
    ("raquel", "raquel-raqueta"),
    ("sergio", "sergio-raqueta"),
    ("teresa", "teresa-raqueta"),
    ("ulises", "ulises-raqueta"),
    ("valeria", "valeria-raqueta"),
    ("walter", "walter-raqueta"),
    ("ximena", "ximena-raqueta"),
    ("yolanda", "yolanda-raqueta"),
    ("zaida", "zaida-raqueta"),
];

/// The member of that user name and password.
pub(crate) fn member(user: &str, password: &str) -> Option<&'static str> {
    MEMBERS.into_iter().find(|known| *known == (user, password)).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_rule_holds_for_every_member() {
        for (name, password) in MEMBERS {
            assert_eq!(password, format!("{name}-raqueta"));
            assert_eq!(member(name, password), Some(name));
        }
        assert_eq!(member("ana", "bruno-raqueta"), None);
    }
}
