//! Affiliations: at most one agent of record at a time, and no circle (rule 11).

use std::collections::{BTreeMap, BTreeSet};

use entity::{AffiliationId, AgentId, CustomerId, affiliation, agent};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, JoinType, QueryFilter, QuerySelect,
};

use super::findings::Findings;
use super::proof::Proof;

/// What affiliations must be.
pub(super) fn proofs() -> Vec<Proof> {
    vec![Proof {
        rules: &["AFFILIATION_OVERLAP"],
        sql: "SELECT id, customer_id, previous FROM (
                SELECT id, customer_id, since, LAG(id) OVER w AS previous, LAG(until) OVER w AS previous_until
                FROM affiliation WINDOW w AS (PARTITION BY customer_id
                  ORDER BY since, CASE WHEN until IS NULL THEN 1 ELSE 0 END, until, id)) AS chained
              WHERE previous IS NOT NULL AND (previous_until IS NULL OR previous_until > since)"
            .into(),
        tell: |row| {
            Ok(format!(
                "{}: {} begins before {} ends",
                row.id::<CustomerId>("customer_id")?,
                row.id::<AffiliationId>("id")?,
                row.id::<AffiliationId>("previous")?
            ))
        },
    },
    Proof {
        rules: &["AFFILIATION_ORDER"],
        sql: "SELECT affiliation.id, affiliation.customer_id FROM affiliation
              JOIN customer ON customer.id = affiliation.customer_id
              WHERE affiliation.customer_joined_at <> customer.joined_at"
            .into(),
        tell: |row| {
            Ok(format!(
                "{}: {} says that it joined at another time",
                row.id::<CustomerId>("customer_id")?,
                row.id::<AffiliationId>("id")?
            ))
        },
    }]
}

/// Agents whose own telephone accounts are each other's customers, in a circle of any length (E19).
pub(super) async fn circles(
    conn: &impl ConnectionTrait,
    findings: &mut Findings,
) -> Result<(), DbErr> {
    let own_accounts: Vec<(AgentId, AgentId)> = affiliation::Entity::find()
        .select_only()
        .column(agent::Column::Id)
        .column(affiliation::Column::AgentId)
        .join(
            JoinType::InnerJoin,
            affiliation::Entity::belongs_to(agent::Entity)
                .from(affiliation::Column::CustomerId)
                .to(agent::Column::CustomerId)
                .into(),
        )
        .filter(affiliation::Column::Until.is_null())
        .into_tuple()
        .all(conn)
        .await?;
    for circle in circles_of(&own_accounts.into_iter().collect()) {
        let names: Vec<String> = circle.iter().map(ToString::to_string).collect();
        findings.add("AFFILIATION_CYCLE", names.join(" is a customer of "));
    }
    Ok(())
}

/// Each circle once, in the order of its first agent.
fn circles_of(above: &BTreeMap<AgentId, AgentId>) -> Vec<Vec<AgentId>> {
    let mut done = BTreeSet::new();
    let mut circles = Vec::new();
    for &start in above.keys() {
        let (mut way, mut here) = (Vec::new(), start);
        let mut on_way = BTreeSet::new();
        while done.insert(here) {
            way.push(here);
            on_way.insert(here);
            let Some(&next) = above.get(&here) else { break };
            here = next;
            if on_way.contains(&here) {
                circles.push(
                    way.iter()
                        .copied()
                        .skip_while(|agent| *agent != here)
                        .collect(),
                );
                break;
            }
        }
    }
    circles
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::TypedId;
    use uuid::Uuid;

    fn circles(above: &[(u128, u128)]) -> Vec<Vec<u128>> {
        let agent = |id| AgentId::from_uuid(Uuid::from_u128(id));
        let above = above
            .iter()
            .map(|(of, by)| (agent(*of), agent(*by)))
            .collect();
        let found = circles_of(&above).into_iter();
        found
            .map(|circle| circle.iter().map(|agent| agent.uuid().as_u128()).collect())
            .collect()
    }

    #[test]
    fn e19_circles_of_any_length_are_found_once_and_chains_are_none() {
        assert_eq!(circles(&[(1, 2), (2, 3), (3, 4)]), Vec::<Vec<u128>>::new());
        assert_eq!(circles(&[(1, 1)]), [[1]]);
        assert_eq!(
            circles(&[(1, 2), (2, 3), (3, 2), (4, 3), (5, 6), (6, 5)]),
            [[2, 3], [5, 6]]
        );
    }
}
