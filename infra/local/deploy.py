"""Deploys a SAM template with ready function binaries to the local AWS and prints its outputs as one JSON object."""

import argparse
import concurrent.futures
import hashlib
import io
import json
import pathlib
import sys
import time
import urllib.parse
import zipfile

import boto3
import botocore.config
import botocore.exceptions
import yaml

BUCKET = "recoup-local-artifacts"
FUNCTION = "AWS::Serverless::Function"
LOCAL_HOSTS = {"127.0.0.1", "localhost", "::1"}
POLL_SECONDS = 0.05
TIMEOUT_SECONDS = 120


class Refused(Exception):
    """Says why the stack was not deployed."""


def main():
    """Runs the command line."""
    arguments = parse(sys.argv[1:])
    try:
        result = deploy(arguments)
    except (Refused, botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, OSError) as error:
        sys.exit(f"deploy.py: {error}")
    print(json.dumps(result, indent=2, sort_keys=True))


def parse(words):
    """Reads the arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True, help="http://127.0.0.1:PORT of aws.py")
    parser.add_argument("--template", required=True, type=pathlib.Path)
    parser.add_argument("--bin-dir", required=True, type=pathlib.Path, help="one executable per function")
    parser.add_argument("--stack", required=True)
    parser.add_argument("--parameter", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--region", default="us-east-1")
    arguments = parser.parse_args(words)
    if urllib.parse.urlsplit(arguments.endpoint).hostname not in LOCAL_HOSTS:
        parser.error("--endpoint must be on this machine: this command never touches a real account")
    for pair in arguments.parameter:
        if "=" not in pair:
            parser.error(f"--parameter {pair}: KEY=VALUE expected")
    return arguments


def deploy(arguments):
    """Uploads the binaries, creates or updates the stack and returns its outputs and resource ids."""
    started = time.monotonic()
    template = read_template(arguments.template)
    binaries = {name: arguments.bin_dir / binary for name, binary in binaries_of(template).items()}
    missing = [str(path) for path in binaries.values() if not path.is_file()]
    if missing:
        raise Refused(f"no such binary: {', '.join(sorted(set(missing)))}")
    clients = Clients(arguments.endpoint, arguments.region)
    upload(clients.s3, template, binaries)
    uploaded = time.monotonic()
    stack = apply(clients, arguments.stack, template, dict(p.split("=", 1) for p in arguments.parameter))
    pages = clients.cloudformation.get_paginator("list_stack_resources").paginate(StackName=arguments.stack)
    resources = [resource for page in pages for resource in page["StackResourceSummaries"]]
    return {
        "stack": arguments.stack,
        "region": arguments.region,
        "outputs": {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])},
        "resources": {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in resources},
        "types": {r["LogicalResourceId"]: r["ResourceType"] for r in resources},
        "seconds": {"upload": round(uploaded - started, 2), "stack": round(time.monotonic() - uploaded, 2)},
    }


class Clients:
    """Holds the clients, with the local account's fixed credentials and never those of the machine."""

    def __init__(self, endpoint, region):
        settings = botocore.config.Config(
            proxies={},
            retries={"max_attempts": 1},
            read_timeout=TIMEOUT_SECONDS,
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
        )
        session = boto3.session.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=region)
        self.s3 = session.client("s3", endpoint_url=endpoint, config=settings)
        self.cloudformation = session.client("cloudformation", endpoint_url=endpoint, config=settings)


class Loader(yaml.SafeLoader):
    """Reads YAML with CloudFormation's short tags as their long form, and dates as the text they are."""


def short_tag(loader, suffix, node):
    """Turns `!Name value` into {"Fn::Name": value}."""
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", short_tag)
Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:timestamp"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_template(path):
    """Reads a template."""
    try:
        template = yaml.load(path.read_text(encoding="utf-8"), Loader)
    except yaml.YAMLError as error:
        raise Refused(f"{path}: {error}") from error
    if not isinstance(template, dict) or not template.get("Resources"):
        raise Refused(f"{path} has no Resources")
    return template


def binaries_of(template):
    """Returns the binary's name of each function: its build property, or the last part of its CodeUri."""
    default = (template.get("Globals") or {}).get("Function", {}).get("CodeUri")
    names = {}
    for name, resource in template["Resources"].items():
        if resource.get("Type") != FUNCTION:
            continue
        built = ((resource.get("Metadata") or {}).get("BuildProperties") or {}).get("Binary")
        code = resource.get("Properties", {}).get("CodeUri", default)
        binary = built or (pathlib.PurePosixPath(code).name if isinstance(code, str) else None)
        if not binary:
            raise Refused(f"{name} names no binary: neither Metadata.BuildProperties.Binary nor CodeUri says one")
        names[name] = binary
    return names


def upload(s3, template, binaries):
    """Puts each binary into S3 as a stored zip and points the functions at it."""
    s3.create_bucket(Bucket=BUCKET)

    def put(path):
        data = path.read_bytes()
        key = f"{path.name}-{hashlib.sha256(data).hexdigest()[:16]}.zip"
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
            entry = zipfile.ZipInfo("bootstrap")
            entry.external_attr = 0o100755 << 16
            archive.writestr(entry, data)
        s3.put_object(Bucket=BUCKET, Key=key, Body=packed.getvalue())
        return path, key

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        keys = dict(pool.map(put, sorted(set(binaries.values()))))
    for name, path in binaries.items():
        template["Resources"][name]["Properties"]["CodeUri"] = {"Bucket": BUCKET, "Key": keys[path]}


def apply(clients, stack, template, parameters):
    """Creates the stack, or updates it, and returns its description once that is complete."""
    body = json.dumps(template)
    clients.s3.put_object(Bucket=BUCKET, Key=f"{stack}.json", Body=body.encode())
    request = {
        "StackName": stack,
        "TemplateURL": f"https://s3.amazonaws.com/{BUCKET}/{stack}.json",
        "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    }
    try:
        clients.cloudformation.create_stack(**request, DisableRollback=True)
    except clients.cloudformation.exceptions.AlreadyExistsException:
        try:
            clients.cloudformation.update_stack(**request)
        except botocore.exceptions.ClientError as error:
            if "No updates are to be performed" not in str(error):
                raise
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        found = clients.cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        status = found["StackStatus"]
        if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return found
        if not status.endswith("_IN_PROGRESS"):
            raise Refused(f"stack {stack} is {status}: {first_failure(clients, stack, found)}")
        time.sleep(POLL_SECONDS)
    raise Refused(f"stack {stack} is still {status} after {TIMEOUT_SECONDS} s")


def first_failure(clients, stack, found):
    """Returns the first resource that failed and why: what comes after it is its consequence."""
    pages = clients.cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack)
    events = [event for page in pages for event in page["StackEvents"]]
    for event in reversed(events):
        if event["ResourceStatus"].endswith("_FAILED") and event["LogicalResourceId"] != stack:
            return f"{event['LogicalResourceId']} ({event['ResourceType']}): {event.get('ResourceStatusReason')}"
    return found.get("StackStatusReason", "no reason given")


if __name__ == "__main__":
    main()
