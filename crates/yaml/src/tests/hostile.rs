//! Texts that are made to hurt: each must end soon, with little memory, and without a deep stack.

use super::tree::{Trees, tree};
use crate::{ErrorKind, Limits, Parser, compose};

fn kind(text: &str) -> Option<ErrorKind> {
    tree(text).err().map(|error| error.kind())
}

#[test]
fn depth_is_limited() {
    for open in ["[", "{a: ", "- ", "[[{x: "] {
        assert_eq!(kind(&open.repeat(100_000)), Some(ErrorKind::DepthExceeded), "{open:?}");
    }
    assert_eq!(kind(&"? ".repeat(100_000)), Some(ErrorKind::InvalidKey));
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(kind(&nested(512)), None);
    assert_eq!(kind(&nested(513)), Some(ErrorKind::DepthExceeded));
    let unlimited = Limits { depth: usize::MAX, ..Limits::STANDARD };
    let deepest = nested(10_001);
    let scanned = compose(&deepest, &unlimited, &mut Trees);
    assert_eq!(scanned.err().map(|error| error.kind()), Some(ErrorKind::DepthExceeded));
}

#[test]
fn aliases_add_to_the_depth() {
    let half = "[".repeat(300);
    let text = format!("- &x {half}{}\n- {half}*x {}\n", "]".repeat(300), "]".repeat(300));
    assert_eq!(kind(&text), Some(ErrorKind::DepthExceeded));
}

#[test]
fn alias_bombs_are_refused() {
    let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..30 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(",");
        bomb.push_str(&format!("a{level}: &a{level} [{aliases} ]\n"));
    }
    assert_eq!(kind(&bomb), Some(ErrorKind::ExcessiveAliasing));
    let mut merges = "a0: &a0 {k: 1}\n".to_owned();
    for level in 1..40 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(",");
        merges.push_str(&format!("a{level}: &a{level}\n  <<: [{aliases} ]\n"));
    }
    assert_eq!(kind(&merges), Some(ErrorKind::ExcessiveAliasing));
    let long = format!("a: &a '{}'\nb: [{}]\n", "x".repeat(1 << 20), "*a, ".repeat(2000));
    assert_eq!(kind(&long), Some(ErrorKind::ExcessiveAliasing));
}

#[test]
fn the_share_of_aliases_is_limited() {
    let text =
        |plain: usize, aliases: usize| format!("[&x [{}], {}]", "x,".repeat(plain), "*x ,".repeat(aliases));
    assert_eq!(kind(&text(98, 50)), None);
    assert_eq!(kind(&text(500, 500)), Some(ErrorKind::ExcessiveAliasing));
    let limits = Limits { alias_nodes: 10, ..Limits::STANDARD };
    let few = |aliases: usize| {
        compose(&text(1, aliases), &limits, &mut Trees).map(|_| ()).map_err(|error| error.kind())
    };
    assert_eq!(few(5), Ok(()));
    assert_eq!(few(6), Err(ErrorKind::ExcessiveAliasing));
}

#[test]
fn long_inputs_take_no_longer_than_their_length() {
    let length = 200_000;
    let texts = [
        "x".repeat(1_000_000),
        "x ".repeat(length / 2),
        format!("'{}'", "x ".repeat(length / 2)),
        format!("\"{}\"", "\\n ".repeat(length / 3)),
        format!("\"{}", "x\n".repeat(length / 2)),
        format!("a: |\n{}", " x\n".repeat(length / 3)),
        format!("a: |\n{}", "\n".repeat(length)),
        format!("a: |\n x{}", "\u{2028} x".repeat(length / 5)),
        "#\u{85}".repeat(length / 3),
        "#".repeat(length),
        "\n".repeat(length),
        " ".repeat(length),
        "a: 1\n".repeat(length / 5),
        "1: 1\n".repeat(length / 5),
        (0..20_000).map(|index| format!("k{index}: 1\n")).collect(),
        format!("{{{}}}", "a: b, ".repeat(length / 6)),
        "a: b ".repeat(length / 5),
        "[a]: b, ".repeat(length / 8),
        format!("[{}", "[],".repeat(length / 3)),
        format!("{{? {}", "a? ".repeat(length / 3)),
        "&a ".repeat(length / 3),
        format!("[{}]", "&a x, ".repeat(length / 6)),
        format!("[{}*a]", "&a [".repeat(500)),
        (0..20_000).map(|index| format!("%TAG !a{index}! x\n")).collect::<String>() + "---\nx",
        format!("%TAG !a! {}\n---\n[{}]", "x".repeat(100_000), "!a!b c, ".repeat(10_000)),
        format!("{{{}}}", "<<: {a: 1}, ".repeat(length / 12)),
        format!("{{<<: [{}]}}", "{a: 1}, ".repeat(length / 8)),
        "1".repeat(length),
        format!("1.{}e{}", "3".repeat(length), "9".repeat(length)),
        format!("!!binary {}", "QUJD".repeat(length / 4)),
        format!("\u{feff}\u{feff}{}", "a: b\n".repeat(20_000)),
        format!("x\u{feff}{}", "y ".repeat(200_000)),
        "- ".repeat(20_000),
        "? ".repeat(20_000),
        ": ".repeat(20_000),
    ];
    for text in texts {
        let _ = tree(&text);
        let mut parser = Parser::new(&text, &Limits { depth: 20_000, ..Limits::STANDARD });
        while !matches!(parser.next_event(), Err(_) | Ok(crate::Event::StreamEnd { .. })) {}
    }
}
