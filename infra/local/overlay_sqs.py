"""SQS: delays that follow the moved clock, one lock for all threads, chained dead-letter queues, message moves."""

import base64
import functools
import json
import logging
import threading
import time
import uuid

import overlay
from ministack.core.concurrency import esm_wake
from ministack.core.responses import get_account_id, get_region
from ministack.services import eventbridge, sqs

logger = logging.getLogger("overlay")

LOCK = threading.RLock()
MAX_DELAY = 900
MAX_VISIBILITY = 43200
MAX_ATTRIBUTES = 10
_moves = {}


def install(clock):
    """Replaces the parts of ministack's SQS that the template's queues need as on AWS."""
    # Handlers run on the event loop, event source mappings on threads, and both rebuild the list of messages: without
    # a lock a message sent while a batch is deleted is lost.
    overlay.replace_value(sqs, "_queues_lock", type(threading.Lock()), LOCK)
    for name in (
        "_act_delete_message",
        "_act_change_visibility",
        "_act_change_visibility_batch",
        "_act_get_queue_attributes",
        "_act_purge_queue",
        "_act_send_message_batch",
        "_act_delete_message_batch",
    ):
        _lock(sqs, name, "data qurl")
    _lock(sqs, "_expire_retained", "q")
    _install_sending(clock)
    _install_receiving(clock)
    overlay.replace(sqs, "_dlq_sweep", "q", sweep_dead_letters)
    handlers = overlay.need_value(sqs, "_HANDLERS", dict)
    overlay.need(sqs, "_queue_by_arn", "arn")
    handlers["StartMessageMoveTask"] = start_move
    handlers["ListMessageMoveTasks"] = list_moves


def watch(clock, every):
    """Wakes the event source mappings when the clock was moved or a message has become visible, for ever."""
    while True:
        try:
            if anything_visible(clock):
                esm_wake.set()
        except Exception:
            logger.exception("the queues could not be looked through")
        time.sleep(every)


def anything_visible(clock):
    """Returns whether any queue holds a message that can be received now."""
    with LOCK:
        now = time.time()
        visible = False
        for _key, queue in list(sqs._queues.all_items()):
            release_delayed(queue, clock)
            visible = visible or any(m.get("visible_at", 0) <= now for m in queue["messages"])
        return visible


def release_delayed(queue, clock):
    """Makes a delayed message that was never delivered visible once the moved clock has reached its time."""
    now, moved = time.time(), clock.now()
    for message in queue["messages"]:
        delayed = message.get("receive_count", 0) == 0 and message.get("visible_at", 0) > now
        if delayed and moved >= message.get("due", message["visible_at"]):
            message["visible_at"] = now


def stamp(message, clock):
    """Puts a message just sent on the moved clock: when it was sent, and when its delay ends."""
    delay = message["visible_at"] - message["sent_at"]
    message["sent_at"] = clock.now()
    message["due"] = message["sent_at"] + delay
    message["sys"]["SentTimestamp"] = str(int(message["sent_at"] * 1000))


def sweep_dead_letters(queue):
    """Moves messages received maxReceiveCount times to the dead-letter queue, where their count starts again.

    With kept counts a message would pass a dead-letter queue that has one itself without being delivered there.
    """
    policy = queue["attributes"].get("RedrivePolicy")
    if not policy:
        return
    policy = json.loads(policy)
    target = sqs._queue_by_arn(policy["deadLetterTargetArn"])
    if target is None:
        return
    with LOCK:
        now = time.time()
        limit = int(policy["maxReceiveCount"])
        kept, dead = [], []
        for message in queue["messages"]:
            spent = message["receive_count"] >= limit and message["visible_at"] <= now
            (dead if spent else kept).append(message)
        if not dead:
            return
        queue["messages"] = kept
        source = {"DeadLetterQueueSourceArn": queue["attributes"]["QueueArn"]}
        target["messages"] += [_moved(m, now, {**m["sys"], **source}) for m in dead]
        esm_wake.set()


def start_move(data, _url):
    """StartMessageMoveTask: moves all visible messages at once, to the given queue or to where each came from."""
    source = _dead_letter_queue(data.get("SourceArn", ""))
    destination_arn = data.get("DestinationArn")
    destination = None
    if destination_arn:
        destination = sqs._queue_by_arn(destination_arn)
        if destination is None:
            raise sqs._Err(
                "ResourceNotFoundException",
                "The resource that you specified for the DestinationArn parameter doesn't exist.",
                404,
            )
    with LOCK:
        now = time.time()
        visible = [m for m in source["messages"] if m["visible_at"] <= now]
        moved, failure = 0, None
        for message in visible:
            origin = message["sys"].get("DeadLetterQueueSourceArn", "")
            target = destination if destination is not None else sqs._queue_by_arn(origin)
            if target is None:
                failure = "CouldNotDetermineMessageSource"
                break
            system = {k: v for k, v in message["sys"].items() if k != "DeadLetterQueueSourceArn"}
            source["messages"] = [m for m in source["messages"] if m is not message]
            target["messages"].append(_moved(message, now, system))
            moved += 1
        esm_wake.set()
    task = {
        "Status": "FAILED" if failure else "COMPLETED",
        "SourceArn": data["SourceArn"],
        "ApproximateNumberOfMessagesMoved": moved,
        "ApproximateNumberOfMessagesToMove": len(visible),
        "StartedTimestamp": int(now * 1000),
    }
    for key in ("DestinationArn", "MaxNumberOfMessagesPerSecond"):
        if data.get(key):
            task[key] = data[key]
    if failure:
        task["FailureReason"] = failure
    _moves.setdefault((get_account_id(), get_region(), data["SourceArn"]), []).insert(0, task)
    # A task that runs has a handle, a finished one has none: ours has finished before it is answered.
    handle = json.dumps({"taskId": str(uuid.uuid4()), "sourceArn": data["SourceArn"]})
    return {"TaskHandle": base64.b64encode(handle.encode()).decode()}


