//! Statements: an owner's month, which tallies with the ledger, with the months beside it, and with the other side of each
//! transfer (invariant 12).

use std::collections::BTreeMap;

use agent_program::program::Terms;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

use crate::payouts::{ask, check, decision, requested};
use crate::support::app::{TestAgent, TestApp, TestCustomer, application, text};
use crate::support::caller::Caller;
use crate::support::db::TestDb;
use crate::support::papers::download;
use crate::support::sales::{charge, own_number, post, promo, prove, units};

const SHOWN: &str = "from to opening lines { kind account count amount } closing accounts { account opening closing } csvUrl";

async fn statement(who: &Caller, of: Option<&str>, month: &str) -> Value {
    let document = format!(
        "query($of: ID, $month: Date!) {{ statement(accountOf: $of, month: $month) {{ {SHOWN} }} }}"
    );
    let variables = json!({ "of": of, "month": month });
    who.run(&document, variables).await["statement"].take()
}

/// What each line says, by kind and account; after the sums are done again.
fn tallied(statement: &Value) -> BTreeMap<(String, String), (i64, i64)> {
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    let mut lines = BTreeMap::new();
    let mut closing = units(&statement["opening"]);
    for line in statement["lines"].as_array().expect("lines") {
        let amount = units(&line["amount"]);
        let account = text(&line["account"]).to_owned();
        closing += amount;
        *sums.entry(account.clone()).or_default() += amount;
        let count = line["count"].as_i64().expect("a count");
        lines.insert((text(&line["kind"]).to_owned(), account), (count, amount));
    }
    assert_eq!(closing, units(&statement["closing"]), "{statement:#}");
    let (mut opened, mut closed) = (0, 0);
    for account in statement["accounts"].as_array().expect("accounts") {
        let (opening, closing) = (units(&account["opening"]), units(&account["closing"]));
        let moved = sums.remove(text(&account["account"])).unwrap_or_default();
        assert_eq!(opening + moved, closing, "{statement:#}");
        opened += opening;
        closed += closing;
    }
    assert_eq!(sums, BTreeMap::new(), "lines of other accounts");
    assert_eq!(opened, units(&statement["opening"]));
    assert_eq!(closed, units(&statement["closing"]));
    lines
}

fn line(lines: &BTreeMap<(String, String), (i64, i64)>, kind: &str, account: &str) -> (i64, i64) {
    let key = (kind.to_owned(), account.to_owned());
    lines.get(&key).copied().unwrap_or_default()
}

/// Signed in once more: access tokens do not last for months.
async fn again(
    app: &TestApp,
    mut agent: TestAgent,
    mut customer: TestCustomer,
) -> (TestAgent, TestCustomer) {
    agent.caller = app.sign_in(&agent.email).await;
    customer.caller = app.sign_in(&customer.email).await;
    (agent, customer)
}

async fn send(app: &TestApp, agent: &TestAgent, customer: &str, amount: &str) {
    let input =
        json!({ "customerId": customer, "amount": amount, "idempotencyKey": app.new_key() });
    agent
        .mutate("transferFunds", input, "transfer { id }")
        .await;
}

