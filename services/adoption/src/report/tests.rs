use super::{Exclusion, Own, Place, Report, child_of, compute};
use crate::{
    exclusion::Reason,
    share::{Counts, Percent},
};
use kernel::{OrgPath, OrganisationId};
use serde_json::json;
use time::macros::date;
use uuid::Uuid;

fn path(text: &str) -> OrgPath {
    OrgPath(text.into())
}

fn place(at: &str, name: &str) -> Place {
    Place {
        id: OrganisationId(Uuid::nil()),
        kind: "dang_bo_co_so".into(),
        name: name.into(),
        path: path(at),
        current_path: path(at),
    }
}

fn own(at: &str, members: i64, activated: i64) -> Own {
    Own { path: path(at), counts: Counts { members, smartphones: members, activated } }
}

fn exclusion(at: &str, name: &str) -> Exclusion {
    Exclusion {
        organisation: OrganisationId(Uuid::nil()),
        name: name.into(),
        path: path(at),
        reason: Reason::ArmedForces,
        note: String::new(),
        approved_by: "Ban Thường vụ".into(),
        excluded_from: date!(2023 - 01 - 01),
        excluded_to: None,
        counts: Counts::default(),
    }
}

fn sample(exclusions: Vec<Exclusion>) -> Report {
    let children = vec![
        place("1.40.", "Sơn Tây"),
        place("1.4.", "Đức Phổ"),
        place("1.5.", "Quân sự tỉnh"),
        place("1.6.", "Chưa có đảng viên"),
    ];
    let figures = [
        own("1.4.27.", 60, 59),
        own("1.4.28.", 40, 39),
        own("1.40.1.", 100, 71),
        own("1.40.2.", 100, 72),
        own("1.5.9.", 50, 1),
        own("1.", 3, 3),
    ];
    compute(date!(2024 - 03 - 30), place("1.", "Tỉnh"), children, &figures, exclusions)
}

#[test]
fn the_json_has_these_fields_and_no_others() {
    let report = sample(vec![exclusion("1.5.", "Quân sự tỉnh")]);
    let unit = |name: &str, members: i64, activated: i64, percent: Option<f64>| {
        json!({
            "name": name, "members": members, "activated": activated, "percent": percent, "excluded": null
        })
    };
    let mut army = unit("Quân sự tỉnh", 50, 1, Some(2.0));
    army["excluded"] = json!({"reason": "armed_forces", "approved_by": "Ban Thường vụ"});
    assert_eq!(
        serde_json::to_value(&report).unwrap(),
        json!({
            "as_of": "2024-03-30",
            "raw": {"members": 353, "activated": 245, "percent": 69.4},
            "adjusted": {"members": 303, "activated": 244, "percent": 80.5},
            "units": [
                unit("Chưa có đảng viên", 0, 0, None),
                unit("Đức Phổ", 100, 98, Some(98.0)),
                army,
                unit("Sơn Tây", 200, 143, Some(71.5)),
            ],
        })
    );
    let text = serde_json::to_string(&report).unwrap();
    assert!(text.starts_with(
        r#"{"as_of":"2024-03-30","raw":{"members":353,"activated":245,"percent":69.4}"#
    ));
    assert!(text.contains(r#""percent":98.0,"#), "one decimal even when it is zero");
}

#[test]
fn units_below_the_threshold_are_named_after_exclusions() {
    let named = |report: &Report| -> Vec<String> {
        report.units.iter().filter(|u| u.named).map(|u| u.name.clone()).collect()
    };
    assert_eq!(named(&sample(vec![])), ["Quân sự tỉnh", "Sơn Tây"]);
    assert_eq!(named(&sample(vec![exclusion("1.5.", "Quân sự tỉnh")])), ["Sơn Tây"]);
}

#[test]
fn an_exclusion_deeper_down_counts_once_and_is_named() {
    let report = sample(vec![exclusion("1.40.1.", "Đồn biên phòng")]);
    let unit = report.units.iter().find(|u| u.name == "Sơn Tây").unwrap();
    assert!(unit.excluded.is_none());
    assert_eq!(
        (unit.counts.members, unit.adjusted.members, unit.adjusted.activated),
        (200, 100, 72)
    );
    assert_eq!(unit.excluded_below, ["Đồn biên phòng"]);
    assert_eq!(report.exclusions[0].counts.members, 100);
    assert_eq!((report.raw.members, report.adjusted.members), (353, 253));

    let both = sample(vec![exclusion("1.40.", "Sơn Tây"), exclusion("1.40.1.", "Đồn biên phòng")]);
    assert_eq!(both.adjusted.members, 153, "what is covered twice is subtracted once");
}

#[test]
fn an_exclusion_of_something_above_takes_everything() {
    let report = sample(vec![exclusion("1.", "Tỉnh")]);
    assert_eq!((report.raw.members, report.adjusted.members), (353, 0));
    assert_eq!(report.adjusted.percent, Percent(None));
    assert!(report.units.iter().all(|unit| unit.excluded.is_some() && !unit.named));
}

#[test]
fn what_belongs_to_no_unit_is_kept_apart() {
    let report = sample(vec![]);
    assert_eq!(report.own.members, 3);
    assert_eq!(
        report.units.iter().map(|u| u.members).sum::<i64>() + report.own.members,
        report.raw.members
    );
}

#[test]
fn a_longer_label_is_another_unit() {
    assert_eq!(child_of(&path("1."), &path("1.40.1.")), Some("1.40."));
    assert_eq!(child_of(&path("1."), &path("1.4.")), Some("1.4."));
    assert_eq!(child_of(&path("1."), &path("1.")), None);
}

#[test]
fn the_reference_table_comes_out_as_published() {
    let children = vec![place("1.1.", "Sơn Tây"), place("1.2.", "Mộ Đức")];
    let figures = [own("1.1.", 5_000, 3_575), own("1.2.", 50_795, 47_925)];
    let report =
        compute(date!(2024 - 03 - 30), place("1.", "Quảng Ngãi"), children, &figures, vec![]);
    assert_eq!((report.raw.members, report.raw.activated), (55_795, 51_500));
    assert_eq!(report.raw.percent, Percent(Some(923)));
    assert_eq!(report.units[1].percent, Percent(Some(715)));
}
