//! What an agent earns, from when on, and how it is shown.

use chrono::{SecondsFormat, TimeDelta};
use serde_json::{Value, json};

use crate::support::app::{TestApp, text};
use crate::support::sales::{charge, commissions, post};

const RATES: &str =
    "agent { commissionRate commissionRates { commissionRate effectiveFrom effectiveTo reason } }";

fn rate(agent: &str, percent: &str) -> Value {
    json!({ "agentId": agent, "commissionRate": percent, "reason": "Good sales" })
}

fn from(mut input: Value, instant: chrono::DateTime<chrono::Utc>) -> Value {
    input["effectiveFrom"] = json!(instant.to_rfc3339_opts(SecondsFormat::Micros, true));
    input
}

fn shown(payload: &Value) -> Vec<&str> {
    let periods = payload["agent"]["commissionRates"]
        .as_array()
        .expect("a list");
    periods
        .iter()
        .map(|period| text(&period["commissionRate"]))
        .collect()
}

on_both!(r44_an_operator_changes_a_rate_up_or_down);
async fn r44_an_operator_changes_a_rate_up_or_down(app: TestApp) {
    let (agent, operator) = (app.agent("3.00").await, app.operator().await);
    for percent in ["5.50", "1.00"] {
        app.pass(TimeDelta::minutes(2));
        let set = operator
            .mutate("setCommissionRate", rate(&agent.id, percent), RATES)
            .await;
        assert_eq!(set["agent"]["commissionRate"], percent);
    }
    let set = operator
        .mutate("setCommissionRate", rate(&agent.id, "10"), RATES)
        .await;
    assert_eq!(shown(&set), ["10.00", "1.00", "5.50", "3.00"]);
    let periods = set["agent"]["commissionRates"].as_array().expect("a list");
    assert!(periods[0]["effectiveTo"].is_null());
    for pair in periods.windows(2) {
        assert_eq!(
            pair[1]["effectiveTo"], pair[0]["effectiveFrom"],
            "no gap and no overlap"
        );
    }
}

on_both!(r08_the_agent_does_not_set_its_rate);
async fn r08_the_agent_does_not_set_its_rate(app: TestApp) {
    let agent = app.agent("3.00").await;
    let input = rate(&agent.id, "10.00");
    assert_eq!(
        agent.denied("setCommissionRate", input.clone()).await,
        "FORBIDDEN"
    );
    assert_eq!(
        app.anonymous().denied("setCommissionRate", input).await,
        "UNAUTHENTICATED"
    );
    let seen = agent.query("{ viewer { agent { commissionRate } } }").await;
    assert_eq!(seen["viewer"]["agent"]["commissionRate"], "3.00");
}

on_both!(e06_a_rate_is_changed_from_now_or_later_and_never_backwards);
async fn e06_a_rate_is_changed_from_now_or_later_and_never_backwards(app: TestApp) {
    let (agent, operator) = (app.agent("3.00").await, app.operator().await);
    let past = from(rate(&agent.id, "5.00"), app.now() - TimeDelta::seconds(1));
    let refused = operator.refused("setCommissionRate", past).await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("EFFECTIVE_IN_PAST", "effectiveFrom")
    );
    let later = app.now() + TimeDelta::days(30);
    let set = operator
        .mutate(
            "setCommissionRate",
            from(rate(&agent.id, "5.00"), later),
            RATES,
        )
        .await;
    assert_eq!(
        set["agent"]["commissionRate"], "3.00",
        "the rate in force now"
    );
    assert_eq!(shown(&set), ["5.00", "3.00"]);
    // From now on, before the later one, which stays.
    let set = operator
        .mutate("setCommissionRate", rate(&agent.id, "4.00"), RATES)
        .await;
    assert_eq!(set["agent"]["commissionRate"], "4.00");
    assert_eq!(shown(&set), ["5.00", "4.00", "3.00"]);
    // Another one for the same later instant takes its place: nothing was earned at it.
    let set = operator
        .mutate(
            "setCommissionRate",
            from(rate(&agent.id, "6.00"), later),
            RATES,
        )
        .await;
    assert_eq!(shown(&set), ["6.00", "4.00", "3.00"]);
    app.pass(TimeDelta::days(30));
    let seen = app.sign_in(&agent.email).await;
    let seen = seen.query("{ viewer { agent { commissionRate } } }").await;
    assert_eq!(seen["viewer"]["agent"]["commissionRate"], "6.00");
}

