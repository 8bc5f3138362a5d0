//! The audit log: every act of an operator, every one of an agent for a customer, every sign-in and failed sign-in (E26).

use std::collections::BTreeSet;

use agent_program::graphql::access::{self, Standing};
use chrono::SecondsFormat;
use serde_json::{Value, json};

use crate::support::app::{PASSWORD, TestApp, text};
use crate::support::caller::Caller;
use crate::support::pair::{Pair, filled};
use crate::support::sales::{charge, post};
use crate::support::types::TYPES;

/// All lines there are, newest first.
async fn log(operator: &Caller, filter: Value) -> Vec<Value> {
    const PAGE: &str = "query($after: String, $filter: AuditFilter) { auditLog(first: 100, after: $after, filter: $filter) {
        nodes { id at action detail source actor { id email } actingFor { id } subject { __typename id } }
        pageInfo { endCursor hasNextPage } } }";
    let (mut all, mut after) = (vec![], Value::Null);
    loop {
        let page = operator
            .run(PAGE, json!({ "after": after, "filter": filter }))
            .await;
        let page = &page["auditLog"];
        all.extend(page["nodes"].as_array().expect("a page").iter().cloned());
        if page["pageInfo"]["hasNextPage"] == false {
            return all;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

async fn everything(operator: &Caller) -> Vec<Value> {
    log(operator, json!({})).await
}

async fn who_am_i(caller: &Caller) -> Value {
    let seen = caller.query("{ viewer { user { id } } }").await;
    seen["viewer"]["user"]["id"].clone()
}

/// An operator's walk through all that it may do.
struct Walk<'a> {
    app: &'a TestApp,
    pair: Pair,
    reader: Caller,
    done: BTreeSet<String>,
}

impl Walk<'_> {
    /// What the form of a mutation has, for A or for B.
    fn form(&self, name: &str, of_b: bool) -> Value {
        let ids = if of_b {
            &self.pair.b.ids
        } else {
            &self.pair.a.ids
        };
        let form = filled(self.app, ids)
            .into_iter()
            .find(|form| form.mutation == name);
        form.unwrap_or_else(|| panic!("{name} has no form")).input
    }

    /// Does it, and finds one line more; again under the same key, and refused, and finds none.
    async fn does(&mut self, by: &Caller, name: &str, input: Value) -> Value {
        let before = everything(&self.reader).await.len();
        let payload = by.payload(name, input.clone(), "__typename").await;
        assert_eq!(payload["userErrors"], json!([]), "{name} was refused");
        let lines = everything(&self.reader).await;
        assert_eq!(lines.len(), before + 1, "{name}: {:#?}", lines.first());
        let line = lines[0].clone();
        assert_eq!(line["action"], name);
        assert_eq!(line["actor"]["id"], who_am_i(by).await);
        assert_eq!(line["source"], Value::Null);
        if !input["idempotencyKey"].is_null() {
            let again = by.payload(name, input, "replayed").await;
            assert_eq!(again["replayed"], true);
            let other = self.form(name, false);
            let refused = by
                .payload(name, of_nobody(&self.pair, &other), "__typename")
                .await;
            assert_ne!(refused["userErrors"], json!([]), "{name} of nobody");
        }
        assert_eq!(
            everything(&self.reader).await.len(),
            before + 1,
            "{name} again"
        );
        self.done.insert(name.to_owned());
        line
    }

    async fn forms(&mut self, by: &Caller, names: &[&str], of_b: bool) {
        for name in names {
            let input = self.form(name, of_b);
            let line = self.does(by, name, input).await;
            if !["recordCalls", "recordCharges", "saveCallRates"].contains(name) {
                assert_ne!(line["subject"], Value::Null, "{name} is about nothing");
            }
        }
    }
}

/// The same, with ids that nobody has.
fn of_nobody(pair: &Pair, input: &Value) -> Value {
    let renamed = pair
        .a
        .ids
        .renamed(&pair.a.ids.of_nobody(), &input.to_string());
    let mut input: Value = serde_json::from_str(&renamed).expect("JSON");
    input["idempotencyKey"] = json!(format!("{}x", text(&input["idempotencyKey"])));
    input
}

