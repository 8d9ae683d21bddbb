"""The workload `hello` in Python: the same events, the same answers."""

LONGEST_NAME = 100


class InvalidEvent(Exception):
    """The caller's mistake."""


def name_of(event):
    wrong = "the event is not one of workload hello"
    if not isinstance(event, dict):
        raise InvalidEvent(f"{wrong}: expected an object")
    for key in event:
        if key != "name":
            raise InvalidEvent(f"{wrong}: unknown field `{key}`, expected `name`")
    if "name" not in event:
        raise InvalidEvent(f"{wrong}: missing field `name`")
    if not isinstance(event["name"], str):
        raise InvalidEvent(f"{wrong}: expected a string for `name`")
    return event["name"]


def handler(event, context):
    name = name_of(event).strip()
    if not name:
        raise InvalidEvent("name is empty")
    if len(name) > LONGEST_NAME:
        raise InvalidEvent(f"name has {len(name)} characters; at most {LONGEST_NAME} are greeted")
    return {"message": f"Hello, {name}!"}
