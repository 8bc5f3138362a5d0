//! Documents are looked at before the library walks them: it follows every spread of a fragment anew and goes down a level
//! of its stack for each bracket, so that a kilobyte could cost a minute, or the process.

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType,
};
use async_graphql::parser::{self, parse_query};
use async_graphql::{ServerError, Variables};

use super::measure::Sizes;
use super::refusal::{refused, too_costly};
use crate::graphql::fault::code;
use crate::graphql::limits;

/// Brackets of any kind within one another.
const NESTING: usize = 40;
/// May be sent in bodies of up to [`limits::RECORDS_BODY_BYTES`].
const BULKY: [&str; 2] = ["recordCalls", "recordCharges"];

/// A document that is cheap enough to be validated, with the operation that was asked for.
pub(super) struct Document {
    pub parsed: ExecutableDocument,
    pub kind: OperationType,
    /// Whether all that it does is recording calls and charges.
    pub bulky: bool,
}

/// Reads a document and finds its operation.
pub(super) fn read(
    text: &str,
    operation_name: Option<&str>,
    variables: &Variables,
) -> Result<Document, ServerError> {
    scan(text)?;
    let parsed = parse_query(text).map_err(|error| syntax_error(&error))?;
    let mut sizes = Sizes::of(&parsed, variables);
    for (_, operation) in parsed.operations.iter() {
        sizes.check(&operation.node)?;
    }
    let operation = select(&parsed.operations, operation_name)?;
    let roots = sizes.roots(&operation.selection_set.node);
    let bulky = roots.iter().all(|root| BULKY.contains(root));
    let kind = operation.ty;
    Ok(Document {
        parsed,
        kind,
        bulky,
    })
}

/// The operation that was asked for.
pub(super) fn select<'a>(
    operations: &'a DocumentOperations,
    name: Option<&str>,
) -> Result<&'a OperationDefinition, ServerError> {
    let problem = match (operations, name) {
        (DocumentOperations::Single(operation), None) => return Ok(&operation.node),
        (DocumentOperations::Multiple(operations), Some(name)) if operations.contains_key(name) => {
            return Ok(&operations[name].node);
        }
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {
            let mut operations = operations.values();
            return Ok(&operations.next().expect("there is one").node);
        }
        (_, None) => "The document has several operations: `operationName` must say which.",
        (_, Some(_)) => "The document has no operation of this `operationName`.",
    };
    Err(refused(code::BAD_USER_INPUT, problem, []))
}

/// The parser's own message shows lines of the document: of it only what was expected is kept.
fn syntax_error(error: &parser::Error) -> ServerError {
    let message = match error {
        parser::Error::Syntax { message, .. } => {
            let expected = message
                .lines()
                .last()
                .and_then(|line| line.split_once("= "));
            let expected = expected.map_or("something else", |(_, expected)| expected);
            format!("Syntax error: {expected}.")
        }
        other => format!("Syntax error: {other}."),
    };
    refused(code::PARSE_FAILED, message, error.positions())
}

