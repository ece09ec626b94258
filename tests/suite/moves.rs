//! Somebody moves to another branch in the very moment in which their account
//! comes alive or is withdrawn: the figures are those of where they are.

use crate::{
    app::{PASSWORD, TestApp, new_member},
    run,
};
use directory::{
    account::{PasswordHash, activate, invite, withdraw},
    people,
};
use kernel::{MemberId, OrganisationId};
use std::time::Duration;
use tenancy::{TenantDb, TenantTx};

const TENANT: &str = "thanh-hoa";
const PHONE: &str = "0971000077";

struct Scene {
    app: TestApp,
    db: TenantDb,
    from: OrganisationId,
    to: OrganisationId,
    member: MemberId,
    code: String,
    password: PasswordHash,
}

/// A member of `cb-1` with a code in hand.
async fn scene() -> Scene {
    let app = TestApp::new().await;
    let db = app.db(TENANT);
    let (from, to) = (app.unit(TENANT, "cb-1").await, app.unit(TENANT, "cb-2").await);
    let password = app.platform.passwords.hash(PASSWORD).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    let new = new_member("mover", PHONE, from);
    let member = people::add_in(&mut tx, &app.world, None, new).await.unwrap();
    let expires = app.world.now() + time::Duration::days(1);
    let key = app.platform.app.tenants.key();
    let codes = invite::invite_in(&mut tx, &app.world, key, None, Some(from), &[member], expires)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let code = codes[0].code.clone();
    Scene { app, db, from, to, member, code, password }
}

impl Scene {
    async fn redeem(&self, tx: &mut TenantTx) {
        let key = self.app.platform.app.tenants.key();
        activate::redeem_in(tx, &self.app.world, key, &self.code, &self.password).await.unwrap();
    }

    async fn withdraw(&self, tx: &mut TenantTx) {
        withdraw::withdraw_in(tx, &self.app.world, None, self.member).await.unwrap();
    }

    async fn relocate(&self, tx: &mut TenantTx) {
        let record = new_member("mover", PHONE, self.from).record;
        let world = &self.app.world;
        people::change_in(tx, world, None, self.member, self.to, &record).await.unwrap();
    }

    /// Does one thing, then another that has to wait for the first to end.
    async fn interleave(
        &self,
        first: impl AsyncFnOnce(&Self, &mut TenantTx),
        second: impl AsyncFnOnce(&Self, &mut TenantTx),
    ) {
        let mut one = self.db.begin().await.unwrap();
        first(self, &mut one).await;
        let mut two = self.db.begin().await.unwrap();
        {
            let mut waiting = Box::pin(second(self, &mut two));
            let early = tokio::time::timeout(Duration::from_millis(200), &mut waiting).await;
            assert!(early.is_err(), "the second did not wait for the first");
            let (committed, ()) = tokio::join!(one.commit(), waiting);
            committed.unwrap();
        }
        two.commit().await.unwrap();
        self.app.fold(TENANT).await;
        assert_eq!(self.figures().await, self.truth().await);
    }

    /// Active accounts by unit, as the figures have them.
    async fn figures(&self) -> Vec<(uuid::Uuid, i64)> {
        self.ask(
            "SELECT organisation, sum(amount)::bigint FROM adoption_day WHERE measure = 'activated'
             GROUP BY 1 HAVING sum(amount) <> 0 ORDER BY 1",
        )
        .await
    }

    /// The same, counted.
    async fn truth(&self) -> Vec<(uuid::Uuid, i64)> {
        self.ask(
            "SELECT m.organisation, count(*) FROM member m JOIN account a ON a.member = m.id
             WHERE a.state = 'active' GROUP BY 1 ORDER BY 1",
        )
        .await
    }

    async fn ask(&self, sql: &'static str) -> Vec<(uuid::Uuid, i64)> {
        let mut conn = self.db.conn().await.unwrap();
        sqlx::query_as(sql).fetch_all(&mut *conn).await.unwrap()
    }
}

#[test]
fn an_account_comes_alive_while_its_owner_is_moved() {
    run(async {
        let scene = scene().await;
        scene.interleave(Scene::relocate, Scene::redeem).await;
    });
}

#[test]
fn somebody_is_moved_while_their_account_comes_alive() {
    run(async {
        let scene = scene().await;
        scene.interleave(Scene::redeem, Scene::relocate).await;
    });
}

#[test]
fn an_account_is_withdrawn_while_its_owner_is_moved() {
    run(async {
        let scene = scene().await;
        let mut tx = scene.db.begin().await.unwrap();
        scene.redeem(&mut tx).await;
        tx.commit().await.unwrap();
        scene.interleave(Scene::relocate, Scene::withdraw).await;
    });
}

#[test]
fn somebody_is_moved_while_their_account_is_withdrawn() {
    run(async {
        let scene = scene().await;
        let mut tx = scene.db.begin().await.unwrap();
        scene.redeem(&mut tx).await;
        tx.commit().await.unwrap();
        scene.interleave(Scene::withdraw, Scene::relocate).await;
    });
}
