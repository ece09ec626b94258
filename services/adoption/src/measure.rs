//! What is measured, and how events move it.

use kernel::{EventId, OrganisationId, viet::HO_CHI_MINH};
use serde::Deserialize;
use std::collections::BTreeMap;
use tenancy::Event;
use time::Date;

/// Something that is counted for each organisation and day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Members whose official home it is.
    Members,
    /// Members among them who have a smartphone.
    Smartphones,
    /// Members among them whose account is activated.
    Activated,
    /// Documents acknowledged as read.
    Acknowledged,
    /// Attendances with a check-in.
    CheckedIn,
    /// Branch meetings held and closed.
    MeetingsHeld,
}

impl Measure {
    /// The name in SQL and in events.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Measure::Members => "members",
            Measure::Smartphones => "smartphones",
            Measure::Activated => "activated",
            Measure::Acknowledged => "acknowledged",
            Measure::CheckedIn => "checked_in",
            Measure::MeetingsHeld => "meetings_held",
        }
    }
}

/// How much each measure moved, in the order of the table's key. A sum of zero
/// keeps its place, so that the rows do not depend on how events were batched.
pub type Increments = BTreeMap<(OrganisationId, Measure, Date), i64>;

/// One entry of an event's `deltas`.
#[derive(Deserialize)]
struct Delta {
    organisation: OrganisationId,
    measure: Measure,
    amount: i64,
}

/// Sums events, which may come in any order and any partition. The second part
/// names events that should move something but cannot be read.
#[must_use]
pub fn aggregate(events: &[Event]) -> (Increments, Vec<EventId>) {
    let mut sums = Increments::new();
    let mut unreadable = Vec::new();
    for event in events {
        let day = event.at.to_offset(HO_CHI_MINH).date();
        match moved(event) {
            Some(deltas) => {
                for Delta { organisation, measure, amount } in deltas {
                    *sums.entry((organisation, measure, day)).or_default() += amount;
                }
            }
            None => unreadable.push(event.id),
        }
    }
    (sums, unreadable)
}

/// What an event moves. An event that carries deltas is taken at its word;
/// otherwise its kind says it.
fn moved(event: &Event) -> Option<Vec<Delta>> {
    if let Some(deltas) = event.data.get("deltas") {
        return Vec::deserialize(deltas).ok();
    }
    let (measure, amount) = match event.kind.as_str() {
        "account.activated" => (Measure::Activated, 1),
        "account.withdrawn" => (Measure::Activated, -1),
        "document.acknowledged" => (Measure::Acknowledged, 1),
        "meeting.checked_in" => (Measure::CheckedIn, 1),
        // The secretary takes a check-in back; setting it right again checks in anew.
        "meeting.marked" if event.data.get("from").is_some_and(|from| from == "present") => {
            (Measure::CheckedIn, -1)
        }
        "meeting.closed" => (Measure::MeetingsHeld, 1),
        _ => return Some(Vec::new()),
    };
    Some(vec![Delta { organisation: event.organisation?, measure, amount }])
}

#[cfg(test)]
mod tests {
    use super::{Increments, Measure, aggregate};
    use kernel::{OrganisationId, World};
    use serde_json::{Value, json};
    use tenancy::Event;
    use time::macros::{date, datetime};

    fn organisation(n: u128) -> OrganisationId {
        OrganisationId(uuid::Uuid::from_u128(n))
    }

    fn event(world: &World, kind: &str, at: Option<u128>, data: Value) -> Event {
        Event {
            id: world.id(),
            at: world.now(),
            kind: kind.into(),
            organisation: at.map(organisation),
            subject: None,
            data,
        }
    }

