//! The tables of who may ask and who sees, against the schema and against what is answered.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use agent_program::graphql::access::{self, Standing};
use agent_program::graphql::cursor::{EventCursor, EventStream};
use agent_program::graphql::seen;
use serde_json::{Value, json};

use crate::support::app::{TestApp, text};
use crate::support::caller::Caller;
use crate::support::pair::{Pair, filled, instant};
use crate::support::types::{Field, TYPES};

const ROOTS: [&str; 3] = ["Query", "Mutation", "Subscription"];

#[test]
fn every_field_of_every_type_has_a_row_that_says_whose_it_is() {
    let mut missing = Vec::new();
    for (kind, fields) in &TYPES.outputs {
        for field in fields {
            let name = &field.name;
            if ROOTS.contains(&kind.as_str()) {
                if !access::knows(name) {
                    missing.push(format!(
                        "{kind}.{name}: nobody may ask for it. Say who in TABLE of src/graphql/access.rs"
                    ));
                }
            } else if !seen::covers(kind, name, &field.kind) {
                missing.push(format!(
                    "{kind}.{name}: nobody may see it. Say who in SEEN of src/graphql/seen.rs: (\"{kind}\", \"*\", …) for \
                     the whole type, or (\"{kind}\", \"{name}\", …) where this field is shown to others than the rest"
                ));
            }
        }
    }
    assert!(missing.is_empty(), "\n{}\n", missing.join("\n"));
    for (kind, field) in seen::rows() {
        let fields = TYPES.outputs.get(kind);
        let fields = fields.unwrap_or_else(|| panic!("a row for {kind}, which is no type"));
        let known = field == "*" || fields.iter().any(|it| it.name == field);
        assert!(known, "a row for {kind}.{field}, which is no field");
    }
}

/// Each standing, and who stands so to what is A's.
fn everybody(app: &TestApp, pair: &Pair) -> [(Standing, Caller); 7] {
    [
        (Standing::Anonymous, app.anonymous()),
        (Standing::Customer, pair.a.customer.caller.clone()),
        (Standing::Agent, pair.a.agent.caller.clone()),
        (Standing::ManagingAgent, pair.a.agent.caller.clone()),
        (Standing::Operator, pair.operator.clone()),
        (Standing::Switch, pair.switch.clone()),
        (Standing::Processor, pair.processor.clone()),
    ]
}

/// What became of a root field: `""` where it was answered, or the code of its error.
fn code<'a>(answer: &'a Value, field: &str) -> &'a str {
    let errors = answer["errors"].as_array();
    let own = |error: &&Value| error["path"].as_array().is_none_or(|path| path.len() == 1);
    let error = errors.into_iter().flatten().find(own);
    let code = error.map_or("", |error| text(&error["extensions"]["code"]));
    assert!(
        code.is_empty() || answer["data"][field].is_null(),
        "{field} is answered and refused: {answer:#}"
    );
    code
}

/// By the table: answered, or refused as a stranger is or as somebody else is.
fn check(standing: Standing, field: &str, code: &str, answer: &Value) {
    let wanted = match standing {
        _ if access::may_ask(standing, field) => "",
        Standing::Anonymous => "UNAUTHENTICATED",
        _ => "FORBIDDEN",
    };
    assert_eq!(code, wanted, "{standing:?} asks {field}: {answer:#}");
}

on_both!(every_query_asked_by_everybody_is_answered_by_the_table);
async fn every_query_asked_by_everybody_is_answered_by_the_table(app: TestApp) {
    let pair = Pair::new(&app).await;
    for (standing, caller) in everybody(&app, &pair) {
        for field in TYPES.root("Query") {
            let (declared, passed, variables) = required(field, &pair);
            let inner = if TYPES.outputs.contains_key(&field.kind) {
                format!("{{ {} }}", TYPES.selection(&field.kind, 1))
            } else {
                String::new()
            };
            let query = format!("query Q{declared} {{ {}{passed} {inner} }}", field.name);
            let answer = caller.ask(&query, variables).await;
            check(standing, &field.name, code(&answer, &field.name), &answer);
        }
    }
}

