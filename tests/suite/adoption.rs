//! Adoption figures: from what people do to what each level may see of it.
