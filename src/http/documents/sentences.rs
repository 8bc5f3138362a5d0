//! What is wrong with a document, in sentences that repeat nothing of it but what the schema says too: who mistakes a
//! field for a password's place shall not find the password in a log.

use apollo_compiler::diagnostic::ToCliReport;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::{DiagnosticData, DiagnosticList};
use apollo_compiler::{Schema, collections::HashSet};
use async_graphql::ServerError;

use super::super::refusal::{refused, too_costly};
use super::translate::Places;
use crate::graphql::fault::{ERRORS, code};

/// The names that a sentence may hold.
#[derive(Debug)]
pub(super) struct Words(HashSet<String>);

impl Words {
    pub(super) fn of(schema: &Schema) -> Self {
        let mut words = HashSet::default();
        for (name, definition) in &schema.types {
            words.insert(name.to_string());
            let fields = match definition {
                ExtendedType::Object(it) => &it.fields,
                ExtendedType::Interface(it) => &it.fields,
                ExtendedType::Enum(it) => {
                    words.extend(it.values.keys().map(ToString::to_string));
                    continue;
                }
                ExtendedType::InputObject(it) => {
                    words.extend(it.fields.keys().map(ToString::to_string));
                    continue;
                }
                ExtendedType::Scalar(_) | ExtendedType::Union(_) => continue,
            };
            for (name, field) in fields {
                words.insert(name.to_string());
                words.extend(field.arguments.iter().map(|it| it.name.to_string()));
            }
        }
        for (name, directive) in &schema.directive_definitions {
            words.insert(name.to_string());
            words.extend(directive.arguments.iter().map(|it| it.name.to_string()));
        }
        // Of the specification's, those that this schema does not use.
        words.extend(["Int", "Float", "String", "Boolean", "ID"].map(String::from));
        Self(words)
    }

    /// Whether all names within are the schema's: `Query.node`, `[ID!]!`, `Query.node(id:)`.
    fn know(&self, part: &str) -> bool {
        part.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .filter(|word| !word.is_empty())
            .all(|word| self.0.contains(word))
    }

    /// What is wrong with a document that is no GraphQL.
    pub(super) fn syntax(&self, found: &DiagnosticList, places: &Places<'_>) -> Vec<ServerError> {
        let told = found.iter().take(ERRORS).map(|found| {
            let text = found.error.to_string();
            let Some(problem) = text.strip_prefix("syntax error: ") else {
                return too_costly("The document is too large to be parsed.");
            };
            let at = places.span(found.error.location());
            refused(code::PARSE_FAILED, syntax(problem), [at])
        });
        told.collect()
    }

    /// What is wrong with a document that does not fit the schema.
    pub(super) fn misfits(&self, found: &DiagnosticList, places: &Places<'_>) -> Vec<ServerError> {
        let told = found.iter().take(ERRORS).map(|found| {
            let problem = self.misfit(found.error);
            let at = found.error.location().map(|span| places.at(span.offset()));
            refused(code::VALIDATION_FAILED, problem, at)
        });
        told.collect()
    }

