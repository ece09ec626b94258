//! Events: what happened in a tenant, for good.

use crate::db::TenantTx;
use kernel::{AccountId, Error, EventId, OrganisationId, World};
use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

/// Something that is happening now. Made by an operation and recorded in the
/// transaction of its change.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// `<noun>.<past participle>`, such as `document.published`.
    pub kind: &'static str,
    /// The account that acted; none for the operator at the command line.
    pub actor: Option<AccountId>,
    /// Who acted on the actor's behalf, such as a secretary checking in a
    /// member without a phone.
    pub assisted_by: Option<AccountId>,
    /// The organisation it belongs to.
    pub organisation: Option<OrganisationId>,
    /// The thing it happened to.
    pub subject: Option<Uuid>,
    /// What the folds need to know. Holds no names, numbers or texts of people.
    pub data: serde_json::Value,
}

impl NewEvent {
    /// An event of a kind, with nothing else said yet.
    #[must_use]
    pub fn new(kind: &'static str) -> Self {
        Self {
            kind,
            actor: None,
            assisted_by: None,
            organisation: None,
            subject: None,
            data: serde_json::Value::Object(serde_json::Map::new()),
        }
    }

    /// Says who acted.
    #[must_use]
    pub fn by(mut self, actor: impl Into<Option<AccountId>>) -> Self {
        self.actor = actor.into();
        self
    }

    /// Says for whom an assistant acted: the assistant's account.
    #[must_use]
    pub fn assisted_by(mut self, assistant: AccountId) -> Self {
        self.assisted_by = Some(assistant);
        self
    }

    /// Says where.
    #[must_use]
    pub fn in_organisation(mut self, organisation: OrganisationId) -> Self {
        self.organisation = Some(organisation);
        self
    }

    /// Says to what.
    #[must_use]
    pub fn on(mut self, subject: impl Into<Uuid>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Adds what the folds need.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    pub fn with(mut self, data: impl Serialize) -> Result<Self, Error> {
        self.data = serde_json::to_value(data)?;
        Ok(self)
    }
}

/// Something that happened, as the folds see it.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its identifier.
    pub id: EventId,
    /// When.
    pub at: OffsetDateTime,
    /// See [`NewEvent::kind`].
    pub kind: String,
    /// See [`NewEvent::organisation`].
    pub organisation: Option<OrganisationId>,
    /// See [`NewEvent::subject`].
    pub subject: Option<Uuid>,
    /// See [`NewEvent::data`].
    pub data: serde_json::Value,
}

impl TenantTx {
    /// Records an event with its outbox row.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn record(&mut self, world: &World, event: NewEvent) -> Result<EventId, Error> {
        let id: EventId = world.id();
        sqlx::query!(
            "WITH recorded AS (
                 INSERT INTO event (id, at, actor, assisted_by, organisation, kind, subject, data)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8))
             INSERT INTO outbox (event) VALUES ($1)",
            id.0,
            world.now(),
            event.actor.map(|a| a.0),
            event.assisted_by.map(|a| a.0),
            event.organisation.map(|o| o.0),
            event.kind,
            event.subject,
            event.data,
        )
        .execute(&mut **self)
        .await?;
        self.events = true;
        Ok(id)
    }

    /// Records events in the order given, with their outbox rows, in one
    /// statement.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn record_all(&mut self, world: &World, events: Vec<NewEvent>) -> Result<(), Error> {
        if events.is_empty() {
            return Ok(());
        }
        let ids: Vec<Uuid> = events.iter().map(|_| world.id()).collect();
        let column = |of: fn(&NewEvent) -> Option<Uuid>| events.iter().map(of).collect::<Vec<_>>();
        let kinds: Vec<String> = events.iter().map(|event| event.kind.to_owned()).collect();
        let data: Vec<serde_json::Value> = events.iter().map(|event| event.data.clone()).collect();
        sqlx::query!(
            "WITH recorded AS (
                 INSERT INTO event (id, at, actor, assisted_by, organisation, kind, subject, data)
                 SELECT id, $2, actor, assisted_by, organisation, kind, subject, data
                 FROM unnest($1::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::uuid[], $8::jsonb[])
                      AS new (id, actor, assisted_by, organisation, kind, subject, data))
             INSERT INTO outbox (event) SELECT unnest($1::uuid[])",
            &ids,
            world.now(),
            &column(|event| event.actor.map(|a| a.0)) as &[Option<Uuid>],
            &column(|event| event.assisted_by.map(|a| a.0)) as &[Option<Uuid>],
            &column(|event| event.organisation.map(|o| o.0)) as &[Option<Uuid>],
            &kinds,
            &column(|event| event.subject) as &[Option<Uuid>],
            &data,
        )
        .execute(&mut **self)
        .await?;
        self.events = true;
        Ok(())
    }
}