/// What an operator has to say, and others need not.
fn needed(argument: &Field) -> bool {
    argument.required || argument.name == "accountOf"
}

/// The arguments that a query cannot do without, with A's ids.
fn required(field: &Field, pair: &Pair) -> (String, String, Value) {
    let ids = &pair.a.ids;
    let period = json!({ "from": "2026-10-01", "to": "2026-12-01" });
    let (mut declared, mut passed) = (String::new(), String::new());
    let mut variables = serde_json::Map::new();
    for argument in field.arguments.iter().filter(|it| needed(it)) {
        let (name, kind) = (&argument.name, &argument.kind);
        let (kind, value) = match name.as_str() {
            "ids" => ("[ID!]!".into(), json!([ids.customer, ids.charge])),
            "id" | "customerId" => ("ID!".into(), json!(ids.customer)),
            "accountOf" => ("ID".into(), json!(ids.customer)),
            "agentId" => ("ID!".into(), json!(ids.agent)),
            "agentNumber" => (format!("{kind}!"), json!(ids.agent_number)),
            "to" => (format!("{kind}!"), json!("+12125550123")),
            "amount" => (format!("{kind}!"), json!("20.00")),
            "method" => (format!("{kind}!"), json!("CHECK")),
            "month" => (format!("{kind}!"), json!("2026-11-01")),
            "commissionRate" => (format!("{kind}!"), json!("5.00")),
            "period" => (format!("{kind}!"), period.clone()),
            "input" => (format!("{kind}!"), json!({ "period": period })),
            other => panic!(
                "Query.{}({other}) is new: say here what everybody asks by it",
                field.name
            ),
        };
        write!(declared, "${name}: {kind} ").expect("a text");
        write!(passed, "{name}: ${name} ").expect("a text");
        variables.insert(name.clone(), value);
    }
    if !declared.is_empty() {
        declared = format!("({declared})");
        passed = format!("({passed})");
    }
    (declared, passed, Value::Object(variables))
}

on_both!(every_mutation_asked_by_everybody_is_answered_by_the_table);
async fn every_mutation_asked_by_everybody_is_answered_by_the_table(app: TestApp) {
    let pair = Pair::new(&app).await;
    let ids = &pair.a.ids;
    let known: BTreeSet<String> = { TYPES.root("Mutation").iter() }
        .map(|field| field.name.clone())
        .collect();
    let forms: BTreeSet<String> = { filled(&app, ids).into_iter() }
        .map(|form| form.mutation.to_owned())
        .chain(["signOut".to_owned()])
        .collect();
    assert_eq!(
        forms, known,
        "each has its form in tests/it/support/forms.rs"
    );
    // First those who may not, to whom nothing happens; then those who may, and signing out when all is done.
    for allowed in [false, true] {
        for (standing, caller) in everybody(&app, &pair) {
            for mut form in filled(&app, ids) {
                let name = form.mutation;
                if access::may_ask(standing, name) != allowed || name == "signOut" {
                    continue;
                }
                if name == "changePassword" {
                    form.input["currentPassword"] = json!("a wrong harbour");
                }
                let document = TYPES.mutation(name);
                let answer = caller.ask(&document, json!({ "input": form.input })).await;
                let code = code(&answer, name);
                // What may be asked for may still be asked of something that is not one's own.
                let not_its_own = allowed && code == "FORBIDDEN" && form.by != by(standing);
                if !not_its_own {
                    check(standing, name, code, &answer);
                }
            }
        }
    }
    for (standing, caller) in everybody(&app, &pair) {
        if standing != Standing::ManagingAgent {
            let answer = caller.ask(&TYPES.mutation("signOut"), json!({})).await;
            check(standing, "signOut", code(&answer, "signOut"), &answer);
        }
    }
}

