//! The operator's people: made by whoever runs the server, never through the API.

use entity::{Email, Name, login};
use sea_orm::{ActiveModelTrait, Set};

use super::Registry;
use super::people::{NewLogin, login_by_email};
use super::signups::email_taken;
use super::story::Locks;
use crate::Error;

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
        let password_hash = Some(self.auth.hash(password).await?);
        let story = self.begin(&Locks::default()).await?;
        let login = if let Some(known) = login_by_email(story.txn(), &email).await? {
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
}
