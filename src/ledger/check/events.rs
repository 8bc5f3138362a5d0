//! Streams of events: numbered without gap, one for each transaction and owner, with the balances as they were.

use entity::{AgentId, CustomerId, TransactionId};

use super::proof::Proof;

/// What the streams of events must be.
pub(super) fn proofs() -> Vec<Proof> {
    vec![
        numbers("agent"),
        numbers("customer"),
        desk(),
        agents_told(),
        customers_told(),
        agent_balances(),
        account_balances(),
    ]
}

/// The events of an owner are 1, 2, 3 …, and its balance row knows the last.
fn numbers(owner: &str) -> Proof {
    let events = if owner == "agent" {
        "agent_event"
    } else {
        "account_event"
    };
    Proof {
        rules: &["EVENT_GAP", "EVENT_SEQ_DIFFERS"],
        sql: format!(
            "SELECT b.{owner}_id AS owner_id, '{owner}:' AS account, b.event_seq,
                COALESCE(v.events, 0) AS events, COALESCE(v.newest, 0) AS newest,
                CASE WHEN COALESCE(v.events, 0) <> COALESCE(v.newest, 0) OR COALESCE(v.oldest, 1) <> 1
                  THEN 'EVENT_GAP' ELSE 'EVENT_SEQ_DIFFERS' END AS rule
              FROM {owner}_balance b LEFT JOIN (SELECT {owner}_id, COUNT(*) AS events, MIN(seq) AS oldest,
                MAX(seq) AS newest FROM {events} GROUP BY {owner}_id) AS v ON v.{owner}_id = b.{owner}_id
              WHERE COALESCE(v.events, 0) <> COALESCE(v.newest, 0) OR COALESCE(v.oldest, 1) <> 1
                OR b.event_seq <> COALESCE(v.newest, 0)"
        )
        .into(),
        tell: |row| {
            let owner = if row.text("account")? == "agent:" {
                row.id::<AgentId>("owner_id")?
            } else {
                row.id::<CustomerId>("owner_id")?
            };
            Ok(format!(
                "{owner}: {} events, the newest is {}, and its balance row says {}",
                row.number("events")?,
                row.number("newest")?,
                row.number("event_seq")?
            ))
        },
    }
}

fn desk() -> Proof {
    Proof {
        rules: &["EVENT_GAP", "EVENT_SEQ_DIFFERS"],
        sql: "SELECT d.event_seq, v.events, v.newest,
                CASE WHEN v.events <> v.newest THEN 'EVENT_GAP' ELSE 'EVENT_SEQ_DIFFERS' END AS rule
              FROM desk d CROSS JOIN (SELECT COUNT(*) AS events, COALESCE(MAX(seq), 0) AS newest FROM desk_event) AS v
              WHERE v.events <> v.newest OR d.event_seq <> v.newest"
            .into(),
        tell: |row| {
            Ok(format!(
                "the desk: {} events, the newest is {}, and its row says {}",
                row.number("events")?,
                row.number("newest")?,
                row.number("event_seq")?
            ))
        },
    }
}

/// A transaction that touches an agent's accounts, or its own telephone account, is one event of the agent; or several,
/// each of a commission of its own.
///
/// An agent may be told of one that touched nothing: of a commission below 0.0001. What the account did before it was
/// the agent's is not told.
fn agents_told() -> Proof {
    Proof {
        rules: &["EVENT_MISSING", "EVENT_TWICE"],
        sql: r#"SELECT transaction_id, agent_id, SUM(told) AS told,
                CASE WHEN SUM(told) = 0 THEN 'EVENT_MISSING' ELSE 'EVENT_TWICE' END AS rule FROM (
                SELECT transaction_id, agent_id, 0 AS touched, 1 AS told, subject_id,
                  CASE kind WHEN 'COMMISSION' THEN 0 ELSE 1 END AS other
                FROM agent_event WHERE transaction_id IS NOT NULL
                UNION ALL SELECT transaction_id, owner_id, 1, 0, NULL, 0 FROM entry
                WHERE account IN ('agent:commission', 'agent:held', 'agent:reserved')
                UNION ALL SELECT e.transaction_id, a.id, 1, 0, NULL, 0 FROM entry e JOIN agent a ON a.customer_id = e.owner_id
                JOIN "transaction" t ON t.id = e.transaction_id AND t.created_at > a.joined_at
                WHERE e.account IN ('customer:cash', 'customer:promo')) AS heard
              GROUP BY transaction_id, agent_id
              HAVING (SUM(told) > 1 AND (SUM(other) > 0 OR COUNT(DISTINCT subject_id) < SUM(told)))
                OR (SUM(touched) > 0 AND SUM(told) = 0)"#
            .into(),
        tell: |row| {
            let (agent, transaction) = (row.id::<AgentId>("agent_id")?, row.id::<TransactionId>("transaction_id")?);
            Ok(format!("{agent} is told of {transaction} {} times", row.number("told")?))
        },
    }
}

