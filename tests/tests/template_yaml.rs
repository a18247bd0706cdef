//! Holds template.yaml against the code: what it deploys is what the functions are, read, listen to and may do.
//!
//! cfn-lint knows the schema of a template; it cannot know the workspace's binaries, the names the functions read, which
//! queue follows which, or a misspelt action. These checks do, and each is shown to fail on a planted defect.

#[path = "template_yaml/aws_events.rs"]
mod aws_events;
#[path = "template_yaml/flow.rs"]
mod flow;
#[path = "template_yaml/functions.rs"]
mod functions;
#[path = "template_yaml/model.rs"]
mod model;
#[path = "template_yaml/permissions.rs"]
mod permissions;
#[path = "template_yaml/planted.rs"]
mod planted;
#[path = "template_yaml/secrets.rs"]
mod secrets;
#[path = "template_yaml/send_rate.rs"]
mod send_rate;
#[path = "template_yaml/state.rs"]
mod state;
#[path = "template_yaml/trust.rs"]
mod trust;

use model::{Code, Template};

/// Every way in which the template and the code differ, in words.
fn problems(template: &Template, code: &Code) -> Vec<String> {
    [
        functions::problems(template, code),
        functions::variable_problems(template, code),
        functions::sample_problems(template, code),
        flow::route_problems(template),
        flow::queue_problems(template),
        flow::consumer_problems(template),
        aws_events::problems(template),
        permissions::problems(template),
        trust::queue_policy_problems(template),
        trust::trust_problems(template),
        state::table_problems(template),
        secrets::secret_problems(template),
        state::parameter_problems(template),
        secrets::rule_problems(template),
        state::deployment_problems(template, code),
        state::alarm_problems(template),
    ]
    .concat()
}

#[test]
fn the_template_deploys_what_the_code_is() {
    let found = problems(&Template::of_the_repository(), &Code::of_the_repository());
    assert!(found.is_empty(), "template.yaml and the code differ:\n- {}", found.join("\n- "));
}
