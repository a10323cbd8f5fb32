//! Reads the text form of a label selector.

use std::collections::BTreeSet;

use super::requirement::{FieldFault, InvalidRequirement, Operator, Requirement};

/// Why a text is not a label selector.
///
/// Source: `k8s.io/apimachinery/pkg/labels` `Parse`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LabelSelectorError {
    /// A requirement was expected or had ended, and something else was found.
    #[error("found '{found}', expected: {expected}")]
    Unexpected {
        /// The text of the token found; empty at the end of the selector.
        found: String,
        /// What would have been read.
        expected: &'static str,
    },
    /// A requirement does not read or does not hold a valid key and values.
    #[error("unable to parse requirement: {0}")]
    Requirement(#[from] RequirementError),
}

/// Why a part of a selector is not a requirement.
///
/// Source: `k8s.io/apimachinery/pkg/labels` `Parser.parseRequirement`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequirementError {
    /// Something stands where the grammar wants something else.
    #[error("found '{found}', expected: {expected}")]
    Unexpected {
        /// The text of the token found; empty at the end of the selector.
        found: String,
        /// What would have been read.
        expected: &'static str,
    },
    /// No list of values follows `in` or `notin`.
    #[error("found '{found}' expected: '('")]
    NoValueList {
        /// The text of the token found; empty at the end of the selector.
        found: String,
    },
    /// The key is not a label key. Upstream knows no path at this point and says `<nil>`.
    #[error(transparent)]
    Key(FieldFault),
    /// The values do not suit the operator, or are not label values.
    #[error(transparent)]
    Invalid(#[from] InvalidRequirement),
}

/// The requirements of `text`, in the order in which they are written.
pub(super) fn requirements(text: &str) -> Result<Vec<Requirement>, LabelSelectorError> {
    let mut parser = Parser { tokens: scan(text), position: 0 };
    let mut requirements = Vec::new();
    loop {
        let token = parser.peek();
        match token.kind {
            kind if kind.starts_requirement() => requirements.push(parser.requirement()?),
            Kind::End => return Ok(requirements),
            _ => return Err(unexpected(token, "!, identifier, or 'end of string'")),
        }
        let token = parser.next();
        match token.kind {
            Kind::End => return Ok(requirements),
            Kind::Comma => {
                let following = parser.peek();
                if !following.kind.starts_requirement() {
                    return Err(unexpected(following, "identifier after ','"));
                }
            }
            _ => return Err(unexpected(token, "',' or 'end of string'")),
        }
    }
}

fn unexpected(token: Token<'_>, expected: &'static str) -> LabelSelectorError {
    LabelSelectorError::Unexpected { found: token.text.to_owned(), expected }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Identifier,
    In,
    NotIn,
    Not,
    Equals,
    DoubleEquals,
    NotEquals,
    GreaterThan,
    LessThan,
    Comma,
    Open,
    Close,
    End,
}

impl Kind {
    /// `in` and `notin` are keywords only where an operator is read; elsewhere they are names like any other.
    const fn is_name(self) -> bool {
        matches!(self, Self::Identifier | Self::In | Self::NotIn)
    }

    const fn starts_requirement(self) -> bool {
        self.is_name() || matches!(self, Self::Not)
    }

    const fn operator(self) -> Option<Operator> {
        Some(match self {
            Self::In => Operator::In,
            Self::NotIn => Operator::NotIn,
            Self::Equals => Operator::Equals,
            Self::DoubleEquals => Operator::DoubleEquals,
            Self::NotEquals => Operator::NotEquals,
            Self::GreaterThan => Operator::GreaterThan,
            Self::LessThan => Operator::LessThan,
            _ => return None,
        })
    }
}

#[derive(Debug, Clone, Copy)]
struct Token<'t> {
    kind: Kind,
    text: &'t str,
}

const END: Token<'static> = Token { kind: Kind::End, text: "" };

/// The tokens of `text`. Upstream's reader cannot tell a NUL from the end of its input: one right after a token
/// only ends the token, any other ends the selector, whatever follows.
fn scan(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(is_blank);
        let (kind, length) = match rest.as_bytes() {
            [] | [0, ..] => return tokens,
            [b'=', b'=', ..] => (Kind::DoubleEquals, 2),
            [b'!', b'=', ..] => (Kind::NotEquals, 2),
            [b'=', ..] => (Kind::Equals, 1),
            [b'!', ..] => (Kind::Not, 1),
            [b'>', ..] => (Kind::GreaterThan, 1),
            [b'<', ..] => (Kind::LessThan, 1),
            [b',', ..] => (Kind::Comma, 1),
            [b'(', ..] => (Kind::Open, 1),
            [b')', ..] => (Kind::Close, 1),
            _ => (Kind::Identifier, rest.find(ends_name).unwrap_or(rest.len())),
        };
        let (word, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        let kind = match (kind, word) {
            (Kind::Identifier, "in") => Kind::In,
            (Kind::Identifier, "notin") => Kind::NotIn,
            _ => kind,
        };
        tokens.push(Token { kind, text: word });
        rest = after.strip_prefix('\0').unwrap_or(after);
    }
}

const fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

const fn ends_name(character: char) -> bool {
    matches!(character, '\0' | '=' | '!' | '(' | ')' | ',' | '>' | '<') || is_blank(character)
}