fn by(standing: Standing) -> crate::support::forms::By {
    use crate::support::forms::By;
    match standing {
        Standing::Anonymous => By::Anyone,
        Standing::Customer => By::Customer,
        Standing::Agent | Standing::ManagingAgent => By::Agent,
        Standing::Operator => By::Operator,
        Standing::Switch => By::Switch,
        Standing::Processor => By::Processor,
    }
}

on_both!(every_subscription_asked_by_everybody_is_answered_by_the_table);
async fn every_subscription_asked_by_everybody_is_answered_by_the_table(app: TestApp) {
    let pair = Pair::new(&app).await;
    let agent = &pair.a.agent;
    for (standing, caller) in everybody(&app, &pair) {
        // Whose account it is to him.
        let account = match standing {
            Standing::Agent => &agent.account,
            Standing::ManagingAgent => &pair.a.managed,
            _ => &pair.a.customer.id,
        };
        for field in TYPES.root("Subscription") {
            let name = field.name.as_str();
            let (stream, of) = match name {
                "commissionEvents" | "agentEvents" => (
                    EventStream::Agent(agent.id.parse().expect("an id")),
                    format!("agentId: \"{}\"", agent.id),
                ),
                "accountEvents" => (
                    EventStream::Account(account.parse().expect("an id")),
                    format!("customerId: \"{account}\""),
                ),
                "deskEvents" => (EventStream::Desk, String::new()),
                other => panic!("Subscription.{other} is new: say here what it follows"),
            };
            // From the beginning, where something has happened already.
            let after = EventCursor { stream, seq: 0 }.encode();
            let query = format!("subscription {{ {name}(after: \"{after}\" {of}) {{ cursor }} }}");
            let mut followed = caller.follow(&query, json!({})).await;
            let answer = followed.next_answer().await.expect("an answer");
            check(standing, name, code(&answer, name), &answer);
        }
    }
}

/// A thing with an id, and who stands to it how. To all others it is nothing.
struct Thing {
    id: String,
    to: Vec<(Standing, Caller)>,
}

/// Everything of A's that has an id.
async fn things(app: &TestApp, pair: &Pair) -> Vec<Thing> {
    let everybody = everybody(app, pair);
    let standing = |wanted: &[Standing]| -> Vec<(Standing, Caller)> {
        let those = everybody.iter().filter(|(it, _)| wanted.contains(it));
        those.cloned().collect()
    };
    let account = "id charges { nodes { id } } topUps { nodes { id } } plans { nodes { id } } transactions { nodes { id cause { of: id } } }";
    let query = format!(
        "query($carl: ID!, $dora: ID!, $ada: ID!) {{
            carl: node(id: $carl) {{ ... on Customer {{ {account} }} }}
            dora: node(id: $dora) {{ ... on Customer {{ {account} }} }}
            ada: node(id: $ada) {{ ... on Agent {{ id application {{ id }} commissions {{ nodes {{ id }} }}
                transfers {{ nodes {{ id }} }} payouts {{ nodes {{ id }} }} }} }}
            products {{ nodes {{ id }} }} }}"
    );
    let of = json!({ "carl": pair.a.customer.id, "dora": pair.a.managed, "ada": pair.a.agent.id });
    let all = pair.operator.run(&query, of).await;
    let me = pair.a.customer.query("{ viewer { user { id } } }").await;
    let (operator, agent) = (Standing::Operator, Standing::Agent);
    let mut things = Vec::new();
    let mut add = |value: &Value, to: &[Standing]| {
        let mut ids = Vec::new();
        ids_in(value, &mut ids);
        things.extend(ids.into_iter().map(|id| Thing {
            id,
            to: standing(to),
        }));
    };
    add(&all["carl"], &[Standing::Customer, agent, operator]);
    add(&all["dora"], &[Standing::ManagingAgent, operator]);
    add(&all["ada"], &[agent, operator]);
    add(&all["products"], &Standing::ALL);
    add(&me, &[Standing::Customer, operator]);
    add(
        &json!({ "id": pair.a.ids.application }),
        &[Standing::Customer, operator],
    );
    add(&json!({ "id": pair.a.ids.api_key }), &[operator]);
    // What is in two lists: a transfer is the agent's and the customer's; a top-up only its holder's.
    let transfer = things.iter_mut().find(|it| it.id == pair.a.ids.transfer);
    let transfer = transfer.expect("a transfer");
    transfer.to = standing(&[Standing::Customer, agent, operator]);
    // An agent that only monitors sees no top-up, nor what it moved.
    let mut topped_up: Vec<String> = Vec::new();
    ids_in(&all["carl"]["topUps"], &mut topped_up);
    for row in all["carl"]["transactions"]["nodes"]
        .as_array()
        .expect("nodes")
    {
        if topped_up.iter().any(|id| row["cause"]["of"] == json!(id)) {
            topped_up.push(text(&row["id"]).to_owned());
        }
    }
    for thing in things.iter_mut().filter(|it| topped_up.contains(&it.id)) {
        thing.to.retain(|(standing, _)| *standing != agent);
    }
    things
}

