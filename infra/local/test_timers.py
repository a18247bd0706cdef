"""Self-test, second part: queues and schedules on the moved clock. Run by test_aws.py."""

import concurrent.futures
import datetime
import json
import time
import uuid

from test_stack import DAY, LocalTest, refused, until


class Queues(LocalTest):
    def test_failed_items_go_down_the_chain_of_dead_letter_queues(self):
        bad, good = f"bad {uuid.uuid4()}", f"good {uuid.uuid4()}"
        self.stack.client("sqs").send_message_batch(
            QueueUrl=self.stack.ids["Queue"],
            Entries=[
                {
                    "Id": "1",
                    "MessageBody": bad,
                    "MessageAttributes": {"reason": {"DataType": "String", "StringValue": "x"}},
                },
                {"Id": "2", "MessageBody": good},
            ],
        )
        until(lambda: self.stack.seen(bad, "worker") and self.stack.seen(good, "worker"), "both delivered")
        # Visibility timeouts are real time: ten seconds each, which nobody has to wait out.
        for queue, function in (("Queue", "worker"), ("Fallback", "fallback")):
            record = until(lambda f=function: self.stack.seen(bad, f), f"delivery to {function}")[0]
            self.assertEqual(record["attributes"]["ApproximateReceiveCount"], "1")
            self.stack.client("sqs").change_message_visibility(
                QueueUrl=self.stack.ids[queue], ReceiptHandle=record["receiptHandle"], VisibilityTimeout=0
            )
        parked = until(lambda: [m for m in self.stack.receive("Parked") if m["Body"] == bad], "parked")[0]
        self.assertEqual(parked["Attributes"]["DeadLetterQueueSourceArn"], self.stack.queue_arn("Fallback"))
        self.assertEqual(parked["MessageAttributes"]["reason"]["StringValue"], "x")
        self.assertEqual(
            self.stack.seen(bad, "fallback")[0]["attributes"]["DeadLetterQueueSourceArn"], self.stack.queue_arn("Queue")
        )
        self.assertEqual([len(self.stack.seen(bad, f)) for f in ("worker", "fallback")], [1, 1])
        self.assertEqual([len(self.stack.seen(good, f)) for f in ("worker", "fallback")], [1, 0])

    def test_unknown_item_identifier_fails_the_whole_batch(self):
        body = f"unknown {uuid.uuid4()}"
        self.stack.send("Queue", body)
        record = until(lambda: self.stack.seen(body, "worker"), "delivery")[0]

        def back():
            return (
                refused(
                    self.stack.client("sqs").change_message_visibility,
                    QueueUrl=self.stack.ids["Queue"],
                    ReceiptHandle=record["receiptHandle"],
                    VisibilityTimeout=0,
                )
                is None
            )

        time.sleep(0.3)
        self.assertTrue(back(), "the message was deleted")
        until(lambda: self.stack.seen(body, "fallback"), "dead letter")

    def test_delay_follows_the_clock_and_visibility_does_not(self):
        body = f"delayed {uuid.uuid4()}"
        self.stack.send("Idle", body, DelaySeconds=120)
        self.assertEqual(self.stack.receive("Idle"), [])
        self.stack.advance(200)
        counts = self.stack.client("sqs").get_queue_attributes(
            QueueUrl=self.stack.ids["Idle"], AttributeNames=["ApproximateNumberOfMessages"]
        )
        self.assertEqual(counts["Attributes"], {"ApproximateNumberOfMessages": "1"})
        message = self.stack.receive("Idle", VisibilityTimeout=3)[0]
        self.assertEqual(message["Body"], body)
        self.assertAlmostEqual(
            int(message["Attributes"]["ApproximateFirstReceiveTimestamp"]) / 1000, self.stack.moved_time(), delta=5
        )
        self.stack.advance(3600)
        self.assertEqual(self.stack.receive("Idle"), [])
        again = self.stack.receive("Idle", WaitTimeSeconds=10)[0]
        self.assertEqual(again["Attributes"]["ApproximateReceiveCount"], "2")
        self.stack.client("sqs").delete_message(QueueUrl=self.stack.ids["Idle"], ReceiptHandle=again["ReceiptHandle"])
        body = f"delayed {uuid.uuid4()}"
        self.stack.send("Queue", body, DelaySeconds=900)
        self.stack.advance(901)
        started = time.monotonic()
        record = until(lambda: self.stack.seen(body, "worker"), "delivery after the jump")[0]
        self.assertLess(time.monotonic() - started, 2)
        self.assertAlmostEqual(
            int(record["attributes"]["SentTimestamp"]) / 1000, self.stack.moved_time() - 901, delta=5
        )

    def test_messages_sent_while_batches_are_deleted_are_not_lost(self):
        bodies = [f"many {uuid.uuid4()}" for _number in range(200)]
        groups = [bodies[i : i + 10] for i in range(0, len(bodies), 10)]
        sqs = self.stack.client("sqs")

        def put(group):
            sqs.send_message_batch(
                QueueUrl=self.stack.ids["Queue"],
                Entries=[{"Id": str(i), "MessageBody": body} for i, body in enumerate(group)],
            )

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(put, groups))
        wanted = set(bodies)
        until(lambda: wanted <= {r.get("body") for r in self.stack.noted("seen")}, "all delivered")
        got = [r["body"] for r in self.stack.noted("seen") if r.get("body") in wanted]
        self.assertEqual(len(got), len(wanted))

    def test_messages_move_back_from_a_dead_letter_queue(self):
        sqs = self.stack.client("sqs")
        dead = sqs.create_queue(QueueName="move-dead")["QueueUrl"]
        arn = "arn:aws:sqs:us-east-1:000000000000:move-dead"
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
        source = sqs.create_queue(
            QueueName="move-source", Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "0"}
        )["QueueUrl"]
        sqs.send_message(QueueUrl=source, MessageBody="moved")
        for _round in range(2):
            sqs.receive_message(QueueUrl=source)
        self.assertTrue(sqs.start_message_move_task(SourceArn=arn)["TaskHandle"])
        task = sqs.list_message_move_tasks(SourceArn=arn)["Results"][0]
        self.assertEqual((task["Status"], task["ApproximateNumberOfMessagesMoved"]), ("COMPLETED", 1))
        self.assertEqual(sqs.receive_message(QueueUrl=source)["Messages"][0]["Body"], "moved")
        sqs.send_message(QueueUrl=dead, MessageBody="sent here")
        sqs.start_message_move_task(SourceArn=arn)
        task = sqs.list_message_move_tasks(SourceArn=arn)["Results"][0]
        self.assertEqual((task["Status"], task["FailureReason"]), ("FAILED", "CouldNotDetermineMessageSource"))
        self.assertEqual(
            refused(sqs.start_message_move_task, SourceArn=self.stack.queue_arn("Idle")), "InvalidParameterValue"
        )

    def test_limits(self):
        sqs = self.stack.client("sqs")
        many = {f"a{i}": {"DataType": "String", "StringValue": "x"} for i in range(11)}
        empty = {"a": {"DataType": "String", "StringValue": ""}}
        for wrong in ({"DelaySeconds": 901}, {"MessageAttributes": many}, {"MessageAttributes": empty}):
            self.assertEqual(
                refused(sqs.send_message, QueueUrl=self.stack.ids["Idle"], MessageBody="x", **wrong),
                "InvalidParameterValue",
                wrong,
            )
        self.assertEqual(
            refused(
                sqs.change_message_visibility,
                QueueUrl=self.stack.ids["Idle"],
                ReceiptHandle="x",
                VisibilityTimeout=43201,
            ),
            "InvalidParameterValue",
        )


