//! What texts become, by the class of rule that decides. The answers are those of `sigs.k8s.io/yaml` 1.6.0.

use super::tree::{Reading, read};
use Reading::{Reads, Refused, Repeats};

/// Compares the reading of every text with the answer beside it.
fn check(cases: &[(&str, Reading<'_>)]) {
    for (text, expected) in cases {
        assert_eq!(read(text).as_reading(), *expected, "{text:?}");
    }
}

#[test]
fn words() {
    check(&[
        (
            "a: [y, Y, yes, Yes, YES, n, N, no, No, NO]\n",
            Reads("{\"a\":[true,true,true,true,true,false,false,false,false,false]}"),
        ),
        ("a: [on, On, ON, off, Off, OFF]\n", Reads("{\"a\":[true,true,true,false,false,false]}")),
        (
            "a: [true, True, TRUE, false, False, FALSE, tRUE, yEs, oN]\n",
            Reads("{\"a\":[true,true,true,false,false,false,\"tRUE\",\"yEs\",\"oN\"]}"),
        ),
        ("a: [~, null, Null, NULL, nULL, ]\n", Reads("{\"a\":[null,null,null,null,\"nULL\"]}")),
        ("k:\n", Reads("{\"k\":null}")),
        ("['~', \"null\", 'no', \"y\"]\n", Reads("[\"~\",\"null\",\"no\",\"y\"]")),
        ("no: 1\noff: 2\n", Repeats("{\"false\":2}")),
        ("[=, -, +, ., .., _, <<]\n", Reads("[\"=\",\"-\",\"+\",\".\",\"..\",\"_\",\"\\u003c\\u003c\"]")),
    ]);
}

#[test]
fn integers() {
    check(&[
        (
            "[0, -0, 7, +7, -7, 007, 0x7f, 0X7F, 0o17, 0O17, 0b11, 0B11]\n",
            Reads("[0,0,7,7,-7,7,127,127,15,15,3,3]"),
        ),
        (
            "[08, 09.5, -08, 0o8, 0b2, 0xg, 0x, 0b, 0o]\n",
            Reads("[8,9.5,-8,\"0o8\",\"0b2\",\"0xg\",\"0x\",\"0b\",\"0o\"]"),
        ),
        ("[1_0, 1__0, 1_, 0x_f, 0_7, -_7, _7, +_]\n", Reads("[10,10,1,15,7,-7,\"_7\",\"+_\"]")),
        (
            "[9223372036854775807, 9223372036854775808, 18446744073709551615, 18446744073709551616]\n",
            Reads("[9223372036854775807,9223372036854775808,18446744073709551615,18446744073709552000]"),
        ),
        (
            "[-9223372036854775808, -9223372036854775809, +18446744073709551615]\n",
            Reads("[-9223372036854775808,-9223372036854776000,18446744073709552000]"),
        ),
        ("[0b+11, 0b-11, -0b11, -0b-1, +0x1f, - 1, 1 2, '1']\n", Refused),
        ("mode: 0755\nport: 0o600\n", Reads("{\"mode\":493,\"port\":384}")),
        (
            "[012345670123456701234567, 0xffffffffffffffff, 0b1111111111111111111111111111111111111111111111111111111111111111]\n",
            Reads("[1.2345670123456702e+22,18446744073709551615,18446744073709551615]"),
        ),
    ]);
}

#[test]
fn floats() {
    check(&[
        (
            "[1.0, 1., .5, -.5, +.5, 1.5e3, 1E3, 1e+3, 1e-3, 1.e2]\n",
            Reads("[1,1,0.5,-0.5,0.5,1500,1000,1000,0.001,100]"),
        ),
        (
            "[1e, e1, 1e+, .e1, 1.2.3, 1e5.0, 1e400, -1e400, 1e-400]\n",
            Reads("[\"1e\",\"e1\",\"1e+\",\".e1\",\"1.2.3\",\"1e5.0\",\"1e400\",\"-1e400\",0]"),
        ),
        (
            "[1e20, 1e21, 123456789012345678901234567890, 1e-6, 1e-7, 0.1e-8]\n",
            Reads("[100000000000000000000,1e+21,1.2345678901234568e+29,0.000001,1e-7,1e-9]"),
        ),
        (
            "[9.5e18, 1e19, 1.8446744073709552e19, 9007199254740993.0]\n",
            Reads("[9500000000000000000,10000000000000000000,18446744073709552000,9007199254740992]"),
        ),
        ("[.1_5, .1__5, .1_, ._1, 1_1.5, 1.5_5]\n", Reads("[0.15,\".1__5\",\".1_\",\"._1\",11.5,1.55]")),
        ("a: .inf\n", Refused),
        ("a: -.Inf\n", Refused),
        ("a: +.INF\n", Refused),
        ("a: .NAN\n", Refused),
        (
            "a: [.iNf, .Nan, inf, nan, -.nan]\n",
            Reads("{\"a\":[\".iNf\",\".Nan\",\"inf\",\"nan\",\"-.nan\"]}"),
        ),
        ("a: .inf\na: 1\n", Repeats("{\"a\":1}")),
    ]);
}

#[test]
fn dates() {
    check(&[(
        "[1999-12-31, 1999-12-31T23:59:59Z, 1999-1-1 1:2:3.4, 12:34, 12:34:56]\n",
        Reads("[\"1999-12-31\",\"1999-12-31T23:59:59Z\",\"1999-1-1 1:2:3.4\",\"12:34\",\"12:34:56\"]"),
    )]);
}

#[test]
fn tags() {
    check(&[
        (
            "[!!str 7, !!str true, !!str ~, !!str , !!int '7', !!float 7, !!bool 'on', !!null '']\n",
            Reads("[\"7\",\"true\",\"~\",\"\",7,7,true,null]"),
        ),
        ("a: !!int x\n", Refused),
        ("a: !!int 1.5\n", Refused),
        ("a: !!float x\n", Refused),
        ("a: !!float 9223372036854775808\n", Refused),
        ("a: !!bool 1\n", Refused),
        ("a: !!null x\n", Refused),
        ("a: !!int\n", Refused),
        (
            "[!local x, !local 7, ! 7, !local {k: 1}, !!set {k}, !!unknown 1]\n",
            Reads("[\"x\",\"7\",\"7\",{\"k\":1},{\"k\":null},\"1\"]"),
        ),
        (
            "[!!timestamp 1999-12-31, !!timestamp 1999-1-1t1:1:1.5+01:00, !!timestamp 1999-2-28 1:1:1]\n",
            Reads("[\"1999-12-31\",\"1999-1-1t1:1:1.5+01:00\",\"1999-2-28 1:1:1\"]"),
        ),
        ("a: !!timestamp 1999-2-29\n", Refused),
        ("a: !!timestamp 1999-1-1T1:1:1\n", Refused),
        ("a: !!timestamp x\n", Refused),
        (
            "[!!binary aGkh, !!binary aGk=, !!binary aA==, !!binary '', !!binary aB==]\n",
            Reads("[\"hi!\",\"hi\",\"h\",\"\",\"h\"]"),
        ),
        ("a: !!binary aGk\n", Refused),
        ("a: !!binary a=b=\n", Refused),
        ("a: !!binary /w==\n", Reads("{\"a\":\"\u{fffd}\"}")),
        ("!!binary aGk=: 1\n", Reads("{\"hi\":1}")),
        ("[!<tag:yaml.org,2002:str> 7, !<!x> 7]\n", Reads("[\"7\",\"7\"]")),
        ("%TAG !e! tag:yaml.org,2002:\n---\na: !e!str 7\n", Reads("{\"a\":\"7\"}")),
        ("a: !e!str 7\n", Refused),
        ("%TAG ! tag:yaml.org,2002:\n---\na: !str 7\n", Reads("{\"a\":\"7\"}")),
        ("%TAG !! tag:x,1:\n---\na: !!str 7\n", Reads("{\"a\":\"7\"}")),
        ("%TAG !e! x\n%TAG !e! y\n---\na\n", Refused),
        ("[!!%73tr 7]\n", Reads("[\"7\"]")),
        ("a: !!%zz x\n", Refused),
        ("a: !!%c3%28 x\n", Refused),
        ("a: !<x y>\n", Refused),
        ("a: !!\n", Refused),
        ("[!x]\n", Refused),
        ("a: !x,y z\n", Reads("{\"a\":\"z\"}")),
    ]);
}

#[test]
fn directives() {
    check(&[
        ("%YAML 1.1\n---\nx\n", Reads("\"x\"")),
        ("%YAML 1.1 # note\n---\nx\n", Reads("\"x\"")),
        ("%YAML 1.2\n---\nx\n", Refused),
        ("%YAML 1.1\n%YAML 1.1\n---\nx\n", Refused),
        ("%YAML 1\n---\nx\n", Refused),
        ("%YAML 100.1\n---\nx\n", Refused),
        ("%YAML 1.1\nx\n", Refused),
        ("%FOO\n---\nx\n", Refused),
        ("% \n---\nx\n", Refused),
        ("%TAG x y\n---\nz\n", Refused),
        ("k: v\n%YAML 1.1\n", Reads("{\"k\":\"v\"}")),
    ]);
}

#[test]
fn documents() {
    check(&[
        ("", Reads("null")),
        ("\n\n", Reads("null")),
        ("# only a note\n", Reads("null")),
        ("---\n", Reads("null")),
        ("--- \n# note\n", Reads("null")),
        ("...\n", Refused),
        ("---\n...\n", Reads("null")),
        ("--- k\n", Reads("\"k\"")),
        ("--- {k: 1}\n", Reads("{\"k\":1}")),
        ("--- |\n t\n", Reads("\"t\\n\"")),
        ("k: 1\n---\nl: 2\n", Reads("{\"k\":1}")),
        ("k: 1\n...\nl: 2\n", Reads("{\"k\":1}")),
        ("k: 1\n--- # x\n", Reads("{\"k\":1}")),
        ("k: 1\n---l\n", Refused),
        ("k: ---\n", Reads("{\"k\":\"---\"}")),
        ("k: ...\n", Reads("{\"k\":\"...\"}")),
        ("{k: 1} rest\n", Reads("{\"k\":1}")),
        ("{k: 1} }\n", Reads("{\"k\":1}")),
        ("[k] ]\n", Reads("[\"k\"]")),
        ("'k' 'l'\n", Reads("\"k\"")),
        ("[]: x\n", Reads("[]")),
        ("{}: x\n", Reads("{}")),
        ("[k]: x\n", Refused),
        ("k:\n  []: x\n", Refused),
        ("k: 1\n]\n", Refused),
        ("x\n", Reads("\"x\"")),
    ]);
}

#[test]
fn anchors() {
    check(&[
        ("[&x 1, *x]\n", Reads("[1,1]")),
        ("&r {a: &s [1], b: *s}\n", Reads("{\"a\":[1],\"b\":[1]}")),
        ("[&x 1, &x 2, *x]\n", Reads("[1,2,2]")),
        ("[*x]\n", Refused),
        ("&x [*x]\n", Refused),
        ("{a: &x {b: *x}}\n", Refused),
        ("[&x , *x]\n", Reads("[null,null]")),
        ("- &x\n- *x\n", Reads("[null,null]")),
        ("&x k: 1\nl: *x\n", Reads("{\"k\":1,\"l\":\"k\"}")),
        ("k: &x v\n*x : w\n", Reads("{\"k\":\"v\",\"v\":\"w\"}")),
        ("k: &x v\n*x: w\n", Reads("{\"k\":\"v\",\"v\":\"w\"}")),
        ("k: &x [v]\n*x : w\n", Refused),
        ("[& x]\n", Refused),
        ("[&x.y z]\n", Refused),
        ("[&x,y]\n", Reads("[null,true]")),
        ("[&x-y_1 z, *x-y_1 ]\n", Reads("[\"z\",\"z\"]")),
        ("[&\u{e9} z]\n", Refused),
        ("[&x &y z]\n", Refused),
        ("[&x *x]\n", Refused),
        ("[&x !!str 1, !!str &y 2, *x , *y ]\n", Reads("[\"1\",\"2\",\"1\",\"2\"]")),
        ("k: &x 1\n---\nl: *x\n", Reads("{\"k\":1}")),
        ("[&n ~, *n , {*n : 1}]\n", Refused),
    ]);
}

#[test]
fn merges() {
    check(&[
        ("a: &a {k: 1}\nb: {<<: *a, l: 2}\n", Reads("{\"a\":{\"k\":1},\"b\":{\"k\":1,\"l\":2}}")),
        ("a: &a {k: 1}\nb: {k: 9, <<: *a}\n", Repeats("{\"a\":{\"k\":1},\"b\":{\"k\":1}}")),
        ("a: &a {k: 1}\nb: {<<: *a, k: 9}\n", Repeats("{\"a\":{\"k\":1},\"b\":{\"k\":9}}")),
        ("{<<: {k: 1}, l: 2}\n", Reads("{\"k\":1,\"l\":2}")),
        ("{<<: [{k: 1}, {k: 2, l: 3}]}\n", Repeats("{\"k\":1,\"l\":3}")),
        ("{k: 0, <<: [], l: 1}\n", Reads("{\"k\":0,\"l\":1}")),
        ("{<<: [{k: 1}, x]}\n", Refused),
        ("{<<: [[{k: 1}]]}\n", Refused),
        ("{<<: x}\n", Refused),
        ("{<<: }\n", Refused),
        ("a: &a [1]\nb: {<<: *a}\n", Refused),
        ("a: &a [{k: 1}]\nb: {<<: *a}\n", Refused),
        ("a: &a x\nb: {<<: [*a]}\n", Refused),
        ("a: &a {<<: *a}\n", Refused),
        ("{\"<<\": {k: 1}}\n", Reads("{\"\\u003c\\u003c\":{\"k\":1}}")),
        ("{! \"<<\": {k: 1}}\n", Reads("{\"k\":1}")),
        ("{!!merge <<: {k: 1}}\n", Reads("{\"k\":1}")),
        ("{!!str <<: {k: 1}}\n", Reads("{\"\\u003c\\u003c\":{\"k\":1}}")),
        ("a: &a <<\n*a : {k: 1}\n", Reads("{\"\\u003c\\u003c\":{\"k\":1},\"a\":\"\\u003c\\u003c\"}")),
        ("{<<: {k: 1}, <<: {k: 2, l: 2}}\n", Repeats("{\"k\":2,\"l\":2}")),
        ("{<<: {<<: {k: 1}, k: 2}}\n", Repeats("{\"k\":2}")),
        (
            "a: &a {k: 1}\nb: &b {<<: [*a, {l: 2}], m: 3}\nc: [*b , {<<: *b}]\n",
            Reads(
                "{\"a\":{\"k\":1},\"b\":{\"k\":1,\"l\":2,\"m\":3},\"c\":[{\"k\":1,\"l\":2,\"m\":3},{\"k\":1,\"l\":2,\"m\":3}]}",
            ),
        ),
        ("[<<, {k: <<}]\n", Reads("[\"\\u003c\\u003c\",{\"k\":\"\\u003c\\u003c\"}]")),
        ("{<<: {~: 1}, k: 2}\n", Refused),
    ]);
}

#[test]
fn keys() {
    check(&[
        (
            "{1: a, 1.5: b, true: c, 0x10: d}\n",
            Reads("{\"1\":\"a\",\"1.5\":\"b\",\"16\":\"d\",\"true\":\"c\"}"),
        ),
        (
            "{1e6: a, 123456.0: b, 0.0001: c, 0.00001: d, 1e300: e, .inf: f, -.inf: g, .nan: h}\n",
            Reads(
                "{\"-.inf\":\"g\",\".inf\":\"f\",\".nan\":\"h\",\"0.0001\":\"c\",\"123456\":\"b\",\"1e+06\":\"a\",\"1e-05\":\"d\"}",
            ),
        ),
        ("{16777217.0: a, 0.1: b}\n", Reads("{\"0.1\":\"b\",\"1.6777216e+07\":\"a\"}")),
        ("~: a\n", Refused),
        ("? \n: a\n", Refused),
        ("{k: {~: 1}, k: 2}\n", Repeats("{\"k\":2}")),
        ("9223372036854775808: a\n", Refused),
        ("[1]: a\n", Refused),
        ("? [1]\n: a\n", Refused),
        ("? {k: 1}\n: a\n", Refused),
        ("{{k: 1}: a}\n", Refused),
        ("k: {{x}}\n", Refused),
        ("k: 1\nk: 2\n", Repeats("{\"k\":2}")),
        ("{k: 1, 'k': 2}\n", Repeats("{\"k\":2}")),
        ("y: 1\ntrue: 2\n", Repeats("{\"true\":2}")),
        ("{0x1: a, 1: b}\n", Repeats("{\"1\":\"b\"}")),
        ("{0.0: a, -0.0: b}\n", Repeats("{\"-0\":\"b\"}")),
        ("{.nan: a, l: b}\n", Reads("{\".nan\":\"a\",\"l\":\"b\"}")),
        ("? k\n: v\n? l\n", Reads("{\"k\":\"v\",\"l\":null}")),
        ("? |\n k\n: v\n", Reads("{\"k\\n\":\"v\"}")),
        ("'k' : v\n", Reads("{\"k\":\"v\"}")),
        ("k l : v\n", Reads("{\"k l\":\"v\"}")),
        (": v\n", Refused),
        ("{: v}\n", Refused),
        ("{k, l: , m}\n", Reads("{\"k\":null,\"l\":null,\"m\":null}")),
        ("k\n l: v\n", Refused),
        ("k: v\n l: w\n", Refused),
    ]);
}

#[test]
fn block_style() {
    check(&[
        ("a:\n- 1\n- 2\nb: 3\n", Reads("{\"a\":[1,2],\"b\":3}")),
        ("a:\n  - 1\n  - 2\n", Reads("{\"a\":[1,2]}")),
        ("- - 1\n  - 2\n- a: 1\n  b: 2\n-\n", Reads("[[1,2],{\"a\":1,\"b\":2},null]")),
        ("a:\n  b:\n - 1\n", Refused),
        ("a:\n  b: 1\n c: 2\n", Refused),
        ("a: 1\n  b: 2\n", Refused),
        ("a: - 1\n", Refused),
        ("a: -\n", Refused),
        ("a: b: c\n", Refused),
        ("- a\nb: c\n", Refused),
        ("a: 1\n- b\n", Refused),
        ("-\n  a: 1\n", Reads("[{\"a\":1}]")),
        ("- a:\n  - b\n", Reads("[{\"a\":[\"b\"]}]")),
        ("a: ? b\n", Refused),
        ("a:\n\n\n  b: 1\n", Reads("{\"a\":{\"b\":1}}")),
    ]);
}

#[test]
fn flow_style() {
    check(&[
        ("[a, b, ]\n", Reads("[\"a\",\"b\"]")),
        ("[a, , b]\n", Refused),
        ("[, a]\n", Refused),
        ("{a: 1, }\n", Reads("{\"a\":1}")),
        ("{, a: 1}\n", Refused),
        ("[a b, c: d]\n", Reads("[\"a b\",{\"c\":\"d\"}]")),
        ("[a: b, ? c : d, ? e]\n", Reads("[{\"a\":\"b\"},{\"c\":\"d\"},{\"e\":null}]")),
        ("[? : x]\n", Refused),
        ("a: [? ]]\na: 1\n", Repeats("{\"a\":1}")),
        ("{a:1, 'b':2, \"c\":3}\n", Reads("{\"a:1\":null,\"b\":2,\"c\":3}")),
        ("{a: b:}\n", Reads("{\"a\":\"b:\"}")),
        ("[a:b, ::1, http://h:1/]\n", Refused),
        ("[001:db8::]\n", Reads("[\"001:db8::\"]")),
        ("k: [\na,\nb\n]\n", Reads("{\"k\":[\"a\",\"b\"]}")),
        ("k: {\na: 1\n}\n", Reads("{\"k\":{\"a\":1}}")),
        ("[a\n", Refused),
        ("{a: 1\n", Refused),
        ("[a}\n", Refused),
        ("{a: 1]\n", Refused),
        ("[a, # note\n b]\n", Reads("[\"a\",\"b\"]")),
        ("[a # note\n, b]\n", Reads("[\"a\",\"b\"]")),
        ("{a: 1 # note\n}\n", Reads("{\"a\":1}")),
        ("[-, -a, - b]\n", Refused),
        ("[a?b]\n", Refused),
        ("[?a]\n", Reads("[{\"a\":null}]")),
        ("[a, |]\n", Refused),
        ("{\n\ta: 1\n}\n", Reads("{\"a\":1}")),
        ("[\n---\n]\n", Refused),
        ("{'a'\n: 1}\n", Refused),
        ("{a\n: 1}\n", Refused),
        ("[x{y}]\n", Refused),
    ]);
}

#[test]
fn plain() {
    check(&[
        ("k: a b  c\n", Reads("{\"k\":\"a b  c\"}")),
        ("k: a\n  b\n\n  c\n", Reads("{\"k\":\"a b\\nc\"}")),
        ("k: a\nb\n", Refused),
        ("k: a\n  # note\n  b\n", Refused),
        ("k: a #b\n", Reads("{\"k\":\"a\"}")),
        ("k: a#b\n", Reads("{\"k\":\"a#b\"}")),
        ("k: #a\n", Reads("{\"k\":null}")),
        ("k: a:b\n", Reads("{\"k\":\"a:b\"}")),
        ("k: a: b\n", Refused),
        ("k: -a\n", Reads("{\"k\":\"-a\"}")),
        ("k: ?a\n", Reads("{\"k\":\"?a\"}")),
        ("k: :a\n", Reads("{\"k\":\":a\"}")),
        ("k: @a\n", Refused),
        ("k: `a`\n", Refused),
        ("k: %a\n", Refused),
        ("k: a%b\n", Reads("{\"k\":\"a%b\"}")),
        ("k: |a\n", Refused),
        ("k: \ta\n", Reads("{\"k\":\"a\"}")),
        ("k:\ta\n", Reads("{\"k\":\"a\"}")),
        ("k: a\t\n", Reads("{\"k\":\"a\"}")),
        ("k: a\n\tb\n", Refused),
        ("k: a\n  \tb\n", Reads("{\"k\":\"a b\"}")),
        ("\tk: a\n", Refused),
        ("k:\n\tl: 1\n", Refused),
        ("-\ta\n", Refused),
        ("- a\n\t\n- b\n", Refused),
        ("k: a\n\t# note\n", Refused),
        ("k:\u{a0}a\n", Reads("\"k:\u{a0}a\"")),
        ("k: \u{e9}\u{4e16}\u{1f600}\n", Reads("{\"k\":\"\u{e9}\u{4e16}\u{1f600}\"}")),
        ("a\n---\n", Reads("\"a\"")),
        ("a\n...b\n", Reads("\"a ...b\"")),
        ("a\n\n ---\n", Reads("\"a\\n---\"")),
    ]);
}

#[test]
fn quoted() {
    check(&[
        ("k: 'a''b'\n", Reads("{\"k\":\"a'b\"}")),
        ("k: 'a\n  b\n\n  c'\n", Reads("{\"k\":\"a b\\nc\"}")),
        ("k: \"a\n  b\n\n  c\"\n", Reads("{\"k\":\"a b\\nc\"}")),
        ("k: \"a  \n  b\"\n", Reads("{\"k\":\"a b\"}")),
        ("k: \"a \\\n  b\"\n", Reads("{\"k\":\"a b\"}")),
        ("k: \"a\\\n\n  b\"\n", Reads("{\"k\":\"a\\nb\"}")),
        (
            "k: \"\\0\\a\\b\\t\\n\\v\\f\\r\\e\\ \\\"\\'\\\\\\N\\_\\L\\P\\x41\\u00e9\\U0001f600\"\n",
            Reads(
                "{\"k\":\"\\u0000\\u0007\\b\\t\\n\\u000b\\f\\r\\u001b \\\"'\\\\\u{85}\u{a0}\\u2028\\u2029A\u{e9}\u{1f600}\"}",
            ),
        ),
        ("k: \"\\/\"\n", Refused),
        ("k: \"\\q\"\n", Refused),
        ("k: \"\\ud83d\\ude00\"\n", Refused),
        ("k: \"\\U00110000\"\n", Refused),
        ("k: \"\\x4\"\n", Refused),
        ("k: \"a\n", Refused),
        ("k: 'a\n", Refused),
        ("k: \"a\nb\"\n", Reads("{\"k\":\"a b\"}")),
        ("k: \"a\n---\nb\"\n", Refused),
        ("k: 'a\n... '\n", Refused),
        ("k: \"a\"b\n", Refused),
        ("k: \"a\"#b\n", Reads("{\"k\":\"a\"}")),
        ("k: \"a\" #b\n", Reads("{\"k\":\"a\"}")),
        ("k: \"a\":\n", Refused),
        ("k: 'a\\nb'\n", Reads("{\"k\":\"a\\\\nb\"}")),
        ("k: \" a \"\n", Reads("{\"k\":\" a \"}")),
        ("k: \"a\tb\\\tc\"\n", Reads("{\"k\":\"a\\tb\\tc\"}")),
        ("'k\n l': 1\n", Refused),
    ]);
}

#[test]
fn block_scalars() {
    check(&[
        ("k: |\n  a\n   b\n  c\n", Reads("{\"k\":\"a\\n b\\nc\\n\"}")),
        ("k: >\n  a\n  b\n\n  c\n   d\n  e\n", Reads("{\"k\":\"a b\\nc\\n d\\ne\\n\"}")),
        ("k: |-\n  a\n\n", Reads("{\"k\":\"a\"}")),
        ("k: |+\n  a\n\n", Reads("{\"k\":\"a\\n\\n\"}")),
        ("k: >+\n  a\n\nl: 1\n", Reads("{\"k\":\"a\\n\\n\",\"l\":1}")),
        ("k: |\n  a", Reads("{\"k\":\"a\"}")),
        ("k: |", Reads("{\"k\":\"\"}")),
        ("k: |\nl: 1\n", Reads("{\"k\":\"\",\"l\":1}")),
        ("k: |2\n   a\n  b\n", Reads("{\"k\":\" a\\nb\\n\"}")),
        ("k: |-2\n   a\n", Reads("{\"k\":\" a\"}")),
        ("k: |2-\n   a\n", Reads("{\"k\":\" a\"}")),
        ("k: |0\n  a\n", Refused),
        ("k: |10\n  a\n", Refused),
        ("k: |+-\n  a\n", Refused),
        ("k: | a\n", Refused),
        ("k: | # note\n  a\n", Reads("{\"k\":\"a\\n\"}")),
        ("k: |#\n  a\n", Reads("{\"k\":\"a\\n\"}")),
        ("k: |\n    \n  a\n", Refused),
        ("k: |\n \n  a\n", Reads("{\"k\":\"\\na\\n\"}")),
        ("k: |\n\ta\n", Refused),
        ("k: |\n  a\n\tb\n", Refused),
        ("k: |\na\n", Refused),
        ("|\n a\n", Reads("\"a\\n\"")),
        ("- |\n a\n- >\n  b\n", Reads("[\"a\\n\",\"b\\n\"]")),
        ("k: |\n  a\n---\nl\n", Reads("{\"k\":\"a\\n\"}")),
        ("k: |\n  a\n b\n", Refused),
        ("k: >\n\n  a\n\n\n", Reads("{\"k\":\"\\na\\n\"}")),
        ("k: >-\n   a\n  b\n", Refused),
    ]);
}

#[test]
fn breaks() {
    check(&[
        ("a: 1\r\nb: |\r\n  x\r\n  y\r\n", Reads("{\"a\":1,\"b\":\"x\\ny\\n\"}")),
        ("a: 1\rb: 2\r", Reads("{\"a\":1,\"b\":2}")),
        ("a: \"x\u{85}y\"\n", Reads("{\"a\":\"x y\"}")),
        ("a: x\u{85}b: 2\n", Reads("{\"a\":\"x\",\"b\":2}")),
        ("a: \"x\u{2028}y\u{2029}\n z\"\n", Reads("{\"a\":\"x\\u2028y\\u2029\\nz\"}")),
        ("a: |\n  x\u{2028}  y\u{85}  z\n", Reads("{\"a\":\"x\\u2028y\\nz\\n\"}")),
        ("a: x\u{2028}\u{2028} y\n", Reads("{\"a\":\"x\\u2028\\u2028y\"}")),
        ("a: x\n\u{2029} y\n", Reads("{\"a\":\"x\\u2029y\"}")),
    ]);
}

#[test]
fn characters() {
    check(&[
        ("\u{feff}a: 1\n", Reads("{\"a\":1}")),
        ("\u{feff}\u{feff}a: 1\nb: 2\n", Refused),
        ("a: 1\n\u{feff}b: 2\n", Reads("{\"a\":1,\"\u{feff}b\":2}")),
        ("a: \u{feff}b\n", Reads("{\"a\":\"\u{feff}b\"}")),
        ("a: x\u{0}\n", Refused),
        ("a: \"x\u{1}\"\n", Refused),
        ("a: x\u{7f}\n", Refused),
        ("# \u{1b}\na: 1\n", Refused),
        ("a: \u{80}\n", Refused),
        ("a: \u{fffe}\n", Refused),
        ("a: \u{fffd}\n", Reads("{\"a\":\"\u{fffd}\"}")),
        ("a: 1\n---\n\u{1}\n", Refused),
    ]);
}
