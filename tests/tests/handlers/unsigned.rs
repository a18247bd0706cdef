//! "Unparsable unsigned body 400", at both front doors.

use http::HeaderMap;
use recoup_tests::Stack;

#[test]
fn r4_an_unsigned_body_that_nobody_can_parse_is_malformed_rather_than_unauthorised() {
    let stack = Stack::default();
    for body in ["", "name=value", r#"{"type": "invoice."#] {
        let request = |name: &str| Stack::request(name, HeaderMap::new(), body);
        assert_eq!(
            stack.try_post(&request("stripe")).map(|answer| answer.status),
            Some(400),
            "stripe: {body}"
        );
        assert_eq!(
            stack.try_post_channel(&request("meta")).map(|answer| answer.status),
            Some(400),
            "meta: {body}"
        );
    }
}
