//! Who sees which field of which type: the table beside [`super::access`]'s, which says who may ask.
//!
//! A row's roles are how somebody stands to the thing, not what else he is: a customer's row is shown to that customer, to
//! its agent of record, to the agent that manages it, to operators. `sight` and the resolvers do it; this table says what
//! they are to do, and `tests/it/strangers/table.rs` asks every field as everybody, and compares. A field without a row is
//! nobody's, and fails that test.

use super::access::{
    AGENT, ANYONE, CUSTOMER, MANAGER, OPERATOR, PERSON, PUBLIC, SWITCH, Standing, Who,
};

const AGENTS: Who = AGENT.or(OPERATOR);
const ALL: Who = CUSTOMER.or(AGENT).or(OPERATOR);
const HOLDERS: Who = CUSTOMER.or(MANAGER).or(OPERATOR);

/// A type, a field or `*` for those that have no row of their own, and who sees it.
const SEEN: &[(&str, &str, Who)] = &[
    // The public page.
    ("Program", "*", PUBLIC),
    ("PayoutMethodTerms", "*", PUBLIC),
    ("TopUpMethodTerms", "*", PUBLIC),
    ("ServiceLimits", "*", PUBLIC),
    ("Product", "*", PUBLIC),
    ("CallRate", "*", PUBLIC),
    ("AgentProfile", "*", PUBLIC),
    // Oneself: a login is its holder's, whatever he is.
    ("Viewer", "*", PERSON),
    ("User", "*", CUSTOMER.or(OPERATOR)),
    ("Session", "*", ANYONE),
    // An agent: itself.
    ("Agent", "*", AGENTS),
    ("AgentBalance", "*", AGENTS),
    ("CommissionRatePeriod", "*", AGENTS),
    ("CommissionRatePeriod", "setBy", OPERATOR),
    ("AgentStanding", "*", AGENTS),
    ("AgentStanding", "setBy", OPERATOR),
    ("Commission", "*", AGENTS),
    ("Payout", "*", AGENTS),
    ("PayoutDestination", "*", AGENTS),
    ("PayoutQuote", "*", AGENT),
    // An application: whoever sent it, and the agent that came of it.
    ("Application", "*", ALL),
    ("Application", "agent", AGENTS),
    ("CustomerProjection", "*", ALL),
    // A telephone account: its holder, its agent, and whoever manages it.
    ("Customer", "*", ALL),
    ("Customer", "commissionEarned", AGENTS),
    ("Customer", "topUps", HOLDERS),
    ("CustomerBalance", "*", ALL),
    ("Affiliation", "*", ALL),
    ("Plan", "*", ALL),
    ("Charge", "*", ALL),
    ("Charge", "commission", AGENTS),
    // `to` is masked where an agent only monitors: MASKED.
    ("CallDetail", "*", ALL),
    ("TopUp", "*", HOLDERS),
    ("Transfer", "*", ALL),
    ("Transfer", "fromFunding", AGENTS),
    ("Transfer", "fromCommission", AGENTS),
    // The ledger: each his own entries.
    ("Transaction", "*", ALL),
    ("Entry", "*", ALL),
    // Reports.
    ("CommissionReport", "*", AGENTS),
    ("CommissionReportRow", "*", AGENTS),
    ("CommissionFigures", "*", AGENTS),
    ("CustomerReport", "*", AGENTS),
    ("CustomerReportRow", "*", AGENTS),
    ("Statement", "*", HOLDERS.or(AGENT)),
    ("StatementAccount", "*", HOLDERS.or(AGENT)),
    ("StatementLine", "*", HOLDERS.or(AGENT)),
    ("RatePreview", "*", OPERATOR),
    ("AgentReport", "*", OPERATOR),
    ("AgentReportRow", "*", OPERATOR),
    ("LedgerCheck", "*", OPERATOR),
    ("LedgerViolation", "*", OPERATOR),
    ("TrialBalanceLine", "*", OPERATOR),
    // Events.
    ("AgentEvent", "*", AGENTS),
    ("CommissionEvent", "*", AGENTS),
    ("CommissionRateEvent", "*", AGENTS),
    ("StandingEvent", "*", AGENTS),
    ("CustomerEvent", "*", AGENTS),
    ("PayoutEvent", "*", AGENTS),
    ("TransferEvent", "*", AGENTS),
    ("AccountEvent", "*", HOLDERS),
    ("DeskEvent", "*", OPERATOR),
    // Machines.
    ("ApiKey", "*", OPERATOR),
    ("Proposal", "*", OPERATOR),
    ("FraudCase", "*", OPERATOR),
    ("AuditEntry", "*", OPERATOR),
    ("ChargeResult", "*", SWITCH.or(OPERATOR)),
    // What is shown once, to whoever has just done it.
    ("CreateApiKeyPayload", "secret", OPERATOR),
    ("ApproveApplicationPayload", "claimUrl", OPERATOR),
    ("SignUpCustomerPayload", "claimUrl", AGENT),
    ("HandOverCustomerPayload", "claimUrl", AGENT),
    ("RecordChargesPayload", "posted", SWITCH.or(OPERATOR)),
    ("RecordChargesPayload", "refused", SWITCH.or(OPERATOR)),
    // Refusals: whoever asked.
    ("UserError", "*", PUBLIC),
    ("RuleError", "*", PUBLIC),
    ("StateError", "*", PUBLIC),
    ("InsufficientFundsError", "*", PUBLIC),
    ("PayoutAmountError", "*", PUBLIC),
    ("CommissionRateError", "*", PUBLIC),
    ("RefundExceedsChargeError", "*", PUBLIC),
    ("TransferSpentError", "*", PUBLIC),
];

