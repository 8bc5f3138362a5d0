//! Where documents are found: on the shelf of those that were judged before, or among the trusted ones.

use std::sync::Arc;

use async_graphql::ServerError;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde_json::{Map, Value};

use super::super::refusal::refused;
use super::super::request::{Asked, Hash, hash_of};
use super::read::{Document, Operation};
use super::rules::Rules;
use super::scan::scan;
use super::trusted::Trusted;
use crate::graphql::fault::code;

/// What the shelf may weigh, in bytes of memory.
const SHELF_BYTES: u64 = 64 * 1024 * 1024;
/// How many documents it is laid out for: a client has some dozens.
const SHELF_DOCUMENTS: usize = 2_000;
/// What a document weighs, at least: its place among the others.
const PLACE_BYTES: usize = 4_096;
/// What a token weighs, in the two trees that it becomes a part of.
const TOKEN_BYTES: usize = 800;

type Verdict = Result<Arc<Document>, Arc<[ServerError]>>;

#[derive(Clone)]
struct Weight;

impl Weighter<Hash, Verdict> for Weight {
    fn weight(&self, _: &Hash, verdict: &Verdict) -> u64 {
        let bytes = match verdict {
            Ok(document) => document.bytes * 2 + document.tokens * TOKEN_BYTES,
            Err(errors) => errors.len() * 1_024,
        };
        (PLACE_BYTES + bytes) as u64
    }
}

/// The documents that a door knows, and the rules that it judges new ones by.
///
/// The shelf holds verdicts by the document's hash, so that one is parsed and judged once; persisted queries are found on
/// it by the same hash. What is seldom asked for makes room, and one that is asked for once does not push out the others.
pub struct Documents {
    rules: Arc<Rules>,
    judged: Cache<Hash, Verdict, Weight>,
    trusted: Trusted,
}

impl Documents {
    /// An empty shelf.
    #[must_use]
    pub fn new(rules: Arc<Rules>) -> Self {
        Self {
            rules,
            judged: Cache::with_weighter(SHELF_DOCUMENTS, SHELF_BYTES, Weight),
            trusted: Trusted::default(),
        }
    }

    /// The same with documents that clients may name by an id.
    #[must_use]
    pub fn with_trusted(self, trusted: Trusted) -> Self {
        Self { trusted, ..self }
    }

    /// Whether only the trusted ones are run.
    #[must_use]
    pub fn trusted_only(&self) -> bool {
        self.trusted.only
    }

    /// The operation of a document, with its variables as it declares them: what an engine may execute.
    ///
    /// # Errors
    /// What is wrong with it, as it is told.
    pub fn request(
        &self,
        text: &str,
        operation_name: Option<&str>,
        variables: &Map<String, Value>,
    ) -> Result<async_graphql::Request, Vec<ServerError>> {
        let document = self.judge(text)?;
        let operation = document.operation(&self.rules.schema, operation_name, variables)?;
        Ok(operation.request())
    }

    pub(in crate::http) fn operation(&self, asked: &Asked) -> Result<Operation, Vec<ServerError>> {
        let document = self.find(asked)?;
        let name = asked.operation_name.as_deref();
        document.operation(&self.rules.schema, name, &asked.variables)
    }

    fn find(&self, asked: &Asked) -> Result<Arc<Document>, Vec<ServerError>> {
        let refuse = |problem| Err(vec![refused(code::BAD_USER_INPUT, problem, [])]);
        match asked {
            Asked { id: Some(id), .. } => match self.trusted.get(id) {
                Some(document) => Ok(document),
                None => refuse("There is no trusted document of this id."),
            },
            Asked {
                hash: Some(hash),
                text: None,
                ..
            } => match (self.trusted.get(&hex::encode(hash)), self.judged.get(hash)) {
                (Some(document), _) => Ok(document),
                _ if self.trusted.only => refuse(TRUSTED_ONLY),
                (None, Some(verdict)) => verdict.map_err(|errors| errors.to_vec()),
                (None, None) => Err(vec![unknown()]),
            },
            _ if self.trusted.only => refuse(TRUSTED_ONLY),
            Asked {
                hash: Some(hash),
                text: Some(text),
                ..
            } if *hash != hash_of(text) => {
                refuse("The document is not the one of this `sha256Hash`.")
            }
            Asked { text, .. } => self.judge(text.as_deref().unwrap_or_default()),
        }
    }

    fn judge(&self, text: &str) -> Result<Arc<Document>, Vec<ServerError>> {
        // What is too long is not even hashed.
        scan(text).map_err(|error| vec![error])?;
        let hash = hash_of(text);
        let verdict = self.judged.get(&hash).unwrap_or_else(|| {
            let verdict = self.rules.judge(text);
            let verdict = verdict.map(Arc::new).map_err(Arc::from);
            self.judged.insert(hash, verdict.clone());
            verdict
        });
        verdict.map_err(|errors| errors.to_vec())
    }
}

const TRUSTED_ONLY: &str = "This server runs trusted documents only: send the `documentId` of one.";

/// As Apollo's clients know it: they send the document along, and it is known.
fn unknown() -> ServerError {
    let mut error = refused(
        code::PERSISTED_QUERY_NOT_FOUND,
        "PersistedQueryNotFound",
        [],
    );
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("retryable", true);
    error
}
