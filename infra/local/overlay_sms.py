"""End User Messaging: configuration sets, which ministack does not know. They publish nothing; a stub sends."""

import overlay
from ministack.core.responses import get_account_id, get_region
from ministack.services import sns
from ministack.services.cloudformation import provisioners

KIND = "AWS::SMSVOICE::ConfigurationSet"
SERVICE = "sms-voice.amazonaws.com"
EVENT_TYPES = {
    "ALL",
    "TEXT_ALL",
    "TEXT_SENT",
    "TEXT_PENDING",
    "TEXT_QUEUED",
    "TEXT_SUCCESSFUL",
    "TEXT_DELIVERED",
    "TEXT_INVALID",
    "TEXT_INVALID_MESSAGE",
    "TEXT_UNREACHABLE",
    "TEXT_CARRIER_UNREACHABLE",
    "TEXT_BLOCKED",
    "TEXT_CARRIER_BLOCKED",
    "TEXT_SPAM",
    "TEXT_UNKNOWN",
    "TEXT_TTL_EXPIRED",
    "TEXT_PROTECT_BLOCKED",
}


def install():
    """Adds the resource type: a set whose topic does not take what AWS publishes is refused."""
    overlay.need(sns, "topic_policy_allows", "topic_arn service source_arn source_account")
    handlers = overlay.need_value(provisioners, "_RESOURCE_HANDLERS", dict)
    if KIND in handlers:
        raise overlay.Gone(f"ministack {overlay.VERSION} has {KIND} of its own now: drop overlay_sms.py")

    def create(logical_id, props, stack_name):
        name = props.get("ConfigurationSetName") or provisioners._physical_name(stack_name, logical_id, max_len=64)
        return name, _checked(name, props)

    def update(physical_id, _old_props, new_props, _stack_name):
        return physical_id, _checked(physical_id, new_props)

    def delete(_physical_id, _props):
        pass

    handlers[KIND] = {"create": create, "update": update, "delete": delete}


def _checked(name, props):
    arn = f"arn:aws:sms-voice:{get_region()}:{get_account_id()}:configuration-set/{name}"
    for destination in props.get("EventDestinations", []):
        unknown = set(destination["MatchingEventTypes"]) - EVENT_TYPES
        if unknown:
            raise ValueError(f"{KIND}: {sorted(unknown)} are no event types of text messages")
        topic = destination["SnsDestination"]["TopicArn"]
        if topic not in sns._topics:
            raise ValueError(f"{KIND}: the topic {topic} does not exist")
        if not sns.topic_policy_allows(topic, SERVICE, arn, get_account_id()):
            raise ValueError(f"{KIND}: the policy of {topic} does not let {SERVICE} publish")
    return {"Arn": arn}
