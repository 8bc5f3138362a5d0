//! Whatever changes a balance stands in its owner's transactions.

use serde_json::{Value, json};

use crate::support::app::{TestApp, text};
use crate::support::sales::{
    charge, charge_at, commissions, own_number, post, promo, prove, units,
};

on_both!(r48_whatever_changes_a_balance_stands_in_the_transactions);
async fn r48_whatever_changes_a_balance_stands_in_the_transactions(app: TestApp) {
    let (operator, switch) = (app.operator().await, app.machine("SWITCH").await);
    let agent = app.agent("3.00").await;
    let customer = app.customer_of(&agent).await;
    app.top_up(&agent, "20.00").await;
    app.top_up(&customer, "10.00").await;
    promo(&app, &operator, &customer.id, "1.00").await;
    let posted = post(&switch, charge(&app, &customer.number, "SERVICE", "5.00")).await;
    let input =
        json!({ "customerId": customer.id, "amount": "3.00", "idempotencyKey": app.new_key() });
    agent
        .mutate("transferFunds", input, "transfer { id }")
        .await;
    let late = charge_at(&app, &customer.number, "CALL", "0.0500", app.now());
    post(&switch, late).await;

    let list = "transactions(first: 50) { nodes { kind cause { __typename id } entries { account amount balanceAfter } } }";
    let document = format!("{{ viewer {{ customer {{ {list} balance {{ cash promo }} }} }} }}");
    let mine = customer.query(&document).await["viewer"]["customer"].take();
    let rows = mine["transactions"]["nodes"].as_array().expect("a list");
    let kinds: Vec<(&str, Option<&str>)> = rows
        .iter()
        .map(|row| (text(&row["kind"]), row["cause"]["__typename"].as_str()))
        .collect();
    assert_eq!(
        kinds[..3],
        [
            ("CHARGE", Some("Charge")),
            ("TRANSFER", Some("Transfer")),
            ("CHARGE", Some("Charge"))
        ]
    );
    assert_eq!(
        (kinds[3].0, kinds[4]),
        ("PROMO_GRANT", ("TOP_UP", Some("TopUp")))
    );
    assert_eq!(rows[2]["cause"]["id"], posted["id"]);
    let sum = |rows: &[Value], account: &str| -> i64 {
        let entries = rows
            .iter()
            .flat_map(|row| row["entries"].as_array().expect("a list"));
        let entries = entries.filter(|entry| entry["account"] == account);
        entries.map(|entry| units(&entry["amount"])).sum()
    };
    assert_eq!(sum(rows, "customer:cash"), units(&mine["balance"]["cash"]));
    assert_eq!(
        sum(rows, "customer:promo"),
        units(&mine["balance"]["promo"])
    );
    assert!(
        !mine.to_string().contains("agent:"),
        "nothing of the agent's: {mine}"
    );

    let document =
        format!("{{ viewer {{ agent {{ {list} balance {{ funding commission }} }} }} }}");
    let its = agent.query(&document).await["viewer"]["agent"].take();
    let rows = its["transactions"]["nodes"].as_array().expect("a list");
    let kinds: Vec<&str> = rows.iter().map(|row| text(&row["kind"])).collect();
    assert_eq!(kinds, ["CHARGE", "TRANSFER", "CHARGE", "TOP_UP"]);
    assert_eq!(
        sum(rows, "agent:commission"),
        units(&its["balance"]["commission"])
    );
    assert_eq!(
        sum(rows, "agent:funding"),
        units(&its["balance"]["funding"])
    );
}

on_both!(r48_what_an_agent_buys_with_its_commission_stands_once_in_its_transactions);
async fn r48_what_an_agent_buys_with_its_commission_stands_once_in_its_transactions(app: TestApp) {
    let switch = app.machine("SWITCH").await;
    let (agent, above) = (app.agent("10.00").await, app.agent("3.00").await);
    let input = json!({ "agentNumber": above.number });
    agent.mutate("nameAgent", input, "customer { id }").await;
    let customer = app.customer_of(&agent).await;
    let own = own_number(&agent).await;
    post(&switch, charge(&app, &customer.number, "CALL", "100.00")).await;
    app.top_up(&agent, "5.00").await;
    for (kind, amount) in [("SERVICE", "6.00"), ("SERVICE", "2.50"), ("CALL", "10.00")] {
        post(&switch, charge(&app, &own, kind, amount)).await;
    }
    let document = "{ viewer { agent { balance { funding commission available }
        transactions { totalCount nodes { id kind entries { account amount balanceAfter } } } } } }";
    let its = agent.query(document).await["viewer"]["agent"].take();
    assert_eq!(
        its["balance"],
        json!({ "funding": "-3.5000", "commission": "0.0000", "available": "0.0000" })
    );
    let rows = its["transactions"]["nodes"].as_array().expect("a list");
    assert_eq!(its["transactions"]["totalCount"], 5);
    let moved: Vec<Vec<(&str, &str)>> = rows
        .iter()
        .map(|row| {
            let entries = row["entries"].as_array().expect("a list").iter();
            entries
                .map(|entry| (text(&entry["account"]), text(&entry["amount"])))
                .collect()
        })
        .collect();
    let (funding, commission) = ("agent:funding", "agent:commission");
    assert_eq!(
        moved,
        [
            vec![(funding, "-3.5000"), (commission, "-6.5000")],
            vec![(commission, "-2.5000")],
            vec![(funding, "-5.0000"), (commission, "-1.0000")],
            vec![(funding, "5.0000")],
            vec![(commission, "10.0000")],
        ]
    );
    // All of it earned the agent above.
    let earned: i64 = commissions(&above)
        .await
        .iter()
        .map(|row| units(&row["base"]))
        .sum();
    assert_eq!(earned, 185_000);
    prove(&app).await;
}
