//! From the syntax tree that is judged to the one that is executed: what a document means is decided by one parser.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use apollo_compiler::ast::{self, Definition};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::{self as judged, Node};
use async_graphql::parser::types::{
    BaseType, Directive, DocumentOperations, ExecutableDocument, Field, FragmentDefinition,
    FragmentSpread, InlineFragment, OperationDefinition, OperationType, Selection, SelectionSet,
    Type, TypeCondition, VariableDefinition,
};
use async_graphql::{Name, Pos, Positioned, ServerError, Value as Constant};
use async_graphql_value::Value;
use serde_json::Number;

use super::super::refusal::refused;
use crate::graphql::fault::code;

/// Lines and columns of a document: lines end as the specification says, and columns count letters.
pub(super) struct Places<'a> {
    text: &'a str,
    lines: Vec<usize>,
    /// Letters before each byte, unless each byte is one.
    letters: Option<Vec<u32>>,
}

impl<'a> Places<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        let mut lines = vec![0];
        for (at, byte) in bytes.iter().enumerate() {
            let ends = *byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
            if ends {
                lines.push(at + 1);
            }
        }
        let letters = (!text.is_ascii()).then(|| {
            let mut count = 0;
            let mut before = Vec::with_capacity(bytes.len() + 1);
            for at in 0..bytes.len() {
                before.push(count);
                count += u32::from(text.is_char_boundary(at + 1));
            }
            before.push(count);
            before
        });
        Self {
            text,
            lines,
            letters,
        }
    }

    pub(super) fn at(&self, offset: usize) -> Pos {
        let offset = offset.min(self.text.len());
        let line = self.lines.partition_point(|begin| *begin <= offset);
        let begin = self.lines[line - 1];
        let column = match &self.letters {
            Some(letters) => (letters[offset] - letters[begin]) as usize,
            None => offset - begin,
        };
        Pos {
            line,
            column: column + 1,
        }
    }

    pub(super) fn span(&self, span: Option<SourceSpan>) -> Pos {
        span.map_or_else(Pos::default, |span| self.at(span.offset()))
    }

    fn node<T, U>(&self, node: &Node<T>, value: U) -> Positioned<U> {
        Positioned::new(value, self.span(node.location()))
    }

    fn name(&self, name: &judged::Name) -> Positioned<Name> {
        Positioned::new(Name::new(name.as_str()), self.span(name.location()))
    }
}

/// The document as it is executed.
///
/// # Errors
/// `GRAPHQL_VALIDATION_FAILED` for two operations or fragments of one name, of which only one could be measured.
pub(super) fn document(
    document: &ast::Document,
    places: &Places<'_>,
) -> Result<ExecutableDocument, ServerError> {
    let mut fragments = HashMap::new();
    let mut named = HashMap::new();
    let mut anonymous = None;
    for definition in &document.definitions {
        match definition {
            Definition::OperationDefinition(node) => {
                let operation = places.node(node, operation(node, places)?);
                let at = operation.pos;
                match &node.name {
                    Some(name) => once(
                        named.entry(Name::new(name.as_str())),
                        operation,
                        "Two operations have the same name.",
                    )?,
                    None if anonymous.is_none() => anonymous = Some(operation),
                    None => return Err(invalid(ALONE, at)),
                }
            }
            Definition::FragmentDefinition(node) => {
                let fragment = FragmentDefinition {
                    type_condition: condition(&node.type_condition, places),
                    directives: directives(&node.directives, places)?,
                    selection_set: selections(&node.selection_set, places, node)?,
                };
                once(
                    fragments.entry(Name::new(node.name.as_str())),
                    places.node(node, fragment),
                    "Two fragments have the same name.",
                )?;
            }
            _ => {
                let at = places.span(definition.location());
                return Err(invalid(
                    "A request defines operations and fragments only.",
                    at,
                ));
            }
        }
    }
    let operations = match anonymous {
        Some(operation) if named.is_empty() => DocumentOperations::Single(operation),
        Some(operation) => return Err(invalid(ALONE, operation.pos)),
        None if named.is_empty() => {
            return Err(refused(
                code::VALIDATION_FAILED,
                "The document has no operation.",
                [],
            ));
        }
        None => DocumentOperations::Multiple(named),
    };
    Ok(ExecutableDocument {
        operations,
        fragments,
    })
}

