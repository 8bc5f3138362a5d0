//! Two agents with customers each, and all others who may ask: for stories of who sees what.

use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::app::{PASSWORD, TestAgent, TestApp, TestCustomer, text};
use super::caller::Caller;
use super::forms::{By, Form, Ids, forms};

/// An agent with a customer that manages itself and one that the agent manages; each has all kinds of money.
pub struct House {
    pub agent: TestAgent,
    pub customer: TestCustomer,
    pub managed: String,
    pub ids: Ids,
}

/// The world.
pub struct Pair {
    pub a: House,
    pub b: House,
    /// A customer without an agent.
    pub house: TestCustomer,
    pub operator: Caller,
    pub switch: Caller,
    pub processor: Caller,
}

impl Pair {
    pub async fn new(app: &TestApp) -> Self {
        let operator = app.operator().await;
        for (code, kind) in [("LINE", "PLAN"), ("NUMBER", "SERVICE")] {
            let product = json!({ "code": code, "name": code, "kind": kind, "price": "2.00" });
            operator
                .mutate("saveProduct", product, "product { id }")
                .await;
        }
        let rate = json!({ "prefix": "1", "destination": "America", "pricePerMinute": "0.50" });
        let rates = json!({ "rates": [rate] });
        operator
            .mutate("saveCallRates", rates, "rates { prefix }")
            .await;
        let switch = app.machine("SWITCH").await;
        Self {
            a: House::new(app, "alpha", &operator, &switch).await,
            b: House::new(app, "bravo", &operator, &switch).await,
            house: app.customer().await,
            processor: app.machine("PROCESSOR").await,
            switch,
            operator,
        }
    }

    /// Who may send a form for A.
    pub fn by(&self, app: &TestApp, form: &Form) -> Caller {
        match form.by {
            By::Anyone => app.anonymous(),
            By::Customer => self.a.customer.caller.clone(),
            By::Agent => self.a.agent.caller.clone(),
            By::Operator => self.operator.clone(),
            By::Switch => self.switch.clone(),
            By::Processor => self.processor.clone(),
        }
    }
}

impl House {
    async fn new(app: &TestApp, mark: &str, operator: &Caller, switch: &Caller) -> Self {
        let agent = app.agent("3.00").await;
        app.top_up(&agent, "100.00").await;
        let email = app.new_email(mark);
        let input = json!({ "name": format!("Carl {mark}"), "email": email, "password": PASSWORD,
            "agentNumber": agent.number });
        let shown = "customer { id accountNumber } session { accessToken }";
        let new = app
            .anonymous()
            .mutate("signUpWithAgent", input, shown)
            .await;
        let customer = TestCustomer {
            caller: app.with_token(text(&new["session"]["accessToken"])),
            id: text(&new["customer"]["id"]).into(),
            number: text(&new["customer"]["accountNumber"]).into(),
            email,
        };
        app.top_up(&customer, "60.00").await;
        let input = json!({ "name": format!("Dora {mark}"), "email": app.new_email(mark), "management": "AGENT_MANAGED" });
        let new = agent
            .mutate("signUpCustomer", input, "customer { id }")
            .await;
        let managed = text(&new["customer"]["id"]).to_owned();
        let pays = json!({ "customerId": managed, "amount": "30.00", "method": "CREDIT_CARD",
            "paymentToken": "tok_approve", "idempotencyKey": app.new_key() });
        agent.mutate("topUp", pays, "topUp { id }").await;
        let buys = json!({ "customerId": managed, "productCode": "LINE", "idempotencyKey": app.new_key() });
        let bought = agent
            .mutate("purchaseProduct", buys, "charge { id } plan { id }")
            .await;
        let wire = json!({ "amount": "70.00", "method": "WIRE", "idempotencyKey": app.new_key() });
        let wire = customer.mutate("topUp", wire, "topUp { id }").await;
        let call = json!({ "externalId": app.new_key(), "accountNumber": customer.number, "to": "+12125550123",
            "answeredAt": instant(app), "durationSeconds": 600 });
        let calls = json!({ "source": format!("switch-{mark}"), "calls": [call] });
        let call = switch
            .mutate(
                "recordCalls",
                calls,
                "results { externalId charge { id } error { code } }",
            )
            .await;
        assert!(call["results"][0]["error"].is_null(), "{call}");
        let gives = json!({ "customerId": customer.id, "amount": "5.00", "memo": format!("Memo {mark}"),
            "idempotencyKey": app.new_key() });
        let given = agent
            .mutate("transferFunds", gives, "transfer { id }")
            .await;
        let asks = json!({ "amount": "20.00", "idempotencyKey": app.new_key(),
            "destination": { "check": { "payee": format!("Payee {mark}"), "address": format!("{mark} Street") } } });
        let asked = agent.mutate("requestPayout", asks, "payout { id }").await;
        let applies = super::app::application(&customer.email);
        let applied = customer
            .mutate("applyToProgram", applies, "application { id }")
            .await;
        let key = json!({ "name": format!("Key {mark}"), "role": "SWITCH" });
        let key = operator.mutate("createApiKey", key, "apiKey { id }").await;
        let asks = json!({ "customerId": customer.id, "amount": "2000", "reason": format!("Reason {mark}"),
            "idempotencyKey": app.new_key() });
        let proposed = operator
            .payload("postAdjustment", asks, "proposal { id }")
            .await;
        let call = text(&call["results"][0]["charge"]["id"]);
        let suspects = json!({ "subject": { "chargeIds": [call] }, "reason": "OTHER", "note": format!("Note {mark}") });
        let opened = operator
            .mutate("openFraudCase", suspects, "fraudCase { id }")
            .await;
        let id = |value: &Value| text(value).to_owned();
        let ids = Ids {
            agent: agent.id.clone(),
            agent_number: agent.number.clone(),
            customer: customer.id.clone(),
            managed: managed.clone(),
            account_number: customer.number.clone(),
            plan: id(&bought["plan"]["id"]),
            charge: id(&bought["charge"]["id"]),
            payout: id(&asked["payout"]["id"]),
            top_up: id(&wire["topUp"]["id"]),
            transfer: id(&given["transfer"]["id"]),
            application: id(&applied["application"]["id"]),
            api_key: id(&key["apiKey"]["id"]),
            proposal: id(&proposed["proposal"]["id"]),
            fraud_case: id(&opened["fraudCase"]["id"]),
        };
        Self {
            agent,
            customer,
            managed,
            ids,
        }
    }
}

/// What the clock shows, as clients write it.
pub fn instant(app: &TestApp) -> String {
    app.now().to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Every mutation filled in with these ids.
pub fn filled(app: &TestApp, ids: &Ids) -> Vec<Form> {
    forms(ids, &instant(app), &|| app.new_key())
}
