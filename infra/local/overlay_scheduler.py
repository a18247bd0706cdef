"""EventBridge Scheduler: the moved clock, time zones, checks of the input, idempotent creation, context attributes."""

import datetime
import json
import logging
import re
import threading
import uuid
import zoneinfo

import overlay
import overlay_iam
import overlay_sqs
from ministack.core.arn import ArnParseError, parse_arn
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import eventbridge, lambda_svc, scheduler, sqs

logger = logging.getLogger("overlay")

NAME = re.compile(r"[0-9a-zA-Z_.-]{1,64}")
AT = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)")
ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+")
MAX_INPUT = 256 * 1024
ACTIONS = {"sqs": "sqs:SendMessage", "lambda": "lambda:InvokeFunction"}

_lock = threading.RLock()
_tokens = {}


def install(clock, tick):
    """Replaces ministack's sweep and the four calls that change schedules."""
    overlay.replace_value(scheduler, "_SCHEDULE_TICK_INTERVAL", int, tick)
    overlay.need_value(scheduler, "_schedule_last_fired", dict)
    overlay.need(eventbridge, "_invoke_target", "target event rule view")
    overlay.need(eventbridge, "_parse_rate_seconds", "expr")
    overlay.need(eventbridge, "_parse_cron_fields", "expr")
    overlay.need(eventbridge, "_cron_next_fire", "fields after_dt")
    overlay.replace(scheduler, "_now", "", clock.now)
    overlay.replace(scheduler, "_tick_schedules", "", lambda: sweep(clock.now()))
    _install_calls()


def sweep(now):
    """Fires each enabled schedule whose moment has come by `now`, the earliest first."""
    due = []
    for key, schedule in list(scheduler._schedules._data.items()):
        try:
            moment = next_moment(schedule, scheduler._schedule_last_fired.get(key), now)
        except (ValueError, KeyError):
            logger.exception("schedule %s cannot be read", key[2])
            continue
        if moment is not None and moment <= now:
            due.append((moment, key, schedule))
    for moment, key, schedule in sorted(due, key=lambda entry: entry[0]):
        with _lock:
            # Deleted or updated since it was read: the call that did so has been answered.
            if scheduler._schedules._data.get(key) is not schedule:
                continue
            once = schedule["ScheduleExpression"].startswith("at(")
            scheduler._schedule_last_fired[key] = moment
            if once and schedule.get("ActionAfterCompletion") == "DELETE":
                _forget(key)
            fire(key, schedule, moment)


