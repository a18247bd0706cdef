//! `recoup reply classify`, from utterances to lines.

use clap::Parser;
use recoup_ops::reply::{self, Command};

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

fn classify(arguments: &[&str], utterances: &str) -> Result<String, String> {
    let cli = Cli::try_parse_from(["reply", "classify"].iter().chain(arguments))
        .map_err(|error| error.to_string())?;
    let mut out = Vec::new();
    reply::run(&cli.command, utterances.as_bytes(), &mut out).map_err(|error| error.to_string())?;
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

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = classify(&["/nowhere/replies.txt"], "").expect_err("no file");
    assert!(error.contains("/nowhere/replies.txt"), "{error}");
}
