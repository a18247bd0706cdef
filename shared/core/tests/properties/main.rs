//! What holds for every amount, number, hour, text and sequence, over values that are made up.

mod money;
mod phones;
mod playbooks;
mod quiet_hours;
mod templates;
