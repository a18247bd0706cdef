//! Every seed, and every input that was found, through its check on the toolchain at hand.

use std::fs;
use std::path::Path;

type Check = fn(&[u8]);

const TARGETS: &[(&str, Check)] = &[
    ("aws_events", crate::aws_events::check),
    ("aws_sms_answer", crate::aws_sms_answer::check),
    ("bedrock_answer", crate::bedrock_answer::check),
    ("case_item", crate::case_item::check),
    ("ids", crate::ids::check),
    ("kept_webhook", crate::kept_webhook::check),
    ("keywords", crate::keywords::check),
    ("message", crate::message::check),
    ("meta_answer", crate::meta_answer::check),
    ("meta_events", crate::meta_events::check),
    ("meta_signature", crate::meta_signature::check),
    ("money", crate::money::check),
    ("name_and_link", crate::name_and_link::check),
    ("phone", crate::phone::check),
    ("playbook", crate::playbook::check),
    ("queue_event", crate::queue_event::check),
    ("quiet_hours", crate::quiet_hours::check),
    ("recipient_item", crate::recipient_item::check),
    ("secrets", crate::secrets::check),
    ("settings", crate::settings::check),
    ("sources", crate::sources::check),
    ("step_message", crate::step_message::check),
    ("stripe_answer", crate::stripe_answer::check),
    ("stripe_body", crate::stripe_body::check),
    ("stripe_signature", crate::stripe_signature::check),
    ("template", crate::template::check),
    ("twilio_answer", crate::twilio_answer::check),
];

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    files.sort();
    files.iter().map(|path| (path.display().to_string(), fs::read(path).expect("readable"))).collect()
}

#[test]
fn every_seed_holds_whole_cut_short_and_with_a_byte_changed() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus-seeds");
    for (target, check) in TARGETS {
        check(b"");
        let files = files(&seeds.join(target));
        assert!(!files.is_empty(), "{target} has no seeds");
        for (path, seed) in files {
            eprintln!("{path}");
            check(&seed);
            for at in (0..seed.len()).step_by(1 + seed.len() / 64) {
                check(&seed[..at]);
                let mut changed = seed.clone();
                changed[at] ^= 1;
                check(&changed);
            }
        }
    }
}

#[test]
fn every_target_has_a_check_seeds_and_a_binary() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let targets: Vec<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let names = |folder: &str| -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(root.join(folder))
            .expect("readable")
            .map(|entry| entry.expect("readable").path())
            .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("fuzz_targets"), targets);
    assert_eq!(names("corpus-seeds"), targets);
}
