//! What an agent would have earned at another rate.

use async_graphql::{Context, ID, Object, SimpleObject};
use entity::commission::CommissionKind;
use entity::{AgentId, CommissionRate, agent};

use super::access::enter;
use super::context::services;
use super::error::{Answer, maybe};
use super::given::{Given, bad_argument};
use super::loaders::find;
use super::period::PeriodInput;
use super::reports::CommissionFigures;
use super::scalars::{Money, Percent};
use crate::store::commissions;
use crate::store::reports::{self, Figures};

/// What an agent earned in a period, and what it would have earned at another rate on the very same charges. Bonuses, which
/// no rate decides, are in neither.
#[derive(SimpleObject)]
pub struct RatePreview {
    /// At the rates that were in force.
    current: CommissionFigures,
    /// At the other rate, all else the same.
    preview: CommissionFigures,
    /// What the agent would have had more: preview.net - current.net.
    difference: Money,
}

/// Its share of the queries.
#[derive(Default)]
pub struct RatePreviewQuery;

#[Object]
impl RatePreviewQuery {
    /// Operators: what the agent would have earned in the period at another rate, beside what it did earn. Changes nothing.
    /// `BAD_USER_INPUT` for a rate outside of the program's range; null for an agent that is not there.
    ///
    /// Example: `{ ratePreview(agentId: "agt_0192f0c1d2e37a4b8c5d6e7f80910213", commissionRate: "5.00", period: {from: "2026-11-01", to: "2026-12-01"}) { current { net } preview { net } difference } }`
    async fn rate_preview(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose charges.")] agent_id: Given<ID>,
        #[graphql(desc = "The other rate: 1.00 to 10.00.")] commission_rate: Given<Percent>,
        #[graphql(desc = "Which charges, and what was taken back when.")] period: PeriodInput,
    ) -> Answer<RatePreview> {
        maybe(async {
            enter(ctx)?;
            let percent = commission_rate.argument("commissionRate")?;
            let commission_rate = CommissionRate::try_new(percent)
                .ok_or_else(|| bad_argument("commissionRate", "must be 1.00 to 10.00"))?;
            let span = period.read("period")?.span();
            let agent: Option<agent::Model> = match agent_id.known::<AgentId>() {
                Some(id) => find(ctx, id).await?,
                None => return Err(bad_argument("agentId", "must be the id of an agent")),
            };
            let Some(agent) = agent else {
                return Ok(None);
            };
            let txn = services(ctx).db.begin_read().await?;
            let kinds = reports::by_kind(&txn, Some(agent.id), span).await?;
            let rows = commissions::unrounded(&txn, agent.id, span).await?;
            txn.commit().await?;
            let current = Figures::total(kinds.values());
            let of = |kind| rows.get(&kind).copied().unwrap_or_default();
            // What was posted, and what the other rate adds to it: so the same rate changes nothing, whatever was carried.
            let more = |kind| {
                let there = of(kind);
                let (whole, _) = (commission_rate.of(there.base) - there.exact).floor();
                whole
            };
            let preview = Figures {
                earned: current.earned + more(CommissionKind::Earned),
                clawed_back: current.clawed_back - more(CommissionKind::Clawback),
                ..current
            };
            let net = |figures: &Figures| figures.earned - figures.clawed_back;
            Ok(Some(RatePreview {
                difference: (net(&preview) - net(&current)).into(),
                current: (&current).into(),
                preview: (&preview).into(),
            }))
        })
        .await
    }
}
