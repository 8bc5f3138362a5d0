//! Pages of lists, as the Relay cursor connection specification has them.

use std::borrow::Cow;

use async_graphql::{Context, Object, ObjectType, SimpleObject, TypeName};
use futures_util::future::try_join_all;
use sea_orm::{EntityTrait, FromQueryResult};
use uuid::Uuid;

use super::cursor::RowCursor;
use super::given::bad_argument;
use super::limits;
use super::loaders::{part, sum};
use crate::Error;
use crate::store::pages::{Key, List, Window};

/// Where a page lies in its list.
#[derive(SimpleObject, Clone, Debug, Default)]
pub struct PageInfo {
    /// Whether there are rows behind this page.
    has_next_page: bool,
    /// Whether there are rows before this page.
    has_previous_page: bool,
    /// The cursor of the first row: `before` it lies the previous page. Null on an empty page.
    start_cursor: Option<String>,
    /// The cursor of the last row: `after` it lies the next page. Null on an empty page.
    end_cursor: Option<String>,
}

/// A row of a page, with its place in the list.
pub struct Edge<T> {
    cursor: String,
    node: T,
}

/// A page of a list.
pub struct Connection<T> {
    edges: Vec<Edge<T>>,
    info: PageInfo,
    total: Option<i64>,
}

impl<T: ObjectType> TypeName for Edge<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", T::type_name()).into()
    }
}

impl<T: ObjectType> TypeName for Connection<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", T::type_name()).into()
    }
}

/// A row of a page, with its place in the list.
#[Object(name_type)]
impl<T: ObjectType> Edge<T> {
    /// The row's place in this list and order: for `after` and `before`, and for nothing else. Opaque.
    async fn cursor(&self) -> &str {
        &self.cursor
    }

    /// The row.
    async fn node(&self) -> &T {
        &self.node
    }
}

/// A page of a list: 20 rows unless `first` or `last` says otherwise, at most 100.
#[Object(name_type)]
impl<T: ObjectType> Connection<T> {
    /// The rows with their places.
    async fn edges(&self) -> &[Edge<T>] {
        &self.edges
    }

    /// The rows alone.
    async fn nodes(&self) -> Vec<&T> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }

    /// Where the page lies in its list.
    async fn page_info(&self) -> &PageInfo {
        &self.info
    }

    /// How many rows the whole list has, whatever the page. Counted only when asked for.
    async fn total_count(&self) -> i32 {
        i32::try_from(self.total.unwrap_or_default()).unwrap_or(i32::MAX)
    }
}

impl<T> Connection<T> {
    /// The same page with its rows shown by `show`, all at once, so that loaders take them together.
    ///
    /// # Errors
    /// Those of `show`.
    pub async fn show<U, F>(self, show: impl Fn(T) -> F) -> Result<Connection<U>, Error>
    where
        F: Future<Output = Result<U, Error>>,
    {
        let mut cursors = Vec::with_capacity(self.edges.len());
        let mut nodes = Vec::with_capacity(self.edges.len());
        for edge in self.edges {
            cursors.push(edge.cursor);
            nodes.push(show(edge.node));
        }
        let nodes = try_join_all(nodes).await?;
        let edges = cursors.into_iter().zip(nodes);
        Ok(Connection {
            edges: edges.map(|(cursor, node)| Edge { cursor, node }).collect(),
            info: self.info,
            total: self.total,
        })
    }
}

/// The arguments of a page, as given.
#[derive(Clone, Debug, Default)]
pub struct PageArgs {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
}