fn ids_in(value: &Value, ids: &mut Vec<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| ids_in(value, ids)),
        Value::Object(fields) => {
            ids.extend(fields.get("id").map(|id| text(id).to_owned()));
            fields.values().for_each(|value| ids_in(value, ids));
        }
        _ => {}
    }
}

/// A field with what belongs to its own thing: of another thing, and of a page, only that it is there.
fn shown(field: &Field) -> Option<String> {
    if field.arguments.iter().any(|argument| argument.required) {
        return None;
    }
    let (name, kind) = (&field.name, &field.kind);
    Some(match TYPES.outputs.get(kind) {
        None => name.clone(),
        Some(_) if is_another(kind) => format!("{name} {{ __typename }}"),
        Some(fields) => {
            let inner: Vec<_> = fields.iter().filter_map(shown).collect();
            format!("{name} {{ __typename {} }}", inner.join(" "))
        }
    })
}

fn is_another(kind: &str) -> bool {
    kind == "Node"
        || TYPES.members["Node"].iter().any(|it| it == kind)
        || kind.ends_with("Connection")
}

/// What somebody sees of a thing: its fields and those of the values in it, that are not null.
async fn seen_by(caller: &Caller, id: &str, kind: &str) -> Vec<(String, String, Value)> {
    let mut seen = Vec::new();
    let fields: Vec<_> = TYPES.outputs[kind].iter().filter_map(shown).collect();
    let ask = async |selection: &str| {
        let query = format!(
            "query($id: ID!) {{ node(id: $id) {{ __typename ... on {kind} {{ {selection} }} }} }}"
        );
        caller.ask(&query, json!({ "id": id })).await
    };
    let answer = ask(&fields.join(" ")).await;
    if answer["errors"].is_null() {
        collect(&answer["data"]["node"], &mut seen);
        return seen;
    }
    // What is refused takes its whole thing along: each by itself, then.
    for field in &fields {
        let answer = ask(field).await;
        for error in answer["errors"].as_array().into_iter().flatten() {
            let code = text(&error["extensions"]["code"]);
            assert!(
                ["FORBIDDEN", "UNAUTHENTICATED"].contains(&code),
                "{kind}.{field}: {error}"
            );
        }
        collect(&answer["data"]["node"], &mut seen);
    }
    seen
}

fn collect(value: &Value, seen: &mut Vec<(String, String, Value)>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect(value, seen)),
        Value::Object(fields) => {
            let kind = text(&fields["__typename"]);
            for (name, value) in fields {
                if name != "__typename" && !value.is_null() {
                    seen.push((kind.to_owned(), name.clone(), value.clone()));
                    collect(value, seen);
                }
            }
        }
        _ => {}
    }
}

