//! What makes untrusted text harmless where it is shown.

use std::borrow::Cow;

/// Whether a character does more than stand there: control characters, bidirectional marks and overrides,
/// line separators, invisible tags.
pub(crate) fn is_dangerous(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{061C}'
                | '\u{200E}'
                | '\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2066}'..='\u{2069}'
                | '\u{FEFF}'
                | '\u{FFF9}'..='\u{FFFB}'
                | '\u{FFFE}'
                | '\u{FFFF}'
                | '\u{E0000}'..='\u{E007F}'
        )
}

/// The character as it may be shown: a picture of a control character, or the replacement character.
pub(crate) fn visible_char(character: char) -> char {
    if !is_dangerous(character) {
        return character;
    }
    match u32::from(character) {
        0x7F => '\u{2421}',
        code if code < 0x20 => char::from_u32(0x2400 + code).unwrap_or(char::REPLACEMENT_CHARACTER),
        _ => char::REPLACEMENT_CHARACTER,
    }
}

/// The text on one line and without characters that do more than stand there; as many characters as before.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_dangerous) {
        Cow::Owned(text.chars().map(visible_char).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// The name of a file as people's formats show it at the start of a line. A name that begins with `::`
/// would be a command to the runner of GitHub Actions, which reads the output of every step.
pub(crate) fn file_name(file: &str) -> Cow<'_, str> {
    let name = visible(file);
    if name.trim_start().starts_with("::") { Cow::Owned(format!("./{name}")) } else { name }
}

/// Markdown of GitHub that shows exactly this text. Pairs of backticks become code, as in messages.
#[must_use]
pub fn markdown(text: &str) -> String {
    let text = visible(text);
    let mut out = String::with_capacity(text.len() * 2);
    let mut backticks_left = text.matches('`').count();
    let mut in_code = false;
    for part in text.split_inclusive('`') {
        let words = part.strip_suffix('`');
        push_markdown(words.unwrap_or(part), in_code, &mut out);
        if words.is_none() {
            break;
        }
        backticks_left -= 1;
        if in_code {
            out.push_str("</code>");
        } else if backticks_left > 0 {
            out.push_str("<code>");
        } else {
            out.push_str("&#96;");
            continue;
        }
        in_code = !in_code;
    }
    out
}

/// Markdown that shows exactly this text as code.
#[must_use]
pub fn markdown_code(text: &str) -> String {
    let mut out = String::from("<code>");
    push_markdown(&visible(text), true, &mut out);
    out.push_str("</code>");
    out
}

/// HTML that shows exactly this text, between tags and in quoted attributes.
#[must_use]
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for character in visible(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// A field of a CSV file that is exactly this text: quoted where RFC 4180 asks for it, and behind a `'` where a
/// spreadsheet would take it for a formula.
///
/// Source: <https://owasp.org/www-community/attacks/CSV_Injection>.
#[must_use]
pub fn csv_field(text: &str) -> String {
    let text = visible(text);
    let is_formula =
        text.trim_start().starts_with(['=', '+', '-', '@', '\u{FF1D}', '\u{FF0B}', '\u{FF0D}', '\u{FF20}']);
    let text = if is_formula { format!("'{text}") } else { text.into_owned() };
    if text.contains([',', '"', ';']) || text.starts_with(' ') || text.ends_with(' ') {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

/// Writes entities for whatever Markdown, HTML, or the automatic links of GitHub could take for markup.
fn push_markdown(text: &str, in_code: bool, out: &mut String) {
    let mut before = [' '; 3];
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let links = match character {
            ':' => characters.peek().is_some_and(|next| *next != ' ' && !next.is_ascii_digit()),
            '.' => before.iter().all(|c| c.eq_ignore_ascii_case(&'w')),
            _ => false,
        };
        if links || is_markup(character) {
            out.push_str("&#");
            out.push_str(&u32::from(character).to_string());
            out.push(';');
        } else {
            out.push(character);
        }
        if matches!(character, '@' | '#') && !in_code {
            // Otherwise GitHub would notify whoever has that name, or the followers of the issue of that number.
            out.push('\u{200B}');
        }
        before = [before[1], before[2], character];
    }
}

fn is_markup(character: char) -> bool {
    matches!(character, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '&' | '~' | '$' | '@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_overrides_are_shown_as_pictures() {
        assert_eq!(
            visible("a\u{1b}[31mb\n\u{7f}\u{9b}c\u{202e}d\u{2066}"),
            "a␛[31mb␊␡\u{fffd}c\u{fffd}d\u{fffd}"
        );
        assert!(matches!(visible("plain ä 日本"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_file_name_is_no_command() {
        assert_eq!(file_name("::stop-commands::x.yaml"), "./::stop-commands::x.yaml");
        assert_eq!(file_name("a::b.yaml"), "a::b.yaml");
    }

    #[test]
    fn html_is_shown_and_not_obeyed() {
        assert_eq!(html("<a href=\"x\">&'\u{202e}"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;\u{fffd}");
    }

    #[test]
    fn csv_is_text_and_no_formula() {
        for (text, field) in [
            ("plain", "plain"),
            ("=1+1", "'=1+1"),
            (" @x", "' @x"),
            ("-x,y", "\"'-x,y\""),
            ("a\"b", "\"a\"\"b\""),
            ("*", "*"),
            ("a\r\nb", "a␍␊b"),
            ("\t=x", "␉=x"),
        ] {
            assert_eq!(csv_field(text), field);
        }
    }

    #[test]
    fn markdown_is_shown_and_not_obeyed() {
        assert_eq!(markdown("`hostPID` is `true`: bad"), "<code>hostPID</code> is <code>true</code>: bad");
        assert_eq!(markdown("one ` tick"), "one &#96; tick");
        assert_eq!(markdown("a|b <img> @you"), "a&#124;b &#60;img&#62; &#64;\u{200B}you");
        assert_eq!(markdown("[x](https://e) www.e"), "&#91;x&#93;(https&#58;//e) www&#46;e");
        assert_eq!(markdown("a.yaml:1:2 #3"), "a.yaml:1:2 &#35;\u{200B}3");
        assert_eq!(markdown_code("</code>`|@a"), "<code>&#60;/code&#62;&#96;&#124;&#64;a</code>");
    }
}
