//! What the clients of the storm ask for, each once, however often they have to ask.

use serde_json::{Value, json};

use crate::support::app::text;
use crate::support::dice::Dice;

const CHARGES: &str = "mutation($input: RecordChargesInput!) { done: recordCharges(input: $input) {
    results { it: charge { id } replayed error { code } } userErrors { code } } }";
const CALLS: &str = "mutation($input: RecordCallsInput!) { done: recordCalls(input: $input) {
    results { it: charge { id } replayed error { code } } userErrors { code } } }";
const TRANSFER: &str =
    "mutation($input: TransferFundsInput!) { done: transferFunds(input: $input) {
    it: transfer { id } replayed userErrors { code } } }";
const TOP_UP: &str = "mutation($input: TopUpInput!) { done: topUp(input: $input) {
    it: topUp { id } replayed userErrors { code } } }";
const PAYOUT: &str = "mutation($input: RequestPayoutInput!) { done: requestPayout(input: $input) {
    it: payout { id } replayed userErrors { code } } }";
const REFUND: &str = "mutation($input: RefundChargeInput!) { done: refundCharge(input: $input) {
    it: clawback { id } replayed userErrors { code } } }";

/// What is asked for, and as whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Of 0.1000 each, by the operator.
    Charges,
    /// Of 0.0600 each, by the operator.
    Calls,
    /// Of 0.5000, by the agent.
    Transfer,
    /// Of 5.00, by the agent.
    TopUp,
    /// Of 20.00, by the agent.
    Payout,
    /// Of a charge, by the operator.
    Refund,
}

impl Kind {
    pub fn document(self) -> &'static str {
        match self {
            Self::Charges => CHARGES,
            Self::Calls => CALLS,
            Self::Transfer => TRANSFER,
            Self::TopUp => TOP_UP,
            Self::Payout => PAYOUT,
            Self::Refund => REFUND,
        }
    }

    pub fn is_the_agents(self) -> bool {
        matches!(self, Self::Transfer | Self::TopUp | Self::Payout)
    }

    fn has_rows(self) -> bool {
        matches!(self, Self::Charges | Self::Calls)
    }
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The ids of what was done.
    Done(Vec<String>),
    /// The limit of a day's top-ups is reached, or commission that went out was taken back: the code.
    Refused(&'static str),
}

/// Something that is asked for once, however often.
pub struct Request {
    pub kind: Kind,
    pub customer: usize,
    pub input: Value,
    /// As the server first told it.
    pub outcome: Option<Outcome>,
    /// Somebody asks for its charge to be given back.
    given_back: bool,
}

impl Request {
    fn new(kind: Kind, customer: usize, input: Value) -> Self {
        Self {
            kind,
            customer,
            input,
            outcome: None,
            given_back: false,
        }
    }

    /// How many charges it has.
    pub fn rows(&self) -> usize {
        let rows = ["charges", "calls"].map(|of| self.input[of].as_array().map(Vec::len));
        rows.into_iter().flatten().next().unwrap_or(1)
    }

    /// Reads an answer: what was done, and whether it was done before.
    pub fn read(&self, data: &Value) -> (Outcome, bool) {
        let done = &data["done"];
        let may_be = match self.kind {
            Kind::TopUp => Some("TOP_UP_METHOD_LIMIT"),
            Kind::Payout => Some("COMMISSION_NEGATIVE"),
            _ => None,
        };
        if let Some(code) = may_be.filter(|code| done["userErrors"][0]["code"] == **code) {
            return (Outcome::Refused(code), false);
        }
        assert_eq!(
            done["userErrors"],
            json!([]),
            "{:?} {:#}",
            self.kind,
            self.input
        );
        let one = std::slice::from_ref(done);
        let rows = if self.kind.has_rows() {
            done["results"].as_array().expect("rows").as_slice()
        } else {
            one
        };
        let ids = rows.iter().map(|row| {
            assert!(!row["it"].is_null(), "{:?} {row:#}", self.kind);
            text(&row["it"]["id"]).to_owned()
        });
        let ids = ids.collect();
        let replayed = |row: &Value| row["replayed"].as_bool().expect("a flag");
        let before = replayed(&rows[0]);
        assert!(
            rows.iter().all(|row| replayed(row) == before),
            "whole or not at all"
        );
        (Outcome::Done(ids), before)
    }

