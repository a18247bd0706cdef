"""The stack of the self-test: a launcher in a folder of its own, a recording proxy, and what tests ask of them."""

import datetime
import http.client
import http.server
import json
import os
import pathlib
import shutil
import signal
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

import boto3
import botocore.config
import botocore.exceptions
from test_template import TEMPLATE

HERE = pathlib.Path(__file__).parent
PATIENCE = 20
DAY = 86400
_shared = []


class Stack:
    """A launched local AWS with the template deployed, and what the functions noted."""

    def __init__(self, *options, environment=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="recoup-self-test-"))
        self.clock_file = self.folder / "clock"
        for name in ("bin", "tmp"):
            (self.folder / name).mkdir()
        function = self.folder / "bin" / "function"
        function.write_text(f"#!{sys.executable}\n" + (HERE / "test_function.py").read_text(encoding="utf-8"))
        self.proxy = Proxy()
        self.log = open(self.folder / "log", "w", encoding="utf-8")
        self.process = subprocess.Popen(
            [
                sys.executable,
                str(HERE / "aws.py"),
                "--clock-file",
                str(self.clock_file),
                "--endpoint",
                self.proxy.endpoint,
                *options,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            env={
                **os.environ,
                "SELF_TEST_FOLDER": str(self.folder),
                "TMPDIR": str(self.folder / "tmp"),
                **(environment or {}),
            },
        )
        self.endpoint = json.loads(self.process.stdout.readline())["endpoint"]
        self.proxy.target = self.endpoint.removeprefix("http://")

    def deploy(self, template=TEMPLATE, stack="self-test", parameters=("Greeting=hello",)):
        """Runs deploy.py and returns its result, or its standard error where it fails."""
        path = self.folder / "template.yaml"
        path.write_text(template, encoding="utf-8")
        words = [word for parameter in parameters for word in ("--parameter", parameter)]
        done = subprocess.run(
            [
                sys.executable,
                str(HERE / "deploy.py"),
                "--endpoint",
                self.endpoint,
                "--template",
                str(path),
                "--bin-dir",
                str(self.folder / "bin"),
                "--stack",
                stack,
                *words,
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        return json.loads(done.stdout) if done.returncode == 0 else done.stderr

    def request(self, path, body=b"", method="POST", headers=None):
        """Sends a request to the API and returns its status, headers and body."""
        asked = urllib.request.Request(
            self.outputs["ApiUrl"] + path, body if method == "POST" else None, headers or {}, method=method
        )
        try:
            with urllib.request.urlopen(asked) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()

    def command(self, **words):
        """Makes the ingest function do something and returns what it answered."""
        status, _headers, body = self.request(
            "/webhooks/self", json.dumps(words).encode(), headers={"content-type": "application/json"}
        )
        assert status == 200, body
        return json.loads(body)

    def call(self, service, method, **arguments):
        """Makes the ingest function call AWS under its own role."""
        return self.command(do="call", service=service, method=method, arguments=arguments)

    def send(self, queue, body, **rest):
        """Sends a message to a queue of the template."""
        return self.client("sqs").send_message(QueueUrl=self.ids[queue], MessageBody=body, **rest)

    def receive(self, queue, **rest):
        """Receives messages from a queue of the template."""
        return (
            self.client("sqs")
            .receive_message(
                QueueUrl=self.ids[queue],
                AttributeNames=["All"],
                MaxNumberOfMessages=10,
                MessageAttributeNames=["All"],
                **rest,
            )
            .get("Messages", [])
        )

    def queue_arn(self, name):
        """Returns the ARN of a queue of the template."""
        return f"arn:aws:sqs:us-east-1:000000000000:{self.ids[name].rsplit('/', 1)[-1]}"

    def role_arn(self, name):
        """Returns the ARN of a role of the template."""
        return f"arn:aws:iam::000000000000:role/{self.ids[name]}"

    def at(self, seconds):
        """Returns the at() expression of a moment from now on the moved clock."""
        moment = datetime.datetime.fromtimestamp(self.moved_time() + seconds, datetime.timezone.utc)
        return f"at({moment:%Y-%m-%dT%H:%M:%S})"

    def schedule(self, name, expression, body, queue="Queue", **rest):
        """Returns the arguments of CreateSchedule."""
        target = {"Arn": self.queue_arn(queue), "RoleArn": self.role_arn("SchedulerRole"), "Input": body}
        return {
            "Name": name,
            "GroupName": self.ids["Group"],
            "ScheduleExpression": expression,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "ActionAfterCompletion": "DELETE",
            "Target": target,
            **rest,
        }

    def client(self, service):
        """Returns a client with the account's own credentials."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=botocore.config.Config(retries={"max_attempts": 1}),
        )

    def advance(self, seconds):
        """Moves the clock forward."""
        now = float(self.clock_file.read_text()) if self.clock_file.exists() else 0.0
        fresh = self.folder / "clock.new"
        fresh.write_text(str(now + seconds))
        fresh.replace(self.clock_file)

    def moved_time(self):
        """Returns the moved time."""
        return time.time() + (float(self.clock_file.read_text()) if self.clock_file.exists() else 0.0)

    def noted(self, name):
        """Returns what the functions noted under a name."""
        path = self.folder / name
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def seen(self, body, function):
        """Returns the records a function got with a body."""
        return [r for r in self.noted("seen") if r.get("body") == body and r["function"] == function]

    def left(self):
        """Returns what an ended launcher has left: function processes that live, files in its temporary folder."""
        pids = [pid for pid in self.noted("pids") if pathlib.Path(f"/proc/{pid}").exists()]
        return pids + list((self.folder / "tmp").iterdir())

    def close(self):
        """Closes what the test itself holds."""
        self.proxy.server.shutdown()
        self.proxy.server.server_close()
        self.process.stdin.close()
        self.process.stdout.close()
        self.log.close()
        shutil.rmtree(self.folder)


class Proxy:
    """Passes requests on under another Host and remembers their operations."""

    def __init__(self):
        self.target = ""
        self.operations = []
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._handler(), bind_and_activate=True)
        self.server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def _handler(proxy):
        class Handler(http.server.BaseHTTPRequestHandler):
            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                proxy.operations.append(self.headers.get("x-amz-target") or f"{self.command} {self.path}")
                onward = http.client.HTTPConnection(proxy.target)
                headers = {**dict(self.headers), "Host": proxy.target}
                onward.request(self.command, self.path, body, headers)
                answer = onward.getresponse()
                data = answer.read()
                onward.close()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(name, value)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_DELETE = handle_any

            def log_message(self, *_words):
                pass

        return Handler


class LocalTest(unittest.TestCase):
    """A test on the one stack that all tests share."""

    @classmethod
    def setUpClass(cls):
        cls.stack = running()


def running():
    """Returns the shared stack; the first call launches and deploys it, with the roles of the template enforced."""
    if not _shared:
        stack = Stack(
            "--auth",
            environment={
                "AWS_PROFILE": "someone",
                "AWS_SESSION_TOKEN": "someone",
                "AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2": "http://127.0.0.1:9",
                "AWS_ENDPOINT_URL_SNS": "https://sns.us-east-1.amazonaws.com",
            },
        )
        _shared.append(stack)
        deployed = stack.deploy()
        if isinstance(deployed, str):
            raise AssertionError(deployed + (stack.folder / "log").read_text())
        stack.outputs, stack.ids = deployed["outputs"], deployed["resources"]
    return _shared[0]


def finish():
    """Ends the shared stack and returns what is wrong with how it ended, or None."""
    if not _shared:
        return "nothing ran"
    stack = _shared.pop()
    started = len(stack.noted("pids"))
    stack.process.send_signal(signal.SIGTERM)
    status = stack.process.wait(PATIENCE)
    left = stack.left()
    stack.close()
    if status != 0 or left or not started:
        return f"exit status {status}, {started} function processes started, left: {left}"
    return None


def refused(do, **arguments):
    """Returns the code a call is refused with, or None."""
    try:
        do(**arguments)
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    return None


def until(condition, what):
    """Waits until a condition holds and returns its value."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {PATIENCE} s: {what}")