impl PageArgs {
    /// As a list's fields take them.
    #[must_use]
    pub fn new(
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Self {
        Self {
            first,
            after,
            last,
            before,
        }
    }

    /// How many rows, and whether from the end.
    fn size(&self) -> Result<(u32, bool), Error> {
        match (self.first, self.last) {
            (Some(_), Some(_)) => Err(bad_argument(
                "last",
                "cannot be given together with `first`",
            )),
            (Some(rows), None) => Ok((size("first", rows)?, false)),
            (None, Some(rows)) => Ok((size("last", rows)?, true)),
            (None, None) => Ok((limits::PAGE_DEFAULT, false)),
        }
    }

    /// Which rows of `list` they ask for.
    ///
    /// # Errors
    /// [`Error::BadArgument`] for a size that is not 1 to 100, for `first` with `last`, and for a cursor of something else.
    pub fn window<E>(&self, list: &List<E>) -> Result<Window, Error>
    where
        E: EntityTrait,
        E::Model: FromQueryResult,
    {
        let (take, backward) = self.size()?;
        Ok(Window {
            take: take.into(),
            backward,
            after: place(list, "after", self.after.as_deref())?,
            before: place(list, "before", self.before.as_deref())?,
        })
    }
}

fn size(name: &str, given: i32) -> Result<u32, Error> {
    u32::try_from(given)
        .ok()
        .filter(|size| (1..=limits::PAGE_MAX).contains(size))
        .ok_or_else(|| bad_argument(name, "must be 1 to 100"))
}

fn place<E>(list: &List<E>, name: &str, cursor: Option<&str>) -> Result<Option<Vec<Key>>, Error>
where
    E: EntityTrait,
    E::Model: FromQueryResult,
{
    let Some(cursor) = cursor else {
        return Ok(None);
    };
    RowCursor::decode(cursor)
        .filter(|cursor| cursor.list == list.name && list.knows(&cursor.keys))
        .map(|cursor| Some(cursor.keys))
        .ok_or_else(|| bad_argument(name, "is no cursor of this list"))
}

/// A page of a list whose rows are not shown yet.
pub struct Slice<M> {
    rows: Vec<M>,
    cursors: Vec<String>,
    next: bool,
    previous: bool,
    total: Option<i64>,
}

impl<M> Slice<M> {
    /// The rows, to be read on from.
    #[must_use]
    pub fn take(&mut self) -> Vec<M> {
        std::mem::take(&mut self.rows)
    }

