//! Loaders of one request: rows for many parents at once.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use async_graphql::Context;
use entity::commission::CommissionKind;
use entity::customer::Management;
use entity::{
    AgentId, AgentNumber, ApiKeyId, ApplicationId, AuditEntryId, ChargeId, CommissionId,
    CustomerId, FraudCaseId, LoginId, PayoutId, PlanId, ProductId, ProposalId, TopUpId,
    TransactionId, TransferId, affiliation, agent, agent_balance, agent_standing, api_key,
    application, audit_entry, charge, commission, commission_rate, customer, customer_balance,
    entry, fraud_case, login, payout, plan, product, proposal, top_up, transaction, transfer,
};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryFutureExt};
use sea_orm::{
    ColumnTrait, DbBackend, DbErr, EntityTrait, JoinType, ModelTrait, QueryFilter, QueryOrder,
    QueryResult, QuerySelect,
};

use super::gathering::{Gathering, Loader, Shared};
use crate::Error;
use crate::store::parts::{self, Part, Question};
use crate::store::{Db, bulk};

/// What the loaders of a request read.
pub(super) struct Loaders {
    backend: DbBackend,
    rows: Gathering<Rows>,
    parts: Gathering<Parts>,
}

impl Loaders {
    pub(super) fn new(db: Db) -> Self {
        Self {
            backend: db.backend(),
            rows: Gathering::new(Rows(db.clone())),
            parts: Gathering::new(Parts(db)),
        }
    }
}

fn fault(error: &Shared) -> Error {
    Error::Fault(format!("database: {error}"))
}

/// The row of a key, read together with those of the other keys that this request asks for now.
///
/// # Errors
/// The database's.
pub fn find<'a, K, V>(ctx: &Context<'a>, key: K) -> BoxFuture<'a, Result<Option<V>, Error>>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    Rows: Loader<K, Value = V>,
    V: Clone + Send + Sync + 'static,
{
    let loaders = ctx.data_unchecked::<Loaders>();
    let found = loaders.rows.load_one(key);
    found.map_err(|error| fault(&error)).boxed()
}

/// The same for a row that must be there: the database holds so.
///
/// # Errors
/// The database's; or a fault where the row is missing.
pub async fn must<K, V>(ctx: &Context<'_>, key: K) -> Result<V, Error>
where
    K: Clone + Eq + Hash + Send + Sync + std::fmt::Debug + 'static,
    Rows: Loader<K, Value = V>,
    V: Clone + Send + Sync + 'static,
{
    let name = format!("{key:?}");
    find(ctx, key)
        .await?
        .ok_or_else(|| Error::Fault(format!("{name} is missing")))
}

/// The rows of a part of a page, read together with the others of its shape.
///
/// # Errors
/// The database's.
pub fn part<'a>(
    ctx: &Context<'a>,
    part: Part,
) -> BoxFuture<'a, Result<Arc<Vec<QueryResult>>, Error>> {
    let loaders = ctx.data_unchecked::<Loaders>();
    let question = part.asked(loaders.backend);
    let rows = loaders.parts.load_one(question);
    let rows = rows.map_ok(Option::unwrap_or_default);
    rows.map_err(|error| fault(&error)).boxed()
}

/// The number `n` of a part that answers one, such as a sum or a count.
///
/// # Errors
/// The database's.
pub async fn sum(ctx: &Context<'_>, of: Part) -> Result<i64, Error> {
    let rows = part(ctx, of).await?;
    let number = rows.first().map(|row| row.try_get("", "n"));
    Ok(number.transpose()?.unwrap_or_default())
}

/// Rows by their keys.
pub struct Rows(Db);

macro_rules! by_id {
    ($($key:ty => $table:ident;)*) => {$(
        impl Loader<$key> for Rows {
            type Value = $table::Model;
            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, $table::Model>, Shared> {
                self.by($table::Column::Id, keys.iter().copied(), |row| row.id).await
            }
        }
    )*};
}

by_id! {
    LoginId => login;
    ApiKeyId => api_key;
    ApplicationId => application;
    AgentId => agent;
    CustomerId => customer;
    ProductId => product;
    PlanId => plan;
    ChargeId => charge;
    CommissionId => commission;
    TopUpId => top_up;
    TransferId => transfer;
    PayoutId => payout;
    ProposalId => proposal;
    FraudCaseId => fraud_case;
    AuditEntryId => audit_entry;
    TransactionId => transaction;
}

