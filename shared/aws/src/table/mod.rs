//! Cases, recipients and feeds in DynamoDB: one item each, one kind of write. `infra/TABLE.md` is the map.

pub mod items;
pub mod keys;
mod store;

pub use store::Table;
