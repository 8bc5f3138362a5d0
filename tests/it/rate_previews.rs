//! What an agent would have earned at another rate, and how any commission is done again by hand.

use serde_json::{Value, json};

use crate::support::app::{TestApp, text};
use crate::support::sales::{charge, fractions, post, prove, units};

const PREVIEW: &str = r#"query($agent: ID!, $rate: Percent!) {
    ratePreview(agentId: $agent, commissionRate: $rate, period: { from: "2026-11-01", to: "2026-12-01" }) {
        current { charges spent base earned clawedBack net } preview { charges spent base earned clawedBack net } difference } }"#;

on_both!(r44_another_rate_is_previewed_on_what_was_really_charged);
async fn r44_another_rate_is_previewed_on_what_was_really_charged(app: TestApp) {
    let (agent, switch) = (app.agent("3.00").await, app.machine("SWITCH").await);
    let (operator, customer) = (app.operator().await, app.customer_of(&agent).await);
    for amount in ["10.0000", "0.0198", "0.0198", "1.2345"] {
        post(&switch, charge(&app, &customer.number, "CALL", amount)).await;
    }
    let ask = async |rate: &str| {
        let variables = json!({ "agent": agent.id, "rate": rate });
        operator.run(PREVIEW, variables).await["ratePreview"].take()
    };
    // 11.2741 × 3% is 0.338223, of which 0.3382 is posted; at 5% it would have been 0.563705.
    let seen = ask("5").await;
    let figures = json!({
        "charges": 4, "spent": "11.2741", "base": "11.2741", "earned": "0.3382", "clawedBack": "0.0000", "net": "0.3382",
    });
    assert_eq!(seen["current"], figures);
    assert_eq!(seen["preview"]["net"], "0.5636");
    assert_eq!(seen["difference"], "0.2254");
    // The same rate changes nothing, whatever was carried.
    assert_eq!(ask("3.00").await["difference"], "0.0000");
    assert_eq!(ask("1").await["preview"]["earned"], "0.1127");

    let variables = |agent: &str, rate: &str| json!({ "agent": agent, "rate": rate });
    for rate in ["0.99", "10.01"] {
        let refused = operator.error(PREVIEW, variables(&agent.id, rate)).await;
        assert_eq!(refused, "BAD_USER_INPUT", "{rate}");
    }
    assert_eq!(
        agent.error(PREVIEW, variables(&agent.id, "5")).await,
        "FORBIDDEN"
    );
    let nobody = "agt_0192f0c1d2e37a4b8c5d6e7f80910213";
    assert_eq!(
        operator.run(PREVIEW, variables(nobody, "5")).await["ratePreview"],
        Value::Null
    );
}

on_both!(e01_every_commission_can_be_done_again_with_pencil_and_paper);
async fn e01_every_commission_can_be_done_again_with_pencil_and_paper(app: TestApp) {
    let (agent, switch) = (app.agent("3.00").await, app.machine("SWITCH").await);
    let (operator, customer) = (app.operator().await, app.customer_of(&agent).await);
    for amount in ["0.0198", "0.0199", "0.0001", "7.7777"] {
        post(&switch, charge(&app, &customer.number, "CALL", amount)).await;
    }
    let input = json!({ "agentId": agent.id, "commissionRate": "4.5", "reason": "Good sales" });
    operator
        .mutate("setCommissionRate", input, "agent { id }")
        .await;
    post(&switch, charge(&app, &customer.number, "CALL", "0.0198")).await;
    let document = "{ viewer { agent { commissions { nodes {
        base commissionRate exact amount carryBefore carryAfter working periodInForce { commissionRate effectiveFrom effectiveTo reason }
        charge { amount promoPart occurredAt } transaction { entries { account amount } } } } } } }";
    let seen = agent.query(document).await;
    let rows = seen["viewer"]["agent"]["commissions"]["nodes"]
        .as_array()
        .expect("rows");
    assert_eq!(rows.len(), 5);
    let mut carry = 0;
    for row in rows.iter().rev() {
        let percent: i64 = text(&row["commissionRate"])
            .replace('.', "")
            .parse()
            .unwrap();
        let base = units(&row["charge"]["amount"]) - units(&row["charge"]["promoPart"]);
        assert_eq!(base, units(&row["base"]));
        assert_eq!(fractions(&row["exact"]), base * percent);
        assert_eq!(fractions(&row["carryBefore"]), carry);
        let all = carry + base * percent;
        carry = all.rem_euclid(10_000);
        assert_eq!(units(&row["amount"]), all.div_euclid(10_000));
        assert_eq!(fractions(&row["carryAfter"]), carry);
        assert_eq!(
            row["periodInForce"]["commissionRate"],
            row["commissionRate"]
        );
        let at = text(&row["charge"]["occurredAt"]);
        let period = &row["periodInForce"];
        assert!(text(&period["effectiveFrom"]) <= at);
        assert!(period["effectiveTo"].as_str().is_none_or(|to| at <= to));
        let entries = row["transaction"]["entries"].as_array().unwrap().iter();
        let credited: i64 = entries.map(|entry| units(&entry["amount"])).sum();
        assert_eq!(credited, units(&row["amount"]));
    }
    assert_eq!(
        rows[4]["working"],
        "0.0198 × 3.00% = 0.00059400; with 0.00000000 carried from before 0.00059400; \
         posted, rounded down to 0.0001: 0.0005; carried on: 0.00009400."
    );
    assert_eq!(rows[0]["periodInForce"]["reason"], "Good sales");
    prove(&app).await;
}
