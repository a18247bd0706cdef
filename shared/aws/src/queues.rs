//! Queues on SQS, timers beyond fifteen minutes on EventBridge Scheduler.

use std::time::Duration;

use aws_sdk_scheduler::types::{
    ActionAfterCompletion, DeadLetterConfig, FlexibleTimeWindow, FlexibleTimeWindowMode, RetryPolicy, Target,
};
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::MessageAttributeValue;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use recoup_app::ports::{Outgoing, Queue, QueueError};

use crate::config::Resources;

/// How long the scheduler tries to reach the queue before it gives up: the queue is a regional service, a day is ample.
const SCHEDULER_PATIENCE_SECONDS: i32 = 86_400;

/// The queues and schedules of this stack.
#[derive(Debug)]
pub(crate) struct Timers {
    sqs: aws_sdk_sqs::Client,
    scheduler: aws_sdk_scheduler::Client,
    resources: Resources,
}

fn failed(service: &'static str, code: Option<&str>) -> QueueError {
    QueueError { service, detail: code.unwrap_or("no_answer").to_owned() }
}

fn whole_seconds(time: Duration) -> i32 {
    i32::try_from(time.as_secs()).unwrap_or(i32::MAX)
}

impl Timers {
    /// Uses these clients on these resources.
    pub(crate) fn new(
        sqs: aws_sdk_sqs::Client,
        scheduler: aws_sdk_scheduler::Client,
        resources: Resources,
    ) -> Self {
        Self { sqs, scheduler, resources }
    }

    fn url(&self, queue: Queue) -> Result<&str, QueueError> {
        let resources = &self.resources;
        let url = match queue {
            Queue::Whatsapp => Some(&resources.whatsapp_queue_url),
            Queue::Sms => Some(&resources.sms_queue_url),
            Queue::Push => Some(&resources.push_queue_url),
            Queue::Email => Some(&resources.email_queue_url),
            Queue::HandOff => Some(&resources.handoff_queue_url),
            Queue::HandOffDead => resources.handoff_dead_queue_url.as_ref(),
            Queue::ChannelEvents => resources.channel_events_queue_url.as_ref(),
            Queue::Parked => Some(&resources.parked_queue_url),
            Queue::Spill => Some(&resources.spill_queue_url),
        };
        url.map(String::as_str).ok_or_else(|| failed("sqs", Some("no_such_queue")))
    }

    /// Puts a message into a queue.
    ///
    /// # Errors
    /// [`QueueError`] with the service's code.
    pub(crate) async fn push(&self, queue: Queue, message: Outgoing) -> Result<(), QueueError> {
        let mut call = self.sqs.send_message().queue_url(self.url(queue)?).message_body(message.body);
        if !message.delay.is_zero() {
            call = call.delay_seconds(whole_seconds(message.delay).min(900));
        }
        for (name, value) in message.attributes {
            let value = MessageAttributeValue::builder().data_type("String").string_value(value).build();
            call = call.message_attributes(name, value.map_err(|_| failed("sqs", Some("attribute")))?);
        }
        call.send().await.map(|_| ()).map_err(|error| failed("sqs", error.code()))
    }

    /// Leaves a received message invisible for a time.
    ///
    /// # Errors
    /// [`QueueError`] with the service's code.
    pub(crate) async fn postpone(
        &self,
        queue: Queue,
        receipt: &str,
        after: Duration,
    ) -> Result<(), QueueError> {
        let call = self.sqs.change_message_visibility().queue_url(self.url(queue)?).receipt_handle(receipt);
        let sent = call.visibility_timeout(whole_seconds(after).min(43_200)).send().await;
        sent.map(|_| ()).map_err(|error| failed("sqs", error.code()))
    }

    /// Creates a schedule that fires once into the WhatsApp queue and is deleted. One of the same name is this one.
    ///
    /// # Errors
    /// [`QueueError`] with the service's code.
    pub(crate) async fn create(&self, name: &str, at: Timestamp, body: &str) -> Result<(), QueueError> {
        let malformed = |_| failed("scheduler", Some("request"));
        let window =
            FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off).build().map_err(malformed)?;
        let dead_letters = DeadLetterConfig::builder().arn(&self.resources.parked_queue_arn).build();
        let retries = RetryPolicy::builder().maximum_event_age_in_seconds(SCHEDULER_PATIENCE_SECONDS).build();
        let target = Target::builder()
            .arn(&self.resources.whatsapp_queue_arn)
            .role_arn(&self.resources.scheduler_role_arn)
            .input(body)
            .dead_letter_config(dead_letters)
            .retry_policy(retries)
            .build()
            .map_err(malformed)?;
        let sent = self
            .scheduler
            .create_schedule()
            .name(name)
            .group_name(&self.resources.schedule_group)
            .client_token(name)
            .schedule_expression(at_expression(at))
            .flexible_time_window(window)
            .action_after_completion(ActionAfterCompletion::Delete)
            .target(target)
            .send()
            .await;
        match sent {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("ConflictException") => Ok(()),
            Err(error) => Err(failed("scheduler", error.code())),
        }
    }

    /// Deletes a schedule; one that is gone is deleted.
    ///
    /// # Errors
    /// [`QueueError`] with the service's code.
    pub(crate) async fn delete(&self, name: &str) -> Result<(), QueueError> {
        let group = &self.resources.schedule_group;
        match self.scheduler.delete_schedule().name(name).group_name(group).client_token(name).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(()),
            Err(error) => Err(failed("scheduler", error.code())),
        }
    }
}

/// `at(yyyy-mm-ddThh:mm:ss)` in UTC, rounded up: a timer never fires before its time.
fn at_expression(at: Timestamp) -> String {
    let up = i64::from(at.subsec_nanosecond() > 0);
    let whole = Timestamp::from_second(at.as_second().saturating_add(up)).unwrap_or(at);
    format!("at({})", whole.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f41_a_schedule_never_fires_before_its_time() {
        for (at, expression) in [
            ("2026-11-22T10:00:00Z", "at(2026-11-22T10:00:00)"),
            ("2026-11-22T10:00:00.000000001Z", "at(2026-11-22T10:00:01)"),
            ("2028-02-29T23:59:59.5+01:00", "at(2028-02-29T23:00:00)"),
        ] {
            assert_eq!(at_expression(at.parse().expect("well formed")), expression);
        }
    }
}
