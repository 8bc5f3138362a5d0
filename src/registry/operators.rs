//! The operator's people: made by whoever runs the server, never through the API.

use entity::{Email, Name, login};
use sea_orm::{ActiveModelTrait, Set};

use super::Registry;
use super::people::{NewLogin, account_of, login_by_email, login_by_id};
use super::signups::email_taken;
use super::story::Locks;
use crate::Error;
use crate::auth::Origin;
use crate::program::{Reason, Refusal};
use crate::store::News;

impl Registry {
    /// A login of an operator. One that exists becomes an operator's, with this password.
    ///
    /// # Errors
    /// `WeakPassword` at `password`.
    pub async fn add_operator(
        &self,
        name: Name,
        email: Email,
        password: String,
    ) -> Result<login::Model, Error> {
        let password_hash = Some(self.auth.hash(password, &Origin::default()).await?);
        let mut story = self.begin(&Locks::default()).await?;
        let login = if let Some(known) = login_by_email(story.txn(), &email).await? {
            // Whoever held the login until now may be anybody: addresses are not proved.
            let mut news = News::none();
            let ends = self
                .auth
                .end_sessions_of(story.txn(), known.id, story.now, &mut news);
            ends.await?;
            story.news.extend(news.iter());
            if let Some(own) = account_of(story.txn(), known.id).await? {
                story.end_claims(own.id).await?;
            }
            let promoted = login::ActiveModel {
                id: Set(known.id),
                operator: Set(true),
                password_hash: Set(password_hash),
                ..Default::default()
            };
            promoted.update(story.txn()).await?
        } else {
            let new = NewLogin {
                email,
                name,
                password_hash,
                operator: true,
            };
            (story.add_login(new).await?).ok_or_else(email_taken)?
        };
        story.commit(&self.db).await?;
        Ok(login)
    }

    /// Another claim link for a new agent whose first one ran out before it had a password.
    ///
    /// # Errors
    /// `NotFound` at `email`; `IllegalState` for a login that has a password.
    pub async fn renew_claim(&self, email: &Email) -> Result<String, Error> {
        let missing = || Refusal::not_found("login").at("email");
        let login = login_by_email(self.db.reader(), email).await?;
        let login = login.ok_or_else(missing)?;
        let own = account_of(self.db.reader(), login.id).await?;
        let own = own.ok_or_else(missing)?;
        let story = self.begin(&Locks::default().account(own.id)).await?;
        let login = login_by_id(story.txn(), login.id).await?;
        if login.password_hash.is_some() {
            return Err(Reason::IllegalState("CLAIMED".into()).at("email").into());
        }
        let token = story.issue_claim(own.id).await?;
        story.commit(&self.db).await?;
        Ok(self.site.claim_link(&token))
    }
}
