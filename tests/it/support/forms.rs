//! Every mutation's input filled in: for stories that are told of all fields at once.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::app::{PASSWORD, application};
use super::types::{Field, TYPES};

/// What the inputs name.
#[derive(Clone)]
pub struct Ids {
    pub agent: String,
    pub agent_number: String,
    /// A customer that manages itself.
    pub customer: String,
    /// One that the agent manages.
    pub managed: String,
    pub account_number: String,
    /// A plan of the managed one.
    pub plan: String,
    pub payout: String,
    pub top_up: String,
    pub transfer: String,
    pub charge: String,
    pub application: String,
    pub api_key: String,
    pub fraud_case: String,
    pub proposal: String,
}

impl Ids {
    /// The same kinds of ids, of nobody.
    pub fn of_nobody(&self) -> Self {
        let mut other = self.clone();
        for id in other.all_mut() {
            *id = nobodys(id);
        }
        other
    }

    /// Those that are ids, and no numbers.
    fn all_mut(&mut self) -> [&mut String; 12] {
        [
            &mut self.agent,
            &mut self.customer,
            &mut self.managed,
            &mut self.plan,
            &mut self.payout,
            &mut self.top_up,
            &mut self.transfer,
            &mut self.charge,
            &mut self.application,
            &mut self.api_key,
            &mut self.fraud_case,
            &mut self.proposal,
        ]
    }

    /// An answer to `self`, as it would be if it were asked for the others.
    pub fn renamed(&self, others: &Self, answer: &str) -> String {
        let (mut own, mut others) = (self.clone(), others.clone());
        let pairs = own.all_mut().into_iter().zip(others.all_mut());
        pairs.fold(answer.to_owned(), |text, (own, other)| {
            text.replace(own.as_str(), other)
        })
    }
}

/// An id of the same kind that nobody has.
pub fn nobodys(id: &str) -> String {
    format!("{}dead", &id[..id.len() - 4])
}

/// Who may send an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Anyone,
    Customer,
    Agent,
    Operator,
    Switch,
    Processor,
}

/// A mutation, with an input that nothing is wrong with.
pub struct Form {
    pub mutation: &'static str,
    pub by: By,
    pub input: Value,
}

/// A place in an input, and its type.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// A JSON pointer: `/calls/0/to`.
    pub at: String,
    pub kind: String,
    pub required: bool,
}

impl Leaf {
    /// As a refusal names it: `calls.0.to`.
    pub fn field(&self) -> String {
        self.at[1..].replace('/', ".")
    }
}

impl Form {
    /// The input with something else in one place.
    pub fn with(&self, leaf: &Leaf, value: Value) -> Value {
        let mut input = self.input.clone();
        *input.pointer_mut(&leaf.at).expect("a place in the input") = value;
        input
    }

    /// Every place of the input that is no object.
    pub fn leaves(&self) -> Vec<Leaf> {
        let root = TYPES.root("Mutation").iter();
        let mutation = { root }.find(|field| field.name == self.mutation);
        let mutation = mutation.expect("a served mutation");
        let mut leaves = Vec::new();
        if let Some(input) = mutation.arguments.first() {
            walk(&self.input, input, String::new(), &mut leaves);
        }
        leaves
    }
}

fn walk(value: &Value, of: &Field, at: String, leaves: &mut Vec<Leaf>) {
    let Some(fields) = TYPES.inputs.get(&of.kind) else {
        if let Value::Array(rows) = value {
            for (i, row) in rows.iter().enumerate() {
                walk(row, of, format!("{at}/{i}"), leaves);
            }
            return;
        }
        leaves.push(Leaf {
            at,
            kind: of.kind.clone(),
            required: of.required,
        });
        return;
    };
    if let Value::Array(rows) = value {
        for (i, row) in rows.iter().enumerate() {
            walk(row, of, format!("{at}/{i}"), leaves);
        }
        return;
    }
    for field in fields {
        match value.get(&field.name) {
            Some(inner) => walk(inner, field, format!("{at}/{}", field.name), leaves),
            None => assert!(
                TYPES.one_of.contains(&of.kind),
                "{}.{} is filled in nowhere: see tests/it/support/forms.rs",
                of.kind,
                field.name
            ),
        }
    }
}