macro_rules! by_key {
    ($($(#[$doc:meta])* $name:ident($key:ty) => $table:ident by $column:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $name(pub $key);

        impl Loader<$name> for Rows {
            type Value = $table::Model;
            async fn load(&self, keys: &[$name]) -> Result<HashMap<$name, $table::Model>, Shared> {
                let values = keys.iter().map(|key| key.0.clone());
                let read = |row: &$table::Model| row.get($table::Column::$column);
                let rows = self.all::<$table::Entity, _>($table::Column::$column, values).await?;
                let mut found = HashMap::new();
                for key in keys {
                    let value = sea_orm::Value::from(key.0.clone());
                    if let Some(row) = rows.iter().find(|row| read(row) == value) {
                        found.insert(key.clone(), row.clone());
                    }
                }
                Ok(found)
            }
        }
    )*};
}

by_key! {
    /// What an agent has.
    AgentMoney(AgentId) => agent_balance by AgentId;
    /// What a telephone account has.
    AccountMoney(CustomerId) => customer_balance by CustomerId;
    /// The agent whose own telephone account this is.
    AgentOfAccount(CustomerId) => agent by CustomerId;
    /// The agent that a login is.
    AgentOfLogin(LoginId) => agent by LoginId;
    /// A login's own telephone account.
    AccountOfLogin(LoginId) => customer by LoginId;
    /// The agent that an application made.
    AgentOfApplication(ApplicationId) => agent by ApplicationId;
    /// The agent with a number.
    AgentNumbered(AgentNumber) => agent by Number;
}

/// A customer's agent of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OpenAffiliation(pub CustomerId);

impl Loader<OpenAffiliation> for Rows {
    type Value = affiliation::Model;
    async fn load(
        &self,
        keys: &[OpenAffiliation],
    ) -> Result<HashMap<OpenAffiliation, affiliation::Model>, Shared> {
        let customers: Vec<_> = keys.iter().map(|key| key.0).collect();
        let column = affiliation::Column::CustomerId;
        let of = bulk::among::<affiliation::Entity, _>(self.0.reader(), column, &customers)?;
        let open = of.filter(affiliation::Column::Until.is_null());
        let rows = open.all(self.0.reader()).await?;
        Ok(rows
            .into_iter()
            .map(|row| (OpenAffiliation(row.customer_id), row))
            .collect())
    }
}

/// Whose a customer is now, and who manages it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Keeper(pub CustomerId);

impl Loader<Keeper> for Rows {
    type Value = (AgentId, Management);
    async fn load(&self, keys: &[Keeper]) -> Result<HashMap<Keeper, Self::Value>, Shared> {
        let customers: Vec<_> = keys.iter().map(|key| key.0).collect();
        let column = affiliation::Column::CustomerId;
        let of = bulk::among::<affiliation::Entity, _>(self.0.reader(), column, &customers)?;
        let account = affiliation::Entity::belongs_to(customer::Entity)
            .from(column)
            .to(customer::Column::Id);
        let rows: Vec<(CustomerId, AgentId, Management)> = of
            .filter(affiliation::Column::Until.is_null())
            .join(JoinType::InnerJoin, account.into())
            .select_only()
            .columns([column, affiliation::Column::AgentId])
            .column(customer::Column::Management)
            .into_tuple()
            .all(self.0.reader())
            .await?;
        let kept = rows.into_iter();
        Ok(kept
            .map(|(customer, agent, management)| (Keeper(customer), (agent, management)))
            .collect())
    }
}

/// What a charge earned its agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EarnedOn(pub ChargeId);

impl Loader<EarnedOn> for Rows {
    type Value = commission::Model;
    async fn load(
        &self,
        keys: &[EarnedOn],
    ) -> Result<HashMap<EarnedOn, commission::Model>, Shared> {
        let charges: Vec<_> = keys.iter().map(|key| key.0).collect();
        let column = commission::Column::ChargeId;
        let of = bulk::among::<commission::Entity, _>(self.0.reader(), column, &charges)?;
        let earned = of.filter(commission::Column::Kind.eq(CommissionKind::Earned));
        let rows = earned.all(self.0.reader()).await?;
        Ok(rows
            .into_iter()
            .filter_map(|row| row.charge_id.map(|charge| (EarnedOn(charge), row)))
            .collect())
    }
}

/// A transaction's entries, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EntriesOf(pub TransactionId);

impl Loader<EntriesOf> for Rows {
    type Value = Vec<entry::Model>;
    async fn load(
        &self,
        keys: &[EntriesOf],
    ) -> Result<HashMap<EntriesOf, Vec<entry::Model>>, Shared> {
        let transactions: Vec<_> = keys.iter().map(|key| key.0).collect();
        let column = entry::Column::TransactionId;
        let of = bulk::among::<entry::Entity, _>(self.0.reader(), column, &transactions)?;
        let entries = of
            .order_by_asc(entry::Column::TransactionId)
            .order_by_asc(entry::Column::Line);
        let rows = entries.all(self.0.reader()).await?;
        Ok(grouped(rows, |row| EntriesOf(row.transaction_id)))
    }
}

/// An agent's rates, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RatesOf(pub AgentId);

impl Loader<RatesOf> for Rows {
    type Value = Vec<commission_rate::Model>;
    async fn load(
        &self,
        keys: &[RatesOf],
    ) -> Result<HashMap<RatesOf, Vec<commission_rate::Model>>, Shared> {
        let agents: Vec<_> = keys.iter().map(|key| key.0).collect();
        let column = commission_rate::Column::AgentId;
        let of = bulk::among::<commission_rate::Entity, _>(self.0.reader(), column, &agents)?;
        let rates = of.order_by_desc(commission_rate::Column::EffectiveFrom);
        let rows = rates.all(self.0.reader()).await?;
        Ok(grouped(rows, |row| RatesOf(row.agent_id)))
    }
}

/// What operators decided about an agent, from the oldest to the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StandingsOf(pub AgentId);

impl Loader<StandingsOf> for Rows {
    type Value = Vec<agent_standing::Model>;
    async fn load(
        &self,
        keys: &[StandingsOf],
    ) -> Result<HashMap<StandingsOf, Vec<agent_standing::Model>>, Shared> {
        let agents: Vec<_> = keys.iter().map(|key| key.0).collect();
        let column = agent_standing::Column::AgentId;
        let of = bulk::among::<agent_standing::Entity, _>(self.0.reader(), column, &agents)?;
        let standings = of.order_by_asc(agent_standing::Column::Ordinal);
        let rows = standings.all(self.0.reader()).await?;
        Ok(grouped(rows, |row| StandingsOf(row.agent_id)))
    }
}

fn grouped<K: Eq + Hash, M>(rows: Vec<M>, key: impl Fn(&M) -> K) -> HashMap<K, Vec<M>> {
    let mut groups: HashMap<K, Vec<M>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}

impl Rows {
    async fn all<E, V>(
        &self,
        column: E::Column,
        values: impl IntoIterator<Item = V>,
    ) -> Result<Vec<E::Model>, DbErr>
    where
        E: EntityTrait,
        V: Into<sea_orm::Value> + Clone,
    {
        let values: Vec<V> = values.into_iter().collect();
        bulk::find_all::<E, V>(self.0.reader(), column, &values).await
    }

    async fn by<C, M, K>(
        &self,
        column: C,
        keys: impl IntoIterator<Item = K>,
        key: impl Fn(&M) -> K,
    ) -> Result<HashMap<K, M>, Shared>
    where
        C: ColumnTrait<EntityName: EntityTrait<Column = C, Model = M>>,
        K: Into<sea_orm::Value> + Clone + Eq + Hash,
        M: ModelTrait,
    {
        let rows = self.all::<C::EntityName, _>(column, keys).await?;
        Ok(rows.into_iter().map(|row| (key(&row), row)).collect())
    }
}

struct Parts(Db);

impl Loader<Question> for Parts {
    type Value = Arc<Vec<QueryResult>>;
    async fn load(&self, keys: &[Question]) -> Result<HashMap<Question, Self::Value>, Shared> {
        let mut shapes: HashMap<&str, Vec<&Question>> = HashMap::new();
        for question in keys {
            shapes.entry(question.shape()).or_default().push(question);
        }
        let mut found = HashMap::with_capacity(keys.len());
        for questions in shapes.into_values() {
            let answers = parts::read(self.0.reader(), &questions).await?;
            let questions = questions.into_iter().cloned();
            found.extend(questions.zip(answers.into_iter().map(Arc::new)));
        }
        Ok(found)
    }
}
