//! Names people type, made fit to be shown beside other people's.

/// The longest display name, in characters.
pub const MAX_NAME: usize = 60;
/// The longest meeting title, in characters.
pub const MAX_TITLE: usize = 120;
/// The longest explanation of a server's, in characters.
pub const MAX_NOTICE: usize = 300;

/// A display name of 1 to [`MAX_NAME`] visible characters on one line, or `None` if nothing
/// visible is left. Markup is left alone: views show text as text.
pub fn sanitise_name(name: &str) -> Option<String> {
    sanitise(name, MAX_NAME)
}

/// A meeting title of at most [`MAX_TITLE`] characters; may be empty.
pub fn sanitise_title(title: &str) -> String {
    sanitise(title, MAX_TITLE).unwrap_or_default()
}

/// Words of the server's on one line of at most [`MAX_NOTICE`] characters; may be empty.
pub fn sanitise_notice(text: &str) -> String {
    sanitise(text, MAX_NOTICE).unwrap_or_default()
}

fn sanitise(text: &str, max: usize) -> Option<String> {
    let mut out = String::new();
    let mut length = 0;
    let kept = text.chars().filter(|c| c.is_whitespace() || !is_deceptive(*c));
    for c in kept {
        let c = if c.is_whitespace() { ' ' } else { c };
        if c == ' ' && (out.is_empty() || out.ends_with(' ')) {
            continue;
        }
        if length == max {
            break;
        }
        out.push(c);
        length += 1;
    }
    out.truncate(out.trim_end().len());
    let visible = out.chars().any(|c| !c.is_whitespace() && !is_joiner(c));
    visible.then_some(out)
}

/// Characters that move, hide or fake what is around them.
fn is_deceptive(c: char) -> bool {
    c.is_control() || is_bidi_control(c) || is_blank(c) || is_noncharacter(c)
}

/// Unicode Bidi_Control: marks, embeddings, overrides and isolates.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Takes no ink: two names that differ only in these look alike.
fn is_blank(c: char) -> bool {
    matches!(
        c,
        '\u{00AD}' | '\u{034F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}' | '\u{2060}'..='\u{2065}'
            | '\u{206A}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}'
    )
}

fn is_noncharacter(c: char) -> bool {
    c as u32 & 0xFFFE == 0xFFFE || ('\u{FDD0}'..='\u{FDEF}').contains(&c)
}

/// Needed inside Persian words and emoji, nothing by themselves; nor are variation selectors.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}')
}

#[cfg(test)]
mod tests;