on_both!(every_field_is_seen_by_whom_the_table_says_and_by_nobody_else);
async fn every_field_is_seen_by_whom_the_table_says_and_by_nobody_else(app: TestApp) {
    let pair = Pair::new(&app).await;
    let (carl, b) = (&pair.a.customer, &pair.b);
    let buys = json!({ "productCode": "LINE", "idempotencyKey": app.new_key() });
    carl.mutate("purchaseProduct", buys, "plan { id }").await;
    let told = json!({ "applicationId": pair.a.ids.application, "response": "Not this year." });
    pair.operator
        .mutate("rejectApplication", told, "application { decidedAt }")
        .await;
    let dora = "query($id: ID!) { node(id: $id) { ... on Customer { accountNumber } } }";
    let dora = pair
        .operator
        .run(dora, json!({ "id": pair.a.managed }))
        .await;
    let call = json!({ "externalId": app.new_key(), "accountNumber": dora["node"]["accountNumber"],
        "to": "+12125550123", "answeredAt": instant(&app), "durationSeconds": 60 });
    let calls = json!({ "source": "switch-dora", "calls": [call] });
    pair.switch.mutate("recordCalls", calls, "posted").await;

    let mut all = BTreeSet::new();
    let mut missing = BTreeSet::new();
    let others = [
        b.agent.caller.clone(),
        b.customer.caller.clone(),
        pair.house.caller.clone(),
    ];
    for thing in things(&app, &pair).await {
        let id = json!({ "id": thing.id });
        let kind = "query($id: ID!) { node(id: $id) { __typename } }";
        let kind = pair.operator.run(kind, id.clone()).await;
        let kind = text(&kind["node"]["__typename"]);
        let mut observed: BTreeMap<Standing, BTreeSet<(String, String)>> = BTreeMap::new();
        for (standing, caller) in &thing.to {
            let seen = seen_by(caller, &thing.id, kind).await;
            assert!(
                !seen.is_empty(),
                "{standing:?} does not see {} at all",
                thing.id
            );
            for (kind, field, value) in seen {
                assert!(
                    seen::sees(*standing, &kind, &field),
                    "{standing:?} sees {kind}.{field} of {}, and SEEN says that he does not: {value}",
                    thing.id
                );
                let masked = value.as_str().is_some_and(|text| text.ends_with("****"));
                let wanted = seen::sees_masked(*standing, &kind, &field);
                assert_eq!(masked, wanted, "{standing:?}: {kind}.{field} is {value}");
                observed.entry(*standing).or_default().insert((kind, field));
            }
        }
        // Whoever is to see what others see of this very thing does.
        let fields: BTreeSet<_> = observed.values().flatten().cloned().collect();
        for (standing, observed) in &observed {
            let his = |(kind, field): &&(String, String)| seen::sees(*standing, kind, field);
            let not_seen = fields.difference(observed).filter(his);
            missing.extend(not_seen.map(|(kind, field)| {
                format!("SEEN says that {standing:?} sees {kind}.{field}, and he does not")
            }));
        }
        all.extend(fields);
        // To whoever does not stand to it, it is nothing.
        let stands = |caller: &Caller| thing.to.iter().any(|(_, it)| it.is(caller));
        let strangers = everybody(&app, &pair).into_iter().map(|(_, caller)| caller);
        for stranger in strangers.chain(others.clone()) {
            if !stands(&stranger) && kind != "Product" {
                let query = "query($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } }";
                let told = stranger.ask(query, id.clone()).await;
                assert_eq!(
                    told,
                    json!({ "data": { "node": null, "nodes": [null] } }),
                    "{kind}"
                );
            }
        }
    }
    assert!(all.len() > 100, "only {} fields were seen", all.len());
    let missing = Vec::from_iter(missing);
    assert!(missing.is_empty(), "\n{}\n", missing.join("\n"));
}
