//! Keys of telephone switches and payment processors.

use entity::api_key::{self, MachineRole};
use entity::{ApiKeyId, Name, TypedId};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Set};
use uuid::Uuid;

use super::Registry;
use super::story::Locks;
use crate::Error;
use crate::auth::opaque;
use crate::program::{Noted, Refusal};
use crate::store::Stream;
use crate::store::audit::Act;

impl Registry {
    /// A key for a machine, and its secret: shown this once, and kept as its SHA-256.
    ///
    /// # Errors
    /// The database's.
    pub async fn create_api_key(
        &self,
        act: &Act,
        name: Name,
        role: MachineRole,
    ) -> Result<(api_key::Model, String), Error> {
        let story = self.begin(&Locks::default()).await?;
        let (secret, hash) = opaque("agk");
        let key = api_key::Model {
            id: ApiKeyId::from_uuid(Uuid::now_v7()),
            name,
            role,
            hash,
            created_by: act.by,
            created_at: story.now,
            last_used_at: None,
            revoked_at: None,
        };
        api_key::Entity::insert(key.clone().into_active_model())
            .exec_without_returning(story.txn())
            .await?;
        let noted = Noted::about(key.id).says(format!("{} {}", key.role, key.name));
        story.note(act, noted).await?;
        story.commit(&self.db).await?;
        Ok((key, secret))
    }

    /// Ends a key at once, its open sockets too. One that is ended stays as it is.
    ///
    /// # Errors
    /// `NotFound` at `apiKeyId`.
    pub async fn revoke_api_key(&self, act: &Act, id: ApiKeyId) -> Result<api_key::Model, Error> {
        let mut story = self.begin(&Locks::default()).await?;
        let key = api_key::Entity::find_by_id(id).one(story.txn()).await?;
        let key = key.ok_or_else(|| Refusal::not_found("API key").at("apiKeyId"))?;
        if key.revoked_at.is_some() {
            return Ok(key);
        }
        let ended = api_key::ActiveModel {
            id: Set(id),
            revoked_at: Set(Some(story.now)),
            ..Default::default()
        };
        let key = ended.update(story.txn()).await?;
        story.note(act, Noted::about(id).says(&key.name)).await?;
        story.news.add(Stream::Key(id));
        story.commit(&self.db).await?;
        Ok(key)
    }
}
