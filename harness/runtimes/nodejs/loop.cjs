// A runtime for Lambda functions in JavaScript, with nothing but Node's own modules: it asks the Runtime API for an event,
// calls the handler, and posts what it returned ("Using the Lambda runtime API", AWS Lambda developer guide).
//
// It stands in for AWS's aws-lambda-ric where that is not installed, whose errors it words alike.
'use strict';

const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

const API = '/2018-06-01/runtime';
const { env } = process;

// One connection, which is kept open.
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const [host, port] = env.AWS_LAMBDA_RUNTIME_API.split(':');

function ask(method, where, body, headers = {}) {
  const content = body === undefined ? headers : { ...headers, 'Content-Length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, agent, method, path: API + where, headers: content }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(parts) }));
      response.on('error', reject);
    });
    request.setNoDelay(true);
    request.on('error', reject);
    request.end(body);
  });
}

/** An error of the runtime, with the type that AWS gives it. */
class Failure extends Error {
  constructor(type, message) {
    super(message);
    this.name = type;
  }
}

/** An error as Lambda's callers see it; whatever was thrown. */
function described(error) {
  if (!(error instanceof Error)) {
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  }
  return { errorType: error.name, errorMessage: error.message, trace: String(error.stack).split('\n') };
}

async function fail(where, error) {
  const answer = described(error);
  console.error(`${answer.errorType}: ${answer.errorMessage}`);
  console.error(answer.trace.slice(1).join('\n'));
  const headers = { 'Content-Type': 'application/json', 'Lambda-Runtime-Function-Error-Type': answer.errorType };
  await ask('POST', where, JSON.stringify(answer), headers);
}

async function load(file) {
  if (!file.endsWith('.mjs')) {
    try {
      return require(file);
    } catch (error) {
      // A module of the newer kind that has the older kind's name.
      if (error.code !== 'ERR_REQUIRE_ESM') {
        throw error;
      }
    }
  }
  return import(pathToFileURL(file).href);
}

/** The function that `_HANDLER` names: a path without its ending and, after the first dot, what to call in it. */
async function handlerOf(name) {
  const [, module, names] = /^((?:.*\/)?[^./]+)\.(.+)$/.exec(name) ?? [];
  if (!module) {
    throw new Failure('Runtime.MalformedHandlerName', 'Bad handler');
  }
  const stem = path.resolve(env.LAMBDA_TASK_ROOT, module);
  const file = ['', '.js', '.mjs', '.cjs'].map((end) => stem + end).find((file) => fs.existsSync(file));
  if (!file) {
    throw new Failure('Runtime.ImportModuleError', `Error: Cannot find module '${module}'`);
  }
  let found;
  try {
    found = await load(file);
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new Failure('Runtime.UserCodeSyntaxError', String(error));
    }
    throw error.code === 'MODULE_NOT_FOUND' ? new Failure('Runtime.ImportModuleError', String(error)) : error;
  }
  for (const part of names.split('.')) {
    found = found?.[part] ?? found?.default?.[part];
  }
  if (typeof found !== 'function') {
    throw new Failure('Runtime.HandlerNotFound', `${name} is undefined or not exported`);
  }
  return found;
}

function contextOf(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  return {
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

/** What the handler returns, promises, or passes to its callback if it takes one. */
function resultOf(handler, event, context) {
  return new Promise((resolve, reject) => {
    const callback = (error, result) => (error ? reject(error) : resolve(result));
    const result = handler(event, context, callback);
    if (typeof result?.then === 'function' || handler.length < 3) {
      resolve(result);
    }
  });
}

let requestId;

/** What nobody catches ends the process, and the invocation with it. */
function uncaught(error, code) {
  const where = requestId === undefined ? '/init/error' : `/invocation/${requestId}/error`;
  fail(where, error).finally(() => process.exit(code));
}

async function main() {
  process.on('uncaughtException', (error) => uncaught(error, 129));
  process.on('unhandledRejection', (reason) => uncaught(new Failure('Runtime.UnhandledPromiseRejection', String(reason)), 128));
  let handler;
  try {
    handler = await handlerOf(env._HANDLER);
  } catch (error) {
    await fail('/init/error', error);
    process.exit(1);
  }
  for (;;) {
    const { headers, body } = await ask('GET', '/invocation/next');
    requestId = headers['lambda-runtime-aws-request-id'];
    if (headers['lambda-runtime-trace-id']) {
      env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'];
    }
    let answer;
    try {
      answer = JSON.stringify(await resultOf(handler, JSON.parse(body), contextOf(headers))) ?? 'null';
    } catch (error) {
      await fail(`/invocation/${requestId}/error`, error);
      continue;
    }
    await ask('POST', `/invocation/${requestId}/response`, answer, { 'Content-Type': 'application/json' });
  }
}

main();
