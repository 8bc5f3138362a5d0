//! `deskEvents`: what wants an operator's decision.

use async_graphql::{Context, SimpleObject, Subscription};
use entity::desk_event::DeskSubject;
use entity::{
    ApplicationId, FraudCaseId, PayoutId, ProposalId, TypedId, application, desk_event, fraud_case,
    payout, proposal,
};

use super::feed::{Feed, feed, missing, position, rows};
use crate::Error;
use crate::graphql::access::enter;
use crate::graphql::context::services;
use crate::graphql::cursor::{EventCursor, EventStream};
use crate::graphql::nodes::{Application, FraudCase, Node, Payout, Proposal};
use crate::graphql::scalars::DateTime;
use crate::store::Db;

/// Something that wants an operator's decision.
#[derive(SimpleObject)]
pub struct DeskEvent {
    /// To come back to, as `after`: opaque.
    cursor: String,
    /// When it came.
    occurred_at: DateTime,
    /// An `Application`, a `Payout`, a `FraudCase` or a `Proposal`, as it is now: another operator may have decided it.
    subject: Node,
}

/// `deskEvents`.
#[derive(Default)]
pub struct DeskSubscription;

#[Subscription]
impl DeskSubscription {
    /// Operators: applications, payout requests and proposals that want a decision, in order, as they come.
    ///
    /// First comes what happened after `after`, then what happens. `CURSOR_EXPIRED` for a cursor that the desk never had.
    ///
    /// Example: `subscription { deskEvents { cursor subject { __typename id ... on Payout { gross method } } } }`
    async fn desk_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cursor of the last event that you have. From now on, if left out.")]
        after: Option<String>,
    ) -> async_graphql::Result<Feed<DeskEvent>> {
        let actor = enter(ctx)?;
        let stream = EventStream::Desk;
        let after = position(after.as_deref(), stream)?;
        let services = services(ctx);
        let following = services.live.desk_events(actor.person()?, after).await?;
        let db = services.db.clone();
        Ok(feed(ctx, stream, following, move |rows| {
            dress(db.clone(), rows)
        }))
    }
}

async fn dress(db: Db, page: Vec<desk_event::Model>) -> Result<Vec<(i64, DeskEvent)>, Error> {
    let about = |subject: DeskSubject| {
        let rows = page.iter().filter(move |row| row.subject == subject);
        rows.map(|row| row.subject_id)
    };
    let ids: Vec<_> = about(DeskSubject::Application)
        .map(ApplicationId::from_uuid)
        .collect();
    let id = application::Column::Id;
    let applications = rows::<application::Entity, _>(&db, id, &ids, |row| row.id).await?;
    let ids: Vec<_> = about(DeskSubject::Payout)
        .map(PayoutId::from_uuid)
        .collect();
    let id = payout::Column::Id;
    let payouts = rows::<payout::Entity, _>(&db, id, &ids, |row| row.id).await?;
    let ids: Vec<_> = about(DeskSubject::Proposal)
        .map(ProposalId::from_uuid)
        .collect();
    let id = proposal::Column::Id;
    let proposals = rows::<proposal::Entity, _>(&db, id, &ids, |row| row.id).await?;
    let ids: Vec<_> = about(DeskSubject::FraudCase)
        .map(FraudCaseId::from_uuid)
        .collect();
    let id = fraud_case::Column::Id;
    let cases = rows::<fraud_case::Entity, _>(&db, id, &ids, |row| row.id).await?;
    let events = page.iter().map(|row| {
        let subject = match row.subject {
            DeskSubject::Application => {
                let found = applications.get(&ApplicationId::from_uuid(row.subject_id));
                found.cloned().map(Application).map(Node::Application)
            }
            DeskSubject::Payout => {
                let found = payouts.get(&PayoutId::from_uuid(row.subject_id));
                found.cloned().map(Payout).map(Node::Payout)
            }
            DeskSubject::Proposal => {
                let found = proposals.get(&ProposalId::from_uuid(row.subject_id));
                found.cloned().map(Proposal).map(Node::Proposal)
            }
            DeskSubject::FraudCase => {
                let found = cases.get(&FraudCaseId::from_uuid(row.subject_id));
                found.cloned().map(FraudCase).map(Node::FraudCase)
            }
        };
        let stream = EventStream::Desk;
        let seq = row.seq;
        let event = DeskEvent {
            cursor: EventCursor { stream, seq }.encode(),
            occurred_at: DateTime(row.occurred_at),
            subject: subject.ok_or_else(missing)?,
        };
        Ok((seq, event))
    });
    events.collect()
}
