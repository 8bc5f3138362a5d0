//! What `apollo-compiler` does not look at in values: variables within lists and objects, fields that are given twice,
//! `@oneOf`, and defaults of null.

use apollo_compiler::ast::{Argument, Type, Value, VariableDefinition};
use apollo_compiler::collections::HashSet;
use apollo_compiler::executable::{ExecutableDocument, Operation, Selection, SelectionSet};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Node, Schema};
use async_graphql::ServerError;

use super::super::refusal::refused;
use super::translate::Places;
use crate::graphql::fault::{ERRORS, code};

/// # Errors
/// `GRAPHQL_VALIDATION_FAILED`.
pub(super) fn check(
    schema: &Valid<Schema>,
    document: &Valid<ExecutableDocument>,
    places: &Places<'_>,
) -> Result<(), Vec<ServerError>> {
    let mut found = Vec::new();
    for operation in document.operations.iter() {
        let mut look = Look {
            schema,
            document,
            places,
            operation,
            seen: HashSet::default(),
            found: &mut found,
        };
        look.defaults();
        look.directives(&operation.directives.0);
        look.selections(&operation.selection_set);
    }
    // A fragment is looked at for each operation that spreads it, and says the same each time.
    found.dedup_by(|a, b| a.locations == b.locations && a.message == b.message);
    found.truncate(ERRORS);
    if found.is_empty() { Ok(()) } else { Err(found) }
}

/// Whether exactly one field of such an object is given, and is not null.
pub(super) fn is_one_of(definition: &ExtendedType) -> bool {
    matches!(definition, ExtendedType::InputObject(it) if it.directives.has("oneOf"))
}

struct Look<'a> {
    schema: &'a Valid<Schema>,
    document: &'a Valid<ExecutableDocument>,
    places: &'a Places<'a>,
    operation: &'a Operation,
    seen: HashSet<&'a Name>,
    found: &'a mut Vec<ServerError>,
}

impl<'a> Look<'a> {
    fn say(&mut self, at: &Node<Value>, problem: &str) {
        if self.found.len() < ERRORS * 2 {
            let at = self.places.span(at.location());
            self.found
                .push(refused(code::VALIDATION_FAILED, problem, [at]));
        }
    }

    fn defaults(&mut self) {
        for definition in &self.operation.variables {
            if let Some(default) = &definition.default_value {
                self.value(&definition.ty, default, false);
            }
        }
    }

    fn selections(&mut self, set: &'a SelectionSet) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => {
                    self.arguments(&field.arguments, &field.definition.arguments);
                    self.directives(&field.directives.0);
                    self.selections(&field.selection_set);
                }
                Selection::InlineFragment(fragment) => {
                    self.directives(&fragment.directives.0);
                    self.selections(&fragment.selection_set);
                }
                Selection::FragmentSpread(spread) => {
                    self.directives(&spread.directives.0);
                    let name = &spread.fragment_name;
                    if let Some(fragment) = self.document.fragments.get(name)
                        && self.seen.insert(name)
                    {
                        self.selections(&fragment.selection_set);
                    }
                }
            }
        }
    }

    fn directives(&mut self, directives: &[Node<apollo_compiler::ast::Directive>]) {
        let schema = self.schema;
        for directive in directives {
            if let Some(definition) = schema.directive_definitions.get(&directive.name) {
                self.arguments(&directive.arguments, &definition.arguments);
            }
        }
    }

    fn arguments(
        &mut self,
        given: &[Node<Argument>],
        definitions: &[Node<apollo_compiler::ast::InputValueDefinition>],
    ) {
        for argument in given {
            let definition = definitions.iter().find(|it| it.name == argument.name);
            if let Some(definition) = definition {
                let has_default = definition.default_value.is_some();
                self.value(&definition.ty, &argument.value, has_default);
            }
        }
    }

    /// A value where one of this type belongs, and where there is a default for none.
    fn value(&mut self, ty: &Type, value: &Node<Value>, has_default: bool) {
        match value.as_ref() {
            Value::Variable(name) => {
                let definition = self.operation.variables.iter().find(|it| it.name == *name);
                if definition.is_some_and(|it| !may_stand(it, ty, has_default)) {
                    self.say(
                        value,
                        "A variable of another type or that may be null stands here.",
                    );
                }
            }
            // Anything goes into a scalar of our own: what is in it is its own matter.
            Value::List(items) if ty.is_list() => {
                for item in items {
                    self.value(ty.item_type(), item, false);
                }
            }
            Value::Object(fields) => self.object(ty, value, fields),
            _ => {}
        }
    }

    fn object(&mut self, ty: &Type, value: &Node<Value>, fields: &[(Name, Node<Value>)]) {
        for (at, (name, field)) in fields.iter().enumerate() {
            if fields[..at].iter().any(|(other, _)| other == name) {
                self.say(field, "This field is given twice.");
            }
        }
        let schema = self.schema;
        let Some(definition) = schema.types.get(ty.inner_named_type()) else {
            return;
        };
        let ExtendedType::InputObject(input) = definition else {
            return;
        };
        let one = is_one_of(definition);
        let is_null = fields.first().is_some_and(|(_, it)| it.is_null());
        if one && (fields.len() != 1 || is_null) {
            self.say(
                value,
                "Exactly one field of this object is given, and is not null.",
            );
        }
        for (name, field) in fields {
            if let Some(definition) = input.fields.get(name) {
                let has_default = definition.default_value.is_some();
                let ty = if one {
                    definition.ty.as_ref().clone().non_null()
                } else {
                    definition.ty.as_ref().clone()
                };
                self.value(&ty, field, has_default);
            }
        }
    }
}

/// The specification's `IsVariableUsageAllowed`.
fn may_stand(variable: &VariableDefinition, place: &Type, place_has_default: bool) -> bool {
    if place.is_non_null() && !variable.ty.is_non_null() {
        let default = variable.default_value.as_ref();
        let never_null = place_has_default || default.is_some_and(|it| !it.is_null());
        return never_null && variable.ty.is_assignable_to(&place.clone().nullable());
    }
    variable.ty.is_assignable_to(place)
}
