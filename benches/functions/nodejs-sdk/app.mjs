// Keeps a document in S3 and what it is called in DynamoDB, and reads both again.
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

const s3 = new S3Client({ forcePathStyle: true });
const dynamodb = new DynamoDBClient({});

export const handler = async (event, context) => {
  const place = { Bucket: 'documents', Key: event.id };
  await s3.send(new PutObjectCommand({ ...place, Body: JSON.stringify(event) }));
  const item = { id: { S: event.id }, size: { N: String(event.text.length) } };
  await dynamodb.send(new PutItemCommand({ TableName: 'items', Item: item }));
  const { Body } = await s3.send(new GetObjectCommand(place));
  const { Item } = await dynamodb.send(new GetItemCommand({ TableName: 'items', Key: { id: item.id } }));
  const { text } = JSON.parse(await Body.transformToString());
  return { text, size: Number(Item.size.N), left_ms: context.getRemainingTimeInMillis() };
};
