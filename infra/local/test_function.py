"""The function of the self-test: a bootstrap that speaks the Lambda Runtime API with the standard library alone."""

import json
import os
import sys
import threading
import urllib.request

RUNTIME = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation/"


def main():
    """Answers invocations for ever."""
    note("pids", os.getpid())
    while True:
        with urllib.request.urlopen(RUNTIME + "next") as answer:
            request = answer.headers["Lambda-Runtime-Aws-Request-Id"]
            event = json.load(answer)
        try:
            kind, result = "response", on_batch(event) if "Records" in event else on_other(event)
        except Exception as error:
            kind, result = "error", {"errorMessage": str(error), "errorType": type(error).__name__}
        urllib.request.urlopen(RUNTIME + f"{request}/{kind}", json.dumps(result).encode()).close()


def on_batch(event):
    """Notes each message and reports those that start with `bad` as failed."""
    failed = []
    for record in event["Records"]:
        print(json.dumps({"message": record["messageId"]}), flush=True)
        note("seen", {"function": os.environ["NAME"], **record})
        if record["body"].startswith("bad"):
            failed.append({"itemIdentifier": record["messageId"]})
        if record["body"].startswith("unknown"):
            failed.append({"itemIdentifier": "no such message"})
    return {"batchItemFailures": failed}


def on_other(event):
    """Does what the body of a request asks for, or notes an event that is none."""
    if "requestContext" not in event:
        note("seen", {"function": os.environ["NAME"], "event": event})
        return {}
    command = json.loads(event["body"]) if event.get("body") and not event["isBase64Encoded"] else {}
    print(json.dumps({"route": event["routeKey"]}), flush=True)
    if command.get("do") == "fail":
        raise RuntimeError("the text of an error is nobody's business")
    if command.get("do") == "hang":
        note("hangs", os.getpid())
        # Until somebody kills the process.
        threading.Event().wait()
    if command.get("do") == "env":
        return reply({name: os.environ.get(name) for name in command["names"]})
    if command.get("do") == "call":
        return reply(call(command))
    return reply(event)


def call(command):
    """Makes one AWS call with the function's own credentials and returns its answer or error code."""
    import boto3
    import botocore.exceptions

    client = boto3.client(command["service"])
    try:
        answer = getattr(client, command["method"])(**command["arguments"])
    except botocore.exceptions.ClientError as error:
        return {"error": error.response["Error"]["Code"], "message": error.response["Error"]["Message"]}
    return {"status": answer["ResponseMetadata"]["HTTPStatusCode"]}


def reply(value):
    """Returns a value as the answer to a request."""
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json", "x-from": "function"},
        "body": json.dumps(value),
    }


def note(name, value):
    """Appends a line to a file of the test, whose folder the launcher's environment names."""
    with open(os.path.join(os.environ["SELF_TEST_FOLDER"], name), "a", encoding="utf-8") as file:
        file.write(json.dumps(value) + "\n")


if __name__ == "__main__":
    sys.exit(main())
