//! From rows to events: a page at a time, and no faster than the client takes them.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use async_graphql::Context;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use sea_orm::{EntityTrait, Value};

use crate::Error;
use crate::graphql::cursor::{EventCursor, EventStream, Place, Position};
use crate::live::Following;
use crate::store::{Db, bulk};

/// What a subscription's root field answers. Nothing comes after an error.
pub(super) type Feed<T> = BoxStream<'static, async_graphql::Result<T>>;

/// The events of a stream: `dress` makes them of a page of rows, each with its place, and loads at once what they show.
/// What carries the subscription is told where it begins and how far it has come.
pub(super) fn feed<E, T, D, F>(
    ctx: &Context<'_>,
    stream: EventStream,
    following: Following<E>,
    dress: D,
) -> Feed<T>
where
    E: EntityTrait,
    E::Model: Send,
    T: Send + 'static,
    D: Fn(Vec<E::Model>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Vec<(i64, T)>, Error>> + Send,
{
    let told = ctx.data_opt::<Position>().cloned().unwrap_or_default();
    let place = move |seq| Place {
        seq,
        cursor: EventCursor { stream, seq }.encode().into(),
    };
    told.begins(place(following.position()));
    let reached = move |seq| told.reached(place(seq));
    let start = (following, VecDeque::<(i64, T)>::new());
    stream::try_unfold(start, move |(mut following, mut page)| {
        let (dress, reached) = (dress.clone(), reached.clone());
        async move {
            loop {
                if let Some((seq, event)) = page.pop_front() {
                    following.still().await?;
                    reached(seq);
                    return Ok::<_, Error>(Some((event, (following, page))));
                }
                page = dress(following.page().await?).await?.into();
            }
        }
    })
    .map_err(async_graphql::Error::from)
    .boxed()
}

/// The position that a client comes back to.
///
/// # Errors
/// `CursorExpired` for one of another stream, and for what is no position.
pub(super) fn position(after: Option<&str>, stream: EventStream) -> Result<Option<i64>, Error> {
    let known = |text| EventCursor::decode(text).filter(|cursor| cursor.stream == stream);
    after
        .map(|text| {
            known(text)
                .map(|cursor| cursor.seq)
                .ok_or(Error::CursorExpired)
        })
        .transpose()
}

/// The rows of these ids, by their ids.
pub(super) async fn rows<E, K>(
    db: &Db,
    column: E::Column,
    ids: &[K],
    id: impl Fn(&E::Model) -> K,
) -> Result<HashMap<K, E::Model>, Error>
where
    E: EntityTrait,
    K: Into<Value> + Copy + Eq + Hash,
{
    let rows = bulk::find_all::<E, K>(db.reader(), column, ids).await?;
    Ok(rows.into_iter().map(|row| (id(&row), row)).collect())
}

/// What an event tells of is committed together with it.
pub(super) fn missing() -> Error {
    Error::Fault("an event without its subject".into())
}
