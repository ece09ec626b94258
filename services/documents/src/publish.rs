//! Publishing a document.

use crate::{
    draft::{Draft, Fields},
    files::{self, File},
    new::FormPage,
    pdf::{self, Refusal},
    secret, store,
};
use axum::Extension;
use blob::BlobStore;
use kernel::{AccountId, DocumentId, Error, Errors, OrganisationId, Result, World, viet::Day};
use serde::Serialize;
use tenancy::{TenantTx, event::NewEvent};
use utoipa::ToSchema;
use web::{Ctx, Done, Failure, Upload};

/// 50 MB: some 500 scanned pages.
const MAX: u64 = 50_000_000;

/// A document whose file is in the blob store already.
#[derive(Clone, Debug)]
pub struct NewDocument {
    /// Also the file's name in the blob store.
    pub id: DocumentId,
    /// Whom it goes to, with all below.
    pub organisation: OrganisationId,
    /// What is said of it.
    pub draft: Draft,
    /// Its file.
    pub file: File,
}

/// A document that was published.
#[derive(Serialize, ToSchema)]
#[schema(as = DocumentPublished)]
pub struct Published {
    /// The document.
    #[schema(value_type = uuid::Uuid)]
    pub id: DocumentId,
    /// Its number.
    pub number: String,
    /// Pages of its file.
    pub pages: i32,
}

/// What folds learn of a published document.
#[derive(Serialize)]
struct Said<'a> {
    kind: &'a str,
    must_read_by: Option<Day>,
}

/// Publishes a document whose file was inspected and is stored.
///
/// # Errors
/// [`Error::Conflict`] when the same file stands there under the same number.
pub async fn publish_in(
    tx: &mut TenantTx,
    world: &World,
    by: AccountId,
    new: &NewDocument,
) -> Result<()> {
    let issuer = match &new.draft.issuer {
        Some(issuer) => issuer.clone(),
        None => store::unit_name(tx, new.organisation).await?.ok_or(Error::NotFound)?,
    };
    if !store::insert(tx, new, &issuer, by, world.now()).await? {
        let there =
            store::same_file(tx, new.organisation, &new.draft.number, &new.file.sha256).await?;
        return Err(duplicate(there));
    }
    let said = Said { kind: &new.draft.kind, must_read_by: new.draft.must_read_by.map(Day) };
    let event = NewEvent::new("document.published")
        .by(by)
        .in_organisation(new.organisation)
        .on(new.id)
        .with(said)?;
    tx.record(world, event).await?;
    Ok(())
}

fn duplicate(there: Option<DocumentId>) -> Error {
    let at = there.map(|id| format!(" tại /documents/{id}")).unwrap_or_default();
    Error::Conflict(
        format!("Văn bản này đã được đăng{at}, nên lần gửi này không đăng thêm.").into(),
    )
}

/// Publishes a document with its PDF.
#[utoipa::path(post, path = "/documents", operation_id = "document.publish", extensions(("x-budget" = json!("transfer"))), tag = "documents",
    request_body(content = Fields, content_type = "multipart/form-data"),
    responses(
        (status = 201, body = Published),
        (status = 409, description = "The same file stands there under the same number."),
        (status = 413, description = "The file has more than 50 MB."),
        (status = 415, description = "The file is no PDF."),
        (status = 422, description = "Fields to mend, or a file that is broken, encrypted or marked as a state secret."),
    ))]
pub async fn publish(
    ctx: Ctx,
    Extension(blob): Extension<BlobStore>,
    upload: Upload<MAX>,
) -> web::Result<Done<Published>> {
    let fields = fields(&upload);
    match attempt(&ctx, &blob, &fields, &upload).await {
        Ok(published) => Ok(Done::created(format!("/documents/{}", published.id), published)
            .flash("Đã đăng văn bản.")),
        Err((error, there)) => {
            let Ok(page) = FormPage::of(&ctx, fields).await else { return Err(error.into()) };
            Err(Failure::form(error, |errors| page.with(errors, there)))
        }
    }
}

