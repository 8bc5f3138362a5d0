//! Pages of a list by its keys: no page costs more than its rows, however long the list or the way to it. Those of many
//! parents are [parts](super::parts) of one statement.

use chrono::{DateTime, Datelike, Utc};
use sea_orm::sea_query::{
    Asterisk, ColumnRef, ColumnType, Expr, ExprTrait, Func, Query, SelectStatement, Value,
};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, IdenStatic, Iterable, ModelTrait, Order,
    PrimaryKeyToColumn, QuerySelect, QueryTrait, Select,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::parts::Part;

/// A value by which a list is ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Key {
    /// A sequence number.
    Int(i64),
    /// An instant.
    At(DateTime<Utc>),
    /// A name or a code.
    Text(String),
    /// An id.
    Id(Uuid),
}

impl Key {
    fn read(value: Value) -> Option<Self> {
        match value {
            Value::BigInt(Some(n)) => Some(Self::Int(n)),
            Value::ChronoDateTimeUtc(Some(at)) => Some(Self::At(at)),
            Value::String(Some(text)) => Some(Self::Text(text)),
            Value::Uuid(Some(id)) => Some(Self::Id(id)),
            _ => None,
        }
    }

    fn fits(&self, column: &ColumnType) -> bool {
        match self {
            Self::Int(_) => matches!(column, ColumnType::BigInteger),
            // A forged cursor may hold what no database does.
            Self::At(at) => {
                matches!(column, ColumnType::TimestampWithTimeZone)
                    && (1..=9_999).contains(&at.year())
            }
            Self::Text(text) => {
                matches!(column, ColumnType::String(_) | ColumnType::Text) && !text.contains('\0')
            }
            Self::Id(_) => matches!(column, ColumnType::Uuid),
        }
    }
}

impl From<Key> for Expr {
    fn from(key: Key) -> Self {
        match key {
            Key::Int(n) => Expr::value(n),
            Key::At(at) => Expr::value(at),
            Key::Text(text) => Expr::value(text),
            Key::Id(id) => Expr::value(id),
        }
    }
}

/// Which rows of a list are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// How many at most.
    pub take: u64,
    /// From the end of the window rather than from its beginning.
    pub backward: bool,
    /// Only rows behind the one with these keys.
    pub after: Option<Vec<Key>>,
    /// Only rows before the one with these keys.
    pub before: Option<Vec<Key>>,
}

/// Rows that somebody may see, and their order.
pub struct List<E: EntityTrait> {
    /// Names the list and its order: a position in one means nothing in another.
    pub name: &'static str,
    rows: Select<E>,
    columns: Vec<E::Column>,
    /// Where the columns stand for the database.
    places: Vec<ColumnRef>,
    order: Order,
}

impl<E> List<E>
where
    E: EntityTrait,
    E::Model: FromQueryResult,
{
    /// The list of `rows` by `columns`, which together are unique, all in the same direction.
    #[must_use]
    pub fn new(
        name: &'static str,
        rows: Select<E>,
        columns: impl IntoIterator<Item = E::Column>,
        order: Order,
    ) -> Self {
        let columns: Vec<E::Column> = columns.into_iter().collect();
        Self {
            name,
            rows,
            places: columns
                .iter()
                .map(ColumnTrait::as_column_ref)
                .map(Into::into)
                .collect(),
            columns,
            order,
        }
    }

    /// The same list, where another table that is joined has the same columns, and their order in an index.
    #[must_use]
    pub fn placed<C: ColumnTrait>(mut self, places: impl IntoIterator<Item = C>) -> Self {
        let places = places
            .into_iter()
            .map(|column| column.as_column_ref().into());
        self.places = places.collect();
        self
    }

    /// Newest first, by an id that grows with time.
    #[must_use]
    pub fn newest_first(name: &'static str, rows: Select<E>) -> Self {
        let id = E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column);
        Self::new(name, rows, id, Order::Desc)
    }

    /// The keys of a row: where it stands.
    #[must_use]
    pub fn keys(&self, row: &E::Model) -> Vec<Key> {
        let keys = self.columns.iter().filter_map(|c| Key::read(row.get(*c)));
        keys.collect()
    }

    /// Whether keys could be those of a row.
    #[must_use]
    pub fn knows(&self, keys: &[Key]) -> bool {
        let fits = |(key, column): (&Key, &E::Column)| key.fits(column.def().get_column_type());
        keys.len() == self.columns.len() && keys.iter().zip(&self.columns).all(fits)
    }

    /// One row more than the window takes, so that the reader knows whether there is a next page; backward, in reverse.
    #[must_use]
    pub fn page(&self, window: &Window) -> Part {
        let order = self.direction(window.backward);
        let mut rows = self.rows.clone();
        for (keys, behind) in [(&window.after, true), (&window.before, false)] {
            if let Some(keys) = keys {
                QuerySelect::query(&mut rows).and_where(self.beside(keys, behind, false));
            }
        }
        let mut select = rows.into_query();
        for place in &self.places {
            select.order_by_expr(Expr::col(place.clone()), order.clone());
        }
        let keys = self.columns.iter().map(IdenStatic::as_str);
        Part::new(E::default().table_name(), select)
            .ordered(keys, matches!(order, Order::Desc))
            .limited(window.take + 1)
    }

    /// Whether there is a row at the keys or on the far side of them: one row, or none.
    #[must_use]
    pub fn beyond(&self, keys: &[Key], behind: bool) -> Part {
        let mut select = self.bare();
        select
            .and_where(self.beside(keys, behind, true))
            .expr_as(Expr::value(1_i64), "n");
        Part::new("beyond", select).limited(1)
    }

    /// How many rows there are, as `n`.
    #[must_use]
    pub fn count(&self) -> Part {
        let mut inner = self.bare();
        inner.expr_as(Expr::value(1_i64), "one");
        let select = Query::select()
            .expr_as(Func::count(Expr::col(Asterisk)), "n")
            .from_subquery(inner, "counted")
            .to_owned();
        Part::new("count", select)
    }

    fn bare(&self) -> SelectStatement {
        let mut select = self.rows.clone().into_query();
        select.clear_selects();
        select
    }

    fn direction(&self, backward: bool) -> Order {
        match (&self.order, backward) {
            (Order::Asc, true) => Order::Desc,
            (Order::Desc, true) => Order::Asc,
            (order, _) => order.clone(),
        }
    }

    /// Behind the keys in the list's order, or before them, or also at them.
    fn beside(&self, keys: &[Key], behind: bool, at: bool) -> Expr {
        let columns = self.places.iter().cloned().map(Expr::col);
        let columns = Expr::tuple(columns.collect::<Vec<_>>());
        let keys = Expr::tuple(keys.iter().cloned().map(Expr::from).collect::<Vec<_>>());
        let greater = behind == matches!(self.order, Order::Asc);
        match (greater, at) {
            (true, false) => columns.gt(keys),
            (true, true) => columns.gte(keys),
            (false, false) => columns.lt(keys),
            (false, true) => columns.lte(keys),
        }
    }
}
