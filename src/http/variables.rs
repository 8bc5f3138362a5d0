//! Variables: their faults are the caller's input, and not the document's.

use async_graphql::parser::types::{
    Directive, ExecutableDocument, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Pos, Positioned, ServerError, Value, Variables};

use super::refusal::refused;
use crate::graphql::fault::code;

/// The first variable that the operation cannot do without and the request leaves out.
pub(super) fn missing(
    operation: &OperationDefinition,
    variables: &Variables,
) -> Result<(), ServerError> {
    for definition in &operation.variable_definitions {
        let variable = &definition.node;
        let name = &variable.name.node;
        let given = variables.get(name).is_some_and(|it| *it != Value::Null);
        let optional = variable.var_type.node.nullable
            || (variable.default_value.is_some() && variables.get(name).is_none());
        if !given && !optional {
            let problem = format!("The variable `${name}` is required.");
            return Err(refused(code::BAD_USER_INPUT, problem, [definition.pos]));
        }
    }
    Ok(())
}

/// Where the arguments are that get their value, or a part of it, from a variable.
pub(super) fn arguments(document: &ExecutableDocument) -> Vec<Pos> {
    let mut found = Vec::new();
    for (_, operation) in document.operations.iter() {
        directives(&operation.node.directives, &mut found);
        selections(&operation.node.selection_set.node, &mut found);
    }
    for fragment in document.fragments.values() {
        directives(&fragment.node.directives, &mut found);
        selections(&fragment.node.selection_set.node, &mut found);
    }
    found
}

fn selections(set: &SelectionSet, found: &mut Vec<Pos>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => {
                for (name, value) in &field.node.arguments {
                    if value.node.clone().into_const().is_none() {
                        found.push(name.pos);
                    }
                }
                directives(&field.node.directives, found);
                selections(&field.node.selection_set.node, found);
            }
            Selection::InlineFragment(fragment) => {
                directives(&fragment.node.directives, found);
                selections(&fragment.node.selection_set.node, found);
            }
            Selection::FragmentSpread(spread) => directives(&spread.node.directives, found),
        }
    }
}

fn directives(directives: &[Positioned<Directive>], found: &mut Vec<Pos>) {
    for directive in directives {
        for (name, value) in &directive.node.arguments {
            if value.node.clone().into_const().is_none() {
                found.push(name.pos);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_an_operation_cannot_do_without_must_be_given() {
        let document = parse_query("query($a: Int!, $b: Int! = 1, $c: Int) { a }").unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        let check = |given| missing(&operation.node, &Variables::from_json(given)).is_ok();
        assert!(check(json!({ "a": 1 })));
        assert!(check(json!({ "a": 1, "b": 2, "c": null })));
        for wrong in [
            json!({}),
            json!({ "a": null }),
            json!({ "a": 1, "b": null }),
        ] {
            assert!(!check(wrong.clone()), "{wrong}");
        }
    }

    #[test]
    fn arguments_with_a_variable_anywhere_within_are_found() {
        let text = "{ a(b: 1, c: $x) { d(e: {f: [$y]}) @include(if: $z) } }";
        let columns: Vec<_> = arguments(&parse_query(text).unwrap())
            .into_iter()
            .map(|at| at.column)
            .collect();
        assert_eq!(columns, [11, 22, 45]);
    }
}
