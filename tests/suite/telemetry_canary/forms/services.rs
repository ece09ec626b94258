//! Documents, meetings, exclusions.

use super::{Form, RESOLUTION, Scene, TENANT, TODAY, directory::unit, id};
use serde_json::Value;

pub async fn form(scene: &mut Scene<'_>, operation: &str) -> Option<Form> {
    let text = scene.text();
    Some(match operation {
        "document.publish" => document(scene),
        "document.withdraw" => Form::of("editor").at(published(scene).await),
        "document.acknowledge" => {
            let document = published(scene).await;
            scene.read("member", &format!("/documents/{document}/file")).await;
            Form::of("member").at(document)
        }
        "meeting.create" => meeting(scene).await,
        "meeting.announce" | "meeting.cancel" => Form::of("secretary").at(laid_on(scene).await),
        "meeting.open" => Form::of("secretary").at(announced(scene).await),
        "meeting.check_in" => {
            let meeting = opened(scene).await;
            let board = read(scene, &format!("/meetings/{meeting}/board")).await;
            let code = board["code"].as_str().unwrap().to_owned();
            scene.read("member", &format!("/meetings/check-in?code={code}&via=qr")).await;
            scene.secrets.push(code.clone());
            Form::of("member").with([("code", &code), ("via", "qr")])
        }
        "meeting.assist" => {
            let member = scene.app.member(TENANT, "probationer").await.to_string();
            let said = [("member", member.as_str()), ("state", "excused"), ("reason", &text)];
            Form::of("secretary").at(opened(scene).await).with(said)
        }
        "meeting.close" => {
            let meeting = opened(scene).await;
            let page = read(scene, &format!("/meetings/{meeting}/attendance")).await;
            let roll = page["roll"].as_array().unwrap().iter();
            let shown: Vec<&str> = roll.map(|row| row["member"].as_str().unwrap()).collect();
            let minute = format!("Chi bộ thống nhất phân công {text}.");
            let end = [("minute", minute.as_str()), ("shown", &shown.join(" "))];
            Form::of("secretary").at(meeting).with(end)
        }
        "adoption.exclude" => exclusion(scene).await,
        "adoption.end_exclusion" => {
            let form = exclusion(scene).await;
            let excluded = scene.made("/adoption/exclusions", form).await;
            Form::of("admin").at(id(&excluded)).with([("on", TODAY)])
        }
        _ => return None,
    })
}

fn document(scene: &mut Scene<'_>) -> Form {
    let (text, number) = (scene.text(), format!("{}-NQ/TU", scene.next()));
    let fields = [
        ("organisation", "goc"),
        ("kind", "nghi_quyet"),
        ("number", number.as_str()),
        ("title", &text),
        ("summary", &text),
        ("issuer", &text),
        ("issued_on", "15/10/2026"),
        ("must_read_by", "30/11/2026"),
        ("attested", "true"),
        ("attested_by", &text),
    ];
    Form::of("editor").with(fields).file(&format!("{text}.pdf"), RESOLUTION.to_vec())
}

async fn published(scene: &mut Scene<'_>) -> String {
    let form = document(scene);
    id(&scene.made("/documents", form).await)
}

async fn read(scene: &mut Scene<'_>, path: &str) -> Value {
    serde_json::from_str(&scene.read("secretary", path).await).unwrap()
}

async fn meeting(scene: &mut Scene<'_>) -> Form {
    let (text, branch) = (scene.text(), scene.app.unit(TENANT, "cb-1").await.to_string());
    Form::of("secretary").with([
        ("organisation", branch.as_str()),
        ("kind", "topical"),
        ("title", &text),
        ("date", "04/11/2026"),
        ("time", "19:30"),
        ("place", &text),
        ("agenda", &text),
    ])
}

async fn laid_on(scene: &mut Scene<'_>) -> String {
    let form = meeting(scene).await;
    id(&scene.made("/meetings", form).await)
}

async fn announced(scene: &mut Scene<'_>) -> String {
    let meeting = laid_on(scene).await;
    scene.made(&format!("/meetings/{meeting}/announce"), Form::of("secretary")).await;
    meeting
}

async fn opened(scene: &mut Scene<'_>) -> String {
    let meeting = announced(scene).await;
    scene.made(&format!("/meetings/{meeting}/open"), Form::of("secretary")).await;
    meeting
}

async fn exclusion(scene: &mut Scene<'_>) -> Form {
    let (text, unit) = (scene.text(), unit(scene).await);
    Form::of("admin").with([
        ("organisation", unit.as_str()),
        ("reason", "other"),
        ("note", &text),
        ("excluded_from", "01/11/2026"),
        ("excluded_to", ""),
        ("approved_by", &text),
    ])
}
