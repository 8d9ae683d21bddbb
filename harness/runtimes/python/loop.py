"""A runtime for Lambda functions in Python, with nothing but the standard library: it asks the Runtime API for an event,
calls the handler, and posts what it returned ("Using the Lambda runtime API", AWS Lambda developer guide).

It stands in for AWS's awslambdaric where that is not installed, whose errors it words alike.
"""

import http.client
import importlib
import json
import os
import sys
import time
import traceback

API = "/2018-06-01/runtime"


class Context:
    """What a handler is told besides its event ("Using the Lambda context object to retrieve Python function information")."""

    identity = None
    client_context = None

    def __init__(self, headers):
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline_ms = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline_ms - int(time.time() * 1000))


class Failure(Exception):
    """An error of the runtime, with the type that AWS gives it."""

    def __init__(self, error_type, message, trace=()):
        super().__init__(message)
        self.error_type = error_type
        self.trace = list(trace)


def described(error, request_id=""):
    """An error as Lambda's callers see it. The frames of this file are left out."""
    if isinstance(error, Failure):
        error_type, trace = error.error_type, error.trace
    else:
        frames = traceback.extract_tb(error.__traceback__)
        error_type = type(error).__name__
        trace = traceback.format_list([frame for frame in frames if frame.filename != __file__])
    return {"errorMessage": str(error), "errorType": error_type, "requestId": request_id, "stackTrace": trace}


def log(error):
    print(f"[ERROR] {error['errorType']}: {error['errorMessage']}", file=sys.stderr)
    for line in error["stackTrace"]:
        print(line, end="", file=sys.stderr)


def handler_of(name):
    """The function that `_HANDLER` names: a module and, after the last dot, what to call in it."""
    module, dot, function = name.rpartition(".")
    if not dot:
        raise Failure("Runtime.MalformedHandlerName", f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)")
    try:
        loaded = importlib.import_module(module.replace("/", "."))
    except ImportError as error:
        raise Failure("Runtime.ImportModuleError", f"Unable to import module '{module}': {error}")
    except SyntaxError as error:
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        raise Failure("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module}': {error}", trace)
    if not hasattr(loaded, function):
        raise Failure("Runtime.HandlerNotFound", f"Handler '{function}' missing on module '{module}'")
    return getattr(loaded, function)


class RuntimeApi:
    """One connection, which is kept open."""

    def __init__(self):
        self.connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
        self.connection.connect()

    def _ask(self, method, path, body=None, headers={}):
        self.connection.request(method, API + path, body, headers)
        response = self.connection.getresponse()
        return response.headers, response.read()

    def next(self):
        return self._ask("GET", "/invocation/next")

    def answer(self, request_id, body):
        self._ask("POST", f"/invocation/{request_id}/response", body, {"Content-Type": "application/json"})

    def fail(self, path, error):
        headers = {"Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": error["errorType"]}
        self._ask("POST", path, json.dumps(error).encode(), headers)


def result_of(handler, payload, headers):
    try:
        event = json.loads(payload)
    except ValueError as error:
        raise Failure("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}")
    result = handler(event, Context(headers))
    try:
        return json.dumps(result, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        raise Failure("Runtime.MarshalError", f"Unable to marshal response: {error}")


def main():
    # What a handler prints is in the log when its invocation ends.
    sys.stdout.reconfigure(line_buffering=True)
    # In the place of this file's own folder.
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
    api = RuntimeApi()
    try:
        handler = handler_of(os.environ["_HANDLER"])
    except Exception as error:
        error = described(error)
        log(error)
        api.fail("/init/error", error)
        sys.exit(1)
    while True:
        headers, payload = api.next()
        request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        trace_id = headers["Lambda-Runtime-Trace-Id"]
        if trace_id:
            os.environ["_X_AMZN_TRACE_ID"] = trace_id
        try:
            answer = result_of(handler, payload, headers)
        except Exception as error:
            error = described(error, request_id)
            log(error)
            api.fail(f"/invocation/{request_id}/error", error)
        else:
            api.answer(request_id, answer)


main()
