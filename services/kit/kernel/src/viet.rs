//! Vietnamese text, numbers, dates and telephone numbers: reading them as
//! people write them, and writing them as people read them. Pure functions.
//!
//! | function | stored or shown? | what it is for |
//! | --- | --- | --- |
//! | [`normalise`] | stored | the one form in which a name or title enters the database |
//! | [`fold`] | stored | search without diacritics, with [`patterns`] |
//! | [`sort_key`], [`name_sort_key`] | stored | Vietnamese order under `COLLATE "C"` |
//! | [`normalise_phone`] | stored | one form for each telephone number |
//! | [`mask_phone`], `format_*` | shown | |

mod date;
mod figure;
mod order;
mod phone;
mod text;

pub use date::{DateError, Day, HO_CHI_MINH, format_date, format_datetime, parse_date};
pub use figure::{format_count, format_percent, percent_tenths};
pub use order::{name_sort_key, sort_key};
pub use phone::{PhoneError, mask_phone, normalise_phone};
pub use text::{fold, normalise, patterns};
