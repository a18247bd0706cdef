//! Tests that span the crates live in `tests/`; this library is empty on purpose.