    /// The page with what is shown of each row, in their order.
    #[must_use]
    pub fn show<T>(self, nodes: Vec<T>) -> Connection<T> {
        let info = PageInfo {
            has_next_page: self.next,
            has_previous_page: self.previous,
            start_cursor: self.cursors.first().cloned(),
            end_cursor: self.cursors.last().cloned(),
        };
        let edges = self.cursors.into_iter().zip(nodes);
        Connection {
            edges: edges.map(|(cursor, node)| Edge { cursor, node }).collect(),
            info,
            total: self.total,
        }
    }
}

/// The page of a list that the arguments ask for, its rows shown by `show`. Only what is selected is read.
///
/// # Errors
/// [`Error::BadArgument`] by [`PageArgs::window`]; the database's.
pub async fn page<E, T>(
    ctx: &Context<'_>,
    args: &PageArgs,
    list: &List<E>,
    show: impl Fn(E::Model) -> T,
) -> Result<Connection<T>, Error>
where
    E: EntityTrait,
    E::Model: FromQueryResult,
{
    let mut slice = slice(ctx, args, list).await?;
    let nodes = slice.take().into_iter().map(show).collect();
    Ok(slice.show(nodes))
}

/// The same before its rows are shown.
///
/// # Errors
/// [`Error::BadArgument`] by [`PageArgs::window`]; the database's.
pub async fn slice<E>(
    ctx: &Context<'_>,
    args: &PageArgs,
    list: &List<E>,
) -> Result<Slice<E::Model>, Error>
where
    E: EntityTrait,
    E::Model: FromQueryResult,
{
    let window = args.window(list)?;
    let selected = ctx.look_ahead();
    let info = selected.field("pageInfo");
    let wants_rows = ["edges", "nodes", "pageInfo"];
    let mut rows: Vec<E::Model> = Vec::new();
    if wants_rows.iter().any(|name| selected.field(name).exists()) {
        let found = part(ctx, list.page(&window)).await?;
        for row in found.iter() {
            rows.push(E::Model::from_query_result(row, "")?);
        }
    }
    let more = rows.len() as u64 > window.take;
    if more {
        rows.pop();
    }
    if window.backward {
        rows.reverse();
    }
    let forward = !window.backward;
    let next = (forward && more) || beyond(ctx, list, &window, false, &info).await?;
    let previous = (window.backward && more) || beyond(ctx, list, &window, true, &info).await?;
    let total = if selected.field("totalCount").exists() {
        Some(sum(ctx, list.count()).await?)
    } else {
        None
    };
    // A row's place is written where somebody wants it.
    let places = selected.field("edges").field("cursor").exists();
    let ends = [0, rows.len().saturating_sub(1)];
    let told = |at: usize| places || (info.exists() && ends.contains(&at));
    let cursors = rows.iter().enumerate().map(|(at, row)| {
        if told(at) {
            cursor(list, row)
        } else {
            String::new()
        }
    });
    Ok(Slice {
        cursors: cursors.collect(),
        rows,
        next,
        previous,
        total,
    })
}

/// A list that is computed, and so in memory whole: each row with its place, which is unique and rises.
pub struct Computed<T> {
    /// Told apart from other lists by it: a place in one means nothing in another.
    pub name: &'static str,
    pub rows: Vec<((i64, Uuid), T)>,
}

impl<T> Computed<T> {
    /// The page that the arguments ask for.
    ///
    /// # Errors
    /// [`Error::BadArgument`] for a size that is not 1 to 100, for `first` with `last`, and for a cursor of something else.
    pub fn page(self, args: &PageArgs) -> Result<Connection<T>, Error> {
        let (take, backward) = args.size()?;
        let after = self.place("after", args.after.as_deref())?;
        let before = self.place("before", args.before.as_deref())?;
        let total = self.rows.len();
        let start = after.map_or(0, |place| {
            self.rows.partition_point(|(key, _)| *key <= place)
        });
        let end = before.map_or(total, |place| {
            self.rows.partition_point(|(key, _)| *key < place)
        });
        let take = take as usize;
        let (start, end) = if end <= start {
            (start, start)
        } else if backward {
            (start.max(end.saturating_sub(take)), end)
        } else {
            (start, end.min(start + take))
        };
        let rows = self.rows.into_iter().skip(start).take(end - start);
        let edges: Vec<Edge<T>> = rows
            .map(|((n, id), node)| Edge {
                cursor: RowCursor {
                    list: self.name.to_owned(),
                    keys: vec![Key::Int(n), Key::Id(id)],
                }
                .encode(),
                node,
            })
            .collect();
        let info = PageInfo {
            has_next_page: end < total,
            has_previous_page: start > 0,
            start_cursor: edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: edges.last().map(|edge| edge.cursor.clone()),
        };
        let total = i64::try_from(total).ok();
        Ok(Connection { edges, info, total })
    }

    fn place(&self, name: &str, cursor: Option<&str>) -> Result<Option<(i64, Uuid)>, Error> {
        let Some(cursor) = cursor else {
            return Ok(None);
        };
        match RowCursor::decode(cursor) {
            Some(RowCursor { list, keys }) if list == self.name => match keys[..] {
                [Key::Int(n), Key::Id(id)] => Ok(Some((n, id))),
                _ => Err(bad_argument(name, "is no cursor of this list")),
            },
            _ => Err(bad_argument(name, "is no cursor of this list")),
        }
    }
}

fn cursor<E>(list: &List<E>, row: &E::Model) -> String
where
    E: EntityTrait,
    E::Model: FromQueryResult,
{
    let place = RowCursor {
        list: list.name.to_owned(),
        keys: list.keys(row),
    };
    place.encode()
}

/// Whether rows lie outside of the window: before its `after`, or behind its `before`.
async fn beyond<E>(
    ctx: &Context<'_>,
    list: &List<E>,
    window: &Window,
    front: bool,
    info: &async_graphql::Lookahead<'_>,
) -> Result<bool, Error>
where
    E: EntityTrait,
    E::Model: FromQueryResult,
{
    let (keys, field) = if front {
        (&window.after, "hasPreviousPage")
    } else {
        (&window.before, "hasNextPage")
    };
    match keys {
        Some(keys) if info.field(field).exists() => {
            Ok(!part(ctx, list.beyond(keys, !front)).await?.is_empty())
        }
        _ => Ok(false),
    }
}
