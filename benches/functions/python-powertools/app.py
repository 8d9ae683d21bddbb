"""The REST API of Powertools' own documentation, "Event Handler": todos, with its logger and its metrics."""
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit

logger = Logger(service="todos")
metrics = Metrics(namespace="kelvin", service="todos")
app = APIGatewayRestResolver()
TODOS = {"1": {"id": "1", "title": "delectus aut autem", "completed": False}}


@app.get("/todos")
def todos():
    return {"todos": list(TODOS.values()), "page": app.current_event.get_query_string_value("page", "1")}


@app.post("/todos")
def create():
    todo = app.current_event.json_body
    metrics.add_metric(name="Created", unit=MetricUnit.Count, value=1)
    return {"todo": todo}, 201


@app.get("/todos/<todo_id>")
def todo(todo_id: str):
    if todo_id not in TODOS:
        raise NotFoundError(f"no todo {todo_id}")
    return {"todo": TODOS[todo_id]}


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_REST)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event, context):
    return app.resolve(event, context)
