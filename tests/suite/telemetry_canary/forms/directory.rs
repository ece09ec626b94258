//! Accounts, members, organisations, rosters.

use super::{CARD, Form, NAME, PHONE, SECRET, Scene, TENANT, TODAY, TOKEN, id};

pub async fn form(scene: &mut Scene<'_>, operation: &str) -> Option<Form> {
    let text = scene.text();
    Some(match operation {
        "session.create" => {
            let (_, card) = activated(scene).await;
            let by_card = Form::of("").with([("login", &card), ("password", SECRET)]);
            scene.made("/session", by_card).await;
            let next = format!("/account?q={}", web::percent_encoded(&text));
            Form::of("").with([("login", PHONE), ("password", SECRET), ("next", &next)])
        }
        "session.end" => Form::of("far"),
        "session.revoke" => {
            let mut other = scene.app.program(TENANT, "neighbour").await;
            let account = other.get("/api/v1/account").await.json();
            scene.secrets.extend(other.bearer);
            let sessions = account["sessions"].as_array().unwrap();
            let this = sessions.iter().find(|session| session["current"] == true).unwrap();
            Form::of("neighbour").at(id(this))
        }
        "account.activate" => {
            let (member, _) = member(scene).await;
            let code = code(scene, &member).await;
            scene.read("", &format!("/activate?code={code}")).await;
            Form::of("").with([("code", &code), ("password", SECRET)])
        }
        "account.invite" => Form::of("secretary").at(member(scene).await.0),
        "account.invite_unit" => {
            member(scene).await;
            Form::of("secretary").at(scene.app.unit(TENANT, "cb-1").await.to_string())
        }
        "account.withdraw" => Form::of("admin").at(activated(scene).await.0),
        "member.add" => person(scene).0,
        "member.change" => {
            let (member, _) = member(scene).await;
            person(scene).0.at(member)
        }
        "role.grant" => role(member(scene).await.0),
        "role.revoke" => {
            let (member, _) = member(scene).await;
            scene.made(&format!("/members/{member}/roles"), role(member.clone())).await;
            let sql = "SELECT id FROM role_grant WHERE member::text = $1";
            let mut conn = scene.app.db(TENANT).conn().await.unwrap();
            let grant: uuid::Uuid =
                sqlx::query_scalar(sql).bind(&member).fetch_one(&mut *conn).await.unwrap();
            Form::of("admin").at(grant.to_string())
        }
        "position.take" => position(member(scene).await.0, &text),
        "position.leave" => {
            let (member, _) = member(scene).await;
            let path = format!("/members/{member}/positions");
            let held = scene.made(&path, position(member, &text)).await;
            Form::of("admin").at(id(&held)).with([("held_to", TODAY)])
        }
        "organisation.found" => founding(scene),
        "organisation.change" => {
            let change = [("name", text.as_str()), ("parent", ""), ("on", TODAY)];
            Form::of("admin").at(unit(scene).await).with(change)
        }
        "organisation.dissolve" => {
            let end = [("successor", ""), ("on", TODAY), ("confirmed", "true")];
            Form::of("admin").at(unit(scene).await).with(end)
        }
        "roster.upload" => roster(scene),
        "roster.run" => {
            let form = roster(scene);
            let import = scene.made("/roster", form).await;
            scene.settled().await;
            Form::of("admin").at(id(&import))
        }
        _ => return None,
    })
}

/// A new member's form, and the number of their card.
fn person(scene: &mut Scene<'_>) -> (Form, String) {
    let turn = scene.next();
    let (card, file) = (format!("{CARD}-{turn}"), format!("{TOKEN}-{turn}"));
    let form = Form::of("admin").with([
        ("organisation", "cb-1"),
        ("full_name", NAME),
        ("birth_date", "03/02/1975"),
        ("sex", "female"),
        ("admitted_on", "03/02/2000"),
        ("official_on", "03/02/2001"),
        ("card_number", &card),
        ("file_number", &file),
        ("phone", PHONE),
        ("standing", "official"),
        ("status", "active"),
        ("has_smartphone", "true"),
    ]);
    (form, card)
}

/// A member with the number of their card.
async fn member(scene: &mut Scene<'_>) -> (String, String) {
    let (form, card) = person(scene);
    (id(&scene.made("/members", form).await), card)
}

async fn code(scene: &mut Scene<'_>, member: &str) -> String {
    let slips = scene.made(&format!("/members/{member}/code"), Form::of("secretary")).await;
    let code = slips["slips"][0]["code"].as_str().unwrap().to_owned();
    scene.secrets.extend([code.clone(), code.replace('-', "")]);
    code
}

/// The same with an account.
async fn activated(scene: &mut Scene<'_>) -> (String, String) {
    let (member, card) = member(scene).await;
    let code = code(scene, &member).await;
    scene.made("/activate", Form::of("").with([("code", &code), ("password", SECRET)])).await;
    (member, card)
}

fn role(member: String) -> Form {
    Form::of("admin").at(member).with([("role", "editor"), ("organisation", "cb-1")])
}

fn position(member: String, title: &str) -> Form {
    let fields = [("organisation", "cb-1"), ("title", title), ("held_from", "01/10/2026")];
    Form::of("admin").at(member).with(fields)
}

fn founding(scene: &mut Scene<'_>) -> Form {
    let (name, code) = (scene.text(), format!("{TOKEN}-{}", scene.next()));
    Form::of("admin").with([
        ("parent", "xa-1"),
        ("kind", "chi_bo_truc_thuoc"),
        ("code", &code),
        ("name", &name),
        ("on", "01/10/2026"),
    ])
}

/// A branch without anybody in it.
pub async fn unit(scene: &mut Scene<'_>) -> String {
    let form = founding(scene);
    id(&scene.made("/organisations", form).await)
}

/// One row that is taken and one that has to be mended.
fn roster(scene: &mut Scene<'_>) -> Form {
    let (turn, name) = (scene.next(), scene.text());
    let titles = "Họ và tên,Ngày sinh,Số thẻ đảng,Số lý lịch,Mã chi bộ,Điện thoại,Tình trạng,Có điện thoại thông minh";
    let file = format!(
        "{titles}\n{NAME},03/02/1975,{CARD}-{turn},LL-{turn},cb-1,{PHONE},Chính thức,Có\n\
         {NAME} {PHONE},31/04/1975,{CARD}-x{turn},,{TOKEN},{SECRET},{TOKEN},Có\n"
    );
    Form::of("admin").file(&format!("{name}.csv"), file.into_bytes())
}

impl Scene<'_> {
    /// Waits until no roster is being worked on.
    pub async fn settled(&mut self) {
        let working = "SELECT count(*) FROM roster_import WHERE state IN ('checking', 'running')";
        for _ in 0..600 {
            if self.app.count(TENANT, working).await == 0 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("a roster does not come to its end");
    }
}