/// A transaction that touches a telephone account is one event of it.
fn customers_told() -> Proof {
    Proof {
        rules: &["EVENT_MISSING", "EVENT_TWICE", "EVENT_UNDUE"],
        sql: "SELECT transaction_id, customer_id, SUM(told) AS told,
                CASE WHEN SUM(told) = 0 THEN 'EVENT_MISSING' WHEN SUM(told) > 1 THEN 'EVENT_TWICE'
                  ELSE 'EVENT_UNDUE' END AS rule FROM (
                SELECT transaction_id, owner_id AS customer_id, 1 AS touched, 0 AS told FROM entry
                WHERE account IN ('customer:cash', 'customer:promo')
                UNION ALL SELECT transaction_id, customer_id, 0, 1 FROM account_event) AS heard
              GROUP BY transaction_id, customer_id HAVING SUM(told) <> 1 OR SUM(touched) = 0"
            .into(),
        tell: |row| {
            let customer = row.id::<CustomerId>("customer_id")?;
            let transaction = row.id::<TransactionId>("transaction_id")?;
            if row.text("rule")? == "EVENT_UNDUE" {
                return Ok(format!(
                    "{customer} is told of {transaction}, which did not touch it"
                ));
            }
            Ok(format!(
                "{customer} is told of {transaction} {} times",
                row.number("told")?
            ))
        },
    }
}

/// An agent's event says what the agent had after its transaction.
///
/// The owner is compared in a CASE, so that no database looks for all the entries of an owner instead of the few of a
/// transaction.
fn agent_balances() -> Proof {
    Proof {
        rules: &["EVENT_BALANCE_DIFFERS"],
        sql: "SELECT v.agent_id, v.seq, e.owner_id, e.account, CAST(e.balance_after AS TEXT) AS balance
              FROM agent_event v JOIN entry e ON e.transaction_id = v.transaction_id
              WHERE CASE WHEN e.owner_id = v.agent_id
                THEN e.balance_after <> CASE e.account WHEN 'agent:commission' THEN v.commission
                WHEN 'agent:held' THEN v.held ELSE v.reserved END ELSE FALSE END"
            .into(),
        tell: |row| {
            let (seq, account) = (row.number("seq")?, row.account()?);
            Ok(format!("event {seq} does not say that {account} was {}", row.money("balance")?))
        },
    }
}

/// An account's event says what the account had after its transaction.
fn account_balances() -> Proof {
    Proof {
        rules: &["EVENT_BALANCE_DIFFERS"],
        sql: "SELECT v.customer_id, v.seq, e.owner_id, e.account, CAST(e.balance_after AS TEXT) AS balance
              FROM account_event v JOIN entry e ON e.transaction_id = v.transaction_id
              WHERE CASE WHEN e.owner_id = v.customer_id
                THEN e.balance_after <> CASE e.account WHEN 'customer:cash' THEN v.cash ELSE v.promo END ELSE FALSE END"
            .into(),
        tell: |row| {
            let (seq, account) = (row.number("seq")?, row.account()?);
            Ok(format!("event {seq} does not say that {account} was {}", row.money("balance")?))
        },
    }
}
