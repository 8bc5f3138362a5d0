//! The first look at a document, before any parser sees it: a parser goes down a level of its stack for each bracket, so
//! that a kilobyte could cost the process.

use async_graphql::ServerError;

use super::super::refusal::too_costly;
use crate::graphql::limits::{BODY_BYTES, NESTING, TOKENS};

/// Counts tokens and brackets in one pass, without a stack; tells how many tokens there are.
///
/// # Errors
/// `QUERY_TOO_COSTLY`.
pub(super) fn scan(text: &str) -> Result<u32, ServerError> {
    if text.len() > BODY_BYTES as usize {
        return Err(too_costly(format!(
            "A document has at most {BODY_BYTES} bytes."
        )));
    }
    let (mut tokens, mut depth) = (0_u32, 0_u32);
    for token in Tokens::of(text) {
        tokens += 1;
        match token[0] {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if tokens > TOKENS {
            return Err(too_costly(format!(
                "A document has at most {TOKENS} tokens."
            )));
        }
        if depth > NESTING {
            return Err(too_costly(format!("Brackets nest at most {NESTING} deep.")));
        }
    }
    Ok(tokens)
}

/// A document's tokens, as they stand.
pub(super) struct Tokens<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self {
            bytes: text.as_bytes(),
            at: 0,
        }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            let &byte = self.bytes.get(self.at)?;
            let rest = &self.bytes[self.at..];
            let (length, is_token) = match byte {
                b' ' | b'\t' | b'\n' | b'\r' | b',' => (1, false),
                b'#' => (
                    length_until(rest, |byte| matches!(byte, b'\n' | b'\r')),
                    false,
                ),
                // A byte order mark, which may stand anywhere.
                0xEF if rest.starts_with("\u{feff}".as_bytes()) => (3, false),
                b'"' => (string(rest), true),
                b'.' if rest.starts_with(b"...") => (3, true),
                _ if is_word(byte) => (length_until(rest, |byte| !is_word(byte)), true),
                _ => (1, true),
            };
            let end = self.bytes.len().min(self.at + length);
            let token = &self.bytes[self.at..end];
            self.at = end;
            if is_token {
                return Some(token);
            }
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+')
}

fn length_until(bytes: &[u8], end: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|&b| end(b)).unwrap_or(bytes.len())
}

/// How long the string is that begins here. A plain one ends with its line, where the parser will refuse it.
fn string(bytes: &[u8]) -> usize {
    let block = bytes.starts_with(b"\"\"\"");
    let mut at = if block { 3 } else { 1 };
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        if block {
            if rest.starts_with(b"\"\"\"") {
                return at + 3;
            }
            at += if rest.starts_with(b"\\\"\"\"") { 4 } else { 1 };
        } else {
            match byte {
                b'"' | b'\n' | b'\r' => return at + 1,
                // What ends a line ends the string, also behind a backslash.
                b'\\' if !matches!(rest.get(1), Some(b'\n' | b'\r')) => at += 2,
                _ => at += 1,
            }
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_refused(text: &str) {
        assert!(scan(text).is_err());
    }

    #[test]
    fn brackets_never_reach_the_parser_by_the_thousand() {
        for (open, close) in [("[", "]"), ("{a:", "}")] {
            let deep = format!("{}1{}", open.repeat(1_500), close.repeat(1_500));
            assert_refused(&format!("{{ a(b: {deep}) }}"));
            assert_refused(&format!("query($v: X = {deep}) {{ a }}"));
        }
        assert_refused(&"{a".repeat(1_500));
        // Not hidden by what looks like a string and is none.
        let deep = "[".repeat(1_500);
        assert_refused(&format!("{{ a(b: \"\n {deep}\") }}"));
        assert_refused(&format!("{{ a(b: \"\\\n {deep}\") }}"));
        assert_refused(&format!("{{ a(b: \"\"\"\\\"\"\" \"\"\" {deep}) }}"));
    }

    #[test]
    fn brackets_within_strings_are_text() {
        let text = "[".repeat(1_500);
        assert!(scan(&format!("{{ a(b: \"{text}\") }}")).is_ok());
        assert!(scan(&format!("{{ a(b: \"\"\"{text}\n\"\"\") }}")).is_ok());
        assert!(scan(&format!("{{ a }} # {text}")).is_ok());
    }

    #[test]
    fn a_document_has_two_thousand_tokens_and_no_more() {
        let tokens = |count: usize| format!("{{ {} }}", "a ".repeat(count - 2));
        assert!(scan(&tokens(2_000)).is_ok());
        assert_refused(&tokens(2_001));
        assert_refused(&" ".repeat(100_001));
    }
}
