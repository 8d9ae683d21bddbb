"""A runtime for Lambda functions in Python, with nothing but the standard library: it asks the Runtime API for an event,
calls the handler, and posts what it returned ("Using the Lambda runtime API", AWS Lambda developer guide).

It stands in for AWS's awslambdaric where that is not installed, and does what that does: with results, errors and logs.
"""

import decimal
import http.client
import importlib
import json
import logging
import marshal
import os
import sys
import time
import traceback
from types import SimpleNamespace

API = "/2018-06-01/runtime"

# Where AWS's runtime leaves characters beyond ASCII as they are.
UNESCAPED = {"AWS_Lambda_python3.12", "AWS_Lambda_python3.13", "AWS_Lambda_python3.14", "AWS_Lambda_python3.15"}
ENSURE_ASCII = os.environ.get("AWS_EXECUTION_ENV") not in UNESCAPED

CLIENT = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")
W3C = ("traceparent", "tracestate", "baggage")


class Failure(Exception):
    """An error of the runtime, with the type that AWS gives it."""

    def __init__(self, error_type, message, trace=()):
        super().__init__(message)
        self.error_type = error_type
        self.trace = list(trace)


class Context:
    """What a handler is told besides its event ("Using the Lambda context object to retrieve Python function information")."""

    def __init__(self, headers):
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.tenant_id = headers["Lambda-Runtime-Aws-Tenant-Id"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline_ms = int(headers["Lambda-Runtime-Deadline-Ms"])
        told = parsed(headers, "Client Context")
        w3c = told.pop("w3c", None) if told else None
        given = w3c.items() if isinstance(w3c, dict) else ()
        self._w3c = {name: text for name, text in given if name in W3C and isinstance(text, str)}
        self.client_context = told if told is None else fields(told, "custom", "env", "client")
        if told and told.get("client") is not None:
            self.client_context.client = fields(told["client"], *CLIENT)
        identity = parsed(headers, "Cognito Identity") or {}
        self.identity = SimpleNamespace(
            cognito_identity_id=identity.get("cognitoIdentityId"),
            cognito_identity_pool_id=identity.get("cognitoIdentityPoolId"),
        )

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def w3c(self):
        return dict(self._w3c)

    def log(self, message):
        sys.stdout.write(str(message))

    def __repr__(self):
        shown = (f"{name}={value}" for name, value in vars(self).items() if not name.startswith("_"))
        return f"LambdaContext([{','.join(shown)}])"


def parsed(headers, name):
    header = headers["Lambda-Runtime-" + name.replace(" ", "-")]
    try:
        return json.loads(header) if header else None
    except ValueError as error:
        raise Failure("Runtime.LambdaContextUnmarshalError", f"Unable to parse {name} JSON: {error}")


def fields(told, *names):
    return SimpleNamespace(**{name: told.get(name) for name in names})


def encoded(value):
    """A value as JSON, as simplejson has it in AWS's runtime."""
    try:
        # Refuses what is of a type derived from a plain one, which json would take for that.
        marshal.dumps(value)
        return json.dumps(value, ensure_ascii=ENSURE_ASCII)
    except (TypeError, ValueError):
        return "".join(parts(value, set()))


def parts(value, above):
    """The parts of a value's JSON. `above` has the ids of what it is in."""
    if isinstance(value, (str, bytes)):
        yield quoted(value)
    elif value is None or isinstance(value, (int, float)):
        yield scalar(value)
    elif isinstance(value, decimal.Decimal):
        yield "NaN" if value.is_nan() else str(value)
    else:
        if id(value) in above:
            raise ValueError("Circular reference detected")
        above.add(id(value))
        content = as_dict(value)
        if content is not None:
            yield "{"
            for place, (key, item) in enumerate(content.items()):
                yield (", " if place else "") + quoted(key_of(key)) + ": "
                yield from parts(item, above)
            yield "}"
        elif isinstance(value, (list, tuple)):
            yield "["
            for place, item in enumerate(value):
                yield ", " if place else ""
                yield from parts(item, above)
            yield "]"
        else:
            raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
        above.remove(id(value))


def as_dict(value):
    """What becomes an object: a dict, or what can be made one, as named tuples can."""
    method = getattr(value, "_asdict", None)
    if not callable(method):
        return value if isinstance(value, dict) else None
    content = method()
    if not isinstance(content, dict):
        raise TypeError(f"_asdict() must return a dict, not {type(content).__name__}")
    return content


def key_of(key):
    if isinstance(key, (str, bytes)):
        return key
    if key is None or isinstance(key, (int, float)):
        return scalar(key)
    raise TypeError(f"keys must be str, int, float, bool or None, not {type(key).__name__}")


def scalar(value):
    """Without what a derived type, as an enumeration, shows of itself."""
    for kind in (int, float):
        if isinstance(value, kind) and not isinstance(value, bool):
            value = kind(value)
    return json.dumps(value)


def quoted(text):
    text = str(text, "utf-8") if isinstance(text, bytes) else str.__str__(text)
    return json.dumps(text, ensure_ascii=ENSURE_ASCII)


class Unbuffered:
    """What is printed is in the log at once, whether or not a line ends there."""

    def __init__(self, stream):
        self.stream = stream

    def __getattr__(self, name):
        return getattr(self.stream, name)

    def write(self, text):
        self.stream.write(text)
        self.stream.flush()

    def writelines(self, lines):
        self.stream.writelines(lines)
        self.stream.flush()


class LogHandler(logging.Handler):
    """The root logger's ("Log and monitor Python Lambda functions", AWS Lambda developer guide)."""

    request_id = ""

    def __init__(self):
        super().__init__()
        logging.Formatter.converter = time.gmtime
        line = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
        self.setFormatter(logging.Formatter(line, "%Y-%m-%dT%H:%M:%S"))

    def emit(self, record):
        record.aws_request_id = self.request_id
        sys.stdout.write(self.format(record))


def described(error, request_id=""):
    """An error as Lambda's callers see it. This file's frames, above the handler's, are left out."""
    if isinstance(error, Failure):
        error_type, trace = error.error_type, error.trace
    else:
        frames = [tuple(frame) for frame in traceback.extract_tb(error.__traceback__)]
        while frames and frames[0][0] == __file__:
            frames.pop(0)
        error_type, trace = type(error).__name__, traceback.format_list(frames)
    return {"errorMessage": str(error), "errorType": error_type, "requestId": request_id, "stackTrace": trace}


def log(error):
    """One line, as far as the log is concerned, whose parts keep their indentation."""
    lines = ["[ERROR] " + ": ".join(filter(None, [error["errorType"], error["errorMessage"]]))]
    lines.append("Traceback (most recent call last):")
    for line in "".join(error["stackTrace"]).splitlines():
        text = line.lstrip(" ")
        lines.append("\u00a0" * (len(line) - len(text)) + text)
    sys.stdout.write("\r".join(lines) + "\n")


def handler_of(name):
    """The function that `_HANDLER` names: a module and, after the last dot, what to call in it."""
    module, dot, function = name.rpartition(".")
    if not dot:
        raise Failure("Runtime.MalformedHandlerName", f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)")
    if module.split(".")[0] in sys.builtin_module_names:
        raise Failure("Runtime.BuiltInModuleConflict", f"Cannot use built-in module {module} as a handler module")
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

    def answer(self, request_id, body, content_type):
        self._ask("POST", f"/invocation/{request_id}/response", body, {"Content-Type": content_type})

    def fail(self, path, error):
        # A name in another script does not fit in a header; the body has it.
        error_type = error["errorType"].encode("ascii", "replace")
        headers = {"Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": error_type}
        self._ask("POST", path, encoded(error).encode(), headers)


def result_of(handler, payload, headers):
    """What the handler returns, and its content type."""
    context = Context(headers)
    try:
        event = json.loads(payload)
    except ValueError as error:
        raise Failure("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}")
    result = handler(event, context)
    if isinstance(result, bytes):
        return result, "application/unknown"
    try:
        return encoded(result), "application/json"
    except Exception as error:
        raise Failure("Runtime.MarshalError", f"Unable to marshal response: {error}")


def main():
    sys.stdout, sys.stderr = Unbuffered(sys.stdout), Unbuffered(sys.stderr)
    logging.getLogger().addHandler(LogHandler())
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
        request_id = LogHandler.request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        trace_id = headers["Lambda-Runtime-Trace-Id"]
        if trace_id:
            os.environ["_X_AMZN_TRACE_ID"] = trace_id
        else:
            os.environ.pop("_X_AMZN_TRACE_ID", None)
        try:
            answer, content_type = result_of(handler, payload, headers)
        except Exception as error:
            error = described(error, request_id)
            log(error)
            api.fail(f"/invocation/{request_id}/error", error)
        else:
            # Ends the process where a text has half a character, which UTF-8 does not write.
            answer = answer if isinstance(answer, bytes) else answer.encode()
            api.answer(request_id, answer, content_type)


main()
