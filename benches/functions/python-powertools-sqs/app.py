"""The batch processor of Powertools' own documentation, "Batch Processing": messages that fail are reported one by one."""
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

processor = BatchProcessor(event_type=EventType.SQS)
logger = Logger(service="orders")


def record_handler(record: SQSRecord):
    order = record.json_body
    if order["amount"] < 0:
        raise ValueError(f"order {order['id']} has a negative amount")
    logger.info("an order", extra={"order": order})


def handler(event, context):
    return process_partial_response(event=event, record_handler=record_handler, processor=processor, context=context)