/// Counts tokens and brackets in one pass, without a stack.
fn scan(text: &str) -> Result<(), ServerError> {
    if text.len() > limits::BODY_BYTES as usize {
        let most = limits::BODY_BYTES;
        return Err(too_costly(format!("A document has at most {most} bytes.")));
    }
    let bytes = text.as_bytes();
    let (mut at, mut tokens, mut depth) = (0, 0, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        at += match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => {
                at += 1;
                continue;
            }
            b'#' => {
                at += length_until(rest, |byte| matches!(byte, b'\n' | b'\r'));
                continue;
            }
            b'"' => string(rest),
            b'.' if rest.starts_with(b"...") => 3,
            _ if is_word(byte) => length_until(rest, |byte| !is_word(byte)),
            _ => 1,
        };
        tokens += 1;
        match byte {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if tokens > limits::TOKENS {
            let most = limits::TOKENS;
            return Err(too_costly(format!("A document has at most {most} tokens.")));
        }
        if depth > NESTING {
            return Err(too_costly(format!("Brackets nest at most {NESTING} deep.")));
        }
    }
    Ok(())
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
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn refusal(text: &str) -> Option<String> {
        let error = read(text, None, &Variables::default()).err()?;
        let code = error.extensions.unwrap().get("code").unwrap().to_string();
        Some(code.trim_matches('"').to_owned())
    }

    #[track_caller]
    fn assert_too_costly(text: &str) {
        assert_eq!(refusal(text).as_deref(), Some("QUERY_TOO_COSTLY"));
    }

    #[test]
    fn a_chain_of_fragments_that_doubles_at_each_link_is_refused_at_once() {
        let mut text = String::from("{ ...f0 }");
        for link in 0..60 {
            let next = link + 1;
            write!(
                text,
                " fragment f{link} on Query {{ ...f{next} ...f{next} }}"
            )
            .unwrap();
        }
        text.push_str(" fragment f60 on Query { program { name } }");
        assert_too_costly(&text);
    }

    #[test]
    fn brackets_never_reach_the_parser_by_the_thousand() {
        for (open, close) in [("[", "]"), ("{a:", "}")] {
            let deep = format!("{}1{}", open.repeat(1_500), close.repeat(1_500));
            assert_too_costly(&format!("{{ a(b: {deep}) }}"));
            assert_too_costly(&format!("query($v: X = {deep}) {{ a }}"));
        }
        assert_too_costly(&"{a".repeat(1_500));
        // Not hidden by what looks like a string and is none.
        let deep = "[".repeat(1_500);
        assert_too_costly(&format!("{{ a(b: \"\n {deep}\") }}"));
        assert_too_costly(&format!("{{ a(b: \"\"\"\\\"\"\" \"\"\" {deep}) }}"));
    }

    #[test]
    fn brackets_within_strings_are_text() {
        let text = "[".repeat(1_500);
        assert_eq!(refusal(&format!("{{ a(b: \"{text}\") }}")), None);
        assert_eq!(refusal(&format!("{{ a(b: \"\"\"{text}\n\"\"\") }}")), None);
        assert_eq!(refusal(&format!("{{ a }} # {text}")), None);
    }

    #[test]
    fn what_is_wide_is_refused_too() {
        assert_too_costly(&format!("{{ {} }}", "a ".repeat(2_001)));
        assert_too_costly(&format!("{{ {} }}", "a ".repeat(21)));
        assert_too_costly(&format!("{{ b {{ {} }} }}", "a:a ".repeat(31)));
        assert_too_costly(&format!(
            "{{ b {{ {} }} }}",
            "a @skip(if: false) ".repeat(31)
        ));
        assert_too_costly(&format!("{}a{}", "{b".repeat(16), "}".repeat(16)));
        assert_too_costly("mutation { a: signIn { b } signUp { b } }");
        assert_too_costly("{ __schema { a } program { name } }");
    }

    #[test]
    fn a_page_costs_its_size_times_what_is_selected_of_each_row() {
        let nested =
            |inner: &str| format!("{{ a(first: 100) {{ nodes {{ b({inner}) {{ ...Rows }} }} }} }}");
        let rows = "fragment Rows on C { edges { node { id } } }";
        assert_eq!(refusal(&format!("{} {rows}", nested("first: 30"))), None);
        assert_too_costly(&format!("{} {rows}", nested("last: 100")));
        let text = format!("query($n: Int) {} {rows}", nested("first: $n"));
        let with = |n: i32| {
            let variables = Variables::from_json(serde_json::json!({ "n": n }));
            read(&text, None, &variables).is_ok()
        };
        assert!(with(30) && !with(100));
        let unsaid = "{ a { nodes { b { nodes { c { nodes { id } } } } } } }";
        assert_too_costly(unsaid);
    }

    #[test]
    fn what_multiplies_is_counted_wherever_it_is_said() {
        let types = |hops: usize| {
            let (open, close) = ("possibleTypes{interfaces{", "}}");
            let inner = format!("{}name{}", open.repeat(hops), close.repeat(hops));
            format!("{{ __type(name: \"Node\") {{ {inner} }} }}")
        };
        assert_eq!(refusal(&types(1)), None);
        assert_too_costly(&types(2));
        let row = |page: &str| {
            format!("a(first: {page}) {{ nodes {{ b(first: {page}) {{ nodes {{ id }} }} }} }}")
        };
        assert_eq!(
            refusal(&format!("query($n: Int = 50) {{ {} }}", row("$n"))),
            None
        );
        assert_too_costly(&format!("query($n: Int = 100) {{ {} }}", row("$n")));
        let each = "... on Agent { a(first: 100) { nodes { id } } }";
        assert_too_costly(&format!(
            "query($ids: [ID!]!) {{ nodes(ids: $ids) {{ {each} }} }}"
        ));
        let report = "commissionReport(input: $i) { totals { net } }";
        let reports = |n: usize| {
            let all: Vec<String> = (0..n).map(|i| format!("r{i}: {report}")).collect();
            format!("query($i: ReportInput!) {{ {} }}", all.join(" "))
        };
        assert_eq!(refusal(&reports(4)), None);
        assert_too_costly(&reports(5));
    }

    #[test]
    fn a_fragment_within_itself_is_no_valid_document() {
        let text = "{ ...a } fragment a on Query { b { ...a } }";
        assert_eq!(refusal(text).as_deref(), Some("GRAPHQL_VALIDATION_FAILED"));
    }

    #[test]
    fn a_syntax_error_shows_nothing_of_the_document() {
        let error = read("{ secretPassword(", None, &Variables::default())
            .err()
            .unwrap();
        assert!(!error.message.contains("secret"), "{}", error.message);
        assert_eq!(refusal("{").as_deref(), Some("GRAPHQL_PARSE_FAILED"));
        assert_eq!(refusal("").as_deref(), Some("GRAPHQL_PARSE_FAILED"));
    }

    #[test]
    fn the_operation_is_the_one_that_is_named() {
        let two = "query a { x } mutation b { recordCalls { y } }";
        let kind = |name| {
            read(two, name, &Variables::default()).map(|document| (document.kind, document.bulky))
        };
        assert_eq!(kind(Some("a")).ok(), Some((OperationType::Query, false)));
        assert_eq!(kind(Some("b")).ok(), Some((OperationType::Mutation, true)));
        assert!(kind(None).is_err());
        assert!(kind(Some("c")).is_err());
    }
}