/// What is shown with its last digits hidden, and to whom.
const MASKED: &[(&str, &str, Who)] = &[("CallDetail", "to", AGENT)];

/// What pages and payloads have in common: they show no more than what they hold.
const FRAMES: &[(&str, &[&str])] = &[
    ("Connection", &["edges", "nodes", "pageInfo", "totalCount"]),
    ("Edge", &["cursor", "node"]),
    ("Payload", &["replayed", "userErrors"]),
    (
        "PageInfo",
        &["startCursor", "endCursor", "hasNextPage", "hasPreviousPage"],
    ),
    ("Node", &["id"]),
];

fn row(kind: &str, field: &str) -> Option<Who> {
    let of = |wanted: &str| {
        let row = SEEN
            .iter()
            .find(|(of, name, _)| *of == kind && *name == wanted);
        row.map(|(_, _, who)| *who)
    };
    of(field).or_else(|| of("*"))
}

/// Whether the table says who sees a field. In payloads what is `shown` by a type with rows of its own needs none.
#[must_use]
pub fn covers(kind: &str, field: &str, shown: &str) -> bool {
    let framed = |(end, fields): &(&str, &[&str])| kind.ends_with(end) && fields.contains(&field);
    let known = SEEN.iter().any(|(of, ..)| *of == shown);
    row(kind, field).is_some() || FRAMES.iter().any(framed) || (kind.ends_with("Payload") && known)
}

/// Whether whoever stands so to a thing sees this field of it.
#[must_use]
pub fn sees(standing: Standing, kind: &str, field: &str) -> bool {
    row(kind, field).is_some_and(|who| who.meets(standing.to_the_thing()))
}

/// Whether he sees it with its last digits hidden.
#[must_use]
pub fn sees_masked(standing: Standing, kind: &str, field: &str) -> bool {
    let row = MASKED
        .iter()
        .find(|(of, name, _)| *of == kind && *name == field);
    row.is_some_and(|(_, _, who)| who.meets(standing.to_the_thing()))
        && standing != Standing::ManagingAgent
}

/// All rows, each a type and a field or `*`.
pub fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    SEEN.iter()
        .chain(MASKED)
        .map(|(kind, field, _)| (*kind, *field))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_field_has_two_rows() {
        for (i, (kind, field, _)) in SEEN.iter().enumerate() {
            let same = |(of, name, _): &(&str, &str, Who)| of == kind && name == field;
            assert!(!SEEN[..i].iter().any(same), "{kind}.{field}");
        }
    }

    #[test]
    fn what_has_no_row_is_nobodys() {
        assert!(!covers("Secret", "text", "String"));
        assert!(!sees(Standing::Operator, "Secret", "text"));
        assert!(!covers("CreateApiKeyPayload", "password", "String"));
    }
}
