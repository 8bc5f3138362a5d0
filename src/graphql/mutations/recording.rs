//! `recordCalls` and `recordCharges`: what switches and billing systems report, row by row.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use entity::{AccountNumber, Name, charge};

use crate::Error;
use crate::graphql::access::enter;
use crate::graphql::charges::ChargeKind;
use crate::graphql::context::noting;
use crate::graphql::error::{Answer, Payload, UserError, answer};
use crate::graphql::given::{Given, text};
use crate::graphql::nodes::Charge;
use crate::graphql::scalars::{DateTime, Money, PhoneNumber};
use crate::ledger::Noting;
use crate::program::{Call, Command, RatedCharge, RecordCalls, RecordCharges, Refusal, RowOutcome};

/// How many rows a request has at most.
const MOST_ROWS: usize = 1_000;
/// How many of them the ledger gets at once: some ten milliseconds of its writer's work.
const PIECE: usize = 64;

/// Calls of one switch.
#[derive(InputObject)]
pub struct RecordCallsInput {
    /// The switch's name, the same for all: `externalId` is unique within it.
    source: String,
    /// 1 to 1,000, each decided for itself.
    calls: Vec<CallInput>,
}

/// A finished call, to be rated here.
#[derive(InputObject)]
pub struct CallInput {
    /// The switch's own id of the call, 1 to 200 characters.
    external_id: String,
    /// The telephone account that called.
    account_number: String,
    /// The number that was called.
    to: Given<PhoneNumber>,
    /// When it was answered: decides price, rate and agent. At most five minutes ahead.
    answered_at: Given<DateTime>,
    /// How long it lasted, 0 or more.
    duration_seconds: i32,
}

/// Charges of one billing system.
#[derive(InputObject)]
pub struct RecordChargesInput {
    /// The system's name, the same for all: `externalId` is unique within it.
    source: String,
    /// 1 to 1,000, each decided for itself.
    charges: Vec<ChargeInput>,
}

/// A charge rated elsewhere.
#[derive(InputObject)]
pub struct ChargeInput {
    /// The system's own id of the charge, 1 to 200 characters.
    external_id: String,
    /// The telephone account that pays.
    account_number: String,
    /// What was charged for.
    kind: ChargeKind,
    /// A line for the customer: 1 to 200 characters.
    description: String,
    /// 0.0000 is free, and earns nothing.
    amount: Given<Money>,
    /// False for taxes and fees that are passed through: nobody earns on them.
    #[graphql(default = true)]
    commissionable: bool,
    /// Decides rate and agent. At most five minutes ahead.
    occurred_at: Given<DateTime>,
}

/// What became of a request of rows.
#[derive(SimpleObject)]
pub struct RecordChargesPayload {
    /// In the order sent.
    results: Vec<ChargeResult>,
    /// How many were posted now.
    posted: i32,
    /// How many had been posted before.
    replayed: i32,
    /// How many were refused.
    refused: i32,
    /// For the whole request: a list too long, say. What is wrong with one row stands in its result.
    user_errors: Vec<UserError>,
}

/// What became of one row.
#[derive(SimpleObject)]
pub struct ChargeResult {
    /// As it was sent.
    external_id: String,
    /// The charge. Null when it was refused.
    charge: Option<Charge>,
    /// Whether the same had been posted before: it is then the first charge.
    replayed: bool,
    /// Why it was refused.
    error: Option<UserError>,
}

impl Payload for RecordChargesPayload {
    fn refused(error: UserError, _replayed: bool) -> Self {
        Self {
            results: Vec::new(),
            posted: 0,
            replayed: 0,
            refused: 0,
            user_errors: vec![error],
        }
    }
}

/// What is reported by machines.
#[derive(Default)]
pub struct RecordingMutation;

#[Object]
impl RecordingMutation {
    /// Switches and operators: finished calls, rated here by the longest prefix in force when they were answered. A call
    /// is posted though the balance does not cover it: it happened.
    ///
    /// Of a row: `INVALID_INPUT`, `NOT_FOUND`, `DESTINATION_NOT_RATED`, `EXTERNAL_ID_REUSED`.
    ///
    /// Example: `mutation { recordCalls(input: {source: "switch-1", calls: [{externalId: "c-1", accountNumber: "…", to: "+12125550123", answeredAt: "2026-11-22T09:30:00.000Z", durationSeconds: 61}]}) { posted results { externalId charge { amount } error { code } } userErrors { code } } }`
    async fn record_calls(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1 to 1,000 calls of one switch.")] input: RecordCallsInput,
    ) -> Answer<RecordChargesPayload> {
        answer(async {
            enter(ctx)?;
            let source = text("source", &input.source, Name::parse)?;
            check_count("calls", input.calls.len())?;
            let mut rows = Rows::default();
            let mut calls = Vec::with_capacity(input.calls.len());
            for (i, given) in input.calls.iter().enumerate() {
                let read = given.read(i);
                rows.expect(&given.external_id, read.as_ref().err());
                calls.extend(read.ok());
            }
            let record = |calls| RecordCalls {
                source: source.clone(),
                calls,
            };
            let outcomes = in_pieces(&noting(ctx), calls, record).await?;
            Ok::<_, Error>(rows.payload("calls", outcomes))
        })
        .await
    }

