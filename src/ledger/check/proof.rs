//! One statement that finds the rows which break a rule, and how such a row is told.

use std::borrow::Cow;

use entity::TypedId;
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement};
use uuid::Uuid;

use super::findings::{Findings, decimals};

/// A statement whose every row is a violation. Amounts are selected as text, since their sums may be beyond an `i64`.
pub(super) struct Proof {
    /// What a row breaks. With several, the column `rule` says which.
    pub rules: &'static [&'static str],
    pub sql: Cow<'static, str>,
    /// Names the rows, with their figures.
    pub tell: fn(&Row) -> Result<String, DbErr>,
}

impl Proof {
    /// Finds what there is to find.
    pub(super) async fn run(
        &self,
        conn: &impl ConnectionTrait,
        findings: &mut Findings,
    ) -> Result<(), DbErr> {
        // One is read even where no more are told: it knows how many there are.
        let most = findings.room().max(1);
        let sql = format!(
            "SELECT q.*, COUNT(*) OVER () AS found FROM ({}) AS q LIMIT {most}",
            self.sql
        );
        let statement = Statement::from_string(conn.get_database_backend(), sql);
        let rows = conn.query_all_raw(statement).await?;
        let mut untold: i64 = match rows.first() {
            Some(row) => row.try_get("", "found")?,
            None => 0,
        };
        for row in rows.iter().take(findings.room()) {
            let row = Row(row);
            findings.add(self.rule(&row)?, (self.tell)(&row)?);
            untold -= 1;
        }
        findings.add_untold(untold);
        Ok(())
    }

    fn rule(&self, row: &Row) -> Result<&'static str, DbErr> {
        if let [only] = self.rules {
            return Ok(only);
        }
        let named = row.text("rule")?;
        let mut rules = self.rules.iter();
        rules
            .find(|rule| **rule == named)
            .copied()
            .ok_or_else(|| DbErr::Type(format!("no rule is called {named}")))
    }
}

/// A row that breaks a rule.
pub(super) struct Row<'a>(&'a QueryResult);

impl Row<'_> {
    /// The public form of an id.
    pub(super) fn id<I: TypedId + ToString>(&self, column: &str) -> Result<String, DbErr> {
        let id: Option<Uuid> = self.0.try_get("", column)?;
        Ok(id.map_or_else(|| "none".into(), |id| I::from_uuid(id).to_string()))
    }

    /// Whose account it is: `customer:cash of cus_…`, by the columns `account` and `owner_id`.
    pub(super) fn account(&self) -> Result<String, DbErr> {
        let account = self.text("account")?;
        let owner = if account.starts_with("customer:") {
            self.id::<entity::CustomerId>("owner_id")?
        } else {
            self.id::<entity::AgentId>("owner_id")?
        };
        Ok(format!("{account} of {owner}"))
    }

    /// An amount.
    pub(super) fn money(&self, column: &str) -> Result<String, DbErr> {
        Ok(decimals(self.units(column)?, 4))
    }

    /// A commission before rounding.
    pub(super) fn exact(&self, column: &str) -> Result<String, DbErr> {
        Ok(decimals(self.units(column)?, 8))
    }

    fn units(&self, column: &str) -> Result<i128, DbErr> {
        let text = self.text(column)?;
        text.parse()
            .map_err(|_| DbErr::Type(format!("{column} is no count: {text}")))
    }

    /// A count.
    pub(super) fn number(&self, column: &str) -> Result<i64, DbErr> {
        self.0.try_get("", column)
    }

    pub(super) fn text(&self, column: &str) -> Result<String, DbErr> {
        self.0.try_get("", column)
    }
}
