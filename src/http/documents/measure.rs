//! How large an operation is: with each fragment measured once, however often it is spread.

use std::collections::HashMap;

use async_graphql::parser::types::{
    ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Pos, ServerError, Value, Variables};

use super::super::refusal::{refused, too_costly};
use crate::graphql::fault::code;
use crate::graphql::limits::{self, DIRECTIVES, EXPANDED};

const ROOT_FIELDS: usize = limits::ROOT_FIELDS as usize;

/// What the introspection query of common tools takes.
const INTROSPECTION_DEPTH: u32 = 20;
/// Lists of the introspection within one another: common tools take one, and each more multiplies the answer.
const INTROSPECTION_LISTS: u32 = 2;
/// What a field that reads a whole history costs: five of them are an operation's fill.
const REPORT_COST: u32 = 2_000;
const REPORTS: [&str; 4] = [
    "commissionReport",
    "customerReport",
    "agentReport",
    "ledgerCheck",
];
/// Root fields that cost a password's hashing, or are tried by whoever guesses: one an operation.
const ONE_AT_A_TIME: [&str; 7] = [
    "applyToProgram",
    "signIn",
    "signUp",
    "signUpWithAgent",
    "claimAccount",
    "refreshSession",
    "changePassword",
];

/// A field of the root.
#[derive(Clone, Copy, Default)]
pub(super) struct Root<'a> {
    pub name: &'a str,
    aliased: bool,
}

/// How large a selection is, with all that its fragments bring.
#[derive(Clone, Copy, Default)]
struct Size {
    /// Of a connection: it selects `nodes` or `edges`.
    rows: bool,
    /// A field costs 1, a page its size times what is selected of each row.
    cost: u32,
    depth: u32,
    /// Lists of the introspection within one another.
    lists: u32,
    expanded: u32,
    aliases: u32,
    directives: u32,
}

impl Size {
    fn beside(self, other: Self) -> Self {
        Self {
            rows: self.rows || other.rows,
            cost: self.cost.saturating_add(other.cost),
            depth: self.depth.max(other.depth),
            lists: self.lists.max(other.lists),
            expanded: self.expanded.saturating_add(other.expanded),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
        }
    }
}

/// Fields of the introspection that hold lists of types, or of what has types.
fn is_list_of_types(field: &str) -> bool {
    matches!(
        field,
        "fields" | "inputFields" | "interfaces" | "possibleTypes"
    )
}

/// Each fragment measured once, however often it is spread.
pub(super) struct Sizes<'a> {
    document: &'a ExecutableDocument,
    variables: &'a Variables,
    /// `None` while it is being measured: a fragment that spreads itself.
    fragments: HashMap<&'a Name, Option<Size>>,
}

impl<'a> Sizes<'a> {
    pub(super) fn of(document: &'a ExecutableDocument, variables: &'a Variables) -> Self {
        Self {
            document,
            variables,
            fragments: HashMap::new(),
        }
    }

    /// All operations and fragments by what does not depend on variables.
    ///
    /// # Errors
    /// `QUERY_TOO_COSTLY`, and for a fragment that spreads itself `GRAPHQL_VALIDATION_FAILED`.
    pub(super) fn check(&mut self) -> Result<(), ServerError> {
        for (name, fragment) in &self.document.fragments {
            let size = self.fragment(name, fragment.pos)?;
            check_size(size, limits::DEPTH.max(INTROSPECTION_DEPTH))?;
        }
        for (_, operation) in self.document.operations.iter() {
            self.check_operation(&operation.node)?;
        }
        Ok(())
    }

    /// What an operation costs with these variables.
    ///
    /// # Errors
    /// For a fragment that spreads itself `GRAPHQL_VALIDATION_FAILED`.
    pub(super) fn cost(&mut self, operation: &'a OperationDefinition) -> Result<u32, ServerError> {
        Ok(self.measure(&operation.selection_set.node)?.cost)
    }

    fn check_operation(&mut self, operation: &'a OperationDefinition) -> Result<(), ServerError> {
        let mut size = self.measure(&operation.selection_set.node)?;
        let own = small(operation.directives.len());
        size.directives = size.directives.saturating_add(own);
        let roots = self.roots(&operation.selection_set.node);
        let introspects = roots.iter().any(|root| is_introspection(root.name));
        let once = |root: &&Root| ONE_AT_A_TIME.contains(&root.name);
        let depth = if introspects {
            INTROSPECTION_DEPTH
        } else {
            limits::DEPTH
        };
        check_size(size, depth)?;
        let problem = if introspects && size.lists > INTROSPECTION_LISTS {
            format!("Introspection nests its lists at most {INTROSPECTION_LISTS} deep.")
        } else if roots.len() > ROOT_FIELDS {
            format!("An operation has at most {ROOT_FIELDS} root fields.")
        } else if introspects && !roots.iter().all(|root| root.name.starts_with("__")) {
            "Introspection is alone in its operation.".into()
        } else if roots.iter().filter(once).count() > 1 {
            "An operation signs in or up once.".into()
        } else if roots.iter().filter(once).any(|root| root.aliased) {
            "What signs in or up has no alias.".into()
        } else {
            return Ok(());
        };
        Err(too_costly(problem))
    }

