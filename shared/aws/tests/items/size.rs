//! The size of items by DynamoDB's rules: a write of up to 1024 bytes is one write unit.

use aws_sdk_dynamodb::types::AttributeValue;
use recoup_aws::random_token;
use recoup_aws::table::items::{Item, encode_case, encode_recipient};

use crate::{run, sample};

const WRITE_UNIT: usize = 1_024;

/// The bytes that DynamoDB counts: names and values; a number takes a byte for two digits and one more, a list three and
/// one for each element (Developer Guide, "DynamoDB item sizes and formats").
pub(crate) fn of(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + of_value(value)).sum()
}

fn of_value(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(number) => {
            let significant = number.trim_start_matches('-').trim_end_matches('0').len();
            significant.div_ceil(2) + 1 + usize::from(number.starts_with('-'))
        }
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::Bool(_) => 1,
        AttributeValue::L(list) => 3 + list.iter().map(|value| 1 + of_value(value)).sum::<usize>(),
        AttributeValue::Bs(_)
        | AttributeValue::M(_)
        | AttributeValue::Ns(_)
        | AttributeValue::Null(_)
        | AttributeValue::Ss(_)
        | _ => panic!("no item holds {value:?}"),
    }
}

#[test]
fn a_case_stays_within_one_write_unit_through_four_messages() {
    let run = run::run(|_| random_token());
    let main = sample::brand("main");
    for (what, item, most) in [
        ("case, opened", encode_case(&run.opened, 1, &random_token()), 768),
        ("case, after 4 messages", encode_case(&run.sent, 20, &random_token()), WRITE_UNIT),
        ("tombstone", encode_case(&run.tombstone, 1, &random_token()), 192),
        ("recipient, after 4 messages", encode_recipient(&main, &run.buyer, 5, &random_token()), 512),
    ] {
        let size = of(&item);
        println!("{what}: {size} bytes");
        assert!(size <= most, "{what}: {size} > {most}");
    }
}

#[test]
fn the_biggest_items_stay_far_below_what_dynamodb_stores() {
    let case = sample::case(sample::case_id(&"o".repeat(128)), u32::MAX);
    let buyer = sample::recipient(sample::recipient_id("+14155550123"), u32::MAX);
    let main = sample::brand("main");
    for item in
        [encode_case(&case, u64::MAX, &random_token()), encode_recipient(&main, &buyer, 1, &random_token())]
    {
        assert!(of(&item) < 400 * 1_024 / 10);
    }
}
