"""Self-test of the local AWS: each thing the overlay promises, on a launched server with a deployed stack.

Run with: python infra/local/test_aws.py
"""

import json
import os
import pathlib
import subprocess
import sys
import time
import unittest

import test_stack
from test_faults import FaultProxy, Kills  # noqa: F401 - unittest finds them here
from test_stack import DAY, HERE, LocalTest, Stack, refused, until
from test_template import TEMPLATE
from test_timers import Queues, Schedules  # noqa: F401 - unittest finds them here


class Http(LocalTest):
    def test_route_with_path_parameter_and_text_body(self):
        status, headers, body = self.stack.request(
            "/webhooks/stripe?a=1&b=2",
            b'{"id":"evt"}',
            headers={"Content-Type": "application/json", "Stripe-Signature": "t=1,v1=ab"},
        )
        event = json.loads(body)
        self.assertEqual((status, headers["x-from"]), (200, "function"))
        self.assertEqual(event["version"], "2.0")
        self.assertEqual(event["routeKey"], "POST /webhooks/{source}")
        self.assertEqual(event["rawPath"], "/webhooks/stripe")
        self.assertEqual(event["rawQueryString"], "a=1&b=2")
        self.assertEqual(event["pathParameters"], {"source": "stripe"})
        self.assertEqual(event["headers"]["stripe-signature"], "t=1,v1=ab")
        self.assertEqual(event["headers"]["x-forwarded-proto"], "https")
        self.assertEqual(event["requestContext"]["stage"], "$default")
        self.assertEqual((event["body"], event["isBase64Encoded"]), ('{"id":"evt"}', False))

    def test_body_that_is_no_text_comes_as_base64(self):
        event = json.loads(
            self.stack.request(
                "/webhooks/twilio", b"a=%C3%A9&b=2", headers={"Content-Type": "application/x-www-form-urlencoded"}
            )[2]
        )
        self.assertEqual((event["body"], event["isBase64Encoded"]), ("YT0lQzMlQTkmYj0y", True))

    def test_routes_are_told_apart(self):
        self.assertEqual(
            json.loads(self.stack.request("/channels/meta?hub.challenge=1", method="GET")[2])["pathParameters"],
            {"provider": "meta"},
        )
        for path, method in (
            ("/channels/meta", "POST"),
            ("/webhooks/stripe", "GET"),
            ("/webhooks", "POST"),
            ("/webhooks/a/b", "POST"),
        ):
            self.assertEqual(
                self.stack.request(path, method=method)[::2], (404, b'{"message":"Not Found"}'), (path, method)
            )

    def test_error_of_a_function_is_500_and_stays_inside(self):
        status, _headers, body = self.stack.request(
            "/webhooks/self", b'{"do":"fail"}', headers={"content-type": "application/json"}
        )
        self.assertEqual((status, json.loads(body)), (500, {"message": "Internal Server Error"}))

    def test_body_over_ten_megabytes_is_413(self):
        self.assertEqual(self.stack.request("/webhooks/stripe", b"x" * (10 * 1024 * 1024 + 1))[0], 413)

    def test_outputs_and_conditions(self):
        self.assertEqual(self.stack.outputs["WebhookUrl"], self.stack.outputs["ApiUrl"] + "/webhooks/stripe")
        self.assertEqual(self.stack.outputs["Plain"], "no")
        self.assertTrue(self.stack.outputs["ApiUrl"].startswith(self.stack.endpoint + "/_aws/execute-api/"))


