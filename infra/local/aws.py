"""Starts the local AWS: ministack with the overlay, on 127.0.0.1, until SIGTERM.

Prints one JSON line on stdout when it serves: {"endpoint": ..., "port": ..., "pid": ...}. Logs go to stderr.
"""

import argparse
import asyncio
import json
import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import traceback

import overlay

HOST = "127.0.0.1"
TICK = 0.25
ACCOUNT = "000000000000"
ACCESS_KEY = "test"
SECRET_KEY = "test"


def main():
    """Runs the command line."""
    arguments = parse(sys.argv[1:])
    listener = listen(arguments.port)
    port = listener.getsockname()[1]
    own = f"http://{HOST}:{port}"
    endpoint = arguments.endpoint or own
    code = tempfile.mkdtemp(prefix="recoup-local-")
    inherited = dict(os.environ)
    prepare(port, arguments, code)
    status = 1
    try:
        clock = install(arguments, inherited, own, endpoint)
        status = asyncio.run(serve(listener, own, clock, arguments.until_stdin_closes))
    except (overlay.Gone, ImportError) as error:
        print(f"aws.py: {error}", file=sys.stderr)
    except Exception:
        traceback.print_exc()
    finally:
        shutil.rmtree(code, ignore_errors=True)
        sys.stdout.flush()
        sys.stderr.flush()
        # ministack's threads wait for ever and are not asked.
        os._exit(status)


def parse(words):
    """Reads the arguments."""
    parser = argparse.ArgumentParser(description="Local AWS for recoup: ministack with the overlay, for development.")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--clock-file", help="text file with seconds to add to the scheduler's and the queues' clock")
    parser.add_argument("--auth", action="store_true", help="enforce the roles and policies of the template")
    parser.add_argument("--endpoint", help="AWS_ENDPOINT_URL the functions get; this server unless given")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--log-level", default="WARNING", choices=["DEBUG", "INFO", "WARNING", "ERROR"])
    parser.add_argument(
        "--until-stdin-closes",
        action="store_true",
        help="end also when standard input closes; until then a line `kill FUNCTION` kills that function's processes",
    )
    return parser.parse_args(words)


def listen(port):
    """Returns a socket that listens on 127.0.0.1; taken before anything else so that a free port stays ours."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((HOST, port))
        # From here on a caller waits for the server to start instead of being refused.
        listener.listen(128)
    except OSError as error:
        sys.exit(f"aws.py: cannot listen on {HOST}:{port}: {error.strerror}")
    return listener


def prepare(port, arguments, code):
    """Sets what ministack reads from the environment while it is imported."""
    for name in [n for n in os.environ if n.startswith(("AWS_", "LAMBDA_", "MINISTACK_", "LOCALSTACK_"))]:
        del os.environ[name]
    tempfile.tempdir = code
    os.environ.update(
        {
            "GATEWAY_PORT": str(port),
            "BIND_HOST": HOST,
            "MINISTACK_HOST": HOST,
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": arguments.region,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AUTH": str(arguments.auth).lower(),
            "LOG_LEVEL": arguments.log_level,
            "LAMBDA_EXECUTOR": "local",
            # Off: listeners and stores nothing of ours uses.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "PERSIST_STATE": "0",
            "S3_PERSIST": "0",
            "USE_SSL": "0",
            "STATE_DIR": code,
            "S3_DATA_DIR": code,
            "DOCKER_HOST": "unix:///nonexistent",
        }
    )


def install(arguments, inherited, own, endpoint):
    """Puts the overlay over ministack, which reads its environment while it is imported, and returns the clock."""
    overlay.check_version()
    for noisy in ("kms", "samtranslator.metrics.metrics"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    import overlay_clock
    import overlay_http
    import overlay_iam
    import overlay_lambda
    import overlay_scheduler
    import overlay_sms
    import overlay_sqs
    import overlay_stack

    clock = overlay_clock.Clock(arguments.clock_file)
    overlay_sqs.install(clock)
    overlay_scheduler.install(clock, TICK)
    overlay_lambda.install(overlay_lambda.inherited_environment(inherited), endpoint)
    overlay_http.install(own)
    overlay_stack.install()
    overlay_sms.install()
    overlay_iam.install(endpoint)
    return clock


async def serve(listener, own, clock, until_stdin_closes):
    """Serves until a signal comes, then ends the functions; returns the exit status."""
    import overlay_lambda
    import overlay_sqs
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config
    from ministack.app import app

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    if until_stdin_closes:
        threading.Thread(target=_follow_stdin, args=(loop, stop), daemon=True).start()
    threading.Thread(target=overlay_sqs.watch, args=(clock, TICK), daemon=True).start()
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 0.5
    config.accesslog = None
    config.errorlog = None
    serving = asyncio.create_task(hypercorn_serve(app, config, shutdown_trigger=stop.wait))
    print(json.dumps({"endpoint": own, "port": listener.getsockname()[1], "pid": os.getpid()}), flush=True)
    await asyncio.wait([serving, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
    await asyncio.get_running_loop().run_in_executor(None, overlay_lambda.close)
    await serving
    return 0


def _follow_stdin(loop, stop):
    """Kills the functions that standard input names, as `kill FUNCTION`, and stops when it closes."""
    import overlay_lambda

    for line in sys.stdin:
        command, _, function = line.strip().partition(" ")
        if command == "kill":
            print(json.dumps({"killed": overlay_lambda.kill(function)}), flush=True)
    loop.call_soon_threadsafe(stop.set)


if __name__ == "__main__":
    main()
