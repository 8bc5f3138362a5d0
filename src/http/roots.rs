//! What is done to a subscription's root fields before it is executed: `Last-Event-ID` says where it goes on, rather than
//! its document, which says where it began; and no fragment hides them.

use std::collections::HashMap;

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, Field, FragmentDefinition, OperationDefinition,
    Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, Value as Constant, Variables};

/// The argument of every subscription's root field that says where it begins.
const AFTER: &str = "after";

/// Begins the subscription's root fields after `cursor`, whether their document says so by a literal, by a variable or not
/// at all; with null, they begin now.
pub(super) fn after(
    document: &mut ExecutableDocument,
    operation_name: Option<&str>,
    variables: &mut Variables,
    cursor: &Constant,
) {
    let mut spread = Vec::new();
    let mut found = |field: &mut Positioned<Field>| begin(field, &mut *variables, cursor);
    if let Some(operation) = operation(&mut document.operations, operation_name) {
        roots(&mut operation.selection_set.node, &mut spread, &mut found);
    }
    follow(&mut document.fragments, &mut spread, &mut found);
}

/// Puts the root fields that stand in fragments beside the others: the library follows no fragment there, and would end the
/// subscription without a word.
pub(super) fn hoist(document: &mut ExecutableDocument, operation_name: Option<&str>) {
    let mut fields: Vec<Positioned<Field>> = Vec::new();
    let mut spread = Vec::new();
    let mut found = |field: &mut Positioned<Field>| {
        let key = |field: &Positioned<Field>| field.node.response_key().node.clone();
        if !fields.iter().any(|known| key(known) == key(field)) {
            fields.push(field.clone());
        }
    };
    let Some(operation) = operation(&mut document.operations, operation_name) else {
        return;
    };
    let set = &mut operation.selection_set.node;
    if set
        .items
        .iter()
        .all(|it| matches!(it.node, Selection::Field(_)))
    {
        return;
    }
    roots(set, &mut spread, &mut found);
    follow(&mut document.fragments, &mut spread, &mut found);
    set.items
        .retain(|it| !matches!(it.node, Selection::Field(_)));
    let fields = fields.into_iter();
    let fields = fields.map(|field| Positioned::new(Selection::Field(field.clone()), field.pos));
    set.items.extend(fields);
}

/// Each fragment once: one within itself is no valid document, and not for here to say.
fn follow(
    fragments: &mut HashMap<Name, Positioned<FragmentDefinition>>,
    spread: &mut Vec<Name>,
    found: &mut impl FnMut(&mut Positioned<Field>),
) {
    let mut next = 0;
    while let Some(name) = spread.get(next).cloned() {
        next += 1;
        if !spread[..next - 1].contains(&name)
            && let Some(fragment) = fragments.get_mut(&name)
        {
            roots(&mut fragment.node.selection_set.node, spread, found);
        }
    }
}

fn operation<'a>(
    operations: &'a mut DocumentOperations,
    name: Option<&str>,
) -> Option<&'a mut OperationDefinition> {
    let operation = match (operations, name) {
        (DocumentOperations::Single(operation), _) => Some(operation),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get_mut(name),
        (DocumentOperations::Multiple(operations), None) => operations.values_mut().next(),
    };
    operation.map(|operation| &mut operation.node)
}

fn roots(
    set: &mut SelectionSet,
    spread: &mut Vec<Name>,
    found: &mut impl FnMut(&mut Positioned<Field>),
) {
    for selection in &mut set.items {
        match &mut selection.node {
            Selection::Field(field) => found(field),
            Selection::InlineFragment(fragment) => {
                roots(&mut fragment.node.selection_set.node, spread, found);
            }
            Selection::FragmentSpread(fragment) => {
                spread.push(fragment.node.fragment_name.node.clone());
            }
        }
    }
}

/// A variable keeps its place in the document, where it would otherwise be one that is never used.
fn begin(field: &mut Positioned<Field>, variables: &mut Variables, cursor: &Constant) {
    let pos = field.pos;
    let arguments = &mut field.node.arguments;
    match arguments.iter_mut().find(|(name, _)| name.node == AFTER) {
        Some((_, value)) => {
            let mut variable = None;
            let said = value.node.clone().into_const_with(|name| {
                variable = Some(name);
                Err(())
            });
            match (said, variable) {
                (Err(()), Some(name)) => {
                    variables.insert(name, cursor.clone());
                }
                _ => value.node = cursor.clone().into_value(),
            }
        }
        None => arguments.push((
            Positioned::new(Name::new(AFTER), pos),
            Positioned::new(cursor.clone().into_value(), pos),
        )),
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    /// The value of `after` at every root field, once it is to go on after `c`.
    fn resumed(text: &str, variables: serde_json::Value) -> Vec<String> {
        let mut document = parse_query(text).unwrap();
        let mut variables = Variables::from_json(variables);
        after(&mut document, None, &mut variables, &"c".into());
        let mut found = Vec::new();
        let mut look = |field: &mut Positioned<Field>| {
            let value = field.node.get_argument(AFTER).unwrap().node.clone();
            let value = value.into_const_with(|name| variables.get(&name).cloned().ok_or(()));
            found.push(value.unwrap().to_string());
        };
        let operation = operation(&mut document.operations, None).unwrap();
        roots(
            &mut operation.selection_set.node,
            &mut Vec::new(),
            &mut look,
        );
        for fragment in document.fragments.values_mut() {
            roots(
                &mut fragment.node.selection_set.node,
                &mut Vec::new(),
                &mut look,
            );
        }
        found
    }

    #[test]
    fn it_goes_on_there_however_the_document_says_where_it_begins() {
        for text in [
            r#"subscription { a(after: "b", first: 1) { cursor } }"#,
            "subscription($x: String) { a(after: $x) { b(after: $y) } }",
            "subscription { a { b(after: 1) } }",
            r#"subscription { ... on Subscription { a(after: "b") { c } } }"#,
            "subscription { ...F } fragment F on Subscription { a { c } ...F }",
        ] {
            assert_eq!(resumed(text, json!({ "x": "b" })), [r#""c""#], "{text}");
            assert_eq!(resumed(text, json!({})), [r#""c""#], "{text}");
        }
    }
}