def list_moves(data, _url):
    """ListMessageMoveTasks: the latest first, one unless more are asked for."""
    _dead_letter_queue(data.get("SourceArn", ""))
    count = int(data.get("MaxResults") or 1)
    return {"Results": _moves.get((get_account_id(), get_region(), data["SourceArn"]), [])[:count]}


def _install_sending(clock):
    def send(data, qurl):
        _check_message(data)
        with LOCK:
            answer = old_send(data, qurl)
            queue = sqs._get_q(data.get("QueueUrl", qurl))
            sent = queue["messages"][-1] if queue["messages"] else {}
            # A FIFO duplicate answers the first message's id and appends nothing.
            if sent.get("id") == answer["MessageId"] and "due" not in sent:
                stamp(sent, clock)
        return answer

    def dispatch(spec, payload, sqs_parameters=None):
        with LOCK:
            queue = sqs._queue_by_arn(str(spec))
            before = len(queue["messages"]) if queue else 0
            old_dispatch(spec, payload, sqs_parameters)
            if queue and len(queue["messages"]) > before:
                stamp(queue["messages"][-1], clock)

    def change(data, qurl):
        _check_visibility(data)
        return old_change(data, qurl)

    old_send = overlay.replace(sqs, "_act_send_message", "data qurl", send)
    old_dispatch = overlay.replace(eventbridge, "_dispatch_to_sqs", "spec payload sqs_parameters", dispatch)
    old_change = overlay.replace(sqs, "_act_change_visibility", "data qurl", change)


def _install_receiving(clock):
    def collect(q, max_n, vis_timeout):
        with LOCK:
            release_delayed(q, clock)
            messages = old_collect(q, max_n, vis_timeout)
            for message in messages:
                if message["receive_count"] == 1 and "first_receive_moved" not in message:
                    message["first_receive_at"] = clock.now()
                    message["first_receive_moved"] = True
            return messages

    def refresh(q):
        with LOCK:
            release_delayed(q, clock)
            return old_refresh(q)

    old_collect = overlay.replace(sqs, "_collect_msgs", "q max_n vis_timeout", collect)
    old_refresh = overlay.replace(sqs, "_refresh_counts", "q", refresh)


def _lock(owner, name, parameters):
    old = overlay.need(owner, name, parameters)

    @functools.wraps(old)
    def locked(*args):
        with LOCK:
            return old(*args)

    overlay.replace(owner, name, parameters, locked)


def _moved(message, now, system):
    return {**message, "receipt_handle": None, "visible_at": now, "due": now, "receive_count": 0, "sys": system}


def _dead_letter_queue(arn):
    queue = sqs._queue_by_arn(arn)
    if queue is None:
        raise sqs._Err(
            "ResourceNotFoundException",
            "The resource that you specified for the SourceArn parameter doesn't exist.",
            404,
        )
    for _key, other in sqs._queues.all_items():
        policy = other["attributes"].get("RedrivePolicy")
        if policy and json.loads(policy).get("deadLetterTargetArn") == arn:
            return queue
    raise sqs._Err("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")


def _check_message(data):
    delay = data.get("DelaySeconds")
    if delay is not None and not 0 <= int(delay) <= MAX_DELAY:
        raise sqs._Err(
            "InvalidParameterValue",
            f"Value {delay} for parameter DelaySeconds is invalid. "
            f"Reason: DelaySeconds must be >= 0 and <= {MAX_DELAY}.",
        )
    attributes = data.get("MessageAttributes") or {}
    if len(attributes) > MAX_ATTRIBUTES:
        raise sqs._Err(
            "InvalidParameterValue",
            f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum [{MAX_ATTRIBUTES}].",
        )
    for name, value in attributes.items():
        if not (value.get("StringValue") or value.get("BinaryValue")):
            raise sqs._Err(
                "InvalidParameterValue",
                f"Message (user) attribute '{name}' must contain a non-empty value "
                f"of type '{value.get('DataType', 'String')}'.",
            )


def _check_visibility(data):
    timeout = int(data.get("VisibilityTimeout", 30))
    if not 0 <= timeout <= MAX_VISIBILITY:
        raise sqs._Err(
            "InvalidParameterValue",
            f"Value {timeout} for parameter VisibilityTimeout is invalid. Reason: "
            f"VisibilityTimeout must be an integer between 0 and {MAX_VISIBILITY}.",
        )