const ALONE: &str = "An operation without a name is alone in its document.";

fn invalid(problem: &str, at: Pos) -> ServerError {
    refused(code::VALIDATION_FAILED, problem, [at])
}

fn once<T>(
    place: Entry<'_, Name, Positioned<T>>,
    value: Positioned<T>,
    problem: &str,
) -> Result<(), ServerError> {
    match place {
        Entry::Vacant(place) => {
            place.insert(value);
            Ok(())
        }
        Entry::Occupied(_) => Err(invalid(problem, value.pos)),
    }
}

fn operation(
    operation: &ast::OperationDefinition,
    places: &Places<'_>,
) -> Result<OperationDefinition, ServerError> {
    let variables = operation.variables.iter().map(|node| {
        let default = node.default_value.as_ref();
        let default = default.map(|value| {
            let constant = constant(value, places)?;
            Ok::<_, ServerError>(places.node(value, constant))
        });
        let definition = VariableDefinition {
            name: places.name(&node.name),
            var_type: places.node(&node.ty, kind(&node.ty)),
            directives: directives(&node.directives, places)?,
            default_value: default.transpose()?,
        };
        Ok(places.node(node, definition))
    });
    let variable_definitions = variables.collect::<Result<_, ServerError>>()?;
    let items = items(&operation.selection_set, places)?;
    Ok(OperationDefinition {
        ty: match operation.operation_type {
            ast::OperationType::Query => OperationType::Query,
            ast::OperationType::Mutation => OperationType::Mutation,
            ast::OperationType::Subscription => OperationType::Subscription,
        },
        variable_definitions,
        directives: directives(&operation.directives, places)?,
        selection_set: Positioned::new(SelectionSet { items }, Pos::default()),
    })
}

fn kind(ty: &ast::Type) -> Type {
    let (base, nullable) = match ty {
        ast::Type::Named(name) => (BaseType::Named(Name::new(name.as_str())), true),
        ast::Type::NonNullNamed(name) => (BaseType::Named(Name::new(name.as_str())), false),
        ast::Type::List(inner) => (BaseType::List(Box::new(kind(inner))), true),
        ast::Type::NonNullList(inner) => (BaseType::List(Box::new(kind(inner))), false),
    };
    Type { base, nullable }
}

fn condition(name: &judged::Name, places: &Places<'_>) -> Positioned<TypeCondition> {
    let on = places.name(name);
    let at = on.pos;
    Positioned::new(TypeCondition { on }, at)
}

fn directives(
    list: &ast::DirectiveList,
    places: &Places<'_>,
) -> Result<Vec<Positioned<Directive>>, ServerError> {
    let translated = list.0.iter().map(|node| {
        let directive = Directive {
            name: places.name(&node.name),
            arguments: arguments(&node.arguments, places)?,
        };
        Ok(places.node(node, directive))
    });
    translated.collect()
}

type Arguments = Vec<(Positioned<Name>, Positioned<Value>)>;

fn arguments(list: &[Node<ast::Argument>], places: &Places<'_>) -> Result<Arguments, ServerError> {
    let translated = list.iter().map(|node| {
        let value = value(&node.value, places)?;
        Ok((places.name(&node.name), places.node(&node.value, value)))
    });
    translated.collect()
}

fn selections<T>(
    list: &[ast::Selection],
    places: &Places<'_>,
    owner: &Node<T>,
) -> Result<Positioned<SelectionSet>, ServerError> {
    let items = items(list, places)?;
    Ok(places.node(owner, SelectionSet { items }))
}

