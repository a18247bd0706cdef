//! The store: strongly consistent reads, one conditional write, and the sweep's scan.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use recoup_app::ports::{Commit, Expected, Page, Scan, Store, StoreError, Versioned};
use recoup_core::{Brand, Case, CaseId, Feed, Recipient, RecipientId, Source, Standing, State, Token};

use super::items::{
    Item, decode_case, decode_feed, decode_recipient, decode_standing, encode_case, encode_feed,
    encode_recipient, encode_standing, token_of,
};
use super::keys;

/// Items the sweep looks at in one call: bounds what a page holds in memory.
const SCAN_PAGE: i32 = 250;

/// The table of one deployment.
#[derive(Debug, Clone)]
pub struct Table {
    client: Client,
    name: String,
}

type Decode<T> = fn(&Item) -> Result<Versioned<T>, StoreError>;

impl Table {
    /// Uses this client on the table of this name.
    pub fn new(client: Client, name: &str) -> Self {
        Self { client, name: name.to_owned() }
    }

    async fn load<T>(&self, pk: String, decode: Decode<T>) -> Result<Option<Versioned<T>>, StoreError> {
        let call = self.client.get_item().table_name(&self.name).consistent_read(true);
        let call = call
            .key(keys::PK, AttributeValue::S(pk))
            .key(keys::SK, AttributeValue::S(keys::SK_STATE.to_owned()));
        let found = call.send().await.map_err(|error| unavailable(&error))?;
        found.item.as_ref().map(decode).transpose()
    }

    /// The one write. A refusal brings the item that is there: with this write's own token it is an earlier try of this
    /// write, whose answer was lost.
    async fn commit<T>(
        &self,
        item: Item,
        expected: Expected,
        token: &Token,
        decode: Decode<T>,
    ) -> Result<Commit<T>, StoreError> {
        let call = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let call = match expected {
            Expected::Absent => call.condition_expression(keys::IF_ABSENT),
            Expected::Version(version) => call
                .condition_expression(keys::IF_VERSION)
                .expression_attribute_values(keys::EXPECTED_VERSION, AttributeValue::N(version.to_string())),
        };
        let Err(error) = call.send().await else { return Ok(Commit::Written) };
        let Some(PutItemError::ConditionalCheckFailedException(refused)) = error.as_service_error() else {
            return Err(unavailable(&error));
        };
        match &refused.item {
            Some(current) if token_of(current) == Some(token.as_str()) => Ok(Commit::Written),
            current => Ok(Commit::Conflict(current.as_ref().map(decode).transpose()?)),
        }
    }
}

impl Store for Table {
    async fn load_case(&self, id: &CaseId) -> Result<Option<Versioned<Case>>, StoreError> {
        self.load(keys::case(id), decode_case).await
    }

    async fn load_recipient(
        &self,
        brand: &Brand,
        id: &RecipientId,
    ) -> Result<Option<Versioned<Recipient>>, StoreError> {
        self.load(keys::recipient(brand, id), decode_recipient).await
    }

    async fn load_feed(&self, brand: &Brand, source: &Source) -> Result<Option<Versioned<Feed>>, StoreError> {
        self.load(keys::feed(brand, source), decode_feed).await
    }

    async fn load_standing(&self, brand: &Brand) -> Result<Option<Versioned<Standing>>, StoreError> {
        self.load(keys::standing(brand), decode_standing).await
    }

    async fn commit_case(
        &self,
        case: &Case,
        expected: Expected,
        token: &Token,
    ) -> Result<Commit<Case>, StoreError> {
        self.commit(encode_case(case, expected.next(), token), expected, token, decode_case).await
    }

    async fn commit_recipient(
        &self,
        brand: &Brand,
        recipient: &Recipient,
        expected: Expected,
        token: &Token,
    ) -> Result<Commit<Recipient>, StoreError> {
        let item = encode_recipient(brand, recipient, expected.next(), token);
        self.commit(item, expected, token, decode_recipient).await
    }

    async fn commit_feed(
        &self,
        brand: &Brand,
        feed: &Feed,
        expected: Expected,
        token: &Token,
    ) -> Result<Commit<Feed>, StoreError> {
        self.commit(encode_feed(brand, feed, expected.next(), token), expected, token, decode_feed).await
    }

    async fn commit_standing(
        &self,
        brand: &Brand,
        standing: &Standing,
        expected: Expected,
        token: &Token,
    ) -> Result<Commit<Standing>, StoreError> {
        let item = encode_standing(brand, standing, expected.next(), token);
        self.commit(item, expected, token, decode_standing).await
    }
}

impl Scan for Table {
    /// Reads with eventual consistency, at half the price: what the sweep repairs is at least minutes old, and what it
    /// writes is conditional like every write.
    async fn scan_cases(&self, from: Option<String>) -> Result<Page, StoreError> {
        let start = from.map(|cursor| start_key(&cursor)).transpose()?;
        let call = self
            .client
            .scan()
            .table_name(&self.name)
            .limit(SCAN_PAGE)
            .filter_expression(keys::OPEN_CASES)
            .expression_attribute_values(keys::CASE_KIND, AttributeValue::S(keys::CASE_PREFIX.to_owned()))
            .expression_attribute_values(keys::OPEN_STATE, AttributeValue::S(State::Open.as_str().to_owned()))
            .set_exclusive_start_key(start);
        let page = call.send().await.map_err(|error| unavailable(&error))?;
        let next = page.last_evaluated_key.as_ref().map(cursor).transpose()?;
        Ok(Page { cases: page.items().iter().map(decode_case).collect(), next })
    }
}

/// Where a scan goes on, as text: sort key, a space, partition key.
fn cursor(key: &Item) -> Result<String, StoreError> {
    let part = |name: &str| {
        let text = key.get(name).and_then(|value| value.as_s().ok());
        text.ok_or_else(|| StoreError::Malformed(format!("attribute {name} of a page's end")))
    };
    Ok(format!("{} {}", part(keys::SK)?, part(keys::PK)?))
}

fn start_key(cursor: &str) -> Result<Item, StoreError> {
    let malformed = || StoreError::Malformed("cursor of a scan".to_owned());
    let (sk, pk) = cursor.split_once(' ').ok_or_else(malformed)?;
    let part = |name: &str, text: &str| (name.to_owned(), AttributeValue::S(text.to_owned()));
    Ok(Item::from([part(keys::PK, pk), part(keys::SK, sk)]))
}

/// The service's code, or what kept the client from an answer. The message stays behind: it may quote the request.
fn unavailable<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> StoreError {
    let code = match error {
        SdkError::ServiceError(_) => error.code().unwrap_or("unknown_service_error"),
        SdkError::TimeoutError(_) => "timeout",
        SdkError::DispatchFailure(failure) if failure.is_timeout() => "timeout",
        SdkError::DispatchFailure(_) => "not_reached",
        SdkError::ResponseError(_) => "unreadable_answer",
        SdkError::ConstructionFailure(_) => "unsendable_request",
        _ => "unknown",
    };
    StoreError::Unavailable(code.to_owned())
}