    /// The same key for something else: and the code that it must be refused with.
    pub fn altered(&self) -> (Value, &'static str) {
        let mut input = self.input.clone();
        match self.kind {
            Kind::Charges => input["charges"][0]["amount"] = json!("0.2000"),
            Kind::Calls => input["calls"][0]["durationSeconds"] = json!(61),
            Kind::Transfer => input["amount"] = json!("0.6000"),
            Kind::TopUp => input["amount"] = json!("6.00"),
            Kind::Payout => input["amount"] = json!("21.00"),
            Kind::Refund => input["amount"] = json!("0.0100"),
        }
        let code = if self.kind.has_rows() {
            "EXTERNAL_ID_REUSED"
        } else {
            "IDEMPOTENCY_KEY_REUSED"
        };
        (input, code)
    }

    /// The code that an answer to something altered was refused with.
    pub fn refusal<'a>(&self, data: &'a Value) -> &'a str {
        let done = &data["done"];
        text(if self.kind.has_rows() {
            &done["results"][0]["error"]["code"]
        } else {
            &done["userErrors"][0]["code"]
        })
    }
}

/// Whom the requests are about.
pub struct People {
    /// Ids and account numbers.
    pub customers: Vec<(String, String)>,
    pub now: String,
}

impl People {
    /// The next request of a client that has these behind it.
    pub fn request(&self, dice: &mut Dice, name: &str, before: &mut [Request]) -> Request {
        let all: Vec<usize> = (0..self.customers.len()).collect();
        let customer = *dice.one_of(&all);
        let (id, number) = &self.customers[customer];
        let (kind, input) = match dice.below(100) {
            0..2 => (
                Kind::TopUp,
                json!({ "amount": "5.00", "method": "CREDIT_CARD", "paymentToken": "tok_approve", "idempotencyKey": name }),
            ),
            2..5 => {
                let paypal = json!({ "paypal": { "email": "ada@example.com" } });
                (
                    Kind::Payout,
                    json!({ "amount": "20.00", "destination": paypal, "idempotencyKey": name }),
                )
            }
            5..35 => (
                Kind::Transfer,
                json!({ "customerId": id, "amount": "0.5000", "idempotencyKey": name }),
            ),
            35..45 => match refundable(before) {
                Some((of, charge)) => {
                    let input = json!({ "chargeId": charge, "reason": "A bad line", "idempotencyKey": name });
                    return Request::new(Kind::Refund, of, input);
                }
                None => self.charges(dice, name, number),
            },
            45..60 => {
                let rows = (0..=dice.below(8)).map(|row| {
                    json!({ "externalId": format!("{name}.{row}"), "accountNumber": number, "to": "+12125550123",
                        "answeredAt": self.now, "durationSeconds": 60 })
                });
                (
                    Kind::Calls,
                    json!({ "source": "switch", "calls": rows.collect::<Vec<_>>() }),
                )
            }
            _ => self.charges(dice, name, number),
        };
        Request::new(kind, customer, input)
    }

    fn charges(&self, dice: &mut Dice, name: &str, number: &str) -> (Kind, Value) {
        let many = if dice.once_in(4) {
            2 + dice.below(12)
        } else {
            1
        };
        let rows = (0..many).map(|row| {
            json!({ "externalId": format!("{name}.{row}"), "accountNumber": number, "kind": "CALL",
                "description": "A call", "amount": "0.1000", "occurredAt": self.now })
        });
        let rows: Vec<_> = rows.collect();
        (
            Kind::Charges,
            json!({ "source": "billing", "charges": rows }),
        )
    }
}

/// A charge that was answered and that nobody has given back yet.
fn refundable(before: &mut [Request]) -> Option<(usize, String)> {
    let mut single = before.iter_mut().rev().take(50).filter(|request| {
        request.kind == Kind::Charges && request.rows() == 1 && !request.given_back
    });
    single.find_map(|request| {
        let Some(Outcome::Done(ids)) = &request.outcome else {
            return None;
        };
        request.given_back = true;
        Some((request.customer, ids[0].clone()))
    })
}
