//! Every provider by its bytes: golden requests, answers, webhooks and the tables shared with other implementations.

mod aws_sms;
mod aws_sms_events;
mod aws_social;
mod carriers;
mod conformance;
mod fcm;
mod fixtures;
mod handoff;
mod handoff_schema;
mod meta_answer;
mod meta_events;
mod meta_news;
mod meta_requests;
mod meta_send;
mod meta_shared;
mod meta_signature;
mod msg91;
mod onesignal;
mod push;
mod rapiwa;
mod ses;
mod sms;
mod twilio;
mod twilio_events;
mod twilio_signature;
mod twilio_whatsapp;
