//! The rows of reports, page by page.

use serde_json::{Value, json};

use crate::support::app::{TestApp, text};
use crate::support::caller::Caller;
use crate::support::sales::{charge, post};

/// The ids of all rows, two a page, forward or backward, with the totals that every page shows.
async fn turned(who: &Caller, report: &str, of: &str, backward: bool) -> Vec<String> {
    let page = if backward {
        "last: 2, before: $at"
    } else {
        "first: 2, after: $at"
    };
    let document = format!(
        r#"query($at: String) {{ report: {report}(input: {{ period: {{ from: "2026-11-01", to: "2026-12-01" }} }}, {page}) {{
            totals {{ charges }}
            rows {{ totalCount nodes {{ row: {of} {{ id }} }}
                pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }} }}"#
    );
    let (mut all, mut at) = (vec![], Value::Null);
    loop {
        let seen = who.run(&document, json!({ "at": at })).await["report"].take();
        assert_eq!(seen["totals"]["charges"], 5, "of all, whatever the page");
        assert_eq!(seen["rows"]["totalCount"], 5);
        let nodes = seen["rows"]["nodes"].as_array().expect("a page").iter();
        let mut ids: Vec<String> = nodes
            .map(|node| text(&node["row"]["id"]).to_owned())
            .collect();
        let info = &seen["rows"]["pageInfo"];
        let (more, next) = if backward {
            ids.extend(all);
            all = ids;
            (&info["hasPreviousPage"], &info["startCursor"])
        } else {
            all.extend(ids);
            (&info["hasNextPage"], &info["endCursor"])
        };
        if more == false {
            return all;
        }
        at = next.clone();
    }
}

on_both!(r23_customers_by_what_they_earned_the_agent_page_by_page);
async fn r23_customers_by_what_they_earned_the_agent_page_by_page(app: TestApp) {
    let (agent, switch) = (app.agent("3.00").await, app.machine("SWITCH").await);
    let mut expected = vec![];
    // Two earned the same: the rows keep one order all the same.
    for amount in ["1.00", "4.00", "2.00", "4.00", "0"] {
        let customer = app.customer_of(&agent).await;
        post(&switch, charge(&app, &customer.number, "CALL", amount)).await;
        expected.push(customer.id);
    }
    let expected: Vec<String> = [1, 3, 2, 0, 4].map(|i: usize| expected[i].clone()).into();
    for backward in [false, true] {
        let seen = turned(&agent, "customerReport", "customer", backward).await;
        assert_eq!(seen, expected);
    }
}

on_both!(r45_agents_by_what_they_earned_page_by_page);
async fn r45_agents_by_what_they_earned_page_by_page(app: TestApp) {
    let switch = app.machine("SWITCH").await;
    let mut expected = vec![];
    for (rate, amount) in [
        ("1.00", "9.00"),
        ("10.00", "1.00"),
        ("5.00", "4.00"),
        ("2.00", "5.00"),
        ("3.00", "0"),
    ] {
        let agent = app.agent(rate).await;
        let customer = app.customer_of(&agent).await;
        post(&switch, charge(&app, &customer.number, "CALL", amount)).await;
        expected.push(agent.id);
    }
    let expected: Vec<String> = [2, 1, 3, 0, 4].map(|i: usize| expected[i].clone()).into();
    let operator = app.operator().await;
    for backward in [false, true] {
        let seen = turned(&operator, "agentReport", "agent", backward).await;
        assert_eq!(seen, expected);
    }
}
