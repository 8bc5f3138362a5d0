//! A document that was judged, and what is known of an operation of it once its variables are there.

use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument as Judged, Schema};
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType,
};
use async_graphql::{Request, ServerError, Variables};
use serde_json::{Map, Value};

use super::super::refusal::{refused, too_costly};
use super::super::request::Hash;
use super::coerce::coerce;
use super::measure::Sizes;
use crate::graphql::fault::code;
use crate::graphql::limits;

/// May be sent in bodies of up to [`limits::RECORDS_BODY_BYTES`].
const BULKY: [&str; 2] = ["recordCalls", "recordCharges"];

/// A document that fits the schema and is no larger than a document may be.
pub struct Document {
    pub(super) hash: Hash,
    pub(super) bytes: usize,
    pub(super) tokens: usize,
    pub(super) parsed: ExecutableDocument,
    pub(super) judged: Valid<Judged>,
}

/// An operation of a document, with its variables.
#[derive(Clone)]
pub(in crate::http) struct Operation {
    /// As it was asked for.
    pub name: Option<String>,
    /// The document's.
    pub hash: Hash,
    pub parsed: ExecutableDocument,
    pub variables: Variables,
    pub kind: OperationType,
    /// Whether all that it does is recording calls and charges.
    pub bulky: bool,
    pub cost: u32,
}

impl Document {
    /// The operation that is asked for, if its variables fit and it costs no more than it may.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`, `QUERY_TOO_COSTLY`.
    pub(in crate::http) fn operation(
        &self,
        schema: &Valid<Schema>,
        name: Option<&str>,
        variables: &Map<String, Value>,
    ) -> Result<Operation, Vec<ServerError>> {
        let alone = |error| vec![error];
        let operation = select(&self.parsed.operations, name).map_err(alone)?;
        let judged = self.judged.operations.get(name).map_err(|_| {
            let problem = "The document has no operation of this `operationName`.";
            vec![refused(code::BAD_USER_INPUT, problem, [])]
        })?;
        let places: Vec<_> = operation
            .variable_definitions
            .iter()
            .map(|it| it.pos)
            .collect();
        let variables = coerce(schema, &judged.variables, &places, variables)?;
        let mut sizes = Sizes::of(&self.parsed, &variables);
        let cost = sizes.cost(operation).map_err(alone)?;
        let roots = sizes.roots(&operation.selection_set.node);
        if cost > limits::COST {
            return Err(vec![too_much(cost)]);
        }
        Ok(Operation {
            bulky: roots.iter().all(|root| BULKY.contains(&root.name)),
            kind: operation.ty,
            name: name.map(str::to_owned),
            hash: self.hash,
            parsed: self.parsed.clone(),
            cost,
            variables,
        })
    }
}

impl Operation {
    /// What an engine executes.
    pub(in crate::http) fn request(self) -> Request {
        let mut request = Request::new("").variables(self.variables);
        request.operation_name = self.name;
        request.set_parsed_query(self.parsed);
        request
    }
}

fn too_much(cost: u32) -> ServerError {
    let most = limits::COST;
    let problem =
        format!("An operation costs at most {most}; a page costs its size times each row.");
    let mut error = too_costly(problem);
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("requested", cost);
    extensions.set("allowed", most);
    error
}

fn select<'a>(
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
