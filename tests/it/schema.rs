//! The promise: `schema.graphql` is what the server serves, and every root field has its row in the table of who may ask.

use std::path::Path;

use agent_program::graphql::{access, sdl};
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};

#[test]
fn the_committed_schema_is_the_one_served() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.graphql");
    let served = sdl();
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&file, &served).expect("a writable schema.graphql");
    }
    let committed = std::fs::read_to_string(&file).expect("schema.graphql");
    let differs = committed.lines().zip(served.lines()).find(|(a, b)| a != b);
    assert!(
        committed == served,
        "schema.graphql is not what is served, first at {differs:?}; if that is meant: \
         UPDATE_SCHEMA=1 cargo test --test it the_committed_schema"
    );
}

#[test]
fn every_root_field_says_who_may_ask() {
    let schema = parse_schema(sdl()).expect("the schema parses");
    let mut seen = 0;
    for definition in schema.definitions {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        let name = definition.node.name.node.to_string();
        if !["Query", "Mutation", "Subscription"].contains(&name.as_str()) {
            continue;
        }
        let TypeKind::Object(object) = definition.node.kind else {
            panic!("{name} is no object");
        };
        for field in object.fields {
            let field = field.node;
            seen += 1;
            assert!(
                access::knows(&field.name.node),
                "{name}.{} has no row in the access table",
                field.name.node
            );
            let description = field.description.map(|text| text.node).unwrap_or_default();
            assert!(
                name == "Subscription" || description.contains("Example"),
                "{name}.{} has no example",
                field.name.node
            );
        }
    }
    assert!(seen > 10, "only {seen} root fields");
}

#[test]
fn the_specifications_own_directives_are_not_in_the_file() {
    let sdl = sdl();
    for directive in ["@include", "@skip", "@deprecated", "@specifiedBy", "@oneOf"] {
        assert!(
            !sdl.contains(&format!("directive {directive}")),
            "{directive}"
        );
    }
}