on_both!(r09_a_rate_out_of_range_changes_nothing);
async fn r09_a_rate_out_of_range_changes_nothing(app: TestApp) {
    let (agent, operator) = (app.agent("3.00").await, app.operator().await);
    for percent in ["0.99", "10.01"] {
        let refused = operator
            .refused("setCommissionRate", rate(&agent.id, percent))
            .await;
        assert_eq!(refused.code, "COMMISSION_RATE_OUT_OF_RANGE");
        assert_eq!(refused.field, "commissionRate");
    }
    let seen = agent
        .query("{ viewer { agent { commissionRates { commissionRate } } } }")
        .await;
    assert_eq!(
        seen["viewer"]["agent"]["commissionRates"],
        json!([{ "commissionRate": "3.00" }])
    );
}

on_both!(a_rate_of_nobody_and_without_a_reason_is_refused);
async fn a_rate_of_nobody_and_without_a_reason_is_refused(app: TestApp) {
    let (agent, operator) = (app.agent("3.00").await, app.operator().await);
    let nobody = rate("agt_0192f5a0c0de7000800000000000beef", "3.00");
    let refused = operator.refused("setCommissionRate", nobody).await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("NOT_FOUND", "agentId")
    );
    let mut input = rate(&agent.id, "3.00");
    input["reason"] = json!(" ");
    let refused = operator.refused("setCommissionRate", input).await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("INVALID_INPUT", "reason")
    );
}

on_both!(r44_the_agent_hears_of_its_rate_at_once);
async fn r44_the_agent_hears_of_its_rate_at_once(app: TestApp) {
    let (agent, operator) = (app.agent("3.00").await, app.operator().await);
    let seen = agent.query("{ viewer { agent { latestCursor } } }").await;
    let after = json!({ "after": seen["viewer"]["agent"]["latestCursor"] });
    let document =
        "subscription($after: String) { agentEvents(after: $after, kinds: [COMMISSION_RATE]) {
        balance { available } ... on CommissionRateEvent { commissionRate } } }";
    let mut events = agent.follow(document, after).await;
    operator
        .mutate("setCommissionRate", rate(&agent.id, "4.00"), RATES)
        .await;
    let event = events.next().await["agentEvents"].take();
    assert_eq!(
        event,
        json!({ "balance": { "available": "0.0000" }, "commissionRate": "4.00" })
    );
}

on_both!(r13_commission_shows_four_decimals_always);
async fn r13_commission_shows_four_decimals_always(app: TestApp) {
    let (agent, switch) = (app.agent("10.00").await, app.machine("SWITCH").await);
    let customer = app.customer_of(&agent).await;
    let seen = "{ viewer { agent { balance { commission held available withdrawable }
        customers { nodes { commissionEarned } } } }
        commissionReport(input: { period: { from: \"2026-11-01\", to: \"2026-12-01\" }, groupBy: DAY }) {
            totals { earned clawedBack net } } }";
    // Nothing at all, a whole amount, one with less decimals, one that ends with zeros, and the least.
    for (charged, net) in [
        (None, "0.0000"),
        (Some("20.00"), "2.0000"),
        (Some("5"), "2.5000"),
        (Some("0.0010"), "2.5001"),
        (Some("0.0005"), "2.5001"),
        (Some("0.0005"), "2.5002"),
    ] {
        if let Some(amount) = charged {
            post(&switch, charge(&app, &customer.number, "CALL", amount)).await;
        }
        let seen = agent.query(seen).await;
        let held = &seen["viewer"]["agent"];
        assert_eq!(
            held["balance"],
            json!({ "commission": net, "held": "0.0000", "available": net, "withdrawable": net })
        );
        assert_eq!(held["customers"]["nodes"][0]["commissionEarned"], net);
        assert_eq!(
            seen["commissionReport"]["totals"],
            json!({ "earned": net, "clawedBack": "0.0000", "net": net })
        );
    }
    for row in commissions(&agent).await {
        let (_, decimals) = text(&row["amount"]).split_once('.').expect("decimals");
        assert_eq!(decimals.len(), 4);
    }
}
