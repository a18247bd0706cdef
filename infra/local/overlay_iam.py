"""Permissions that AWS checks and ministack does not: passed roles, service roles, schedule groups, TLS conditions."""

import json
import re
import urllib.parse

import overlay
from ministack import app
from ministack.core import iam_actions, iam_evaluator, sigv4
from ministack.core.iam_evaluator import EvalContext
from ministack.core.responses import get_account_id, get_region
from ministack.core.router import extract_access_key_id
from ministack.services import dynamodb, iam, scheduler


def install(endpoint):
    """Replaces the parts of ministack's authorisation that decide otherwise than AWS; without AUTH none is asked."""
    overlay.need_value(app, "AUTH", bool)
    overlay.need(iam_evaluator, "_gather_role_policies", "role_name account_id")
    overlay.need(iam_evaluator, "evaluate", "ctx policies limits")
    overlay.need(iam_evaluator, "_service_principal_matches", "principal service")

    # The local endpoint stands for AWS's, which is TLS: a queue policy that denies plain HTTP must not deny it here.
    old_pin = overlay.replace(
        app, "pin_request_origin", "source_ip secure_transport", lambda source_ip, _secure: old_pin(source_ip, True)
    )
    _install_resource_names()
    _install_leading_keys()
    _install_passed_roles()
    _install_second_host(urllib.parse.urlsplit(endpoint).netloc)


def role_allows(role_arn, action, resource, region):
    """Returns whether a role's policies allow an action on a resource; always true without AUTH."""
    if not app.AUTH:
        return True
    account = get_account_id()
    context = EvalContext(
        principal_arn=role_arn,
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=region,
    )
    policies = iam_evaluator._gather_role_policies(_role_name(role_arn), account)
    return iam_evaluator.evaluate(context, policies).decision == "Allow"


def role_trusts(role_arn, service, keys=None):
    """Returns whether a role lets an AWS service assume it, given the condition keys the service sends."""
    if not app.AUTH:
        return True
    role = iam._roles.get(_role_name(role_arn))
    if role is None:
        return False
    document = role.get("AssumeRolePolicyDocument") or {}
    document = json.loads(document) if isinstance(document, str) else document
    statements = document.get("Statement", [])
    named = [
        s
        for s in ([statements] if isinstance(statements, dict) else statements)
        if iam_evaluator._service_principal_matches(s.get("Principal"), service)
    ]
    # A trust policy has no Resource, which the parser reads as any.
    context = EvalContext(
        principal_arn=role_arn,
        principal_type="Service",
        principal_account=get_account_id(),
        action="sts:AssumeRole",
        resource_arn="*",
        region=get_region(),
        service_context={k.lower(): v for k, v in (keys or {}).items()},
    )
    parsed = iam_evaluator.parse_policy_document({"Version": "2012-10-17", "Statement": named})
    return iam_evaluator.evaluate(context, [parsed]).decision == "Allow"


def scheduler_role_problem(role_arn, group):
    """Returns what Scheduler has against a target's role, or None."""
    keys = {"aws:SourceAccount": get_account_id(), "aws:SourceArn": scheduler._group_arn(group)}
    if role_trusts(role_arn, "scheduler.amazonaws.com", keys):
        return None
    return "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."


def leading_keys(request):
    """Returns the partition keys a DynamoDB request names: of items, keys, batches, transactions and one query."""
    found = []
    for table, entry in _entries(request):
        name = (dynamodb._tables.get(table.rsplit("/", 1)[-1]) or {}).get("pk_name")
        value = (entry.get("Item") or entry.get("Key") or {}).get(name)
        if value is None and name and entry.get("KeyConditionExpression"):
            value = _equal_to(entry, name)
        if value:
            found.append(str(next(iter(value.values()))))
    return found