struct Parser<'t> {
    tokens: Vec<Token<'t>>,
    position: usize,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Token<'t> {
        self.tokens.get(self.position).copied().unwrap_or(END)
    }

    fn next(&mut self) -> Token<'t> {
        let token = self.peek();
        self.position += 1;
        token
    }

    fn requirement(&mut self) -> Result<Requirement, RequirementError> {
        let mut token = self.next();
        let negated = token.kind == Kind::Not;
        if negated {
            token = self.next();
        }
        if !token.kind.is_name() {
            return Err(misplaced(token, "identifier"));
        }
        let key = token.text;
        if let Some(fault) = FieldFault::key("<nil>", key) {
            return Err(RequirementError::Key(fault));
        }
        if negated {
            return Ok(Requirement::new(key, Operator::DoesNotExist, Vec::new())?);
        }
        if matches!(self.peek().kind, Kind::End | Kind::Comma) {
            return Ok(Requirement::new(key, Operator::Exists, Vec::new())?);
        }
        let token = self.next();
        let Some(operator) = token.kind.operator() else {
            return Err(misplaced(token, "in, notin, =, ==, !=, gt, lt"));
        };
        let values = match operator {
            Operator::In | Operator::NotIn => self.value_list()?,
            _ => self.value()?,
        };
        Ok(Requirement::new(key, operator, values)?)
    }

    fn value(&mut self) -> Result<Vec<String>, RequirementError> {
        if matches!(self.peek().kind, Kind::End | Kind::Comma) {
            return Ok(vec![String::new()]);
        }
        let token = self.next();
        if token.kind.is_name() {
            Ok(vec![token.text.to_owned()])
        } else {
            Err(misplaced(token, "identifier"))
        }
    }

    fn value_list(&mut self) -> Result<Vec<String>, RequirementError> {
        let token = self.next();
        if token.kind != Kind::Open {
            return Err(RequirementError::NoValueList { found: token.text.to_owned() });
        }
        let token = self.peek();
        match token.kind {
            Kind::Close => {
                self.next();
                Ok(vec![String::new()])
            }
            kind if kind.is_name() || kind == Kind::Comma => self.values(),
            _ => Err(misplaced(token, "',', ')' or identifier")),
        }
    }

    /// The names up to the closing parenthesis. Between two commas, and before the first or after the last, there
    /// is an empty value.
    fn values(&mut self) -> Result<Vec<String>, RequirementError> {
        let mut values = BTreeSet::new();
        loop {
            let token = self.next();
            let following = self.peek();
            if token.kind.is_name() {
                values.insert(token.text);
                if !matches!(following.kind, Kind::Comma | Kind::Close) {
                    return Err(misplaced(following, "',' or ')'"));
                }
            } else if token.kind == Kind::Comma {
                if values.is_empty() || matches!(following.kind, Kind::Comma | Kind::Close) {
                    values.insert("");
                }
            } else {
                return Err(misplaced(token, "',', or identifier"));
            }
            if following.kind == Kind::Close {
                self.next();
                return Ok(values.into_iter().map(str::to_owned).collect());
            }
        }
    }
}

fn misplaced(token: Token<'_>, expected: &'static str) -> RequirementError {
    RequirementError::Unexpected { found: token.text.to_owned(), expected }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let read = match requirements(text) {
            Ok(list) => list.iter().map(ToString::to_string).collect::<Vec<_>>().join(" & "),
            Err(error) => format!("error: {error}"),
        };
        assert_eq!(read, expected, "{text:?}");
    }

    #[test]
    fn requirements_are_read() {
        check("", "");
        check(" \t\r\n", "");
        check("b, !a ,c==x,d!=,e=", "b & !a & c==x & d!= & e=");
        check("k in(b,,a,b),k notin ()", "k in (,a,b) & k notin ()");
        check("k in (,),k in (,a),k in (a,)", "k in () & k in (,a) & k in (,a)");
        check(
            "n>1,n<-0",
            "error: unable to parse requirement: values[0][n]: Invalid value: \"-0\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
        );
    }

    #[test]
    fn keywords_are_names_where_no_operator_is_read() {
        check("in", "in");
        check("!notin", "!notin");
        check("in in (in,notin)", "in in (in,notin)");
        check("notin=in", "notin=in");
    }

    #[test]
    fn faults_of_the_grammar() {
        check(",a", "error: found ',', expected: !, identifier, or 'end of string'");
        check("a,", "error: found '', expected: identifier after ','");
        check("a=b c", "error: found 'c', expected: ',' or 'end of string'");
        check("!a=b", "error: found '=', expected: ',' or 'end of string'");
        check("!,", "error: unable to parse requirement: found ',', expected: identifier");
        check("a b", "error: unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt");
        check("a in b", "error: unable to parse requirement: found 'b' expected: '('");
        check("a in (=", "error: unable to parse requirement: found '=', expected: ',', ')' or identifier");
        check("a in (b", "error: unable to parse requirement: found '', expected: ',' or ')'");
        check("a in (,", "error: unable to parse requirement: found '', expected: ',', or identifier");
        check("a=!b", "error: unable to parse requirement: found '!', expected: identifier");
        check("a===b", "error: unable to parse requirement: found '=', expected: identifier");
        check(
            "a>x",
            "error: unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
        );
        check(
            "/a",
            "error: unable to parse requirement: <nil>: Invalid value: \"/a\": prefix part must be non-empty",
        );
    }

    #[test]
    fn nul_is_an_end() {
        check("a\0,b", "a & b");
        check("a \0,b", "a");
        check("a, \0b", "error: found '', expected: identifier after ','");
        check("a=\0x,b\0\0,c", "a=x & b");
    }
}
