"""Starts the fault proxy: microburst on 127.0.0.1, between the functions and the local AWS, until standard input closes.

Prints one JSON line on stdout when it listens: {"endpoint": ..., "pid": ...}. The first line of standard input is the
URL of the local AWS: each of the two needs the other's address, and this one listens first. Logs go to stderr.
Rules: PATCH and DELETE /_microburst/rules; what fired: GET /_microburst/fired.
"""

import asyncio
import importlib.metadata
import json
import os
import sys
import threading
import urllib.parse

import aws
from aiohttp import web
from microburst import models
from microburst.app import make_app
from microburst.core.pipeline import Microburst
from microburst.detection import detect

VERSION = "0.10.0"
SERVICES = ("dynamodb", "sqs", "scheduler", "secretsmanager")


def main():
    """Runs until standard input closes."""
    found = importlib.metadata.version("microburst")
    if found != VERSION:
        sys.exit(f"faults.py: written for microburst {VERSION}, found {found}: install requirements.txt")
    listener = aws.listen(0)
    endpoint = f"http://{aws.HOST}:{listener.getsockname()[1]}"
    print(json.dumps({"endpoint": endpoint, "pid": os.getpid()}), flush=True)
    upstream = sys.stdin.readline().strip()
    if urllib.parse.urlsplit(upstream).hostname != aws.HOST:
        sys.exit("faults.py: the first line of standard input must be the URL of a local AWS on this machine")
    warm_up()
    asyncio.run(serve(listener, upstream))


def warm_up():
    """Reads the service models, which takes seconds and would otherwise count against the first requests' timeouts."""
    for service in SERVICES:
        credential = f"Credential=test/20260101/us-east-1/{service}/aws4_request"
        detect({"Authorization": f"AWS4-HMAC-SHA256 {credential}"}, "POST", "/", {}, b"{}")
        models.error_http_status(service, "ThrottlingException")


async def serve(listener, upstream):
    """Serves until standard input closes."""
    runner = web.AppRunner(make_app(Microburst(upstream)), access_log=None)
    await runner.setup()
    await web.SockSite(runner, listener, shutdown_timeout=0.5).start()
    print(json.dumps({"serving": upstream}), flush=True)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    threading.Thread(target=_stop_with_stdin, args=(loop, stop), daemon=True).start()
    await stop.wait()
    await runner.cleanup()


def _stop_with_stdin(loop, stop):
    while sys.stdin.readline():
        pass
    loop.call_soon_threadsafe(stop.set)


if __name__ == "__main__":
    main()
