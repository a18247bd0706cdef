"""Lambda: the environment a function process gets, what counts as a failed batch, and an end without leftovers."""

import json
import logging
import os
import threading
import time

import overlay
from ministack.core import lambda_runtime
from ministack.core.responses import get_region
from ministack.services import lambda_svc, sqs

logger = logging.getLogger("overlay")

_closing = False


def install(inherited, endpoint):
    """Replaces how ministack starts a function process and how it reads the answer to an SQS batch."""
    overlay.need(lambda_runtime, "execution_credentials", "config")
    overlay.need(lambda_svc, "_execute_function", "func event")
    overlay.need(lambda_svc, "_runtime_env_vars", "config")
    overlay.need(sqs, "_delete_messages_for_esm", "queue_url receipt_handles")
    overlay.need_value(lambda_runtime, "_workers", dict)
    overlay.need_value(lambda_runtime, "_lock", type(threading.Lock()))
    overlay.need_value(lambda_svc, "_ESM_BACKOFF_SECONDS", float)
    overlay.replace(
        lambda_svc,
        "_provided_worker_env",
        "config code_dir port",
        lambda config, code_dir, port: environment(config, code_dir, port, inherited, endpoint),
    )
    overlay.replace(lambda_svc, "_run_sqs_batch", "esm func_rec event batch queue_url queue_name", run_batch)
    _install_spawn()
    _install_init_failure()


def environment(config, code_dir, port, inherited, endpoint):
    """Returns a function's environment: the launcher's own, then Lambda's, then the template's, then the endpoint."""
    region = get_region()
    name = config["FunctionName"]
    log_group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name}"
    return {
        **inherited,
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EXECUTION_ENV": "AWS_Lambda_" + config.get("Runtime", ""),
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize", 128)),
        "AWS_LAMBDA_FUNCTION_VERSION": config.get("Version", "$LATEST"),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": f"local-{port}",
        "LAMBDA_TASK_ROOT": code_dir,
        "TZ": ":UTC",
        "_HANDLER": config.get("Handler", "bootstrap"),
        **lambda_runtime.execution_credentials(config),
        **lambda_svc._runtime_env_vars(config),
        "AWS_ENDPOINT_URL": endpoint,
    }


def inherited_environment(environ):
    """Returns what functions inherit: all but AWS settings, of which only endpoints on this machine pass."""
    kept = {}
    for name, value in environ.items():
        if name.startswith("AWS_"):
            local = value.startswith(("http://127.0.0.1:", "http://localhost:"))
            if not (name.startswith("AWS_ENDPOINT_URL_") and local):
                continue
        kept[name] = value
    loopback = "127.0.0.1,localhost"
    for name in ("NO_PROXY", "no_proxy"):
        kept[name] = ",".join(filter(None, [kept.get(name), loopback]))
    # The SDK must find no profile and no instance metadata of the machine it runs on.
    return {
        **kept,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def run_batch(esm, func_rec, event, batch, queue_url, queue_name):
    """Gives one batch to the function and deletes what it did not report as failed."""
    _add_sources(event, batch)
    handles = {message["id"]: message["receipt_handle"] for message in batch}
    result = lambda_svc._execute_function(func_rec, event)
    if result.get("error"):
        body = result.get("body")
        kind = body.get("errorType") if isinstance(body, dict) else None
        text = body.get("errorMessage") if isinstance(body, dict) else body
        logger.warning("function %s failed on a batch of %s: %s: %s", esm["FunctionName"], queue_name, kind, text)
        esm["LastProcessingResult"] = "PROBLEM: Function call failed"
        _back_off(esm)
        return
    failed = set()
    if "ReportBatchItemFailures" in (esm.get("FunctionResponseTypes") or []):
        failed = failed_items(result.get("body"), handles)
    if failed is None:
        logger.warning(
            "function %s answered a batch of %s with no valid batchItemFailures: all of it is retried",
            esm["FunctionName"],
            queue_name,
        )
        esm["LastProcessingResult"] = "PROBLEM: Function call failed"
        _back_off(esm)
        return
    lambda_svc._esm_backoff_until.pop(esm["UUID"], None)
    sqs._delete_messages_for_esm(queue_url, {handle for item, handle in handles.items() if item not in failed})
    esm["LastProcessingResult"] = f"OK - {len(handles) - len(failed)} records, {len(failed)} failures"


def failed_items(body, handles):
    """Returns the message ids reported as failed, or None where AWS takes the whole batch as failed."""
    if isinstance(body, str):
        try:
            body = json.loads(body) if body else None
        except ValueError:
            return None
    if body is None or body == {}:
        return set()
    failures = body.get("batchItemFailures") if isinstance(body, dict) else None
    if failures is None:
        return set() if isinstance(body, dict) else None
    if not isinstance(failures, list):
        return None
    items = [failure.get("itemIdentifier") if isinstance(failure, dict) else None for failure in failures]
    return set(items) if all(item in handles for item in items) else None


def close():
    """Ends every function process and lets no new one start."""
    global _closing
    _closing = True
    lambda_runtime.reset()


def kill(function):
    """Kills the processes of a function that are at work, as if their machine had failed; returns their ids."""
    with lambda_runtime._lock:
        workers = [worker for entries in lambda_runtime._workers.values() for worker in entries]
    killed = []
    for worker in workers:
        process = worker._proc
        if worker.func_name == function and worker.in_use and process is not None and process.poll() is None:
            process.kill()
            killed.append(process.pid)
    return killed


def _back_off(esm):
    lambda_svc._esm_backoff_until[esm["UUID"]] = time.time() + lambda_svc._ESM_BACKOFF_SECONDS


def _add_sources(event, batch):
    sources = {m["id"]: m["sys"].get("DeadLetterQueueSourceArn") for m in batch}
    for record in event["Records"]:
        if sources.get(record["messageId"]):
            record["attributes"]["DeadLetterQueueSourceArn"] = sources[record["messageId"]]


def _install_spawn():
    def spawn(self, init_timeout=None):
        if _closing:
            raise RuntimeError("the local AWS is ending")
        old(self, init_timeout)
        if _closing:
            self._teardown()
            raise RuntimeError("the local AWS is ending")

    overlay.need(lambda_runtime.ProvidedWorker, "_teardown", "self")
    overlay.need(lambda_runtime, "reset", "")
    old = overlay.replace(lambda_runtime.ProvidedWorker, "_spawn", "self init_timeout", spawn)


def _install_init_failure():
    def execute(func, event, request_id):
        result = old(func, event, request_id)
        if result.get("error") and not result.get("log"):
            # A function that ends while it starts has no invocation to log under: its last words are in the error.
            body = result.get("body")
            result["log"] = body.get("errorMessage", "") if isinstance(body, dict) else str(body)
        return result

    old = overlay.replace(lambda_svc, "_execute_function_provided_warm", "func event request_id", execute)