    fn measure(&mut self, selections: &'a SelectionSet) -> Result<Size, ServerError> {
        let mut sum = Size::default();
        for selection in &selections.items {
            let size = match &selection.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    let inner = self.measure(&field.selection_set.node)?;
                    let name = field.name.node.as_str();
                    // `nodes(ids:)` of the root takes as many as a page; a report's page size stands on its parent.
                    let by_ids = field.get_argument("ids").is_some();
                    let size = if by_ids || (name == "rows" && inner.rows) {
                        limits::PAGE_MAX
                    } else if inner.rows {
                        self.page_size(field)
                    } else {
                        1
                    };
                    let own = if REPORTS.contains(&name) {
                        REPORT_COST
                    } else {
                        1
                    };
                    Size {
                        rows: matches!(name, "nodes" | "edges") && !by_ids,
                        cost: inner.cost.saturating_mul(size).saturating_add(own),
                        lists: inner.lists.saturating_add(is_list_of_types(name).into()),
                        depth: inner.depth + 1,
                        expanded: inner.expanded.saturating_add(1),
                        aliases: inner.aliases.saturating_add(field.alias.is_some().into()),
                        directives: inner
                            .directives
                            .saturating_add(small(field.directives.len())),
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let fragment = &fragment.node;
                    let inner = self.measure(&fragment.selection_set.node)?;
                    spread(inner, fragment.directives.len())
                }
                Selection::FragmentSpread(fragment) => {
                    let fragment = &fragment.node;
                    let inner = self.fragment(&fragment.fragment_name.node, selection.pos)?;
                    spread(inner, fragment.directives.len())
                }
            };
            sum = sum.beside(size);
        }
        Ok(sum)
    }

    /// What `first` or `last` say; more than a page can have is refused later, by whoever reads it.
    fn page_size(&self, field: &Field) -> u32 {
        let said = |name| {
            let value = field.get_argument(name)?.node.clone();
            let value =
                value.into_const_with(|variable| self.variables.get(&variable).cloned().ok_or(()));
            match value {
                Ok(Value::Number(number)) => Some(number.as_u64().unwrap_or_default()),
                _ => None,
            }
        };
        let size = said("first").or_else(|| said("last"));
        let size = size.unwrap_or(limits::PAGE_DEFAULT.into());
        u32::try_from(size.min(limits::PAGE_MAX.into())).unwrap_or(limits::PAGE_MAX)
    }

    fn fragment(&mut self, name: &'a Name, at: Pos) -> Result<Size, ServerError> {
        match self.fragments.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => {
                let problem = "A fragment cannot spread itself.";
                return Err(refused(code::VALIDATION_FAILED, problem, [at]));
            }
            None => {}
        }
        let Some(fragment) = self.document.fragments.get(name) else {
            // The library says so, with a better message.
            return Ok(Size::default());
        };
        self.fragments.insert(name, None);
        let size = self.measure(&fragment.node.selection_set.node)?;
        self.fragments.insert(name, Some(size));
        Ok(size)
    }

    /// The names of the root fields, as far as they matter: one more than allowed, and it is too many.
    pub(super) fn roots(&self, selections: &'a SelectionSet) -> Vec<Root<'a>> {
        let mut roots = Vec::new();
        let mut open = vec![selections];
        while let Some(selections) = open.pop() {
            for selection in &selections.items {
                match &selection.node {
                    Selection::Field(field) => roots.push(Root {
                        name: &field.node.name.node,
                        aliased: field.node.alias.is_some(),
                    }),
                    Selection::InlineFragment(fragment) => {
                        open.push(&fragment.node.selection_set.node);
                    }
                    Selection::FragmentSpread(spread) => {
                        let name = &spread.node.fragment_name.node;
                        let fragment = self.document.fragments.get(name);
                        open.extend(fragment.map(|it| &it.node.selection_set.node));
                    }
                }
                if roots.len() > ROOT_FIELDS || open.len() > ROOT_FIELDS {
                    roots.resize(ROOT_FIELDS + 1, Root::default());
                    return roots;
                }
            }
        }
        roots
    }
}

fn check_size(size: Size, depth: u32) -> Result<(), ServerError> {
    let problem = if size.depth > depth {
        format!("Selections nest at most {depth} deep.")
    } else if size.aliases > limits::ALIASES {
        format!("A document has at most {} aliases.", limits::ALIASES)
    } else if size.directives > DIRECTIVES {
        format!("A document has at most {DIRECTIVES} directives.")
    } else if size.expanded > EXPANDED {
        format!("A document selects at most {EXPANDED} fields, counted where fragments are spread.")
    } else {
        return Ok(());
    };
    Err(too_costly(problem))
}

fn spread(inner: Size, directives: usize) -> Size {
    Size {
        expanded: inner.expanded.saturating_add(1),
        directives: inner.directives.saturating_add(small(directives)),
        ..inner
    }
}

fn is_introspection(root: &str) -> bool {
    matches!(root, "__schema" | "__type")
}

/// Counts are bounded by the tokens.
fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