/// Every mutation that is served, filled in. `new` makes a word that was not used yet.
#[expect(clippy::too_many_lines, reason = "a table")]
pub fn forms(ids: &Ids, now: &str, new: &dyn Fn() -> String) -> Vec<Form> {
    let email = || format!("{}@example.com", new());
    let pay = |id: &str| json!({ "payoutId": id, "reference": "W-1", "reason": "So.", "idempotencyKey": new() });
    let agent = || json!({ "agentId": ids.agent, "reason": "So." });
    let told = || json!({ "applicationId": ids.application, "response": "Which towns?" });
    let top_up = || json!({ "topUpId": ids.top_up, "reference": "FT-1", "idempotencyKey": new() });
    let signs_up = || json!({ "name": "Nina", "email": email(), "password": PASSWORD });
    let money = |field: &str, id: &str| json!({ field: id, "amount": "1.00", "reason": "So.", "idempotencyKey": new() });
    let mut with_agent = signs_up();
    with_agent["agentNumber"] = json!(ids.agent_number);
    with_agent["linkAgentNumber"] = json!(ids.agent_number);
    let call = json!({ "externalId": new(), "accountNumber": ids.account_number, "to": "+12125550188",
        "answeredAt": now, "durationSeconds": 61 });
    let charge = json!({ "externalId": new(), "accountNumber": ids.account_number, "kind": "SERVICE",
        "description": "Setup", "amount": "1.00", "commissionable": true, "occurredAt": now });
    let rate = json!({ "prefix": "44", "destination": "Britain", "pricePerMinute": "0.02", "connectionFee": "0.01",
        "initialIncrement": 30, "increment": 6 });
    let all = [
        ("signUp", By::Anyone, signs_up()),
        ("signUpWithAgent", By::Anyone, with_agent),
        (
            "signUpCustomer",
            By::Agent,
            json!({ "name": "Bob", "email": email(), "management": "AGENT_MANAGED" }),
        ),
        (
            "handOverCustomer",
            By::Agent,
            json!({ "customerId": ids.managed, "email": email() }),
        ),
        (
            "claimAccount",
            By::Anyone,
            json!({ "token": "agc_x", "email": email(), "password": PASSWORD }),
        ),
        (
            "nameAgent",
            By::Customer,
            json!({ "agentNumber": ids.agent_number }),
        ),
        (
            "signIn",
            By::Anyone,
            json!({ "email": email(), "password": PASSWORD }),
        ),
        (
            "refreshSession",
            By::Anyone,
            json!({ "refreshToken": "agr_x" }),
        ),
        (
            "changePassword",
            By::Customer,
            json!({ "currentPassword": PASSWORD, "newPassword": "another quiet harbour" }),
        ),
        ("applyToProgram", By::Anyone, application(&email())),
        ("requestApplicationInfo", By::Operator, told()),
        ("rejectApplication", By::Operator, told()),
        (
            "approveApplication",
            By::Operator,
            json!({ "applicationId": ids.application, "commissionRate": "3.00", "note": "Welcome." }),
        ),
        (
            "setCommissionRate",
            By::Operator,
            json!({ "agentId": ids.agent, "commissionRate": "4.00",
            "effectiveFrom": "2027-01-01T00:00:00Z", "reason": "Good sales." }),
        ),
        ("suspendAgent", By::Operator, agent()),
        ("reinstateAgent", By::Operator, agent()),
        ("closeAgent", By::Operator, agent()),
        (
            "assignAgent",
            By::Operator,
            json!({ "customerId": ids.customer, "agentId": ids.agent, "reason": "So." }),
        ),
        (
            "topUp",
            By::Agent,
            json!({ "customerId": ids.managed, "amount": "20.00", "method": "CREDIT_CARD",
            "paymentToken": "tok_approve", "idempotencyKey": new() }),
        ),
        ("settleTopUp", By::Processor, top_up()),
        ("reverseTopUp", By::Processor, top_up()),
        (
            "transferFunds",
            By::Agent,
            json!({ "customerId": ids.customer, "amount": "1.00", "memo": "For you",
            "idempotencyKey": new() }),
        ),
        (
            "reverseTransfer",
            By::Operator,
            money("transferId", &ids.transfer),
        ),
        (
            "grantPromo",
            By::Operator,
            money("customerId", &ids.customer),
        ),
        ("payBonus", By::Operator, money("agentId", &ids.agent)),
        (
            "postAdjustment",
            By::Operator,
            money("customerId", &ids.customer),
        ),
        (
            "writeOff",
            By::Operator,
            json!({ "debtor": { "customerId": ids.customer }, "amount": "1.00", "reason": "So.",
            "idempotencyKey": new() }),
        ),
        ("refundCharge", By::Operator, money("chargeId", &ids.charge)),
        (
            "purchaseProduct",
            By::Agent,
            json!({ "customerId": ids.managed, "productCode": "LINE",
            "paymentToken": "tok_approve", "idempotencyKey": new() }),
        ),
        ("cancelPlan", By::Agent, json!({ "planId": ids.plan })),
        (
            "recordCalls",
            By::Switch,
            json!({ "source": "switch-9", "calls": [call] }),
        ),
        (
            "recordCharges",
            By::Switch,
            json!({ "source": "billing-9", "charges": [charge] }),
        ),
        (
            "requestPayout",
            By::Agent,
            json!({ "amount": "20.00", "idempotencyKey": new(),
            "destination": { "check": { "payee": "Ada", "address": "1 Main Street, Hoboken" } } }),
        ),
        ("cancelPayout", By::Agent, pay(&ids.payout)),
        ("approvePayout", By::Operator, pay(&ids.payout)),
        ("rejectPayout", By::Operator, pay(&ids.payout)),
        ("sendPayout", By::Operator, pay(&ids.payout)),
        ("settlePayout", By::Operator, pay(&ids.payout)),
        (
            "returnPayout",
            By::Operator,
            json!({ "payoutId": ids.payout, "reason": "So.", "returnFee": false,
            "idempotencyKey": new() }),
        ),
        (
            "createApiKey",
            By::Operator,
            json!({ "name": "A switch", "role": "SWITCH" }),
        ),
        (
            "revokeApiKey",
            By::Operator,
            json!({ "apiKeyId": ids.api_key }),
        ),
        (
            "openFraudCase",
            By::Operator,
            json!({ "subject": { "chargeIds": [ids.charge] }, "reason": "OTHER",
            "note": "So." }),
        ),
        (
            "confirmFraudCase",
            By::Operator,
            json!({ "fraudCaseId": ids.fraud_case, "note": "So." }),
        ),
        (
            "clearFraudCase",
            By::Operator,
            json!({ "fraudCaseId": ids.fraud_case, "note": "So." }),
        ),
        (
            "saveProduct",
            By::Operator,
            json!({ "code": "VOICEMAIL", "name": "Voice mail", "kind": "PLAN", "price": "3.00",
            "commissionable": true, "available": true }),
        ),
        ("saveCallRates", By::Operator, json!({ "rates": [rate] })),
        // Last, as the session is then over.
        ("signOut", By::Customer, Value::Null),
    ];
    let served: BTreeSet<&str> = TYPES
        .root("Mutation")
        .iter()
        .map(|field| field.name.as_str())
        .collect();
    let forms: Vec<Form> = all
        .into_iter()
        .filter(|(mutation, ..)| served.contains(mutation))
        .map(|(mutation, by, input)| Form {
            mutation,
            by,
            input,
        })
        .collect();
    for mutation in served {
        assert!(
            forms.iter().any(|form| form.mutation == mutation),
            "{mutation} is filled in nowhere: see tests/it/support/forms.rs"
        );
    }
    forms
}