/// With the error comes the document that stands in the way, if one does.
async fn attempt(
    ctx: &Ctx,
    blob: &BlobStore,
    fields: &Fields,
    upload: &Upload<MAX>,
) -> Result<Published, (Error, Option<DocumentId>)> {
    let (new, path) = examine(ctx, fields, upload).await.map_err(|error| (error, None))?;
    if let Some(there) = standing(ctx, &new).await.map_err(|error| (error, None))? {
        return Err((duplicate(Some(there)), Some(there)));
    }
    match keep(ctx, blob, &new, path).await {
        Ok(()) => Ok(Published { id: new.id, number: new.draft.number, pages: new.file.pages }),
        Err(error @ Error::Conflict(_)) => {
            // A double submit: the other one came first.
            let there = standing(ctx, &new).await.ok().flatten();
            Err((error, there))
        }
        Err(error) => Err((error, None)),
    }
}

/// All that must be right before anything is stored.
async fn examine<'u>(
    ctx: &Ctx,
    fields: &Fields,
    upload: &'u Upload<MAX>,
) -> Result<(NewDocument, &'u std::path::Path)> {
    let mut errors = Errors::default();
    let (unit, kinds) = {
        let mut conn = ctx.read().await?;
        (store::unit(&mut conn, &fields.organisation).await?, store::kinds(&mut conn).await?)
    };
    let unit = unit.filter(|unit| ctx.authorise(&unit.path).is_ok());
    if unit.is_none() {
        errors.add(
            "organisation",
            "Không có đơn vị nào mang mã này trong phạm vi đồng chí được đăng. Hãy chọn hoặc ghi lại mã đơn vị.",
        );
    }
    let draft = Draft::read(fields, &kinds, ctx.world().today(), &mut errors);
    let file = match &upload.file {
        None => {
            errors.add("file", "Hãy chọn tệp PDF của văn bản.");
            None
        }
        Some(file) => match secret::in_file_name(&file.name) {
            Some(level) => {
                errors.add("file", Refusal::Secret(level).to_string());
                None
            }
            None => match pdf::inspect(&file.path).await {
                Ok(pdf) => Some((file, pdf.pages)),
                Err(Refusal::NotPdf) if errors.0.is_empty() => {
                    return Err(Error::UnsupportedMedia(Refusal::NotPdf.to_string().into()));
                }
                Err(refusal) => {
                    errors.add("file", refusal.to_string());
                    None
                }
            },
        },
    };
    let (Some(unit), Some(draft), Some((file, pages))) = (unit, draft, file) else {
        return Err(Error::Invalid(errors));
    };
    let known = File { name: file.name.clone(), size: file.size, sha256: file.sha256, pages };
    Ok((
        NewDocument { id: ctx.world().id(), organisation: unit.id, draft, file: known },
        &file.path,
    ))
}

async fn standing(ctx: &Ctx, new: &NewDocument) -> Result<Option<DocumentId>> {
    let mut conn = ctx.read().await?;
    store::same_file(&mut conn, new.organisation, &new.draft.number, &new.file.sha256).await
}

/// The bytes first, then the row: a row never lacks its bytes.
async fn keep(
    ctx: &Ctx,
    blob: &BlobStore,
    new: &NewDocument,
    path: &std::path::Path,
) -> Result<()> {
    let by = ctx.actor()?.account;
    let bytes = files::put(blob, &ctx.tenant().id, new.id, path).await?;
    let mut tx = ctx.begin().await?;
    publish_in(&mut tx, ctx.world(), by, new).await?;
    bytes.keep();
    tx.commit().await
}

fn fields(upload: &Upload<MAX>) -> Fields {
    Fields {
        organisation: upload.text("organisation"),
        kind: upload.text("kind"),
        number: upload.text("number"),
        title: upload.text("title"),
        summary: upload.text("summary"),
        issuer: upload.text("issuer"),
        issued_on: upload.text("issued_on"),
        must_read_by: upload.text("must_read_by"),
        attested: upload.text("attested"),
        attested_by: upload.text("attested_by"),
        file: upload.file.as_ref().map(|file| file.name.clone()).unwrap_or_default(),
    }
}
