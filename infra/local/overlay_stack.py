"""CloudFormation: secrets, schedules, functions and event source mappings as AWS makes or refuses them."""

import json

import overlay
import overlay_iam
from ministack.core.responses import get_region
from ministack.services import dynamodb, lambda_svc, scheduler, secretsmanager, sqs
from ministack.services.cloudformation import provisioners

SCHEDULE_KEYS = (
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "FlexibleTimeWindow",
    "Target",
    "State",
    "ActionAfterCompletion",
    "Description",
    "StartDate",
    "EndDate",
    "KmsKeyArn",
    "GroupName",
)
GENERATED_KEYS = (
    "ExcludeLowercase",
    "ExcludeNumbers",
    "ExcludePunctuation",
    "ExcludeUppercase",
    "IncludeSpace",
    "RequireEachIncludedType",
)
POLLING = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


def install():
    """Replaces the provisioners whose results differ from AWS's for the resource types of our template."""
    _install_secrets()
    _install_schedules()
    _install_functions()
    _install_mappings()
    _install_tables()


def secret_string(props):
    """Returns the value of a secret a template declares, or None where it declares none."""
    if props.get("SecretString") is not None:
        return props["SecretString"]
    wish = props.get("GenerateSecretString")
    if wish is None:
        return None
    request = {key: _true(wish[key]) for key in GENERATED_KEYS if key in wish}
    request["PasswordLength"] = int(wish.get("PasswordLength", 32))
    request["ExcludeCharacters"] = wish.get("ExcludeCharacters", "")
    status, _headers, body = secretsmanager._get_random_password(request)
    answer = json.loads(body)
    if status != 200:
        raise ValueError(f"AWS::SecretsManager::Secret: {answer.get('message') or answer}")
    if "SecretStringTemplate" not in wish:
        return answer["RandomPassword"]
    return json.dumps({**json.loads(wish["SecretStringTemplate"]), wish["GenerateStringKey"]: answer["RandomPassword"]})


def _install_secrets():
    def create(logical_id, props, stack_name):
        if props.get("Name") in secretsmanager._secrets:
            raise ValueError(f"The operation failed because the secret {props['Name']} already exists.")
        name, attributes = old_create(logical_id, props, stack_name)
        if secret_string(props) is None:
            # Neither value nor generator: AWS makes a secret without a version.
            secretsmanager._secrets[name]["Versions"].clear()
        # Ref of a secret is its ARN: policies name it so.
        return attributes["Id"], attributes

    def update(physical_id, old_props, new_props, stack_name, logical_id=None):
        name, _secret = secretsmanager._resolve(physical_id)
        _name, attributes = old_update(name, old_props, new_props, stack_name, logical_id)
        return attributes["Id"], attributes

    def delete(physical_id, props):
        name, _secret = secretsmanager._resolve(physical_id)
        return old_delete(name, props)

    overlay.need(secretsmanager, "_get_random_password", "data")
    overlay.need(secretsmanager, "_resolve", "secret_id use_arn_scope")
    overlay.replace(provisioners, "_sm_secret_string", "props", lambda props: secret_string(props) or "")
    old_create = overlay.replace(provisioners, "_sm_secret_create", "logical_id props stack_name", create)
    old_update = overlay.replace(
        provisioners, "_sm_secret_update", "physical_id old_props new_props stack_name logical_id", update
    )
    old_delete = overlay.replace(provisioners, "_sm_secret_delete", "physical_id props", delete)


def _install_schedules():
    def create(logical_id, props, stack_name):
        name = props.get("Name") or provisioners._physical_name(stack_name, logical_id, max_len=64)
        body = {key: props[key] for key in SCHEDULE_KEYS if props.get(key) is not None}
        _accepted("AWS::Scheduler::Schedule", scheduler._create_schedule(name, body))
        return name, {"Arn": scheduler._schedule_arn(props.get("GroupName", "default"), name)}

    def create_group(logical_id, props, stack_name):
        name = props.get("Name") or provisioners._physical_name(stack_name, logical_id, max_len=64)
        _accepted(
            "AWS::Scheduler::ScheduleGroup", scheduler._create_schedule_group(name, {"Tags": props.get("Tags", [])})
        )
        return name, {"Arn": scheduler._group_arn(name)}

    overlay.need(provisioners, "_physical_name", "stack_name logical_id lowercase max_len seeded")
    overlay.replace(provisioners, "_scheduler_schedule_create", "logical_id props stack_name", create)
    overlay.replace(provisioners, "_scheduler_group_create", "logical_id props stack_name", create_group)


