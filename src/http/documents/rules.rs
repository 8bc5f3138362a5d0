//! The schema that documents are judged by.

use apollo_compiler::Schema;
use apollo_compiler::parser::Parser;
use apollo_compiler::validation::Valid;
use async_graphql::{ServerError, Variables};

use super::measure::Sizes;
use super::read::Document;
use super::scan::scan;
use super::sentences::Words;
use super::translate::{self, Places};
use super::values;
use crate::graphql::limits::{BODY_BYTES, NESTING};

/// What the specification says and `apollo-compiler` does not know yet.
const NEWER: &str = "
directive @oneOf on INPUT_OBJECT
extend type __Type { isOneOf: Boolean }
";

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
        let parsed = translate::document(&tree, &places).map_err(alone)?;
        Sizes::of(&parsed, &Variables::default())
            .check()
            .map_err(alone)?;
        let judged = tree
            .to_executable_validate(&self.schema)
            .map_err(|found| self.words.misfits(&found.errors, &places))?;
        values::check(&self.schema, &judged, &places)?;
        Ok(Document {
            bytes: text.len(),
            tokens: tokens as usize,
            parsed,
            judged,
        })
    }
}
