//! What a resolver has at hand: the floors below, who asks, and the loaders of this request.

use std::sync::{Arc, PoisonError, RwLock};

use async_graphql::{Context, Request};
use tokio::sync::Semaphore;

use super::cursor::Position;
use super::loaders::Loaders;
use super::sight::Sight;
use crate::auth::{Actor, Auth, Origin};
use crate::ledger::{Ledger, Noting};
use crate::live::Live;
use crate::payments::Payments;
use crate::program::Terms;
use crate::registry::{Registry, Site};
use crate::sheets::Sheets;
use crate::store::Db;
use crate::store::audit::Act;
use crate::{Clock, Error};

/// The floors below, as the schema uses them. A clone is the same ones.
#[derive(Clone)]
pub struct Services {
    pub db: Db,
    pub clock: Clock,
    pub terms: Arc<Terms>,
    pub site: Site,
    pub auth: Auth,
    pub registry: Registry,
    pub ledger: Ledger,
    pub payments: Payments,
    pub live: Live,
    pub sheets: Sheets,
    /// A proof of the books reads the whole database: one at a time is enough for everybody.
    pub checking: Arc<Semaphore>,
}

/// Who asks, in this operation. Signing in changes it, so that the payload shows what its new owner may see.
pub(super) struct Asker(RwLock<Actor>);

/// The floors below.
#[must_use]
pub fn services<'a>(ctx: &Context<'a>) -> &'a Services {
    ctx.data_unchecked::<Services>()
}

/// Who asks, for what is made out to him by name: a stream's answer with such a thing is shown to nobody else, though he may
/// see the same.
#[must_use]
pub fn addressee(ctx: &Context<'_>) -> Actor {
    if let Some(position) = ctx.data_opt::<Position>() {
        position.becomes_personal();
    }
    actor(ctx)
}

/// Who asks. A root field calls [`super::access::enter`] instead, which also looks whether he may; what is below it asks for
/// his [`sight`], or the [`addressee`].
#[must_use]
pub(super) fn actor(ctx: &Context<'_>) -> Actor {
    let asker = ctx.data_opt::<Asker>();
    asker.map_or(Actor::Anonymous, |asker| {
        let actor = asker.0.read().unwrap_or_else(PoisonError::into_inner);
        actor.clone()
    })
}

/// Where the request comes from: nowhere known, unless it came by the door.
#[must_use]
pub fn origin(ctx: &Context<'_>) -> Origin {
    ctx.data_opt::<Origin>().cloned().unwrap_or_default()
}

/// What a person is about to do, for the audit log: this root field.
///
/// # Errors
/// `Unauthenticated` for a stranger, `Forbidden` for a machine.
pub fn act(ctx: &Context<'_>) -> Result<Act, Error> {
    let actor = actor(ctx);
    let person = actor.person()?;
    Ok(Act {
        by: person.login,
        operator: person.operator,
        action: ctx.field().name().to_owned(),
        source: origin(ctx).address,
    })
}

/// Where commands are handed in, so that the audit log tells of those of people.
#[must_use]
pub fn noting(ctx: &Context<'_>) -> Noting {
    services(ctx).ledger.noting(act(ctx).ok())
}

/// What he may see.
#[must_use]
pub fn sight(ctx: &Context<'_>) -> Sight {
    Sight::of(&actor(ctx))
}

/// From here on somebody else asks: whoever signed in, or nobody after signing out.
pub fn becomes(ctx: &Context<'_>, actor: Actor) {
    if let Some(asker) = ctx.data_opt::<Asker>() {
        *asker.0.write().unwrap_or_else(PoisonError::into_inner) = actor;
    }
}

/// A request with all that its resolvers need.
pub(super) fn equip(request: Request, services: &Services, actor: Actor) -> Request {
    request
        .data(services.clone())
        .data(Loaders::new(services.db.clone()))
        .data(Asker(RwLock::new(actor)))
}
