//! The schema that documents are judged by.

use apollo_compiler::Schema;
use apollo_compiler::ast;
use apollo_compiler::parser::Parser;
use apollo_compiler::validation::Valid;
use async_graphql::{ServerError, Variables};

use super::super::refusal::refused;
use super::super::request::hash_of;
use super::measure::Sizes;
use super::read::Document;
use super::scan::{Tokens, scan};
use super::sentences::Words;
use super::translate::{self, Places};
use super::values;
use crate::graphql::fault::code;
use crate::graphql::limits::{BODY_BYTES, NESTING};

/// What the specification says and `apollo-compiler` does not know yet.
const NEWER: &str = "
directive @oneOf on INPUT_OBJECT
extend type __Type { isOneOf: Boolean }
";

const LEFT_OUT: &str = "A name stands without its value.";

/// Whether the parser has left nothing out: it takes `page(first)` for `page`, without a word. Printed anew, a document has as
/// many tokens as before.
fn is_whole(tree: &ast::Document, text: &str) -> bool {
    let printed = tree.serialize().no_indent().to_string();
    length(&printed) == length(text)
}

/// Without what need not be there: the `query` of an operation that has nothing but its selections.
fn length(text: &str) -> usize {
    let (mut length, mut before) = (0, &b""[..]);
    for token in Tokens::of(text) {
        length += usize::from(before != b"query" || token != b"{");
        before = token;
    }
    length
}

/// The schema that documents are judged by.
#[derive(Debug)]
pub struct Rules {
    pub(super) schema: Valid<Schema>,
    words: Words,
}

impl Rules {
    /// By a schema in its own language. The directives and types that every schema has may be in it or not.
    ///
    /// # Panics
    /// When it is no valid schema: it is our own.
    #[must_use]
    pub fn of(sdl: &str) -> Self {
        let newer = if sdl.contains("directive @oneOf") {
            NEWER.replace("directive @oneOf on INPUT_OBJECT", "")
        } else {
            NEWER.to_owned()
        };
        let builder = Schema::builder().parse(sdl, "schema.graphql");
        let schema = builder
            .parse(newer, "newer.graphql")
            .build()
            .expect("our own schema is one");
        let schema = schema.validate().expect("our own schema is valid");
        Self {
            words: Words::of(&schema),
            schema,
        }
    }

    /// Reads a document to the end, and refuses what is no GraphQL, is too large, or does not fit the schema.
    ///
    /// # Errors
    /// What is wrong with it, in that order.
    pub(super) fn judge(&self, text: &str) -> Result<Document, Vec<ServerError>> {
        let alone = |error| vec![error];
        let tokens = scan(text).map_err(alone)?;
        let places = Places::of(text);
        // Its own limits stand behind ours, and count what stands between tokens as well.
        let mut parser = Parser::new()
            .recursion_limit(NESTING as usize * 8)
            .token_limit(BODY_BYTES as usize);
        let tree = parser
            .parse_ast(text, "")
            .map_err(|found| self.words.syntax(&found.errors, &places))?;
        if !is_whole(&tree, text) {
            return Err(vec![refused(code::PARSE_FAILED, LEFT_OUT, [])]);
        }
        let parsed = translate::document(&tree, &places).map_err(alone)?;
        Sizes::of(&parsed, &Variables::default())
            .check()
            .map_err(alone)?;
        let judged = tree
            .to_executable_validate(&self.schema)
            .map_err(|found| self.words.misfits(&found.errors, &places))?;
        values::check(&self.schema, &judged, &places)?;
        Ok(Document {
            hash: hash_of(text),
            bytes: text.len(),
            tokens: tokens as usize,
            parsed,
            judged,
        })
    }
}
