//! A page of a tree takes as many statements for many rows as for one: none is asked for each row.

use serde_json::{Value, json};

use crate::support::app::{TestAgent, TestApp};
use crate::support::caller::Caller;
use crate::support::sales::{charge, send_charges};

/// Pages of trees, and who asks for them: the hot pages first.
const AGENTS_PAGES: [&str; 4] = [
    "{ viewer { agent { displayName customers(first: 50) { nodes { id name accountNumber
        charges(first: 5) { nodes { id kind description amount occurredAt } } } } } } }",
    "{ viewer { agent { commissions(first: 50) { nodes { id amount charge { id amount }
        customer { name agent { displayName } } agent { displayName } } } } } }",
    "{ viewer { agent { customers(first: 50) { totalCount pageInfo { hasNextPage } nodes { name balance { available }
        affiliation { since } plans(first: 3) { nodes { id } } transactions(first: 3) { nodes { id entries { amount } } }
        charges(first: 2) { nodes { commission { amount } } } commissionEarned } } } } }",
    "{ viewer { agent { transactions(first: 50) { nodes { id entries { account amount } } } } } }",
];
const OPERATORS_PAGE: &str = "{ agents(first: 5) { nodes { displayName balance { commission } commissionRate
    customers(first: 25) { nodes { name charges(first: 2) { nodes { amount commission { amount agent { displayName } } } } } } } } }";

/// So many customers of an agent, each with two charges that earned it something.
async fn customers(app: &TestApp, switch: &Caller, agent: &TestAgent, many: usize) {
    for _ in 0..many {
        let customer = app.customer_of(agent).await;
        let rows = [
            charge(app, &customer.number, "CALL", "1.00"),
            charge(app, &customer.number, "CALL", "2.00"),
        ];
        let sent = send_charges(switch, json!(rows)).await;
        assert_eq!(sent["posted"], 2, "{sent:#}");
    }
}

/// How many statements a query takes, and how many rows it shows: counted by their closing braces. Where the machine is
/// busy a level may be asked in two turns, so it is the least of some times.
async fn asked(app: &TestApp, who: &Caller, document: &str) -> (u64, usize) {
    let db = &app.app.db;
    let mut least = (u64::MAX, 0);
    for _ in 0..5 {
        let before = db.statements();
        let shown: Value = who.query(document).await;
        let rows = shown.to_string().matches('}').count();
        least = least.min((db.statements() - before, rows));
    }
    least
}

on_both!(a_tree_takes_as_many_statements_for_twenty_rows_as_for_one);
async fn a_tree_takes_as_many_statements_for_twenty_rows_as_for_one(app: TestApp) {
    let switch = app.machine("SWITCH").await;
    let operator = app.operator().await;
    let agent = app.agent("10.00").await;
    let mut seen: Vec<Vec<(u64, usize)>> = Vec::new();
    for more in [1, 4, 15] {
        customers(&app, &switch, &agent, more).await;
        let mut counts = Vec::new();
        for document in AGENTS_PAGES {
            counts.push(asked(&app, &agent.caller, document).await);
        }
        counts.push(asked(&app, &operator, OPERATORS_PAGE).await);
        seen.push(counts);
    }
    for (first, last) in seen[0].iter().zip(&seen[2]) {
        assert!(last.1 > first.1 * 3, "more is shown: {seen:?}");
    }
    let statements = seen.iter().map(|counts| counts.iter().map(|count| count.0));
    let statements: Vec<Vec<u64>> = statements.map(Iterator::collect).collect();
    assert_eq!(statements[0], statements[1], "1 and 5 customers");
    assert_eq!(statements[1], statements[2], "5 and 20 customers");
    // Who asks, its agent, the customers, and all their charges.
    assert_eq!(statements[0][0], 4, "the hot page");
}