class Functions(LocalTest):
    def test_environment_is_inherited_without_the_machines_aws_settings(self):
        found = self.stack.command(
            do="env",
            names=[
                "SELF_TEST_FOLDER",
                "GREETING",
                "NAME",
                "AWS_ENDPOINT_URL",
                "AWS_PROFILE",
                "AWS_ENDPOINT_URL_SNS",
                "AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2",
                "AWS_REGION",
                "GATEWAY_PORT",
                "AUTH",
                "LOG_LEVEL",
                "AWS_LAMBDA_FUNCTION_NAME",
            ],
        )
        self.assertEqual(found.pop("SELF_TEST_FOLDER"), str(self.stack.folder))
        self.assertEqual(found.pop("AWS_LAMBDA_FUNCTION_NAME"), self.stack.ids["IngestFunction"])
        self.assertEqual(
            found,
            {
                "GREETING": "hello",
                "NAME": "ingest",
                "AWS_ENDPOINT_URL": self.stack.proxy.endpoint,
                "AWS_REGION": "us-east-1",
                "AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2": "http://127.0.0.1:9",
                "AWS_ENDPOINT_URL_SNS": None,
                "AWS_PROFILE": None,
                "GATEWAY_PORT": os.environ.get("GATEWAY_PORT"),
                "AUTH": os.environ.get("AUTH"),
                "LOG_LEVEL": os.environ.get("LOG_LEVEL"),
            },
        )

    def test_output_goes_to_the_log_group_of_the_function(self):
        self.stack.request("/webhooks/logged")
        message = self.stack.send("Queue", "logged")["MessageId"]
        logs = self.stack.client("logs")

        def lines(group):
            events = logs.filter_log_events(logGroupName=group)["events"]
            return " ".join(event["message"] for event in events)

        until(lambda: f'"message": "{message}"' in lines(self.stack.ids["WorkerLogs"]), "line of the worker")
        self.assertIn('"route": "POST /webhooks/{source}"', lines(f"/aws/lambda/{self.stack.ids['IngestFunction']}"))

    def test_last_words_of_a_function_that_cannot_start_are_logged(self):
        (self.stack.folder / "bin" / "broken").write_text("#!/bin/sh\necho RECOUP_TABLE is missing >&2\nexit 3\n")
        template = """
Transform: AWS::Serverless-2016-10-31
Resources:
  BrokenFunction: {Type: AWS::Serverless::Function, Properties: {Runtime: provided.al2023, Handler: b, CodeUri: broken}}
"""
        name = self.stack.deploy(template, "broken", ())["resources"]["BrokenFunction"]
        answer = self.stack.client("lambda").invoke(FunctionName=name, Payload=b"{}")
        self.assertIn("FunctionError", answer)
        events = self.stack.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
        self.assertIn("RECOUP_TABLE is missing", " ".join(event["message"] for event in events))


class Permissions(LocalTest):
    def test_role_of_the_function_decides(self):
        sent = self.stack.call("sqs", "send_message", QueueUrl=self.stack.ids["Queue"], MessageBody="allowed")
        self.assertEqual(sent, {"status": 200})
        self.assertIn("AmazonSQS.SendMessage", self.stack.proxy.operations)
        denied = self.stack.call("sqs", "send_message", QueueUrl=self.stack.ids["Parked"], MessageBody="denied")
        self.assertEqual(denied["error"], "AccessDenied")
        self.assertIn(self.stack.ids["IngestRole"], denied["message"])
        denied = self.stack.call(
            "dynamodb", "get_item", TableName=self.stack.ids["Table"], Key={"pk": {"S": "a"}, "sk": {"S": "b"}}
        )
        self.assertEqual(denied["error"], "AccessDeniedException")
        for key, allowed in (("c#main#1", True), ("c#other#1", False)):
            for method, asked in (
                ("put_item", {"Item": {"pk": {"S": key}, "sk": {"S": "1"}}}),
                (
                    "query",
                    {
                        "KeyConditionExpression": "#k = :v",
                        "ExpressionAttributeNames": {"#k": "pk"},
                        "ExpressionAttributeValues": {":v": {"S": key}},
                    },
                ),
            ):
                answer = self.stack.call("dynamodb", method, TableName=self.stack.ids["Table"], **asked)
                self.assertEqual(answer.get("error"), None if allowed else "AccessDeniedException", (key, method))
        self.assertEqual(
            self.stack.call("secretsmanager", "get_secret_value", SecretId=self.stack.ids["Secret"]), {"status": 200}
        )
        self.assertEqual(
            self.stack.call("secretsmanager", "get_secret_value", SecretId=self.stack.ids["EmptySecret"])["error"],
            "AccessDeniedException",
        )

    def test_schedules_of_the_group_and_passing_the_role(self):
        allowed = self.stack.schedule("by-role", self.stack.at(60 * DAY), "x")
        self.assertEqual(self.stack.call("scheduler", "create_schedule", **allowed), {"status": 200})
        denied = self.stack.call("scheduler", "create_schedule", **{**allowed, "GroupName": "default"})
        self.assertEqual(denied["error"], "AccessDeniedException")
        other = {**allowed["Target"], "RoleArn": self.stack.role_arn("IngestRole")}
        denied = self.stack.call("scheduler", "create_schedule", **{**allowed, "Name": "other-role", "Target": other})
        self.assertIn("iam:PassRole", denied["message"])


