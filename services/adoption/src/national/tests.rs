use super::{Review, Standing, review};
use crate::{
    rollup::{Figures, Ratio},
    share::Percent,
    store::Rollup,
};
use kernel::TenantId;
use std::sync::Arc;
use tenancy::{MasterKey, Tenant, TenantKind, TenantState};

fn tenant(slug: &str, name: &str, kind: TenantKind) -> Arc<Tenant> {
    let id = TenantId::new(slug).unwrap();
    Arc::new(Tenant {
        role: id.role().into(),
        id,
        kind,
        name: name.into(),
        short_name: name.into(),
        accent: "#8c1d18".into(),
        hosts: vec![],
        placement: "main".into(),
        state: TenantState::Active,
        password_version: 1,
        schema_version: 5,
    })
}

fn rollup(key: &MasterKey, slug: &str, members: i64, activated: i64) -> Rollup {
    let ratio = Ratio { members, activated };
    let figures = Figures {
        as_of: "2024-03-30".into(),
        computed_at: 1_711_785_600,
        raw: ratio,
        adjusted: ratio,
        units: 2,
        units_excluded: 0,
        units_below: 1,
        meetings_held: 3,
        checked_in: 4,
        acknowledged: 5,
    };
    Rollup {
        tenant: slug.into(),
        version: 1,
        signature: figures.signature(key, slug, 1).unwrap().to_vec(),
        figures: serde_json::to_value(&figures).unwrap(),
    }
}

/// Two tenants that have reported, one that has not, one whose figures somebody
/// has touched, and the national tenant itself.
pub(crate) fn sample() -> Review {
    let key = MasterKey::new([7; 32]);
    let tenants = [
        tenant("thanh-hoa", "Thanh Hóa", TenantKind::Province),
        tenant("quang-ngai", "Quảng Ngãi", TenantKind::Province),
        tenant("dak-lak", "Đắk Lắk", TenantKind::Province),
        tenant("hue", "Huế", TenantKind::Province),
        tenant("trung-uong", "Trung ương", TenantKind::National),
    ];
    let mut touched = rollup(&key, "hue", 10, 1);
    touched.figures["raw"]["activated"] = 10.into();
    let rollups = vec![
        rollup(&key, "quang-ngai", 55_795, 51_500),
        rollup(&key, "thanh-hoa", 230_000, 200_000),
        touched,
    ];
    review(&tenants, rollups, &key)
}

#[test]
fn tenants_stand_side_by_side_and_only_good_figures_are_summed() {
    let review = sample();
    let rows: Vec<_> =
        review.tenants.iter().map(|r| (r.name.as_str(), r.standing, r.percent.0)).collect();
    assert_eq!(
        rows,
        [
            ("Đắk Lắk", Standing::Missing, None),
            ("Huế", Standing::Invalid, None),
            ("Quảng Ngãi", Standing::Reported, Some(923)),
            ("Thanh Hóa", Standing::Reported, Some(870)),
        ]
    );
    assert_eq!((review.totals.reported, review.totals.tenants), (2, 4));
    assert_eq!(review.totals.raw, Ratio { members: 285_795, activated: 251_500 });
    assert_eq!(review.totals.percent, Percent(Some(880)));
    assert_eq!(review.totals.units_below, 2);
}
