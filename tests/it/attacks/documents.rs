//! Small documents that cost much.

use serde_json::{Value, json};

use super::siege::{Siege, code};
use crate::support::app::TestApp;

/// A text for each number, one behind the other.
fn each(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect::<Vec<_>>().concat()
}

fn deep(open: &str, close: &str, times: usize) -> String {
    format!("{}{}", open.repeat(times), close.repeat(times))
}

/// Each fragment spreads the next one twice.
fn bomb(fragments: usize) -> String {
    let chain = each(fragments, |n| {
        format!("fragment f{n} on Query {{ ...f{0} ...f{0} }} ", n + 1)
    });
    format!("{{ ...f0 }} {chain} fragment f{fragments} on Query {{ __typename }}")
}

const COSTLY: &str = "QUERY_TOO_COSTLY";
const INVALID: &str = "GRAPHQL_VALIDATION_FAILED";

#[expect(clippy::too_many_lines, reason = "it is a table")]
fn refused() -> Vec<(&'static str, String, &'static str)> {
    let sign_in =
        |input: &str| format!("mutation {{ signIn(input: {input}) {{ userErrors {{ code }} }} }}");
    vec![
        ("a fragment bomb", bomb(20), COSTLY),
        ("a longer fragment bomb", bomb(120), COSTLY),
        (
            "a fragment of itself",
            "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }".into(),
            INVALID,
        ),
        (
            "10,000 aliases",
            format!("{{ {} }}", each(10_000, |n| format!("a{n}: __typename "))),
            COSTLY,
        ),
        (
            "600 aliases",
            format!(
                "{{ program {{ {} }} }}",
                each(600, |n| format!("a{n}: name "))
            ),
            COSTLY,
        ),
        (
            "10,000 directives",
            format!("{{ __typename {} }}", "@a ".repeat(10_000)),
            COSTLY,
        ),
        (
            "600 directives",
            format!("{{ __typename {} }}", "@a ".repeat(600)),
            COSTLY,
        ),
        (
            "10,000 variables",
            format!(
                "query({}) {{ __typename }}",
                each(10_000, |n| format!("$v{n}:A "))
            ),
            COSTLY,
        ),
        (
            "400 variables",
            format!(
                "query({}) {{ __typename }}",
                each(400, |n| format!("$v{n}: Int "))
            ),
            INVALID,
        ),
        ("selections 10,000 deep", deep("{a", "}", 10_000), COSTLY),
        (
            "lists 10,000 deep",
            format!("{{ a(b: {}) }}", deep("[", "]", 10_000)),
            COSTLY,
        ),
        (
            "objects 10,000 deep",
            format!(
                "{{ a(b: {}1{}) }}",
                "{c:".repeat(10_000),
                "}".repeat(10_000)
            ),
            COSTLY,
        ),
        (
            "types 10,000 deep",
            format!("query($a: {}) {{ a }}", deep("[", "]", 10_000)),
            COSTLY,
        ),
        ("open brackets alone", "[".repeat(90_000), COSTLY),
        (
            "selections 35 deep",
            format!("{{ {}name{} }}", "program {".repeat(35), "}".repeat(35)),
            COSTLY,
        ),
        (
            "lists 35 deep",
            sign_in(&format!("{}1{}", "[".repeat(35), "]".repeat(35))),
            INVALID,
        ),
        (
            "a doubled input field",
            sign_in("{email: \"a\", password: \"b\", email: \"c\"}"),
            INVALID,
        ),
        (
            "400 doubled input fields",
            sign_in(&format!("{{{}}}", "email: \"a\" ".repeat(400))),
            INVALID,
        ),
        (
            "a long list",
            sign_in(&format!("[{}]", "1 ".repeat(1_900))),
            INVALID,
        ),
        (
            "unknown fields",
            format!("{{ program {{ {} }} }}", each(900, |n| format!("n{n} "))),
            INVALID,
        ),
        (
            "fields that do not merge",
            format!(
                "{{ {} }}",
                each(18, |n| format!("callRate(to: \"{n}\") {{ prefix }} "))
            ),
            INVALID,
        ),
        (
            "introspection in introspection",
            format!(
                "{{ __schema {{ types {{ {}name{} }} }} }}",
                "fields { type { ".repeat(9),
                " } }".repeat(9)
            ),
            COSTLY,
        ),
        (
            "a number of 90,000 digits",
            format!(
                "{{ products(first: {}) {{ totalCount }} }}",
                "9".repeat(90_000)
            ),
            INVALID,
        ),
        (
            "a string without an end",
            format!("{{ a(b: \"{}", "x".repeat(90_000)),
            "GRAPHQL_PARSE_FAILED",
        ),
        (
            "a block string without an end",
            format!("{{ a(b: \"\"\"{}", "\\\"\"\"".repeat(8_000)),
            "GRAPHQL_PARSE_FAILED",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_that_would_cost_much_cost_little() {
    let siege = Siege::begin(TestApp::sqlite().await).await;
    for (name, document, wanted) in refused() {
        let body = json!({ "query": document }).to_string();
        let (_, answer) = siege.attack(name, siege.post(body)).await;
        assert_eq!(code(&answer), wanted, "{name}: {answer}");
        assert_eq!(answer.get("data"), None, "{name}");
    }
    let merging = format!("{{ program {{ {} }} }}", "name ".repeat(990));
    let comment = format!("{{ __typename }} #{}", "x".repeat(90_000));
    let spreads = format!(
        "{{ program {{ {} }} }} fragment f on Program {{ name }}",
        "...f ".repeat(300)
    );
    for (name, document) in [
        ("a field 990 times", merging),
        ("a comment of 90 kB", comment),
        ("a fragment 300 times", spreads),
    ] {
        let body = json!({ "query": document }).to_string();
        let (status, answer) = siege.attack(name, siege.post(body)).await;
        assert_eq!(
            (status, answer.get("errors")),
            (200, None),
            "{name}: {answer}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn variables_by_the_thousand_and_doubled_ones_are_refused() {
    let siege = Siege::begin(TestApp::sqlite().await).await;
    let given: serde_json::Map<String, Value> =
        (0..10_000).map(|n| (format!("v{n}"), json!(n))).collect();
    let body = json!({ "query": "query($v1: Int!) { products(first: $v1) { totalCount } }", "variables": given });
    let attack = siege.post(body.to_string());
    let (_, answer) = siege
        .attack("10,000 variables that nobody declared", attack)
        .await;
    assert_eq!(code(&answer), COSTLY, "more than 100 kB: {answer}");
    let document =
        r#""query":"mutation($i: SignInInput!) { signIn(input: $i) { userErrors { code } } }""#;
    for (name, variables) in [
        (
            "a doubled field",
            r#"{"i":{"email":"a","email":"b","password":"c"}}"#.to_owned(),
        ),
        (
            "a field doubled 5,000 times",
            format!(r#"{{"i":{{{}"a":1}}}}"#, r#""a":1,"#.repeat(5_000)),
        ),
        (
            "a doubled variable",
            r#"{"i":{"email":"a","password":"c"},"i":null}"#.to_owned(),
        ),
        (
            "arrays 40,000 deep",
            format!(r#"{{"i":{}}}"#, deep("[", "]", 40_000)),
        ),
        (
            "objects 12,000 deep",
            format!(
                r#"{{"i":{}1{}}}"#,
                "{\"a\":".repeat(12_000),
                "}".repeat(12_000)
            ),
        ),
        (
            "40,000 values",
            format!(r#"{{"i":[{}0]}}"#, "0,".repeat(40_000)),
        ),
        (
            "5,000 unknown fields",
            format!(
                r#"{{"i":{{{}"a":1}}}}"#,
                each(5_000, |n| format!("\"b{n}\":1,"))
            ),
        ),
    ] {
        let body = format!("{{{document},\"variables\":{variables}}}");
        let (status, answer) = siege.attack(name, siege.post(body)).await;
        assert_eq!(
            (status, code(&answer)),
            (400, "BAD_USER_INPUT"),
            "{name}: {answer}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_new_documents_does_not_fill_the_memory() {
    let siege = Siege::begin(TestApp::sqlite().await).await;
    // Large, good, and each another one, so that each is judged and would be remembered.
    let document = |n: usize| {
        let names = "name ".repeat(900);
        format!("query q{n} {{ program {{ {names} }} }}")
    };
    let flood = async {
        for n in 0..40 {
            let body = json!({ "query": document(n) }).to_string();
            assert_eq!(siege.post(body).await.0, 200);
        }
    };
    siege.attack("40 large new documents", flood).await;
}