on_both!(e34_a_statement_tallies_with_the_months_beside_it_and_with_the_other_side);
async fn e34_a_statement_tallies_with_the_months_beside_it_and_with_the_other_side(app: TestApp) {
    let (agent, switch) = (app.agent("10.00").await, app.machine("SWITCH").await);
    let operator = app.operator().await;
    let customer = app.customer_of(&agent).await;
    app.top_up(&agent, "100.00").await;
    app.top_up(&customer, "50.00").await;
    promo(&app, &operator, &customer.id, "5").await;
    post(
        &switch,
        charge(&app, &customer.number, "SERVICE", "25.0198"),
    )
    .await;
    app.set_clock("2026-12-01T00:00:00Z".parse().unwrap());
    let (agent, customer) = again(&app, agent, customer).await;
    let operator = app.operator().await;
    send(&app, &agent, &customer.id, "101.0000").await;
    post(&switch, charge(&app, &customer.number, "CALL", "200.0002")).await;
    let payout = requested(&app, &agent, "20.00", &check()).await;
    for action in ["approvePayout", "sendPayout"] {
        operator
            .mutate(action, decision(&app, action, &payout), "payout { id }")
            .await;
    }

    let november = statement(&customer, None, "2026-11-30").await;
    assert_eq!(november["from"], "2026-11-01T00:00:00.000Z");
    assert_eq!(november["to"], "2026-12-01T00:00:00.000Z");
    assert_eq!(
        (&november["opening"], &november["closing"]),
        (&json!("0.0000"), &json!("29.9802"))
    );
    let lines = tallied(&november);
    assert_eq!(line(&lines, "TOP_UP", "customer:cash"), (1, 500_000));
    assert_eq!(line(&lines, "PROMO_GRANT", "customer:promo"), (1, 50_000));
    assert_eq!(line(&lines, "CHARGE", "customer:promo"), (1, -50_000));
    assert_eq!(line(&lines, "CHARGE", "customer:cash"), (1, -200_198));
    let december = statement(&customer, None, "2026-12-01").await;
    assert_eq!(december["opening"], november["closing"]);
    let own = tallied(&december);
    assert_eq!(december["closing"], "-69.0200");

    let before = statement(&agent, None, "2026-11-01").await;
    let after = statement(&agent, None, "2026-12-31").await;
    assert_eq!(before["closing"], "102.0019");
    assert_eq!(after["opening"], before["closing"]);
    let lines = tallied(&before);
    assert_eq!(line(&lines, "TOP_UP", "agent:funding"), (1, 1_000_000));
    assert_eq!(line(&lines, "CHARGE", "agent:commission"), (1, 20_019));
    let lines = tallied(&after);
    // What left the agent arrived with the customer.
    assert_eq!(line(&lines, "TRANSFER", "agent:funding"), (1, -1_000_000));
    assert_eq!(line(&lines, "TRANSFER", "agent:commission"), (1, -10_000));
    assert_eq!(line(&own, "TRANSFER", "customer:cash"), (1, 1_010_000));
    assert_eq!(line(&lines, "CHARGE", "agent:commission"), (1, 200_001));
    assert_eq!(
        line(&lines, "PAYOUT_RESERVED", "agent:commission"),
        (1, -200_000)
    );
    assert_eq!(
        line(&lines, "PAYOUT_RESERVED", "agent:reserved"),
        (1, 200_000)
    );
    assert_eq!(line(&lines, "PAYOUT_SENT", "agent:reserved"), (1, -200_000));
    // The same for an operator, and nothing for months in which nothing was.
    assert_eq!(
        statement(&operator, Some(&agent.id), "2026-12-31").await["lines"],
        after["lines"]
    );
    let empty = statement(&customer, None, "2025-01-01").await;
    assert_eq!(
        (&empty["lines"], &empty["closing"]),
        (&json!([]), &json!("0.0000"))
    );
    let future = statement(&customer, None, "2027-01-01").await;
    assert_eq!(
        (&future["lines"], &future["opening"]),
        (&json!([]), &december["closing"])
    );
    prove(&app).await;
}

on_both!(e34_what_an_account_had_before_its_holder_became_an_agent_is_in_the_agents_statement);
async fn e34_what_an_account_had_before_its_holder_became_an_agent_is_in_the_agents_statement(
    app: TestApp,
) {
    let operator = app.operator().await;
    let customer = app.customer().await;
    app.top_up(&customer, "30.00").await;
    let applied = customer.mutate(
        "applyToProgram",
        application(&customer.email),
        "application { id }",
    );
    let applied = applied.await["application"]["id"].take();
    let input = json!({ "applicationId": applied, "commissionRate": "5" });
    operator
        .mutate("approveApplication", input, "agent { id }")
        .await;
    let switch = app.machine("SWITCH").await;
    post(&switch, charge(&app, &customer.number, "SERVICE", "4")).await;
    let month = statement(&customer, None, "2026-11-01").await;
    let lines = tallied(&month);
    assert_eq!(line(&lines, "TOP_UP", "agent:funding"), (1, 300_000));
    assert_eq!(line(&lines, "CHARGE", "agent:funding"), (1, -40_000));
    assert_eq!(month["closing"], "26.0000");
    let csv = download(&app, &month["csvUrl"]).await;
    let kinds: Vec<&str> = csv
        .lines()
        .filter_map(|line| line.split(',').nth(1))
        .collect();
    let opening = ["OPENING"; 4].into_iter();
    let all = ["kind"]
        .into_iter()
        .chain(opening)
        .chain(["TOP_UP", "CHARGE"]);
    assert_eq!(
        kinds,
        all.chain(["CLOSING"; 4]).collect::<Vec<_>>(),
        "{csv}"
    );
}

