//! `recoup reply classify`, from utterances to lines.

use clap::Parser;
use futures_util::FutureExt as _;
use recoup_app::classifier::{Rules, Unread};
use recoup_app::ports::{Classified, Classifier, ReadBy};
use recoup_core::{Intent, Words, read_reply};
use recoup_ops::reply::{self, Command};

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

fn classify(arguments: &[&str], utterances: &str) -> Result<String, String> {
    classify_by(&Rules, arguments, utterances)
}

fn classify_by(classifier: &impl Classifier, arguments: &[&str], utterances: &str) -> Result<String, String> {
    let cli = Cli::try_parse_from(["reply", "classify"].iter().chain(arguments))
        .map_err(|error| error.to_string())?;
    let mut out = Vec::new();
    let done = reply::run(&cli.command, classifier, utterances.as_bytes(), &mut out);
    done.now_or_never().expect("at once").map_err(|error| error.to_string())?;
    Ok(String::from_utf8(out).expect("text"))
}

#[test]
fn r18_each_utterance_gets_a_line_with_intent_confidence_promise_and_rule() {
    let utterances = "please stop messaging me\n\n  ya pagué ayer  \nmañana por la mañana\n👍\n";
    assert_eq!(
        classify(&[], utterances).expect("answered"),
        "stop           90 %  -                  please stop messaging me  (stop/en: @cease @reach)\n\
         paid_already   90 %  -                  ya pagué ayer  (paid_already/es: ya pague)\n\
         later          80 %  in_days=1          mañana por la mañana  (later/es: mañana)\n\
         unknown         0 %  -                  👍  (no rule)\n"
    );
}

#[test]
fn r18_json_has_the_same_for_machines() {
    let said = classify(&["--json"], "STOP\nhola\nI pay on the 5th").expect("answered");
    let lines: Vec<serde_json::Value> =
        said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines[0]["text"], "STOP");
    assert_eq!(lines[0]["intent"], "stop");
    assert_eq!(lines[0]["confidence"], 99);
    assert!(lines[0]["rule"].as_str().is_some_and(|rule| rule.starts_with("stop/en: ")), "{said}");
    assert_eq!(lines[0]["when"], serde_json::Value::Null);
    assert_eq!(lines[1]["intent"], "unknown");
    assert_eq!(lines[1]["rule"], serde_json::Value::Null);
    assert_eq!(lines[2]["when"], "day_of_month=5");
}

/// Stands for a model: a `12.12.` in the words is a later, anything else is too much for it.
struct Model;

impl Classifier for Model {
    async fn classify(&self, words: &Words) -> Classified {
        let ruled = read_reply(words.expose()).intent;
        if ruled != Intent::Unknown {
            return Classified { intent: ruled, by: ReadBy::Rules, unread: None };
        }
        if words.expose().contains("12.12.") {
            return Classified { intent: Intent::Later, by: ReadBy::Bedrock, unread: None };
        }
        Classified { intent: Intent::Unknown, by: ReadBy::Bedrock, unread: Some(Unread::Unclear) }
    }
}

#[test]
fn r18_what_a_model_reads_is_told_apart_from_what_the_rules_read() {
    let utterances = "STOP\nehkä 12.12. tai niin\nhola\n";
    let said = classify_by(&Model, &["--json", "--model", "eu.amazon.nova-lite-v1:0"], utterances);
    let said = said.expect("answered");
    let lines: Vec<serde_json::Value> =
        said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |name: &str| lines.iter().map(|line| line[name].clone()).collect::<Vec<_>>();
    assert_eq!(of("read_by"), ["rules", "bedrock", "bedrock"], "{said}");
    assert_eq!(of("intent"), ["stop", "later", "unknown"]);
    assert_eq!(lines[1]["when"], "date=12-12");
    assert_eq!(lines[2]["unread"], "no word of the list");
    let shown = classify_by(&Model, &[], utterances).expect("answered");
    assert!(shown.ends_with("hola  (bedrock no word of the list)\n"), "{shown}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = classify(&["/nowhere/replies.txt"], "").expect_err("no file");
    assert!(error.contains("/nowhere/replies.txt"), "{error}");
}
