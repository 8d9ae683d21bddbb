// The payment of middy's own README: a body that is parsed and validated before the handler sees it.
import middy from '@middy/core';
import httpErrorHandler from '@middy/http-error-handler';
import httpJsonBodyParser from '@middy/http-json-body-parser';
import validator from '@middy/validator';
import { transpileSchema } from '@middy/validator/transpile';

const schema = {
  type: 'object',
  properties: {
    body: {
      type: 'object',
      properties: { creditCardNumber: { type: 'string', minLength: 12, maxLength: 19 }, amount: { type: 'number' } },
      required: ['creditCardNumber', 'amount'],
    },
  },
};

const pay = async (event) => ({
  statusCode: 200,
  body: JSON.stringify({ result: 'success', message: `paid ${event.body.amount}` }),
});

export const handler = middy()
  .use(httpJsonBodyParser())
  .use(validator({ eventSchema: transpileSchema(schema) }))
  .use(httpErrorHandler({ logger: false }))
  .handler(pay);
