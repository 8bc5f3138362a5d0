//! Money in a story: where it comes from, where it is, and that the books are right.

use agent_program::ledger::check::check;
use serde_json::json;

use super::app::{TestApp, text};
use super::caller::Caller;

impl TestApp {
    /// Pays money in by bank wire, as whoever asks, into its own account; an operator sees it arrive.
    pub async fn wire(&self, operator: &Caller, who: &Caller, amount: &str) {
        let input = json!({ "amount": amount, "method": "WIRE", "idempotencyKey": self.new_key() });
        let sent = who.mutate("topUp", input, "topUp { id state }").await;
        assert_eq!(sent["topUp"]["state"], "PENDING");
        let arrived = json!({
            "topUpId": sent["topUp"]["id"], "reference": "FT-4711", "idempotencyKey": self.new_key(),
        });
        let there = operator.mutate("settleTopUp", arrived, "topUp { state }");
        assert_eq!(there.await["topUp"]["state"], "SETTLED");
    }

    /// Charges an account for a service that was rated elsewhere; the id of the charge.
    pub async fn charge(&self, operator: &Caller, number: &str, amount: &str) -> String {
        let charge = json!({
            "externalId": self.new_key(), "accountNumber": number, "kind": "SERVICE", "description": "A service",
            "amount": amount, "occurredAt": self.now().to_rfc3339(),
        });
        let input = json!({ "source": "billing", "charges": [charge] });
        let shown = "results { charge { id } error { code message } }";
        let posted = operator.mutate("recordCharges", input, shown).await;
        let result = &posted["results"][0];
        assert!(result["error"].is_null(), "{result}");
        text(&result["charge"]["id"]).to_owned()
    }

    /// The books are right.
    pub async fn prove(&self) {
        let document = "{ ledgerCheck { ok violations { rule detail } } }";
        let mut checked = self.operator().await.query(document).await;
        let found = checked["ledgerCheck"].take();
        assert_eq!(found["ok"], true, "{found:#}");
    }

    /// What the entries of one of the house's accounts sum to.
    pub async fn house(&self, account: &str) -> String {
        let checked = check(&self.app.db, &self.app.terms, self.now(), |_| {});
        let checked = checked.await.expect("a check");
        let line = checked.trial_balance.iter();
        let mut line = line.filter(|(kind, _)| kind.name() == account);
        let sum = line.next().map(|(_, figure)| figure.money());
        sum.unwrap_or_default().to_string()
    }
}

/// Where an agent's money is: `140.0000 funding, 60.0000 commission, 0.0000 reserved`.
pub async fn funds(agent: &Caller) -> String {
    let document = "{ viewer { agent { balance { funding commission reserved } } } }";
    let seen = agent.query(document).await;
    let balance = &seen["viewer"]["agent"]["balance"];
    let [funding, commission, reserved] =
        ["funding", "commission", "reserved"].map(|name| text(&balance[name]));
    format!("{funding} funding, {commission} commission, {reserved} reserved")
}

/// What may be paid out to an agent now.
pub async fn withdrawable(agent: &Caller) -> String {
    let document = "{ viewer { agent { balance { withdrawable } } } }";
    let seen = agent.query(document).await;
    text(&seen["viewer"]["agent"]["balance"]["withdrawable"]).to_owned()
}

/// What is on somebody's telephone account: `25.0000 cash, 0.0000 promo`.
pub async fn account(who: &Caller) -> String {
    let seen = who
        .query("{ viewer { customer { balance { cash promo } } } }")
        .await;
    let balance = &seen["viewer"]["customer"]["balance"];
    let [cash, promo] = ["cash", "promo"].map(|name| text(&balance[name]));
    format!("{cash} cash, {promo} promo")
}

/// The kinds of the transactions on somebody's telephone account, newest first (R48).
pub async fn kinds(who: &Caller) -> Vec<String> {
    let document = "{ viewer { customer { transactions { nodes { kind } } } } }";
    let seen = who.query(document).await;
    let rows = seen["viewer"]["customer"]["transactions"]["nodes"].as_array();
    let rows = rows.expect("a list").iter();
    rows.map(|row| text(&row["kind"]).to_owned()).collect()
}
