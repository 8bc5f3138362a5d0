//! The schema's types, to walk.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::LazyLock;

use agent_program::graphql::sdl;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{BaseType, Type, TypeKind, TypeSystemDefinition};

/// A field of a type, or an argument.
pub struct Field {
    pub name: String,
    /// The named type, whatever lists it stands in.
    pub kind: String,
    pub required: bool,
    pub arguments: Vec<Field>,
}

/// The schema as clients get it.
#[derive(Default)]
pub struct Types {
    pub outputs: BTreeMap<String, Vec<Field>>,
    pub inputs: BTreeMap<String, Vec<Field>>,
    pub one_of: BTreeSet<String>,
    /// Who implements an interface.
    pub members: BTreeMap<String, Vec<String>>,
}

fn field(name: &str, kind: &Type, has_default: bool) -> Field {
    let mut base = &kind.base;
    while let BaseType::List(inner) = base {
        base = &inner.base;
    }
    let BaseType::Named(named) = base else {
        unreachable!("a list ends in a name")
    };
    Field {
        name: name.into(),
        kind: named.to_string(),
        required: !kind.nullable && !has_default,
        arguments: vec![],
    }
}

/// The types of the served schema.
pub static TYPES: LazyLock<Types> = LazyLock::new(|| {
    let mut types = Types::default();
    for definition in parse_schema(sdl()).expect("the schema parses").definitions {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        let name = definition.node.name.node.to_string();
        let outputs = match definition.node.kind {
            TypeKind::Object(object) => {
                for interface in object.implements {
                    let members = types.members.entry(interface.node.to_string());
                    members.or_default().push(name.clone());
                }
                object.fields
            }
            TypeKind::Interface(interface) => interface.fields,
            TypeKind::InputObject(input) => {
                if sdl().contains(&format!("input {name} @oneOf")) {
                    types.one_of.insert(name.clone());
                }
                let fields = input.fields.iter().map(|given| {
                    let given = &given.node;
                    field(
                        &given.name.node,
                        &given.ty.node,
                        given.default_value.is_some(),
                    )
                });
                types.inputs.insert(name, fields.collect());
                continue;
            }
            _ => continue,
        };
        let fields = outputs.iter().map(|output| {
            let output = &output.node;
            let arguments = output.arguments.iter().map(|argument| {
                let argument = &argument.node;
                let has_default = argument.default_value.is_some();
                field(&argument.name.node, &argument.ty.node, has_default)
            });
            let arguments = arguments.collect();
            Field {
                arguments,
                ..field(&output.name.node, &output.ty.node, false)
            }
        });
        types.outputs.insert(name, fields.collect());
    }
    types
});

impl Types {
    /// The fields of a root type.
    pub fn root(&self, name: &str) -> &[Field] {
        &self.outputs[name]
    }

    /// All that can be selected of a type without arguments, so many objects deep; of a page its `nodes`.
    pub fn selection(&self, kind: &str, depth: usize) -> String {
        let mut text = String::from("__typename ");
        let is_page = kind.ends_with("Connection");
        for field in &self.outputs[kind] {
            if field.arguments.iter().any(|argument| argument.required)
                || (is_page && field.name == "edges")
            {
                continue;
            }
            if !self.outputs.contains_key(&field.kind) {
                write!(text, "{} ", field.name).expect("a text");
            } else if depth > 0 {
                let deeper = if is_page { depth } else { depth - 1 };
                let inner = self.selection(&field.kind, deeper);
                write!(text, "{} {{ {inner}}} ", field.name).expect("a text");
            }
        }
        // What a node has beside its id is asked for where the node is at home.
        let members = self.members.get(kind).filter(|_| kind != "Node");
        for member in members.into_iter().flatten() {
            // Each under names of its own: fields of the same name have other types elsewhere.
            let inner = self.own_selection(kind, member, depth.saturating_sub(1));
            write!(text, "... on {member} {{ {inner}}} ").expect("a text");
        }
        text
    }

    /// What a member has beside what its interface has, under names of its own.
    fn own_selection(&self, kind: &str, member: &str, depth: usize) -> String {
        let mut text = String::from("__typename ");
        let shared = |name: &str| self.outputs[kind].iter().any(|field| field.name == name);
        for field in &self.outputs[member] {
            let needs = field.arguments.iter().any(|argument| argument.required);
            if needs || shared(&field.name) {
                continue;
            }
            let name = &field.name;
            if !self.outputs.contains_key(&field.kind) {
                write!(text, "{member}_{name}: {name} ").expect("a text");
            } else if depth > 0 {
                let inner = self.selection(&field.kind, depth - 1);
                write!(text, "{member}_{name}: {name} {{ {inner}}} ").expect("a text");
            }
        }
        text
    }

    /// A mutation with all that its payload shows.
    pub fn mutation(&self, name: &str) -> String {
        let field = self
            .root("Mutation")
            .iter()
            .find(|field| field.name == name);
        let field = field.unwrap_or_else(|| panic!("no mutation {name}"));
        let payload = self.selection(&field.kind, 2);
        match field.arguments.first() {
            Some(input) => format!(
                "mutation($input: {}!) {{ {name}(input: $input) {{ {payload}}} }}",
                input.kind
            ),
            None => format!("mutation {{ {name} {{ {payload}}} }}"),
        }
    }
}
