use super::*;
use proptest::prelude::*;

#[test]
fn ordinary_names_stay_as_they_are() {
    for name in ["Ana", "Zoë O'Brien-Šmíd", "محمد", "राम", "李小龍", "👩‍👩‍👧 family", "می‌خواهم"]
    {
        assert_eq!(sanitise_name(name).as_deref(), Some(name));
    }
}

#[test]
fn name_of_ten_thousand_characters_is_cut() {
    let name = sanitise_name(&"x".repeat(10_000)).unwrap();
    assert_eq!(name.chars().count(), MAX_NAME);
}

#[test]
fn name_of_bidi_overrides_is_refused_and_one_with_them_loses_them() {
    assert_eq!(sanitise_name("\u{202E}\u{2066}\u{200F}"), None);
    assert_eq!(sanitise_name("\u{202E}tsoh\u{202C} Ana").as_deref(), Some("tsoh Ana"));
}

#[test]
fn name_of_html_stays_text() {
    assert_eq!(sanitise_name("<b onload=x>A</b>").as_deref(), Some("<b onload=x>A</b>"));
}

#[test]
fn name_without_anything_visible_is_refused() {
    for name in ["", "   ", "\u{200B}\u{2800}\u{3164}", "\u{200D}", "\n\t\r\0", "\u{FE0F}"] {
        assert_eq!(sanitise_name(name), None, "{name:?}");
    }
}

#[test]
fn whitespace_of_any_kind_becomes_one_space() {
    assert_eq!(sanitise_name("  Ana\u{2028}\u{00A0}\t of\nHome ").as_deref(), Some("Ana of Home"));
}

#[test]
fn invisible_characters_do_not_make_a_second_ana() {
    for name in ["A\u{200B}na", "An\u{00AD}a", "\u{2060}Ana\u{FEFF}", "Ana\u{E0041}", "A\0na"] {
        assert_eq!(sanitise_name(name).as_deref(), Some("Ana"), "{name:?}");
    }
}

proptest! {
    #[test]
    fn a_sanitised_name_is_bounded_clean_and_stays_the_same(name in "\\PC{0,80}|.{0,80}") {
        if let Some(clean) = sanitise_name(&name) {
            prop_assert!((1..=MAX_NAME).contains(&clean.chars().count()));
            prop_assert!(!clean.chars().any(is_deceptive));
            prop_assert_eq!(clean.trim(), &clean);
            let again = sanitise_name(&clean);
            prop_assert_eq!(again.as_ref(), Some(&clean));
        }
    }
}