class Stores(LocalTest):
    def test_secrets(self):
        secrets = self.stack.client("secretsmanager")
        made = secrets.get_secret_value(SecretId=self.stack.ids["Secret"])
        self.assertTrue(self.stack.ids["Secret"].startswith("arn:aws:secretsmanager:"))
        self.assertEqual(made["ARN"], self.stack.ids["Secret"])
        self.assertRegex(made["SecretString"], r"^[0-9A-Za-z]{40}$")
        self.assertEqual(
            refused(secrets.get_secret_value, SecretId=self.stack.ids["EmptySecret"]), "ResourceNotFoundException"
        )
        secrets.put_secret_value(SecretId=self.stack.ids["EmptySecret"], SecretString="old")
        secrets.put_secret_value(SecretId=self.stack.ids["EmptySecret"], SecretString="new")
        for stage, value in (("AWSCURRENT", "new"), ("AWSPREVIOUS", "old")):
            found = secrets.get_secret_value(SecretId=self.stack.ids["EmptySecret"], VersionStage=stage)
            self.assertEqual(found["SecretString"], value)

    def test_table_and_old_item(self):
        dynamodb = self.stack.client("dynamodb")
        name = self.stack.ids["Table"]
        ttl = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        self.assertEqual((ttl["TimeToLiveStatus"], ttl["AttributeName"]), ("ENABLED", "ttl"))
        backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        self.assertEqual(backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"], "ENABLED")
        item = {"pk": {"S": "case"}, "sk": {"S": "1"}, "token": {"S": "mine"}}
        put = {
            "TableName": name,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(pk)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        dynamodb.put_item(**put)
        with self.assertRaises(dynamodb.exceptions.ConditionalCheckFailedException) as failed:
            dynamodb.put_item(**put)
        self.assertEqual(failed.exception.response["Item"], item)


class Topics(LocalTest):
    def test_a_topic_puts_bare_messages_into_the_queue_that_trusts_it(self):
        sns, said = self.stack.client("sns"), json.dumps({"eventType": "TEXT_DELIVERED"})
        for topic in ("OtherTopic", "Topic"):
            sns.publish(TopicArn=self.stack.ids[topic], Message=said)
        received = self.stack.receive("Heard")
        self.assertEqual([message["Body"] for message in received], [said])

    def test_a_configuration_set_is_named_and_needs_a_topic_that_takes_its_events(self):
        self.assertEqual(self.stack.ids["ConfigurationSet"], "self-test")
        own_name = TEMPLATE.replace("      ConfigurationSetName: self-test\n", "")
        deaf = own_name.replace("sms-voice.amazonaws.com", "ses.amazonaws.com")
        self.assertRegex(self.stack.deploy(deaf, "deaf"), "ConfigurationSet .*does not let sms-voice.* publish")
        misspelt = own_name.replace("[TEXT_DELIVERED]", "[TEXT_DELIVERD]")
        self.assertRegex(self.stack.deploy(misspelt, "misspelt"), "ConfigurationSet .*TEXT_DELIVERD")


class Commands(LocalTest):
    def test_deploy_names_the_first_failure(self):
        template = TEMPLATE.replace("VisibilityTimeout: 10", "VisibilityTimeout: 5")
        self.assertRegex(
            self.stack.deploy(template, "short"),
            r"Messages.*Queue visibility timeout: 5 seconds is less than "
            r"Function timeout: 10 seconds",
        )
        template = TEMPLATE.replace("Principal: {Service: lambda", "Principal: {Service: ec2")
        self.assertRegex(self.stack.deploy(template, "trust"), "IngestFunction.*cannot be assumed by Lambda")
        self.assertIn(
            "no such binary", self.stack.deploy(TEMPLATE.replace("CodeUri: function", "CodeUri: x"), "binary")
        )
        self.assertIn("Greeting", self.stack.deploy(TEMPLATE, "parameter", ()))
        group = f"AWS::Scheduler::ScheduleGroup, Properties: {{Name: {self.stack.ids['Group']}}}"
        taken = self.stack.deploy(TEMPLATE.replace("AWS::Scheduler::ScheduleGroup", group), "group")
        self.assertRegex(taken, "Group .*already exists")

    def test_deleting_a_stack_deletes_what_it_made(self):
        made = self.stack.deploy(TEMPLATE, "gone")["resources"]
        stacks = self.stack.client("cloudformation")
        stacks.delete_stack(StackName="gone")
        until(lambda: refused(stacks.describe_stacks, StackName="gone"), "deletion")
        secrets = self.stack.client("secretsmanager")
        self.assertEqual(refused(secrets.describe_secret, SecretId=made["Secret"]), "ResourceNotFoundException")

    def test_deploy_again_updates(self):
        self.addCleanup(self.stack.deploy)
        template = TEMPLATE.replace('"/channels/{provider}"', '"/replies/{provider}"')
        template = template.replace("{GenerateSecretString:", "{Description: changed, GenerateSecretString:")
        template = template.replace("PointInTimeRecoveryEnabled: true", "PointInTimeRecoveryEnabled: false")
        again = self.stack.deploy(template, parameters=("Greeting=hello again",))
        for name in ("Api", "IngestFunction", "Queue", "Secret", "Table"):
            self.assertEqual(again["resources"][name], self.stack.ids[name])
        self.assertEqual(self.stack.command(do="env", names=["GREETING"]), {"GREETING": "hello again"})
        for path, status in (("/replies/meta", 200), ("/channels/meta", 404)):
            self.assertEqual(self.stack.request(path, method="GET")[0], status, path)
        secret = self.stack.client("secretsmanager").describe_secret(SecretId=self.stack.ids["Secret"])
        self.assertEqual(secret["Description"], "changed")
        backups = self.stack.client("dynamodb").describe_continuous_backups(TableName=self.stack.ids["Table"])
        recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        self.assertEqual(recovery["PointInTimeRecoveryStatus"], "DISABLED")

    def test_deploy_refuses_the_real_aws(self):
        words = "--endpoint https://sqs.amazonaws.com --template x --bin-dir x --stack x".split()
        done = subprocess.run(
            [sys.executable, str(HERE / "deploy.py"), *words],
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(done.returncode, 2)
        self.assertIn("never touches a real account", done.stderr)

    def test_launcher_names_what_is_gone(self):
        spoil = (
            "import sys; sys.argv = ['aws.py']; sys.path.insert(0, {!r}); import ministack.services.sqs as s; {}; "
            "import aws; aws.main()"
        )
        for change, said in (
            ("del s._dlq_sweep", "sqs._dlq_sweep is gone"),
            ("s._dlq_sweep = lambda queue: 0", r"takes \(queue\), the overlay needs \(q\)"),
        ):
            done = subprocess.run(
                [sys.executable, "-c", spoil.format(str(HERE), change)], capture_output=True, text=True, check=False
            )
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, said)

    def test_launcher_listens_on_this_machine_only(self):
        port = f":{int(self.stack.endpoint.rsplit(':', 1)[1]):04X}"
        rows = [
            line.split()
            for family in ("tcp", "tcp6")
            for line in pathlib.Path(f"/proc/net/{family}").read_text().splitlines()[1:]
        ]
        listening = [row[1] for row in rows if row[1].endswith(port) and row[3] == "0A"]
        self.assertEqual(listening, ["0100007F" + port])

    def test_launcher_ends_with_its_standard_input_and_frees_its_folder(self):
        other = Stack("--until-stdin-closes")
        other.deploy()
        sent = other.client("sqs")
        queue = other.deploy()["resources"]["Queue"]
        sent.send_message(QueueUrl=queue, MessageBody="work")
        until(lambda: other.noted("pids"), "a function process")
        other.process.stdin.close()
        self.assertEqual(other.process.wait(10), 0)
        self.assertEqual(other.left(), [])
        other.close()

    def test_launcher_refuses_a_port_in_use(self):
        port = self.stack.endpoint.rsplit(":", 1)[1]
        done = subprocess.run(
            [sys.executable, str(HERE / "aws.py"), "--port", port], capture_output=True, text=True, check=False
        )
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot listen", done.stderr)


def main():
    """Runs all tests, then ends the stack and looks at what it leaves."""
    started = time.monotonic()
    program = unittest.main(exit=False)
    wrong = test_stack.finish()
    print(f"self-test of the local AWS: {time.monotonic() - started:.1f} s")
    sys.exit(wrong or int(not program.result.wasSuccessful()))


if __name__ == "__main__":
    main()