    fn sample() -> Vec<Event> {
        let world = World::fixed(datetime!(2024-03-29 16:59 UTC), 1);
        let roster = json!({"deltas": [
            {"organisation": organisation(1), "measure": "members", "amount": 30},
            {"organisation": organisation(1), "measure": "smartphones", "amount": 28},
            {"organisation": organisation(2), "measure": "members", "amount": 12},
        ]});
        let mut events = vec![event(&world, "roster.imported", Some(1), roster)];
        world.advance(time::Duration::minutes(2));
        for (kind, at) in [
            ("account.activated", 1),
            ("account.activated", 1),
            ("account.withdrawn", 1),
            ("account.activated", 2),
            ("document.acknowledged", 2),
            ("meeting.checked_in", 2),
            ("meeting.closed", 2),
            ("account.withdrawn", 2),
            ("session.started", 2),
        ] {
            events.push(event(&world, kind, Some(at), json!({})));
        }
        let moved = json!({"deltas": [
            {"organisation": organisation(1), "measure": "activated", "amount": -1},
            {"organisation": organisation(2), "measure": "activated", "amount": 1},
        ]});
        events.push(event(&world, "member.changed", Some(2), moved));
        events
    }

    fn sums(events: &[Event]) -> Increments {
        aggregate(events).0
    }

    #[test]
    fn events_are_summed_by_organisation_measure_and_vietnamese_day() {
        let (sums, unreadable) = aggregate(&sample());
        assert!(unreadable.is_empty());
        let at = |o, m, d| sums.get(&(organisation(o), m, d)).copied();
        let (before, after) = (date!(2024 - 03 - 29), date!(2024 - 03 - 30));
        assert_eq!(at(1, Measure::Members, before), Some(30));
        assert_eq!(at(1, Measure::Smartphones, before), Some(28));
        assert_eq!(at(2, Measure::Members, before), Some(12));
        assert_eq!(at(1, Measure::Activated, after), Some(0), "a sum of zero keeps its place");
        assert_eq!(at(2, Measure::Activated, after), Some(1));
        assert_eq!(at(2, Measure::Acknowledged, after), Some(1));
        assert_eq!(at(2, Measure::CheckedIn, after), Some(1));
        assert_eq!(at(2, Measure::MeetingsHeld, after), Some(1));
        assert_eq!(sums.len(), 8);
    }

    #[test]
    fn a_check_in_that_is_taken_back_counts_no_more() {
        let world = World::fixed(datetime!(2024-03-30 0:00 UTC), 1);
        let marked = |from: Value, to: &str| {
            event(&world, "meeting.marked", Some(1), json!({"from": from, "to": to}))
        };
        let here = || event(&world, "meeting.checked_in", Some(1), json!({"via": "qr"}));
        let checked_in = |events: &[Event]| {
            sums(events).get(&(organisation(1), Measure::CheckedIn, date!(2024 - 03 - 30))).copied()
        };
        assert_eq!(checked_in(&[here(), here(), marked(json!("present"), "absent")]), Some(1));
        assert_eq!(
            checked_in(&[here(), marked(json!("present"), "excused"), here()]),
            Some(1),
            "and set right again"
        );
        assert_eq!(
            checked_in(&[marked(Value::Null, "absent"), marked(json!("absent"), "exempt")]),
            None
        );
    }

    #[test]
    fn neither_order_nor_partition_matters() {
        let mut events = sample();
        let expected = sums(&events);
        for round in 0..events.len() {
            events.rotate_left(1);
            events.swap(0, round);
            assert_eq!(sums(&events), expected);
            for size in 1..=events.len() {
                let mut together = Increments::new();
                for batch in events.chunks(size) {
                    for (key, amount) in sums(batch) {
                        *together.entry(key).or_default() += amount;
                    }
                }
                assert_eq!(together, expected, "in batches of {size}");
            }
        }
    }

    #[test]
    fn what_cannot_be_read_is_reported_and_stops_nothing() {
        let world = World::fixed(datetime!(2024-03-30 0:00 UTC), 1);
        let bad =
            event(&world, "member.changed", Some(1), json!({"deltas": [{"measure": "height"}]}));
        let nowhere = event(&world, "account.activated", None, json!({}));
        let good = event(&world, "account.activated", Some(1), json!({}));
        let (sums, unreadable) = aggregate(&[bad.clone(), nowhere.clone(), good]);
        assert_eq!(unreadable, [bad.id, nowhere.id]);
        assert_eq!(sums.len(), 1);
    }

    #[test]
    fn names_are_those_of_events() {
        for measure in
            ["members", "smartphones", "activated", "acknowledged", "checked_in", "meetings_held"]
        {
            let read: Measure = serde_json::from_value(json!(measure)).unwrap();
            assert_eq!(read.name(), measure);
        }
    }
}