def _entries(request):
    if request.get("TableName"):
        yield request["TableName"], request
    for item in request.get("TransactItems") or []:
        for entry in item.values():
            yield entry.get("TableName", ""), entry
    for table, entries in (request.get("RequestItems") or {}).items():
        for key in entries.get("Keys", []) if isinstance(entries, dict) else []:
            yield table, {"Key": key}
        for write in entries if isinstance(entries, list) else []:
            for entry in write.values():
                yield table, entry


def _equal_to(query, name):
    names = [n for n, real in (query.get("ExpressionAttributeNames") or {}).items() if real == name] + [name]
    spelled = "|".join(re.escape(n) for n in names)
    match = re.search(rf"(?<![\w#:])(?:{spelled})\s*=\s*(:\w+)", query["KeyConditionExpression"])
    return (query.get("ExpressionAttributeValues") or {}).get(match.group(1)) if match else None


def _install_leading_keys():
    def context(body):
        keys = old(body)
        try:
            request = json.loads(body or b"{}")
            found = leading_keys(request)
        except (ValueError, AttributeError, TypeError):
            return keys
        return {**keys, "dynamodb:LeadingKeys": found} if found else keys

    old = overlay.replace(iam_actions, "dynamodb_service_context", "body", context)


def _install_resource_names():
    def resource(service, method, path, headers, body, query_params, region, account_id):
        arn = old(service, method, path, headers, body, query_params, region, account_id)
        if service == "scheduler" and ":schedule/default/" in arn:
            # ministack reads every schedule as one of the group `default`.
            group = iam_actions._safe_json_field(body, "GroupName") or iam_actions._query_param(
                query_params, "groupName"
            )
            return arn.replace(":schedule/default/", f":schedule/{group or 'default'}/")
        if service == "sqs" and arn == "*":
            return iam_actions._safe_json_field(body, "SourceArn") or arn
        return arn

    old = overlay.replace(
        iam_actions, "extract_resource_arn", "service method path headers body query_params region account_id", resource
    )


def _install_passed_roles():
    async def handle(method, path, headers, body_bytes, query_params):
        if app.AUTH and method in ("POST", "PUT") and path.startswith("/schedules/"):
            denied = _passing_denied(headers, body_bytes, query_params)
            if denied is not None:
                return denied
        return await old(method, path, headers, body_bytes, query_params)

    old = overlay.replace(scheduler, "handle_request", "method path headers body_bytes query_params", handle)
    overlay.need(iam_evaluator, "enforce", "access_key_id iam_action service region resource_arn service_context")


def _passing_denied(headers, body, query_params):
    try:
        role = (json.loads(body or b"{}").get("Target") or {}).get("RoleArn", "")
    except (ValueError, AttributeError):
        return None
    denied = iam_evaluator.enforce(
        extract_access_key_id(headers, query_params),
        "iam:PassRole",
        "iam",
        get_region(),
        resource_arn=role,
        service_context={"iam:PassedToService": "scheduler.amazonaws.com"},
    )
    if denied is None or isinstance(denied, iam_evaluator.AuthError):
        return None
    return scheduler._error(
        403,
        "AccessDeniedException",
        f"User: {denied.principal_arn} is not authorized to perform: iam:PassRole on resource: {role}",
    )


def _install_second_host(host):
    def failure(signature, secret, method, raw_path, query_params, headers, body, *, presigned=False, explain=False):
        found = old(
            signature, secret, method, raw_path, query_params, headers, body, presigned=presigned, explain=explain
        )
        if found and headers.get("host") != host:
            # A proxy in front of the functions' endpoint may have rewritten the Host they signed.
            found = old(
                signature,
                secret,
                method,
                raw_path,
                query_params,
                {**headers, "host": host},
                body,
                presigned=presigned,
                explain=explain,
            )
        return found

    old = overlay.replace(
        sigv4,
        "header_signature_failure",
        "signature secret method raw_path query_params headers body presigned explain",
        failure,
    )


def _role_name(role_arn):
    return role_arn.rsplit("/", 1)[-1]
