"""Self-test of the faults: what the proxy does to a call, and a function process that is killed."""

import json
import subprocess
import sys
import threading
import unittest
import urllib.request

import boto3
import botocore.config
import botocore.exceptions
from test_stack import HERE, LocalTest, Stack, until


class FaultProxy(LocalTest):
    def setUp(self):
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "faults.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.addCleanup(self.end)
        self.endpoint = json.loads(self.process.stdout.readline())["endpoint"]
        self.process.stdin.write(self.stack.endpoint + "\n")
        self.process.stdin.flush()
        self.assertEqual(json.loads(self.process.stdout.readline()), {"serving": self.stack.endpoint})

    def end(self):
        self.process.stdin.close()
        self.assertEqual(self.process.wait(10), 0)
        self.process.stdout.close()

    def control(self, path, method="GET", value=None):
        body = None if value is None else json.dumps(value).encode()
        request = urllib.request.Request(f"{self.endpoint}/_microburst/{path}", body, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def client(self, service):
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=botocore.config.Config(retries={"total_max_attempts": 1}),
        )

    def test_lost_answer_comes_after_the_operation(self):
        table = self.stack.ids["Table"]
        body = "Item.pk.S == 'c#lost'"
        call = {"service": "dynamodb", "operation": "PutItem", "body": body}
        rule = self.control("rules", "PATCH", [{**call, "times": 1, "response": {"abort_frac": 0.0}}])[0]["id"]
        item = {"pk": {"S": "c#lost"}, "sk": {"S": "s"}}
        with self.assertRaises(botocore.exceptions.HTTPClientError):
            self.client("dynamodb").put_item(TableName=table, Item=item)
        self.assertEqual(self.stack.client("dynamodb").get_item(TableName=table, Key=item)["Item"], item)
        self.assertEqual(len(self.control(f"fired?rule_id={rule}")), 1)
        self.client("dynamodb").put_item(TableName=table, Item=item)
        self.assertEqual(len(self.control(f"fired?rule_id={rule}")), 1)

    def test_reset_comes_before_the_operation(self):
        table = self.stack.ids["Table"]
        self.control("rules", "PATCH", [{"service": "dynamodb", "operation": "PutItem", "times": 1, "reset": True}])
        item = {"pk": {"S": "c#reset"}, "sk": {"S": "s"}}
        with self.assertRaises(botocore.exceptions.HTTPClientError):
            self.client("dynamodb").put_item(TableName=table, Item=item)
        self.assertNotIn("Item", self.stack.client("dynamodb").get_item(TableName=table, Key=item))

    def test_an_address_elsewhere_is_refused(self):
        done = subprocess.run(
            [sys.executable, str(HERE / "faults.py")],
            input="https://dynamodb.us-east-1.amazonaws.com\n",
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(done.returncode, 1)
        self.assertIn("on this machine", done.stderr)


class Kills(unittest.TestCase):
    def test_a_function_at_work_is_killed_and_one_at_rest_is_not(self):
        stack = Stack("--until-stdin-closes")
        deployed = stack.deploy()
        stack.outputs = deployed["outputs"]
        name = deployed["resources"]["IngestFunction"]
        answers = []

        def hang():
            headers = {"content-type": "application/json"}
            answers.append(stack.request("/webhooks/self", b'{"do":"hang"}', headers=headers)[0])

        def kill():
            stack.process.stdin.write(f"kill {name}\n")
            stack.process.stdin.flush()
            return json.loads(stack.process.stdout.readline())["killed"]

        stack.command(do="env", names=[])
        self.assertEqual(kill(), [])
        waiting = threading.Thread(target=hang)
        waiting.start()
        until(lambda: stack.noted("hangs"), "a function that hangs")
        self.assertEqual(kill(), stack.noted("hangs"))
        waiting.join(10)
        self.assertEqual(answers, [500])
        stack.command(do="env", names=[])
        self.assertEqual(len(set(stack.noted("pids"))), 2)
        stack.process.stdin.close()
        self.assertEqual(stack.process.wait(10), 0)
        self.assertEqual(stack.left(), [])
        stack.close()