on_both!(each_act_of_an_operator_is_one_line_and_what_was_refused_or_repeated_is_none);
#[expect(clippy::too_many_lines, reason = "a walk through all mutations")]
async fn each_act_of_an_operator_is_one_line_and_what_was_refused_or_repeated_is_none(
    app: TestApp,
) {
    let pair = Pair::new(&app).await;
    let (reader, second) = (app.operator().await, app.operator().await);
    let operator = pair.operator.clone();
    let mut walk = Walk {
        app: &app,
        pair,
        reader,
        done: BTreeSet::new(),
    };

    walk.forms(
        &operator,
        &[
            "requestApplicationInfo",
            "approveApplication",
            "setCommissionRate",
        ],
        false,
    )
    .await;
    walk.forms(&operator, &["rejectApplication"], true).await;
    walk.forms(
        &operator,
        &[
            "saveProduct",
            "saveCallRates",
            "createApiKey",
            "revokeApiKey",
        ],
        false,
    )
    .await;
    walk.forms(
        &operator,
        &["reverseTransfer", "recordCalls", "recordCharges"],
        false,
    )
    .await;
    walk.forms(
        &operator,
        &["grantPromo", "payBonus", "postAdjustment", "refundCharge"],
        false,
    )
    .await;
    walk.forms(&operator, &["settleTopUp", "reverseTopUp"], false)
        .await;
    walk.forms(&operator, &["openFraudCase", "confirmFraudCase"], false)
        .await;
    walk.forms(&operator, &["clearFraudCase"], true).await;
    walk.forms(&operator, &["approvePayout"], false).await;
    walk.forms(&second, &["sendPayout", "settlePayout"], false)
        .await;
    walk.forms(&operator, &["approvePayout"], true).await;
    walk.forms(&second, &["sendPayout", "returnPayout"], true)
        .await;
    let asks = walk.form("requestPayout", true);
    let asked = walk
        .pair
        .b
        .agent
        .mutate("requestPayout", asks, "payout { id }")
        .await;
    walk.pair.b.ids.payout = text(&asked["payout"]["id"]).to_owned();
    walk.forms(&operator, &["rejectPayout"], true).await;

    // Of customers without an agent, and such that owe something.
    let house = (walk.pair.house.id.clone(), walk.pair.house.number.clone());
    post(&operator, charge(&app, &house.1, "CALL", "3.00")).await;
    let input = json!({ "debtor": { "customerId": house.0 }, "reason": "Gone", "idempotencyKey": app.new_key() });
    let line = walk.does(&operator, "writeOff", input).await;
    assert_eq!(
        (&line["detail"], &line["subject"]["__typename"]),
        (&json!("Gone"), &json!("Transaction"))
    );
    let input =
        json!({ "customerId": house.0, "agentId": walk.pair.b.agent.id, "reason": "Asked for it" });
    let line = walk.does(&operator, "assignAgent", input).await;
    assert_eq!(
        line["detail"],
        format!("{}: Asked for it", walk.pair.b.agent.id)
    );
    let input = json!({ "customerId": house.0, "amount": "20.00", "method": "CREDIT_CARD",
        "paymentToken": "tok_approve", "idempotencyKey": app.new_key() });
    let line = walk.does(&operator, "topUp", input).await;
    assert_eq!(
        (&line["detail"], &line["subject"]["__typename"]),
        (&json!("20.0000"), &json!("TopUp"))
    );
    let input =
        json!({ "customerId": house.0, "productCode": "LINE", "idempotencyKey": app.new_key() });
    walk.does(&operator, "purchaseProduct", input).await;
    let plans = format!(
        "{{ node(id: \"{}\") {{ ... on Customer {{ plans(first: 1) {{ nodes {{ id }} }} }} }} }}",
        house.0
    );
    let plan = operator.query(&plans).await["node"]["plans"]["nodes"][0]["id"].clone();
    walk.does(&operator, "cancelPlan", json!({ "planId": plan }))
        .await;

    walk.forms(
        &operator,
        &["suspendAgent", "reinstateAgent", "closeAgent"],
        false,
    )
    .await;
    walk.forms(&operator, &["changePassword"], false).await;

    // Whoever adds a mutation for operators adds it here.
    let all = TYPES
        .root("Mutation")
        .iter()
        .map(|field| field.name.clone());
    let all: BTreeSet<String> = all
        .filter(|name| access::may_ask(Standing::Operator, name))
        .collect();
    let anybodys = [
        "applyToProgram",
        "claimAccount",
        "refreshSession",
        "signIn",
        "signOut",
        "signUp",
        "signUpWithAgent",
    ];
    walk.done.extend(anybodys.map(ToOwned::to_owned));
    assert_eq!(walk.done, all);
    app.prove().await;
}