    /// Switches and operators: charges that were rated elsewhere. A call is posted though the balance does not cover it;
    /// any other charge is then refused.
    ///
    /// Of a row: `INVALID_INPUT`, `NOT_FOUND`, `EXTERNAL_ID_REUSED`, `CUSTOMER_NOT_ACTIVE`, `INSUFFICIENT_FUNDS`,
    /// `COMMISSION_NEGATIVE`.
    ///
    /// Example: `mutation { recordCharges(input: {source: "billing", charges: [{externalId: "b-1", accountNumber: "…", kind: SERVICE, description: "Setup", amount: "10", occurredAt: "2026-11-22T09:30:00.000Z"}]}) { posted results { charge { id } error { code } } userErrors { code } } }`
    async fn record_charges(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1 to 1,000 charges of one system.")] input: RecordChargesInput,
    ) -> Answer<RecordChargesPayload> {
        answer(async {
            enter(ctx)?;
            let source = text("source", &input.source, Name::parse)?;
            check_count("charges", input.charges.len())?;
            let mut rows = Rows::default();
            let mut charges = Vec::with_capacity(input.charges.len());
            for (i, given) in input.charges.iter().enumerate() {
                let read = given.read(i);
                rows.expect(&given.external_id, read.as_ref().err());
                charges.extend(read.ok());
            }
            let record = |charges| RecordCharges {
                source: source.clone(),
                charges,
            };
            let outcomes = in_pieces(&noting(ctx), charges, record).await?;
            Ok::<_, Error>(rows.payload("charges", outcomes))
        })
        .await
    }
}

/// Hands a long request in piece by piece, each when the one before it is committed: others come in between, and no row
/// overtakes one that was sent before it. Each row is decided for itself, so that what breaks off between two pieces is
/// sent again, and its first rows are found (E30).
async fn in_pieces<R, C>(
    ledger: &Noting,
    rows: Vec<R>,
    record: impl Fn(Vec<R>) -> C + Send,
) -> Result<Vec<RowOutcome>, Error>
where
    R: Send,
    C: Command<Outcome = Vec<RowOutcome>>,
{
    let mut outcomes = Vec::with_capacity(rows.len());
    let mut rest = rows.into_iter().peekable();
    while rest.peek().is_some() {
        let piece = rest.by_ref().take(PIECE).collect();
        outcomes.extend(ledger.clone().run(record(piece)).await?);
    }
    Ok(outcomes)
}

fn check_count(field: &'static str, count: usize) -> Result<(), Refusal> {
    if (1..=MOST_ROWS).contains(&count) {
        Ok(())
    } else {
        Err(Refusal::invalid(
            field,
            format!("`{field}` must hold 1 to {MOST_ROWS} rows."),
        ))
    }
}

fn account(i: usize, list: &str, given: &str) -> Result<AccountNumber, Refusal> {
    AccountNumber::parse(given).map_err(|_| {
        let problem = "This is no account number; please check its digits.";
        Refusal::invalid(format!("{list}.{i}.accountNumber"), problem)
    })
}

impl CallInput {
    fn read(&self, i: usize) -> Result<Call, Refusal> {
        Ok(Call {
            external_id: text(
                format!("calls.{i}.externalId"),
                &self.external_id,
                Name::parse,
            )?,
            account_number: account(i, "calls", &self.account_number)?,
            to: self.to.at(format!("calls.{i}.to"))?,
            answered_at: self.answered_at.at(format!("calls.{i}.answeredAt"))?,
            duration_seconds: self.duration_seconds,
        })
    }
}

impl ChargeInput {
    fn read(&self, i: usize) -> Result<RatedCharge, Refusal> {
        let field = |name: &str| format!("charges.{i}.{name}");
        Ok(RatedCharge {
            external_id: text(field("externalId"), &self.external_id, Name::parse)?,
            account_number: account(i, "charges", &self.account_number)?,
            kind: self.kind.into(),
            description: text(field("description"), &self.description, Name::parse)?,
            amount: self.amount.at(field("amount"))?,
            commissionable: self.commissionable,
            occurred_at: self.occurred_at.at(field("occurredAt"))?,
        })
    }
}

/// The rows of a request in the order sent: those that could not be read, and those that the rules decide.
#[derive(Default)]
struct Rows(Vec<(String, Option<Refusal>)>);

impl Rows {
    fn expect(&mut self, external_id: &str, unreadable: Option<&Refusal>) {
        // What is far too long is not sent back at length.
        let shown = external_id.chars().take(200).collect();
        self.0.push((shown, unreadable.cloned()));
    }

    fn payload(self, list: &str, outcomes: Vec<RowOutcome>) -> RecordChargesPayload {
        let mut decided = outcomes.into_iter();
        let mut payload = RecordChargesPayload {
            results: Vec::with_capacity(self.0.len()),
            posted: 0,
            replayed: 0,
            refused: 0,
            user_errors: Vec::new(),
        };
        for (i, (external_id, unreadable)) in self.0.into_iter().enumerate() {
            let (result, replayed) = match unreadable {
                Some(refusal) => (Err(refusal), false),
                None => decided.next().map_or_else(
                    || (Err(Refusal::not_found("row")), false),
                    |row| {
                        (
                            row.result.map_err(|refusal| within(list, i, refusal)),
                            row.replayed,
                        )
                    },
                ),
            };
            let counted = match (&result, replayed) {
                (Err(_), _) => &mut payload.refused,
                (Ok(_), true) => &mut payload.replayed,
                (Ok(_), false) => &mut payload.posted,
            };
            *counted += 1;
            payload
                .results
                .push(ChargeResult::new(external_id, result, replayed));
        }
        payload
    }
}

/// The field at fault, counted from the request on.
fn within(list: &str, i: usize, mut refusal: Refusal) -> Refusal {
    refusal.field = refusal
        .field
        .map(|field| format!("{list}.{i}.{field}").into());
    refusal
}

impl ChargeResult {
    fn new(external_id: String, result: Result<charge::Model, Refusal>, replayed: bool) -> Self {
        let (charge, error) = match result {
            Ok(charge) => (Some(Charge(charge)), None),
            Err(refusal) => (None, Some(refusal.into())),
        };
        Self {
            external_id,
            charge,
            replayed,
            error,
        }
    }
}
