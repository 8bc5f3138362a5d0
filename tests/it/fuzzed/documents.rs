//! Whatever comes as a document is judged without a panic, in bounded time and room; and what is executed is what was
//! judged: the same tree as the executing library's own parser makes of the text, and of the text printed anew.

use std::sync::LazyLock;

use agent_program::http::{Documents, rules};
use apollo_compiler::ast;
use async_graphql::{Request, ServerError};
use serde_json::{Map, Value};

const CODES: [&str; 4] = [
    "BAD_USER_INPUT",
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "QUERY_TOO_COSTLY",
];

/// A document, and perhaps behind a NUL its variables.
pub fn judge(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let (text, variables) = text.split_once('\0').unwrap_or((text, ""));
    let variables: Map<String, Value> = serde_json::from_str(variables).unwrap_or_default();
    match request(text, &variables) {
        Err(errors) => refused(text, &errors),
        Ok(request) => executed(text, &variables, request),
    }
}

fn request(text: &str, variables: &Map<String, Value>) -> Result<Request, Vec<ServerError>> {
    static DOCUMENTS: LazyLock<Documents> = LazyLock::new(|| Documents::new(rules()));
    DOCUMENTS.request(text, None, variables)
}

fn code(error: &ServerError) -> String {
    let extensions = error.extensions.as_ref().expect("extensions");
    let code = serde_json::to_value(extensions.get("code")).expect("JSON");
    code.as_str().expect("a code").to_owned()
}

fn refused(text: &str, errors: &[ServerError]) {
    assert!((1..=10).contains(&errors.len()), "{errors:?}");
    for error in errors {
        assert!(CODES.contains(&code(error).as_str()), "{error:?}");
        assert!(error.message.chars().count() <= 300, "{error:?}");
        if error.message == "A name stands without its value." {
            let theirs = async_graphql::parser::parse_query(text);
            // Of numbers that touch, `1-1`, the parser makes one that is none: refused, where the specification sees two.
            let touch = |pair: &[u8]| pair[0].is_ascii_digit() && pair[1] == b'-';
            let numbers_touch = text.as_bytes().windows(2).any(touch);
            assert!(
                theirs.is_err() || numbers_touch,
                "nothing is left out: {text:?}"
            );
        }
    }
}

fn executed(text: &str, variables: &Map<String, Value>, request_of_it: Request) {
    let ours = tree(request_of_it);
    match async_graphql::parser::parse_query(text) {
        // In block strings it leaves the backslash of an escaped `"""`, and the spaces of a line that has fewer of them than
        // the others: both found by this. What runs is ours.
        Ok(_) if text.contains("\"\"\"") => {}
        Ok(theirs) => assert_eq!(ours, without_places(&theirs), "{text:?}"),
        // Letters beyond 16 bits by their number are newer than that parser.
        Err(error) => assert!(text.contains("\\u"), "{text:?}: {error}"),
    }
    let printed = ast::Document::parse(text, "")
        .expect("it was parsed before")
        .to_string();
    match request(&printed, variables) {
        Ok(again) => assert_eq!(ours, tree(again), "printed anew: {printed:?}"),
        // Printing takes room: indentation counts as bytes.
        Err(errors) => assert_eq!(
            code(&errors[0]),
            "QUERY_TOO_COSTLY",
            "{printed:?}: {errors:?}"
        ),
    }
}

fn tree(mut request: Request) -> Value {
    without_places(request.parsed_query().expect("it was parsed before"))
}

/// Where everything stands is another matter.
fn without_places(document: &async_graphql::parser::types::ExecutableDocument) -> Value {
    let mut tree = serde_json::to_value(document).expect("JSON");
    forget_places(&mut tree);
    tree
}

fn forget_places(tree: &mut Value) {
    match tree {
        Value::Object(fields) => {
            if fields.contains_key("node") {
                fields.remove("pos");
            }
            fields.values_mut().for_each(forget_places);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_places),
        _ => {}
    }
}