def next_moment(schedule, last, now):
    """Returns the moment (seconds since the epoch) a schedule is due next, or None if there is none."""
    expression = schedule["ScheduleExpression"]
    if schedule.get("State") != "ENABLED":
        return None
    at = AT.fullmatch(expression)
    if at:
        return None if last is not None else _local_time(at.group(1), schedule)
    start, end = (scheduler._to_epoch(schedule.get(k)) for k in ("StartDate", "EndDate"))
    anchor = last if last is not None else max(schedule["CreationDate"], start or 0)
    interval = eventbridge._parse_rate_seconds(expression)
    if interval is not None:
        # After a jump of the clock over many intervals the latest one fires, once.
        moment = anchor + max(1, int((now - anchor) // interval)) * interval
    else:
        zone = zoneinfo.ZoneInfo(schedule.get("ScheduleExpressionTimezone") or "UTC")
        after = datetime.datetime.fromtimestamp(anchor, zone)
        found = eventbridge._cron_next_fire(eventbridge._parse_cron_fields(expression), after)
        moment = found.timestamp() if found else None
        if found and last is not None and moment < now:
            moment = _latest_cron(expression, zone, moment, now)
    return None if moment is None or (end is not None and moment > end) else moment


def fire(key, schedule, moment):
    """Sends a schedule's input to its target, or to its dead-letter queue where the target cannot take it."""
    account, region, _name = key
    with request_scope(account, region):
        target = dict(schedule["Target"])
        execution = str(uuid.uuid4())
        if target.get("Input"):
            target["Input"] = with_context(target["Input"], schedule["Arn"], moment, execution)
        event = {
            "EventId": execution,
            "Source": "aws.scheduler",
            "DetailType": "Scheduled Event",
            "Detail": "{}",
            "Time": moment,
            "Resources": [schedule["Arn"]],
            "Account": account,
            "Region": region,
        }
        code, reason = _refusal(target, schedule, region)
        if code is None:
            eventbridge._invoke_target(target, event, schedule)
            return
        logger.error("schedule %s could not reach its target: %s: %s", schedule["Name"], code, reason)
        _dead_letter(target, schedule, event, code, reason)


def with_context(text, arn, moment, execution):
    """Returns the input with its <aws.scheduler...> attributes filled in."""
    values = {"schedule-arn": arn, "scheduled-time": _text_of(moment), "execution-id": execution, "attempt-number": "1"}
    for name, value in values.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


def problem_with(name, body):
    """Returns what AWS refuses in a schedule, or None."""
    if not NAME.fullmatch(name) or not NAME.fullmatch(body.get("GroupName", "default")):
        return "name and group name have 1 to 64 characters of 0-9 a-z A-Z - _ ."
    window = body.get("FlexibleTimeWindow") or {}
    if window.get("Mode") not in ("OFF", "FLEXIBLE"):
        return "Value at 'flexibleTimeWindow.mode' failed to satisfy constraint"
    if (window["Mode"] == "FLEXIBLE") != ("MaximumWindowInMinutes" in window):
        return "MaximumWindowInMinutes must be given with FLEXIBLE and only with FLEXIBLE"
    for key, values in (("State", ("ENABLED", "DISABLED")), ("ActionAfterCompletion", ("NONE", "DELETE"))):
        if body.get(key) not in (None, *values):
            return f"Value '{body[key]}' at '{key}' failed to satisfy constraint"
    return _problem_with_expression(body) or _problem_with_target(body.get("Target") or {})


def _problem_with_expression(body):
    zone = body.get("ScheduleExpressionTimezone")
    if zone is not None:
        try:
            zoneinfo.ZoneInfo(zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            return f"The time zone {zone} is invalid."
    expression = body.get("ScheduleExpression") or ""
    at = AT.fullmatch(expression)
    if at:
        try:
            datetime.datetime.fromisoformat(at.group(1))
            return None
        except ValueError:
            return f"Invalid Schedule Expression {expression}."
    if (eventbridge._parse_rate_seconds(expression) or 0) > 0 or eventbridge._parse_cron_fields(expression):
        return None
    return f"Invalid Schedule Expression {expression}."


def _problem_with_target(target):
    try:
        service = parse_arn(target.get("Arn", "")).service
    except ArnParseError:
        return f"Provided Arn is not in correct format: {target.get('Arn')}"
    if service not in ACTIONS and service != "scheduler":
        logger.warning("the overlay knows no targets of %s", service)
    if not ROLE.fullmatch(target.get("RoleArn", "")):
        return "Value at 'target.roleArn' failed to satisfy constraint"
    if len(target.get("Input", "").encode()) > MAX_INPUT:
        return "Value at 'target.input' is longer than 262144 bytes"
    retry = target.get("RetryPolicy") or {}
    for key, low, high in (("MaximumEventAgeInSeconds", 60, 86400), ("MaximumRetryAttempts", 0, 185)):
        if not low <= int(retry.get(key, high)) <= high:
            return f"Value at 'target.retryPolicy.{key}' must be between {low} and {high}"
    return None


def _install_calls():
    def create(name, body):
        group = body.get("GroupName", "default")
        problem = problem_with(name, body) or overlay_iam.scheduler_role_problem(body["Target"]["RoleArn"], group)
        if problem:
            return scheduler._error(400, "ValidationException", problem)
        scope = (get_account_id(), get_region(), f"{group}/{name}")
        request = json.dumps({k: v for k, v in body.items() if k != "ClientToken"}, sort_keys=True)
        with _lock:
            token = body.get("ClientToken")
            if token and f"{group}/{name}" in scheduler._schedules and _tokens.get(scope) == (token, request):
                return scheduler._json_resp(200, {"ScheduleArn": scheduler._schedule_arn(group, name)})
            answer = old_create(name, body)
            if answer[0] == 200:
                scheduler._schedule_last_fired.pop(scope, None)
                _tokens[scope] = (token, request)
            return answer

    def update(name, body):
        group = body.get("GroupName", "default")
        problem = problem_with(name, body) or overlay_iam.scheduler_role_problem(body["Target"]["RoleArn"], group)
        if problem:
            return scheduler._error(400, "ValidationException", problem)
        with _lock:
            answer = old_update(name, body)
            if answer[0] == 200:
                scheduler._schedule_last_fired.pop((get_account_id(), get_region(), f"{group}/{name}"), None)
            return answer

    def delete(name, query):
        with _lock:
            answer = old_delete(name, query)
            if answer[0] == 200:
                _forget((get_account_id(), get_region(), f"{query.get('groupName', 'default')}/{name}"))
            return answer

    def delete_group(name, query):
        with _lock:
            return old_delete_group(name, query)

    old_create = overlay.replace(scheduler, "_create_schedule", "name body", create)
    old_update = overlay.replace(scheduler, "_update_schedule", "name body", update)
    old_delete = overlay.replace(scheduler, "_delete_schedule", "name query", delete)
    old_delete_group = overlay.replace(scheduler, "_delete_schedule_group", "name query", delete_group)


def _forget(key):
    scheduler._schedules._data.pop(key, None)
    scheduler._schedule_last_fired.pop(key, None)
    _tokens.pop(key, None)


def _local_time(text, schedule):
    zone = zoneinfo.ZoneInfo(schedule.get("ScheduleExpressionTimezone") or "UTC")
    return datetime.datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def _latest_cron(expression, zone, moment, now):
    fields = eventbridge._parse_cron_fields(expression)
    while True:
        found = eventbridge._cron_next_fire(fields, datetime.datetime.fromtimestamp(moment, zone))
        if found is None or found.timestamp() > now:
            return moment
        moment = found.timestamp()


def _refusal(target, schedule, region):
    spec = parse_arn(target["Arn"])
    if spec.service == "sqs" and sqs._queue_by_arn(target["Arn"]) is None:
        return "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."
    if spec.service == "lambda" and not lambda_svc._get_func_record_for_ref(target["Arn"])[0]:
        return "ResourceNotFoundException", "Function not found."
    action = ACTIONS.get(spec.service)
    if action and not overlay_iam.role_allows(target["RoleArn"], action, target["Arn"], region):
        return "AccessDeniedException", f"{target['RoleArn']} may not {action} on {target['Arn']}"
    return None, None


def _dead_letter(target, schedule, event, code, reason):
    arn = (target.get("DeadLetterConfig") or {}).get("Arn")
    queue = sqs._queue_by_arn(arn) if arn else None
    if queue is None:
        return
    # The target's role is also the one that writes the dead letter.
    if not overlay_iam.role_allows(target["RoleArn"], ACTIONS["sqs"], arn, event["Region"]):
        logger.error("schedule %s: %s may not send to its dead-letter queue", schedule["Name"], target["RoleArn"])
        return
    values = {
        "ERROR_CODE": code,
        "ERROR_MESSAGE": reason,
        "EXECUTION_ID": event["EventId"],
        "IS_PAYLOAD_TRUNCATED": "false",
        "RETRY_ATTEMPTS": "0",
        "SCHEDULED_TIME": _text_of(event["Time"]),
        "SCHEDULE_ARN": schedule["Arn"],
        "TARGET_ARN": target["Arn"],
    }
    with overlay_sqs.LOCK:
        eventbridge._dispatch_to_sqs(parse_arn(arn), target.get("Input") or "{}")
        message = queue["messages"][-1]
        message["message_attributes"] = {k: {"DataType": "String", "StringValue": v} for k, v in values.items()}


def _text_of(moment):
    return datetime.datetime.fromtimestamp(moment, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