def _install_functions():
    def create(logical_id, props, stack_name):
        role = props.get("Role", "")
        if not overlay_iam.role_trusts(role, "lambda.amazonaws.com"):
            raise ValueError("The role defined for the function cannot be assumed by Lambda.")
        name, attributes = old_create(logical_id, props, stack_name)
        record = lambda_svc._functions[name]
        code = props.get("Code") or {}
        if code.get("S3Key") and record["code_zip"] is None:
            # Without this the function would answer 200 to everything.
            raise ValueError(f"Error occurred while GetObject. S3 Error Code: NoSuchKey: {code['S3Key']}")
        if props.get("ReservedConcurrentExecutions") is not None:
            record["concurrency"] = int(props["ReservedConcurrentExecutions"])
        return name, attributes

    old_create = overlay.replace(provisioners, "_lambda_create", "logical_id props stack_name", create)


def _install_mappings():
    def create(logical_id, props, stack_name):
        arn = props.get("EventSourceArn", "")
        if ":sqs:" in arn:
            scaling = (props.get("ScalingConfig") or {}).get("MaximumConcurrency")
            if scaling is not None:
                # A number that came through a parameter is text.
                props = {**props, "ScalingConfig": {"MaximumConcurrency": int(scaling)}}
            _check_mapping(props, sqs._queue_by_arn(arn))
        return old_create(logical_id, props, stack_name)

    overlay.need(provisioners, "_lambda_function_for_cfn_ref", "function_ref")
    overlay.need(lambda_svc, "_validate_scaling_config", "data source_arn")
    old_create = overlay.replace(provisioners, "_lambda_esm_create", "logical_id props stack_name", create)


def _install_tables():
    def create(logical_id, props, stack_name):
        name, attributes = old_create(logical_id, props, stack_name)
        _apply_table_settings(name, props)
        return name, attributes

    def update(physical_id, old_props, new_props, stack_name, logical_id=None):
        name, attributes = old_update(physical_id, old_props, new_props, stack_name, logical_id)
        _apply_table_settings(name, new_props)
        return name, attributes

    overlay.need(dynamodb, "_update_ttl", "data")
    overlay.need(dynamodb, "_update_continuous_backups", "data")
    old_create = overlay.replace(provisioners, "_ddb_create", "logical_id props stack_name", create)
    old_update = overlay.replace(
        provisioners, "_ddb_update", "physical_id old_props new_props stack_name logical_id", update
    )


def _apply_table_settings(name, props):
    ttl = props.get("TimeToLiveSpecification")
    if ttl:
        _accepted(
            "AWS::DynamoDB::Table",
            dynamodb._update_ttl(
                {
                    "TableName": name,
                    "TimeToLiveSpecification": {
                        "AttributeName": ttl.get("AttributeName", ""),
                        "Enabled": _true(ttl.get("Enabled")),
                    },
                }
            ),
        )
    recovery = props.get("PointInTimeRecoverySpecification") or {}
    _accepted(
        "AWS::DynamoDB::Table",
        dynamodb._update_continuous_backups(
            {
                "TableName": name,
                "PointInTimeRecoverySpecification": {
                    "PointInTimeRecoveryEnabled": _true(recovery.get("PointInTimeRecoveryEnabled"))
                },
            }
        ),
    )


def _true(value):
    return str(value).lower() == "true"


def _check_mapping(props, queue):
    arn = props["EventSourceArn"]
    function = provisioners._lambda_function_for_cfn_ref(props.get("FunctionName", ""))[0]
    if queue is None or not function:
        raise ValueError(f"The queue {arn} or the function {props.get('FunctionName')} does not exist")
    visibility, timeout = int(queue["attributes"]["VisibilityTimeout"]), function["config"]["Timeout"]
    if visibility < timeout:
        raise ValueError(
            f"Queue visibility timeout: {visibility} seconds is less than Function timeout: {timeout} seconds"
        )
    role = function["config"]["Role"]
    for action in POLLING:
        if not overlay_iam.role_allows(role, action, arn, get_region()):
            raise ValueError(
                f"The provided execution role does not have permissions to call {action.partition(':')[2]} on SQS"
            )
    refused = lambda_svc._validate_scaling_config({"ScalingConfig": props.get("ScalingConfig")}, arn)
    if refused:
        _accepted("AWS::Lambda::EventSourceMapping", refused)


def _accepted(kind, answer):
    status, _headers, body = answer
    if status >= 400:
        problem = json.loads(body)
        raise ValueError(f"{kind}: {problem.get('Message') or problem.get('message') or problem}")
