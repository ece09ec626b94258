//! `GET /national`

use crate::national::{self, Review, Standing};
use serde::Serialize;
use utoipa::ToSchema;
use web::{Ctx, View};

/// How far all tenants have come.
#[derive(askama::Template, Serialize, ToSchema)]
#[template(path = "national.html")]
pub struct NationalPage {
    /// The figures.
    #[serde(flatten)]
    review: Review,
}

impl web::Page for NationalPage {
    fn title(&self) -> String {
        "Tình hình sử dụng toàn quốc".into()
    }

    fn wide(&self) -> bool {
        true
    }
}

impl NationalPage {
    fn named(&self, standing: Standing) -> String {
        let names: Vec<&str> = self
            .review
            .tenants
            .iter()
            .filter(|row| row.standing == standing)
            .map(|row| row.name.as_str())
            .collect();
        names.join(", ")
    }

    fn missing(&self) -> String {
        self.named(Standing::Missing)
    }

    fn invalid(&self) -> String {
        self.named(Standing::Invalid)
    }

    fn reported_text(&self) -> String {
        format!(
            "{} trên {} đơn vị đã có số liệu",
            self.review.totals.reported, self.review.totals.tenants
        )
    }

    fn raw_text(&self) -> String {
        let raw = self.review.totals.raw;
        format!(
            "{} trên {} đảng viên đã kích hoạt tài khoản",
            raw.activated_text(),
            raw.members_text()
        )
    }

    fn adjusted_text(&self) -> String {
        let adjusted = self.review.totals.adjusted;
        format!(
            "{} trên {} đảng viên ngoài các đơn vị được loại trừ",
            adjusted.activated_text(),
            adjusted.members_text()
        )
    }
}

/// Shows the signed aggregates of all tenants side by side; exists in a national tenant only.
#[utoipa::path(get, path = "/national", operation_id = "national.show", tag = "national",
    responses((status = 200, body = NationalPage), (status = 404, description = "This is not a national tenant.")))]
pub async fn show(ctx: Ctx) -> web::Result<View<NationalPage>> {
    Ok(View(NationalPage { review: national::load(&ctx).await? }))
}

#[cfg(test)]
mod tests {
    use super::NationalPage;
    use crate::national::tests::sample;
    use askama::Template as _;

    #[test]
    fn the_page_says_who_has_not_reported_and_whose_figures_do_not_hold() {
        let html = NationalPage { review: sample() }.render().unwrap();
        for text in [
            "2 trên 4 đơn vị đã có số liệu",
            "Chưa có số liệu: Đắk Lắk.",
            "tính vào tổng): Huế.",
            "251.500 trên 285.795 đảng viên",
            "92,3 %",
            "30/03/2024 15:00",
        ] {
            assert!(html.contains(text), "{text}\n{html}");
        }
    }
}