on_both!(e26_what_an_agent_does_for_a_customer_names_both_and_its_own_is_not_told);
async fn e26_what_an_agent_does_for_a_customer_names_both_and_its_own_is_not_told(app: TestApp) {
    let pair = Pair::new(&app).await;
    let agent = &pair.a.agent;
    let begun = everything(&pair.operator).await.len();
    let form = |name: &str| {
        filled(&app, &pair.a.ids)
            .into_iter()
            .find(|form| form.mutation == name)
            .expect("a form")
            .input
    };
    let mut count = begun;
    for (name, tells) in [
        ("topUp", true),
        ("purchaseProduct", true),
        ("cancelPlan", true),
        ("signUpCustomer", true),
        ("transferFunds", false),
        ("handOverCustomer", true),
    ] {
        let done = agent.payload(name, form(name), "__typename").await;
        assert_eq!(done["userErrors"], json!([]), "{name}");
        count += usize::from(tells);
        let lines = everything(&pair.operator).await;
        assert_eq!(lines.len(), count, "{name}");
        if tells {
            let line = &lines[0];
            assert_eq!(
                (&line["action"], &line["actor"]["email"]),
                (&json!(name), &json!(agent.email))
            );
            let managed = json!(pair.a.managed);
            assert!(
                line["actingFor"]["id"] == managed || name == "signUpCustomer",
                "{line}"
            );
            assert_ne!(line["actingFor"], Value::Null);
        }
    }
    // In its own account it acts for itself.
    let own = json!({ "amount": "20.00", "method": "CREDIT_CARD", "paymentToken": "tok_approve", "idempotencyKey": app.new_key() });
    agent.mutate("topUp", own, "topUp { id }").await;
    assert_eq!(everything(&pair.operator).await.len(), count);
    // Nobody but operators reads it.
    for other in [
        &agent.caller,
        &pair.a.customer.caller,
        &pair.switch,
        &app.anonymous(),
    ] {
        let answer = other
            .ask("{ auditLog(first: 1) { nodes { id } } }", json!({}))
            .await;
        assert_eq!(answer["data"]["auditLog"], Value::Null);
        assert_ne!(answer["errors"], Value::Null);
    }
}

on_both!(every_sign_in_is_told_and_every_failed_one_with_where_it_came_from);
async fn every_sign_in_is_told_and_every_failed_one_with_where_it_came_from(app: TestApp) {
    let (operator, customer) = (app.operator().await, app.customer().await);
    let from = app.now();
    let stranger = app.anonymous().at("203.0.113.7");
    let sign_in = |email: &str, password: &str| json!({ "email": email, "password": password });
    for (email, password) in [
        (customer.email.as_str(), "a wrong harbour"),
        ("nobody@example.com", PASSWORD),
        (PASSWORD, PASSWORD),
    ] {
        let refused = stranger.refused("signIn", sign_in(email, password)).await;
        assert_eq!(refused.code, "INVALID_CREDENTIALS");
    }
    let shown = "session { accessToken refreshToken }";
    let signed = app
        .anonymous()
        .at("2001:db8::7")
        .mutate("signIn", sign_in(&customer.email, PASSWORD), shown)
        .await;
    let session = app
        .with_token(text(&signed["session"]["accessToken"]))
        .at("198.51.100.2");
    let change =
        json!({ "currentPassword": "a wrong harbour", "newPassword": "another quiet harbour" });
    assert_eq!(
        session.refused("changePassword", change).await.code,
        "INVALID_CREDENTIALS"
    );
    let change = json!({ "currentPassword": PASSWORD, "newPassword": "another quiet harbour" });
    let changed = session.mutate("changePassword", change, shown).await;
    // The token that it had before is a stolen one by now.
    let used = json!({ "refreshToken": signed["session"]["refreshToken"] });
    stranger.refused("refreshSession", used).await;
    drop(changed);

    let filter = json!({ "from": from.to_rfc3339_opts(SecondsFormat::Micros, true) });
    let lines = log(&operator, filter).await;
    let told: Vec<_> = lines
        .iter()
        .rev()
        .map(|line| {
            (
                text(&line["action"]),
                line["actor"]["email"].clone(),
                line["detail"].clone(),
                text(&line["source"]),
            )
        })
        .collect();
    let his = json!(customer.email);
    let none = Value::Null;
    let expected = [
        ("signInFailed", his.clone(), none.clone(), "203.0.113.7"),
        (
            "signInFailed",
            none.clone(),
            json!("n…@example.com"),
            "203.0.113.7",
        ),
        (
            "signInFailed",
            none.clone(),
            json!("not an address"),
            "203.0.113.7",
        ),
        ("signIn", his.clone(), none.clone(), "2001:db8::7"),
        (
            "changePasswordFailed",
            his.clone(),
            none.clone(),
            "198.51.100.2",
        ),
        ("changePassword", his.clone(), none.clone(), "198.51.100.2"),
        ("refreshTokenReused", his, none, "203.0.113.7"),
    ];
    assert_eq!(told, expected);
    // Of one name, of one login, up to an instant.
    let failed = log(&operator, json!({ "action": "signInFailed" })).await;
    assert_eq!(failed.len(), 3);
    let his = who_am_i(
        &app.sign_in_with(&customer.email, "another quiet harbour")
            .await,
    )
    .await;
    assert_eq!(
        log(
            &operator,
            json!({ "actorId": his, "action": "signInFailed" })
        )
        .await
        .len(),
        1
    );
    assert_eq!(log(&operator, json!({ "actorId": "usr_x" })).await.len(), 0);
    let to = from.to_rfc3339_opts(SecondsFormat::Micros, true);
    assert_eq!(
        log(&operator, json!({ "actorId": his, "to": to }))
            .await
            .len(),
        1
    );
}