/// As deep as brackets may nest.
fn items(
    list: &[ast::Selection],
    places: &Places<'_>,
) -> Result<Vec<Positioned<Selection>>, ServerError> {
    let translated = list.iter().map(|selection| {
        Ok(match selection {
            ast::Selection::Field(node) => {
                let field = Field {
                    alias: node.alias.as_ref().map(|alias| places.name(alias)),
                    name: places.name(&node.name),
                    arguments: arguments(&node.arguments, places)?,
                    directives: directives(&node.directives, places)?,
                    selection_set: selections(&node.selection_set, places, node)?,
                };
                let field = places.node(node, field);
                places.node(node, Selection::Field(field))
            }
            ast::Selection::FragmentSpread(node) => {
                let spread = FragmentSpread {
                    fragment_name: places.name(&node.fragment_name),
                    directives: directives(&node.directives, places)?,
                };
                let spread = places.node(node, spread);
                places.node(node, Selection::FragmentSpread(spread))
            }
            ast::Selection::InlineFragment(node) => {
                let on = node.type_condition.as_ref();
                let fragment = InlineFragment {
                    type_condition: on.map(|name| condition(name, places)),
                    directives: directives(&node.directives, places)?,
                    selection_set: selections(&node.selection_set, places, node)?,
                };
                let fragment = places.node(node, fragment);
                places.node(node, Selection::InlineFragment(fragment))
            }
        })
    });
    translated.collect()
}

fn value(node: &Node<ast::Value>, places: &Places<'_>) -> Result<Value, ServerError> {
    let inner = |node| value(node, places);
    Ok(match node.as_ref() {
        ast::Value::Null => Value::Null,
        ast::Value::Enum(name) => Value::Enum(Name::new(name.as_str())),
        ast::Value::Variable(name) => Value::Variable(Name::new(name.as_str())),
        ast::Value::String(text) => Value::String(text.clone()),
        ast::Value::Boolean(value) => Value::Boolean(*value),
        ast::Value::Int(_) | ast::Value::Float(_) => {
            let number = number(node).ok_or_else(|| {
                let problem = "This number is too large.";
                invalid(problem, places.span(node.location()))
            });
            Value::Number(number?)
        }
        ast::Value::List(list) => Value::List(list.iter().map(inner).collect::<Result<_, _>>()?),
        ast::Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| Ok((Name::new(name.as_str()), inner(value)?)));
            Value::Object(fields.collect::<Result<_, ServerError>>()?)
        }
    })
}

fn constant(node: &Node<ast::Value>, places: &Places<'_>) -> Result<Constant, ServerError> {
    let at = places.span(node.location());
    let constant = value(node, places)?.into_const();
    constant.ok_or_else(|| invalid("A default value holds no variable.", at))
}

/// `None` for what no number of 64 bits comes near.
fn number(node: &ast::Value) -> Option<Number> {
    let text = match node {
        ast::Value::Int(number) => number.as_str(),
        ast::Value::Float(number) => number.as_str(),
        _ => return None,
    };
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_letters() {
        let places = Places::of("a\nbé c\r\nd\re");
        for (offset, line, column) in [
            (0, 1, 1),
            (1, 1, 2),
            (2, 2, 1),
            (5, 2, 3),
            (6, 2, 4),
            (9, 3, 1),
            (11, 4, 1),
            (99, 4, 2),
        ] {
            assert_eq!(places.at(offset), Pos { line, column }, "{offset}");
        }
    }

    /// Where a selection's braces are nobody is told, nor whether a condition begins with its `on`.
    fn forget_braces(json: &mut serde_json::Value) {
        for part in ["selection_set", "type_condition"] {
            if let Some(serde_json::Value::Object(part)) = json.get_mut(part) {
                part.remove("pos");
            }
        }
        match json {
            serde_json::Value::Object(fields) => fields.values_mut().for_each(forget_braces),
            serde_json::Value::Array(items) => items.iter_mut().for_each(forget_braces),
            _ => {}
        }
    }

    #[test]
    fn it_is_what_the_librarys_own_parser_makes_of_it() {
        let text = r#"query A($a: [Int!]! = [1], $b: In = {c: "d", e: F, g: null}) @x {
            h: i(j: $a, k: [1.5, "\u00e9"], l: {m: $b}) @include(if: true) { n ...O }
            ... on P { q } ... { r }
        }
        subscription B { s(t: """u
          v""") }
        fragment O on P { w }"#;
        let parsed = ast::Document::parse(text, "").unwrap();
        let ours = document(&parsed, &Places::of(text)).unwrap();
        let theirs = async_graphql::parser::parse_query(text).unwrap();
        let json = |document| {
            let mut json = serde_json::to_value(document).unwrap();
            forget_braces(&mut json);
            json
        };
        assert_eq!(json(&ours), json(&theirs));
    }
}