#[tokio::test]
async fn e34_a_statements_month_begins_in_the_operators_zone() {
    let terms = Terms {
        time_zone: Tz::Pacific__Auckland,
        ..Terms::default()
    };
    let app = TestApp::with_terms(TestDb::sqlite().await, terms);
    let customer = app.customer().await;
    // Auckland is thirteen hours ahead in November.
    let midnight: DateTime<Utc> = "2026-11-30T11:00:00Z".parse().unwrap();
    app.set_clock(midnight - TimeDelta::minutes(1));
    let customer = app.sign_in(&customer.email).await;
    app.top_up(&customer, "10.00").await;
    app.set_clock(midnight);
    app.top_up(&customer, "20.00").await;
    let november = statement(&customer, None, "2026-11-15").await;
    assert_eq!(november["to"], "2026-11-30T11:00:00.000Z");
    assert_eq!(november["closing"], "10.0000");
    let december = statement(&customer, None, "2026-12-15").await;
    assert_eq!(
        (&december["opening"], &december["closing"]),
        (&json!("10.0000"), &json!("30.0000"))
    );
}

on_both!(invariant_12_statements_tally_over_months_of_all_kinds_of_events);
async fn invariant_12_statements_tally_over_months_of_all_kinds_of_events(app: TestApp) {
    let (agent, switch) = (app.agent("3.00").await, app.machine("SWITCH").await);
    let customer = app.customer_of(&agent).await;
    let mut people = (agent, customer);
    let own = own_number(&people.0).await;
    app.top_up(&people.0, "400.00").await;
    for month in 0..4 {
        for day in 0..12 {
            app.pass(TimeDelta::hours(61));
            people = again(&app, people.0, people.1).await;
            let (agent, customer) = &people;
            let amount = format!("0.{:04}", 198 + month * 31 + day * 7);
            post(&switch, charge(&app, &customer.number, "CALL", &amount)).await;
            if day % 5 == 0 {
                post(&switch, charge(&app, &own, "CALL", "0.0101")).await;
                send(&app, agent, &customer.id, "1.0001").await;
            }
        }
        let agent = &people.0;
        let payout = agent.mutate(
            "requestPayout",
            ask(&app, "20.00", &check()),
            "payout { id }",
        );
        let payout = payout.await["payout"]["id"].take();
        if month % 2 == 0 {
            let input = decision(&app, "cancelPayout", text(&payout));
            agent.mutate("cancelPayout", input, "payout { id }").await;
        }
    }
    for who in [&people.0.caller, &people.1.caller] {
        let mut held = json!("0.0000");
        for month in [
            "2026-11-01",
            "2026-12-01",
            "2027-01-01",
            "2027-02-01",
            "2027-03-01",
            "2027-04-01",
        ] {
            let statement = statement(who, None, month).await;
            assert_eq!(
                statement["opening"], held,
                "a closing is the next one's opening"
            );
            tallied(&statement);
            held = statement["closing"].clone();
        }
        let document = "{ viewer { customer { balance { cash promo } } agent { balance { funding commission held reserved } } } }";
        let viewer = who.query(document).await["viewer"].take();
        let has = match &viewer["agent"] {
            Value::Null => &viewer["customer"]["balance"],
            agent => &agent["balance"],
        };
        let has = has.as_object().expect("a balance").values().map(units);
        assert_eq!(has.sum::<i64>(), units(&held));
    }
}

on_both!(r22_a_statement_is_its_owners_its_managers_and_the_operators);
async fn r22_a_statement_is_its_owners_its_managers_and_the_operators(app: TestApp) {
    let (agent, other) = (app.agent("3.00").await, app.agent("3.00").await);
    let (operator, customer) = (app.operator().await, app.customer_of(&agent).await);
    let input = json!({ "name": "Mary Managed", "management": "AGENT_MANAGED" });
    let managed = agent
        .mutate("signUpCustomer", input, "customer { id }")
        .await;
    let managed = text(&managed["customer"]["id"]).to_owned();
    let month = "2026-11-01";
    for (who, of, sees) in [
        (&agent.caller, &agent.account, true),
        (&agent.caller, &managed, true),
        (&agent.caller, &customer.id, false),
        (&other.caller, &managed, false),
        (&other.caller, &agent.id, false),
        (&other.caller, &agent.account, false),
        (&customer.caller, &agent.id, false),
        (&customer.caller, &customer.id, true),
        (&operator, &managed, true),
        (&operator, &agent.id, true),
    ] {
        let statement = statement(who, Some(of), month).await;
        assert_eq!(!statement.is_null(), sees, "{of}");
    }
    let whose = "{ statement(month: \"2026-11-01\") { closing } }";
    assert_eq!(operator.error(whose, json!({})).await, "BAD_USER_INPUT");
    assert_eq!(
        app.anonymous().error(whose, json!({})).await,
        "UNAUTHENTICATED"
    );
    let foreign = "{ statement(accountOf: \"txn_1\", month: \"2026-11-01\") { closing } }";
    assert_eq!(customer.error(foreign, json!({})).await, "BAD_USER_INPUT");
}
