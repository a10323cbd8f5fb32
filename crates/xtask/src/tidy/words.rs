//! What no source may say: that something is left undone.

use super::House;
use proc_macro2::{Delimiter, Ident, Punct, TokenStream, TokenTree};
use std::str::FromStr as _;

/// No unfinished code, and no test that does not run.
pub(super) fn nothing_is_left_undone(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let mut faults = Vec::new();
    for file in &house.sources.files {
        let found = undone(&file.text).into_iter();
        faults.extend(found.map(|(line, what)| format!("{}:{line}: {what}", file.name)));
    }
    Ok(faults)
}

/// The lines that leave something undone, and how. Only code counts, not comments or strings.
fn undone(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    if let Ok(tokens) = TokenStream::from_str(text) {
        walk(tokens, &mut found);
    }
    found.sort();
    found
}

fn walk(tokens: TokenStream, found: &mut Vec<(usize, String)>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (index, token) in tokens.iter().enumerate() {
        match (token, tokens.get(index + 1)) {
            (TokenTree::Ident(word), Some(TokenTree::Punct(mark))) if is_unfinished(word, mark) => {
                found.push((word.span().start().line, format!("`{word}!` is unfinished")));
            }
            (TokenTree::Punct(mark), Some(TokenTree::Group(group))) if mark.as_char() == '#' => {
                let first = group.stream().into_iter().next();
                let is_ignore = matches!(&first, Some(TokenTree::Ident(word)) if word == "ignore");
                if is_ignore && group.delimiter() == Delimiter::Bracket {
                    found
                        .push((mark.span().start().line, "a test that is ignored does not exist".to_owned()));
                }
            }
            _ => {}
        }
        if let TokenTree::Group(group) = token {
            walk(group.stream(), found);
        }
    }
}

fn is_unfinished(word: &Ident, mark: &Punct) -> bool {
    mark.as_char() == '!' && (word == "todo" || word == "unimplemented")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_that_is_undone_is_found_wherever_it_stands() {
        let text = "fn a() {\n    todo!()\n}\nfn b() { vec![unimplemented!(\"later\")]; }\n#[test]\n#[ignore = \"slow\"]\nfn c() {}\n";
        assert_eq!(undone(text).iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 4, 6]);
    }

    #[test]
    fn words_are_no_code() {
        let text = "// todo!() #[ignore]\nfn todo() -> &'static str { \"todo!() #[ignore]\" }\nfn a() { ignore(); }\n";
        assert_eq!(undone(text), []);
    }
}
