"""Keeps a document in S3 and what it is called in DynamoDB, and reads both again."""
import json
import os

import boto3

s3 = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL_S3"])
items = boto3.resource("dynamodb", endpoint_url=os.environ["AWS_ENDPOINT_URL_DYNAMODB"]).Table("items")


def handler(event, context):
    s3.put_object(Bucket="documents", Key=event["id"], Body=json.dumps(event).encode())
    items.put_item(Item={"id": event["id"], "size": len(event["text"])})
    document = json.loads(s3.get_object(Bucket="documents", Key=event["id"])["Body"].read())
    item = items.get_item(Key={"id": event["id"]})["Item"]
    return {"text": document["text"], "size": int(item["size"]), "left_ms": context.get_remaining_time_in_millis()}
