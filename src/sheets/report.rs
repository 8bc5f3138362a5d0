//! The rows of reports: what was charged and earned, by day, month, kind, customer or agent (R23, R45).

use std::collections::{BTreeMap, BTreeSet};

use entity::charge::ChargeKind;
use entity::{AgentId, CustomerId, TypedId};
use sea_orm::{DatabaseTransaction, DbErr};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::program::{Period, Span};
use crate::store::reports::{self, Bonus, Doings, Figures};

/// By what the rows of a report are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Grouping {
    Day,
    Month,
    Kind,
    Customer,
}

/// A report that somebody may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub period: Period,
    /// `None`: the program's.
    pub agent: Option<AgentId>,
    /// The agent that asks: it sees no row of a customer that is another's now. `None`: an operator.
    pub viewer: Option<AgentId>,
}

/// What a row is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// `2026-11-22`, `2026-11`.
    Time(String),
    Kind(ChargeKind),
    Customer(CustomerId),
    /// What operators gave: of no kind of charge, and on no customer.
    Bonus,
}

/// Where a row stands among the others: whoever earned most comes first.
pub type Place = (i64, Uuid);

/// What one agent brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgentRow {
    pub agent: AgentId,
    /// Customers that came within the period.
    pub signups: i64,
    /// Customers that were charged within the period.
    pub active: i64,
    pub figures: Figures,
}

impl Report {
    /// The time that it is about.
    #[must_use]
    pub fn span(&self) -> Span {
        self.period.span()
    }

    /// The sums of all rows, bonuses among them.
    ///
    /// # Errors
    /// The database's.
    pub async fn totals(&self, txn: &DatabaseTransaction) -> Result<Figures, DbErr> {
        let mut total = self.customer_totals(txn).await?;
        for bonus in reports::bonuses(txn, self.agent, self.span()).await? {
            total.add(&bonus.figures());
        }
        Ok(total)
    }

    /// The sums of all customers. By kind, since customers that are another's now have no row.
    ///
    /// # Errors
    /// The database's.
    pub async fn customer_totals(&self, txn: &DatabaseTransaction) -> Result<Figures, DbErr> {
        let all = reports::by_kind(txn, self.agent, self.span()).await?;
        Ok(Figures::total(all.values()))
    }

    /// The row of the bonuses, where there were any.
    async fn bonuses(&self, txn: &DatabaseTransaction) -> Result<Option<(Key, Figures)>, DbErr> {
        let bonuses = reports::bonuses(txn, self.agent, self.span()).await?;
        let given: Vec<Figures> = bonuses.iter().map(Bonus::figures).collect();
        let row = (Key::Bonus, Figures::total(&given));
        Ok((!given.is_empty()).then_some(row))
    }

    /// The rows of a commission report: in the order of their keys, customers by what they earned. Nothing stands for
    /// nothing.
    ///
    /// # Errors
    /// The database's.
    pub async fn rows(
        &self,
        txn: &DatabaseTransaction,
        grouping: Grouping,
    ) -> Result<Vec<(Key, Figures)>, DbErr> {
        let named = match grouping {
            Grouping::Day => self.period.days(),
            Grouping::Month => self.period.months(),
            Grouping::Kind => {
                let kinds = reports::by_kind(txn, self.agent, self.span()).await?;
                let kinds = kinds.into_iter();
                let mut rows: Vec<_> = kinds.map(|(kind, own)| (Key::Kind(kind), own)).collect();
                rows.extend(self.bonuses(txn).await?);
                rows.sort_by_key(|(key, _)| key.text());
                return Ok(rows);
            }
            Grouping::Customer => {
                let rows = self.customers(txn).await?.into_iter();
                let row = |(_, id, doings): (Place, CustomerId, Doings)| {
                    (Key::Customer(id), doings.figures)
                };
                let mut rows: Vec<_> = rows.map(row).collect();
                rows.extend(self.bonuses(txn).await?);
                rows.sort_by_key(|(_, figures)| -figures.earned.units());
                return Ok(rows);
            }
        };
        let spans: Vec<Span> = named.iter().map(|(_, span)| *span).collect();
        let mut figures = reports::by_span(txn, self.agent, &spans).await?;
        for bonus in reports::bonuses(txn, self.agent, self.span()).await? {
            let within = |span: &Span| span.from <= bonus.at && bonus.at < span.to;
            if let Some(n) = spans.iter().position(within) {
                figures.entry(n).or_default().add(&bonus.figures());
            }
        }
        let rows = figures.into_iter();
        let name = |n: usize| named.get(n).map(|(name, _)| Key::Time(name.clone()));
        Ok(rows.filter_map(|(n, own)| Some((name(n)?, own))).collect())
    }