class Schedules(LocalTest):
    def test_days_pass_by_writing_the_clock_file(self):
        scheduler = self.stack.client("scheduler")
        days = {day: f"day {day} {uuid.uuid4()}" for day in (3, 7, 14)}
        names = {day: f"step-{uuid.uuid4()}" for day in days}
        for day, body in days.items():
            scheduler.create_schedule(**self.stack.schedule(names[day], self.stack.at(day * DAY), body))
        gone = f"deleted {uuid.uuid4()}"
        scheduler.create_schedule(**self.stack.schedule("deleted", self.stack.at(5 * DAY), gone))
        scheduler.delete_schedule(Name="deleted", GroupName=self.stack.ids["Group"])
        passed = 0
        for day, body in days.items():
            self.assertEqual(self.stack.seen(body, "worker"), [])
            self.stack.advance((day - passed) * DAY + 60)
            passed = day
            jumped = time.monotonic()
            until(lambda b=body: self.stack.seen(b, "worker"), f"day {day}")
            self.assertLess(time.monotonic() - jumped, 2)
            sent = int(self.stack.seen(body, "worker")[0]["attributes"]["SentTimestamp"]) / 1000
            self.assertAlmostEqual(sent, self.stack.moved_time(), delta=5)
            self.assertEqual(
                refused(scheduler.get_schedule, Name=names[day], GroupName=self.stack.ids["Group"]),
                "ResourceNotFoundException",
            )
        self.assertEqual(self.stack.seen(gone, "worker"), [])
        self.assertEqual([len(self.stack.seen(body, "worker")) for body in days.values()], [1, 1, 1])

    def test_name_is_taken_and_token_repeats(self):
        scheduler = self.stack.client("scheduler")
        first = self.stack.schedule("taken", self.stack.at(40 * DAY), "x", ClientToken="one")
        arn = scheduler.create_schedule(**first)["ScheduleArn"]
        self.assertEqual(scheduler.create_schedule(**first)["ScheduleArn"], arn)
        self.assertEqual(refused(scheduler.create_schedule, **{**first, "ClientToken": "two"}), "ConflictException")
        changed = {**first, "ScheduleExpression": self.stack.at(41 * DAY)}
        self.assertEqual(refused(scheduler.create_schedule, **changed), "ConflictException")
        scheduler.delete_schedule(Name="taken", GroupName=self.stack.ids["Group"])

    def test_fires_again_after_being_made_again(self):
        scheduler = self.stack.client("scheduler")
        for _round in range(2):
            body = f"again {uuid.uuid4()}"
            scheduler.create_schedule(
                **self.stack.schedule("again", self.stack.at(10), body, ActionAfterCompletion="NONE")
            )
            self.stack.advance(11)
            until(lambda b=body: self.stack.seen(b, "worker"), "fired")
            scheduler.delete_schedule(Name="again", GroupName=self.stack.ids["Group"])

    def test_context_and_time_zone(self):
        moment = datetime.datetime.fromtimestamp(self.stack.moved_time() + 3 * DAY, datetime.timezone.utc)
        kolkata = moment.astimezone(datetime.timezone(datetime.timedelta(hours=5, minutes=30)))
        mark = str(uuid.uuid4())
        text = json.dumps(
            {
                "mark": mark,
                "due": "<aws.scheduler.scheduled-time>",
                "arn": "<aws.scheduler.schedule-arn>",
                "try": "<aws.scheduler.attempt-number>",
                "id": "<aws.scheduler.execution-id>",
            }
        )
        wanted = self.stack.schedule(
            f"zone-{mark}", f"at({kolkata:%Y-%m-%dT%H:%M:%S})", text, ScheduleExpressionTimezone="Asia/Kolkata"
        )
        arn = self.stack.client("scheduler").create_schedule(**wanted)["ScheduleArn"]
        self.stack.advance(3 * DAY - 60)
        time.sleep(0.6)
        self.assertNotIn(mark, json.dumps(self.stack.noted("seen")))
        self.stack.advance(61)
        record = until(lambda: [r for r in self.stack.noted("seen") if mark in r.get("body", "")], "fired")[0]
        body = json.loads(record["body"])
        self.assertEqual((body["due"], body["arn"], body["try"]), (f"{moment:%Y-%m-%dT%H:%M:%SZ}", arn, "1"))
        self.assertEqual(len(body["id"]), 36)

    def test_what_cannot_be_is_refused(self):
        create = self.stack.client("scheduler").create_schedule
        good = self.stack.schedule("refused", self.stack.at(DAY), "x")
        for wrong in (
            {"ScheduleExpression": "at(tomorrow)"},
            {"ScheduleExpression": "at(2030-02-30T00:00:00)"},
            {"ScheduleExpression": "at(2030-01-01T00:00:00Z)"},
            {"ScheduleExpression": "rate(0 days)"},
            {"ScheduleExpressionTimezone": "Mars/Olympus"},
            {"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}},
            {"Target": {**good["Target"], "Arn": "nonsense"}},
            {"Target": {**good["Target"], "RoleArn": self.stack.role_arn("IngestRole")}},
            {"Target": {**good["Target"], "RetryPolicy": {"MaximumRetryAttempts": 186}}},
        ):
            self.assertEqual(refused(create, **{**good, **wrong}), "ValidationException", wrong)

    def test_target_that_cannot_be_reached_goes_to_the_dead_letter_queue(self):
        wanted = self.stack.schedule("unreachable", self.stack.at(5), "lost", queue="Parked")
        wanted["Target"]["DeadLetterConfig"] = {"Arn": self.stack.queue_arn("Idle")}
        self.stack.client("scheduler").create_schedule(**wanted)
        self.stack.advance(6)
        message = until(lambda: [m for m in self.stack.receive("Idle") if m["Body"] == "lost"], "dead letter")[0]
        self.assertEqual(message["MessageAttributes"]["ERROR_CODE"]["StringValue"], "AccessDeniedException")
        self.stack.client("sqs").delete_message(QueueUrl=self.stack.ids["Idle"], ReceiptHandle=message["ReceiptHandle"])

    def test_update_moves_a_schedule_also_after_it_fired(self):
        scheduler = self.stack.client("scheduler")
        once, twice = f"once {uuid.uuid4()}", f"twice {uuid.uuid4()}"
        keep = {"ActionAfterCompletion": "NONE"}
        scheduler.create_schedule(**self.stack.schedule("moved", self.stack.at(30 * DAY), once, **keep))
        for body in (once, twice):
            scheduler.update_schedule(**self.stack.schedule("moved", self.stack.at(10), body, **keep))
            self.stack.advance(11)
            until(lambda b=body: self.stack.seen(b, "worker"), "fired")
        wrong = self.stack.schedule("moved", "at(tomorrow)", twice, **keep)
        self.assertEqual(refused(scheduler.update_schedule, **wrong), "ValidationException")
        scheduler.delete_schedule(Name="moved", GroupName=self.stack.ids["Group"])

    def test_rate_counts_from_creation_on_the_moved_clock(self):
        body = f"hourly {uuid.uuid4()}"
        self.stack.advance(DAY)
        wanted = self.stack.schedule("hourly", "rate(1 hour)", body, ActionAfterCompletion="NONE")
        self.stack.client("scheduler").create_schedule(**wanted)
        time.sleep(0.6)
        self.assertEqual(self.stack.seen(body, "worker"), [])
        self.stack.advance(3601)
        until(lambda: self.stack.seen(body, "worker"), "fired")
        self.stack.client("scheduler").delete_schedule(Name="hourly", GroupName=self.stack.ids["Group"])

    def test_rate_of_the_template_fires_once_for_a_jump(self):
        def count():
            return sum("event" in r for r in self.stack.noted("seen"))

        before = count()
        self.stack.advance(3 * DAY)
        until(lambda: count() > before, "rate(1 day)")
        time.sleep(0.6)
        self.assertEqual(count(), before + 1)
        made = self.stack.client("scheduler").get_schedule(
            Name=self.stack.ids["WorkerFunctionDaily"], GroupName=self.stack.ids["Group"]
        )
        self.assertEqual(made["ScheduleExpressionTimezone"], "Asia/Kolkata")