    fn misfit(&self, found: &DiagnosticData) -> String {
        let text = found.to_string();
        // What stands between backticks: names of the schema, and of the document.
        let quoted: Vec<&str> = text.split('`').skip(1).step_by(2).collect();
        let name = |at: usize| match quoted.get(at) {
            Some(part) if self.know(part) => format!("`{part}`"),
            _ => "This type".to_owned(),
        };
        match found.unstable_error_name().unwrap_or_default() {
            "UndefinedField" => format!("{} has no field of this name.", name(0)),
            "UndefinedArgument" => format!("{} has no argument of this name.", name(1)),
            "UndefinedDefinition"
            | "UndefinedTypeInNamedFragmentTypeCondition"
            | "UndefinedTypeInInlineFragmentTypeCondition" => {
                "The schema has no type of this name.".into()
            }
            "UndefinedDirective" => "The schema has no directive of this name.".into(),
            "UndefinedVariable" => "The operation declares no variable of this name.".into(),
            "UndefinedFragment" => "The document has no fragment of this name.".into(),
            "UndefinedEnumValue" => format!("{} has no value of this name.", name(1)),
            "UndefinedInputValue" => format!("{} has no field of this name.", name(1)),
            "UndefinedRootOperation" => "The schema has no operations of this kind.".into(),
            "UniqueVariable" => "Two variables have the same name.".into(),
            "UniqueArgument" => "This argument is given twice.".into(),
            "UniqueInputValue" => "This field is given twice.".into(),
            "UniqueDirective" => "This directive stands here twice.".into(),
            "RequiredArgument" => format!("The argument {} is required.", name(0)),
            "RequiredField" => format!("The field {} is required.", name(0)),
            "VariableInputType" => "A variable is of an input type.".into(),
            "UnusedVariable" => "This variable is declared and not used.".into(),
            "UnusedFragment" => "This fragment is defined and not used.".into(),
            "UnsupportedLocation" => "This directive cannot stand here.".into(),
            "UnsupportedValueType" => {
                let ty = text
                    .strip_prefix("expected value of type ")
                    .and_then(|rest| rest.split_once(','))
                    .map(|(ty, _)| ty)
                    .filter(|ty| self.know(ty));
                match ty {
                    Some(ty) => format!("A value of type `{ty}` belongs here."),
                    None => "A value of another type belongs here.".into(),
                }
            }
            "IntCoercionError" => "`Int` is a whole number of 32 bits.".into(),
            "FloatCoercionError" => "`Float` is a finite number of 64 bits.".into(),
            "MissingSubselection" => "This field needs a selection of its own fields.".into(),
            "SubselectionOnScalarType" | "SubselectionOnEnumType" => {
                format!("{} has no fields to select.", name(0))
            }
            "InvalidFragmentTarget" => {
                "A fragment is on an object, an interface or a union.".into()
            }
            "InvalidFragmentSpread" => "This fragment can never apply here.".into(),
            "RecursiveFragmentDefinition" => "A fragment cannot spread itself.".into(),
            "DisallowedVariableUsage" => {
                format!(
                    "A variable of type {} cannot stand where {} belongs.",
                    name(1),
                    name(3)
                )
            }
            "ConflictingFieldType" | "ConflictingFieldName" | "ConflictingFieldArgument" => {
                "Different fields would have the same name in the answer: give one an alias.".into()
            }
            "SubscriptionUsesMultipleFields" => "A subscription has one root field.".into(),
            "SubscriptionUsesIntrospection" => "A subscription has no introspection.".into(),
            "SubscriptionUsesConditionalSelection" => {
                "A subscription's root field is neither skipped nor included.".into()
            }
            "RecursionError" | "RecursionLimitError" => {
                "Fragments spread one another too deeply.".into()
            }
            _ => "The document does not fit the schema.".into(),
        }
    }
}

/// The parser's words, and none of the document's: it quotes what it got.
fn syntax(problem: &str) -> String {
    let own = problem.split(", got ").next().unwrap_or_default();
    let own = own.split(['`', '"', '<']).next().unwrap_or_default();
    let own = own.trim().trim_end_matches('.');
    let token = own.strip_prefix("expected ").and_then(token);
    match token {
        Some(token) => format!("Syntax error: expected {token}."),
        None if own == "Unexpected character" || own == "Unexpected" => {
            "Syntax error: something that does not belong here.".into()
        }
        None => format!("Syntax error: {own}."),
    }
}

fn token(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "BANG" => "`!`",
        "DOLLAR" | "$" => "`$`",
        "AMP" => "`&`",
        "SPREAD" => "`...`",
        "COMMA" => "`,`",
        "COLON" => "`:`",
        "EQ" => "`=`",
        "AT" => "`@`",
        "L_PAREN" => "`(`",
        "R_PAREN" => "`)`",
        "L_BRACK" => "`[`",
        "R_BRACK" => "`]`",
        "L_CURLY" => "`{`",
        "R_CURLY" => "`}`",
        "PIPE" => "`|`",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_syntax_error_is_told_in_the_parsers_words_only() {
        for (problem, told) in [
            (
                "expected R_CURLY, got secret",
                "Syntax error: expected `}`.",
            ),
            ("expected a Name", "Syntax error: expected a Name."),
            (
                "Unexpected character \"secret\"",
                "Syntax error: something that does not belong here.",
            ),
            (
                "Unexpected <EOF>.",
                "Syntax error: something that does not belong here.",
            ),
            (
                "unterminated string value",
                "Syntax error: unterminated string value.",
            ),
        ] {
            assert_eq!(syntax(problem), told);
        }
    }
}