    /// What each customer did, with whichever agent: whoever earned most first; of those that the viewer may still see.
    ///
    /// # Errors
    /// The database's.
    pub async fn customers(
        &self,
        txn: &DatabaseTransaction,
    ) -> Result<Vec<(Place, CustomerId, Doings)>, DbErr> {
        let all = reports::by_customer(txn, self.agent, self.span()).await?;
        let own = match self.viewer {
            Some(agent) => Some(reports::still_with(txn, agent).await?),
            None => None,
        };
        let mut each: BTreeMap<CustomerId, Doings> = BTreeMap::new();
        let seen = |id: &CustomerId| own.as_ref().is_none_or(|own| own.contains(id));
        for ((_, id), doings) in all.iter().filter(|((_, id), _)| seen(id)) {
            let sum = each.entry(*id).or_default();
            sum.figures.add(&doings.figures);
            sum.last_charge_at = sum.last_charge_at.max(doings.last_charge_at);
        }
        let place = |id: CustomerId, doings: &Doings| (-doings.figures.earned.units(), id.uuid());
        let mut rows: Vec<_> = each
            .into_iter()
            .map(|(id, doings)| (place(id, &doings), id, doings))
            .collect();
        rows.sort_by_key(|(place, ..)| *place);
        Ok(rows)
    }

    /// What each agent brought, whoever earned most first; and the sums of all.
    ///
    /// # Errors
    /// The database's.
    pub async fn agents(
        &self,
        txn: &DatabaseTransaction,
    ) -> Result<(Vec<(Place, AgentRow)>, Figures), DbErr> {
        let mut figures = reports::by_agent(txn, self.agent, self.span()).await?;
        for bonus in reports::bonuses(txn, self.agent, self.span()).await? {
            figures
                .entry(bonus.agent)
                .or_default()
                .add(&bonus.figures());
        }
        let signups = reports::signups(txn, self.agent, self.span()).await?;
        let doings = reports::by_customer(txn, self.agent, self.span()).await?;
        let mut active: BTreeMap<AgentId, i64> = BTreeMap::new();
        for ((agent, _), doings) in &doings {
            *active.entry(*agent).or_default() += i64::from(doings.figures.charges > 0);
        }
        let agents: BTreeSet<AgentId> = figures.keys().chain(signups.keys()).copied().collect();
        let of = |counts: &BTreeMap<AgentId, i64>, id| counts.get(&id).copied().unwrap_or_default();
        let row = |agent| AgentRow {
            agent,
            signups: of(&signups, agent),
            active: of(&active, agent),
            figures: figures.get(&agent).copied().unwrap_or_default(),
        };
        let mut rows: Vec<_> = agents
            .into_iter()
            .map(row)
            .map(|row| ((-row.figures.earned.units(), row.agent.uuid()), row))
            .collect();
        rows.sort_by_key(|(place, _)| *place);
        Ok((rows, Figures::total(figures.values())))
    }
}

impl Key {
    /// As a report names it.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Time(name) => name.clone(),
            Self::Kind(kind) => kind.to_string(),
            Self::Customer(id) => id.to_string(),
            Self::Bonus => "BONUS".into(),
        }
    }

    /// The same for people; a customer's name is `name_of`'s to say.
    pub fn label(&self, name_of: impl FnOnce(CustomerId) -> String) -> String {
        match self {
            Self::Time(name) => name.clone(),
            Self::Kind(ChargeKind::Call) => "Calls".into(),
            Self::Kind(ChargeKind::Service) => "Services".into(),
            Self::Kind(ChargeKind::PlanFee) => "Monthly fees".into(),
            Self::Customer(id) => name_of(*id),
            Self::Bonus => "Bonuses".into(),
        }
    }
}
