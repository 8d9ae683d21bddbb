// A runtime for Lambda functions in JavaScript, with nothing but Node's own modules: it asks the Runtime API for an event,
// calls the handler, and posts what it answers ("Using the Lambda runtime API", AWS Lambda developer guide).
//
// It stands in for AWS's aws-lambda-ric where that is not installed, and does what that does: with results, errors and logs.
'use strict';

const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const util = require('node:util');

const API = '/2018-06-01/runtime';
const { env } = process;

// One connection, which is kept open.
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const [host, port] = env.AWS_LAMBDA_RUNTIME_API.split(':');

/** A request, and a promise of its response. */
function open(method, where, headers) {
  const request = http.request({ host, port, agent, method, path: API + where, headers });
  request.setNoDelay(true);
  const answered = new Promise((resolve, reject) => {
    request.on('response', (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(parts) }));
      response.on('error', reject);
    });
    request.on('error', reject);
  });
  return { request, answered };
}

function ask(method, where, body, headers = {}) {
  const content = body === undefined ? headers : { ...headers, 'Content-Length': Buffer.byteLength(body) };
  const { request, answered } = open(method, where, content);
  request.end(body);
  return answered;
}

/** An error of the runtime, with the type that AWS gives it. */
class Failure extends Error {
  constructor(type, message) {
    super(message);
    Object.defineProperty(this, 'name', { value: `Runtime.${type}` });
  }
}

/** An error as Lambda's callers see it; whatever was thrown. */
function described(error) {
  try {
    const texts = [error?.name, error?.message, error?.stack];
    if (util.types.isNativeError(error) || texts.every((text) => text && typeof text === 'string')) {
      const [errorType, errorMessage, stack] = texts.map((text) => text?.replaceAll('\x7f', '%7F'));
      return { errorType, errorMessage, trace: stack.split('\n') };
    }
    return { errorType: typeof error, errorMessage: error.toString(), trace: [] };
  } catch {
    return {
      errorType: 'handled',
      errorMessage: 'an error was passed whose name, message or stack cannot be read',
    };
  }
}

let requestId;

/** What is written on the console is a line of the log: when, of which invocation, how grave, and what. */
function patchConsole() {
  const levels = { trace: 'TRACE', debug: 'DEBUG', info: 'INFO', log: 'INFO', warn: 'WARN', error: 'ERROR', fatal: 'FATAL' };
  for (const [method, level] of Object.entries(levels)) {
    console[method] = (message, ...others) => {
      const line = `${new Date().toISOString()}\t${requestId}\t${level}\t${util.format(message, ...others)}`;
      process.stdout.write(`${line.replaceAll('\n', '\r')}\n`);
    };
  }
}

/** The properties of an error that JSON leaves out, and its own. */
function shown(_key, error) {
  if (!(error instanceof Error)) {
    return error;
  }
  const { name, message, code, stack } = error;
  return { errorType: name, errorMessage: message, code, ...error, stack: String(stack).split('\n') };
}

function log(title, thrown) {
  const error = thrown instanceof Error ? thrown : new Error(thrown);
  let text;
  try {
    text = JSON.stringify(error, shown);
  } catch {
    text = JSON.stringify(described(error));
  }
  console.error(title, `\t${text}`);
}

/** A name in another script does not fit in a header; the body has it. */
function inHeader(errorType) {
  return String(errorType).replaceAll(/[^ -~]/g, '?');
}

function fail(where, error) {
  const answer = described(error);
  const headers = { 'Content-Type': 'application/json', 'Lambda-Runtime-Function-Error-Type': inHeader(answer.errorType) };
  return ask('POST', where, JSON.stringify(answer), headers);
}

/** Whether a file that ends in `.js` is a module of the newer kind, by the nearest `package.json`. */
function isModule(folder) {
  try {
    return JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')).type === 'module';
  } catch (error) {
    const above = path.dirname(folder);
    const isLast = error.code !== 'ENOENT' || above === folder || path.basename(above) === 'node_modules';
    return !isLast && isModule(above);
  }
}

async function load(stem) {
  const file = ['', '.js', '.mjs', '.cjs'].map((end) => stem + end).find((file) => fs.existsSync(file));
  if (file === undefined) {
    // Of a package in a folder that Node searches; otherwise this fails as it should.
    return require(require.resolve(path.basename(stem), { paths: [env.LAMBDA_TASK_ROOT, path.dirname(stem)] }));
  }
  const isNew = file.endsWith('.mjs') || (file.endsWith('.js') && isModule(path.dirname(file)));
  return isNew ? import(pathToFileURL(file).href) : require(file);
}

/** The function that `_HANDLER` names: a path without its ending and, after the first dot, what to call in it. */
async function handlerOf(name) {
  if (name.includes('..')) {
    const message = `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`;
    throw new Failure('MalformedHandlerName', message);
  }
  const [, module, names] = /^((?:.*\/)?[^./]*)\.([^/]*)$/.exec(name) ?? [];
  if (names === undefined) {
    throw new Failure('MalformedHandlerName', 'Bad handler');
  }
  let found;
  try {
    found = await load(path.resolve(env.LAMBDA_TASK_ROOT, module));
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new Failure('UserCodeSyntaxError', String(error));
    }
    throw error.code === 'MODULE_NOT_FOUND' ? new Failure('ImportModuleError', String(error)) : error;
  }
  for (const part of names.split('.')) {
    found = found && found[part];
  }
  if (typeof found !== 'function') {
    throw new Failure('HandlerNotFound', `${name} is ${found ? 'not a function' : 'undefined or not exported'}`);
  }
  return found;
}

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');

/** What handlers find as `awslambda` ("Response streaming for Lambda functions", AWS Lambda developer guide). */
const awslambda = {
  streamifyResponse: (handler) => Object.assign(handler, { [STREAMING]: 'response' }),
  HttpResponseStream: {
    /** Puts the status and the headers of an HTTP response before what is written. */
    from(stream, metadata) {
      stream.setContentType('application/vnd.awslambda.http-integration-response');
      stream._onBeforeFirstWrite = (write) => {
        write(JSON.stringify(metadata));
        write(new Uint8Array(8));
      };
      return stream;
    },
  },
};

/** The part of a context that is told, and not done. */
function contextOf(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const parsed = (name, of) => {
    try {
      return headers[name] === undefined ? undefined : JSON.parse(headers[name]);
    } catch (error) {
      throw new Error(`Cannot parse ${of} as json: ${error}`);
    }
  };
  return {
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parsed('lambda-runtime-client-context', 'ClientContext'),
    identity: parsed('lambda-runtime-cognito-identity', 'CognitoIdentity'),
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: requestId,
    tenantId: headers['lambda-runtime-aws-tenant-id'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

const nothing = () => {};

/** What is done once there is nothing left to wait for. */
let whenIdle = nothing;

function idle() {
  const then = whenIdle;
  whenIdle = nothing;
  then();
}

/** The ways in which a handler ends its invocation. Whichever comes first is the one that counts. */
class Invocation {
  constructor(next) {
    this.where = `/invocation/${requestId}`;
    this.next = next;
    this.isOver = false;
    this.waits = true;
  }

  /** The function, that it counts only once. What fails does not count. */
  once(end) {
    return (...told) => {
      if (!this.isOver) {
        end(...told);
        this.isOver = true;
      }
    };
  }

  respond(result) {
    let body;
    try {
      body = JSON.stringify(result) ?? 'null';
    } catch {
      throw new Error('Unable to stringify response body');
    }
    ask('POST', `${this.where}/response`, body, { 'Content-Type': 'application/json' }).then(this.next);
  }

  fail(error) {
    log('Invoke Error', error);
    fail(`${this.where}/error`, error).then(this.next);
  }

  done(error, result) {
    whenIdle = nothing;
    if (error !== undefined && error !== null) {
      this.fail(error);
    } else {
      this.respond(result);
    }
  }

  callback(error, result) {
    if ((error !== undefined && error !== null) || !this.waits) {
      this.done(error, result);
    } else {
      whenIdle = () => setImmediate(() => this.respond(result));
    }
  }

  /** The handler's context, which has these ways, and its callback. */
  ways() {
    const invocation = this;
    const done = (error, result) => this.done(error, result);
    const context = {
      get callbackWaitsForEmptyEventLoop() {
        return invocation.waits;
      },
      set callbackWaitsForEmptyEventLoop(waits) {
        invocation.waits = waits;
      },
      succeed: this.once((result) => done(null, result)),
      fail: this.once((error) => done(error ?? 'handled')),
      done: this.once(done),
    };
    return { context, callback: this.once((error, result) => this.callback(error, result)) };
  }
}

/** Has the handler answer by what it returns, promises, or says with its callback or its context. */
function answer(handler, { headers, body }, next) {
  const invocation = new Invocation(next);
  const { context, callback } = invocation.ways();
  // Nothing will answer any more.
  whenIdle = () => {
    invocation.isOver = true;
    if (util.types.isAsyncFunction(handler)) {
      invocation.fail(new Failure('NodeJsExit', 'The Lambda runtime client detected an unexpected Node.js exit code.'));
    } else {
      invocation.respond(null);
    }
  };
  try {
    const event = JSON.parse(body);
    const result = handler(event, Object.assign(context, contextOf(headers)), callback);
    if (typeof result?.then === 'function') {
      result.then(context.succeed, context.fail).catch(context.fail);
    }
  } catch (error) {
    callback(error);
  }
}

/** A stream whose content is the response, as it is written. */
function responseStream() {
  const headers = {
    'Lambda-Runtime-Function-Response-Mode': 'streaming',
    Trailer: ['Lambda-Runtime-Function-Error-Type', 'Lambda-Runtime-Function-Error-Body'],
    'Content-Type': 'application/octet-stream',
  };
  const { request: stream, answered } = open('POST', `/invocation/${requestId}/response`, headers);
  const write = stream.write.bind(stream);
  let isBegun = false;
  stream.setContentType = (type) => {
    if (isBegun) {
      throw new Failure('InvalidStreamingOperation', 'Cannot set content-type, too late.');
    }
    stream.setHeader('Content-Type', type);
  };
  stream.write = (part, ...others) => {
    const isText = typeof part === 'string' || part instanceof Uint8Array;
    if (!isBegun) {
      isBegun = true;
      stream._onBeforeFirstWrite?.((part) => write(part));
    }
    return write(isText ? part : JSON.stringify(part), ...others);
  };
  return { stream, answered };
}

/** Has the handler write its response. An error after its beginning is in what comes after it. */
async function stream(handler, { headers, body }, next) {
  const { stream, answered } = responseStream();
  const context = { callbackWaitsForEmptyEventLoop: true, ...contextOf(headers) };
  const goOn = () => {
    if (context.callbackWaitsForEmptyEventLoop) {
      whenIdle = () => setImmediate(next);
    } else {
      next();
    }
  };
  whenIdle = next;
  try {
    const promise = handler(JSON.parse(body), stream, context);
    if (typeof promise?.then !== 'function') {
      throw 'Streaming does not support non-async handlers.';
    }
    if ((await promise) !== undefined) {
      console.warn('Streaming handlers ignore return values.');
    }
  } catch (error) {
    log('Invoke Error', error);
    const told = described(error);
    stream.addTrailers({
      'Lambda-Runtime-Function-Error-Type': inHeader(told.errorType),
      'Lambda-Runtime-Function-Error-Body': Buffer.from(JSON.stringify(told)).toString('base64'),
    });
    stream.end();
  }
  await answered;
  goOn();
}

/** What nobody catches ends the process, and the invocation with it. */
function uncaught(title, error, code) {
  log(title, error);
  fail(requestId === undefined ? '/init/error' : `/invocation/${requestId}/error`, error).finally(() => process.exit(code));
}

async function main() {
  patchConsole();
  globalThis.awslambda = awslambda;
  process.on('beforeExit', idle);
  process.on('uncaughtException', (error) => uncaught('Uncaught Exception', error, 129));
  process.on('unhandledRejection', (reason) => {
    uncaught('Unhandled Promise Rejection', new Failure('UnhandledPromiseRejection', String(reason)), 128);
  });
  let handler;
  try {
    handler = await handlerOf(env._HANDLER);
  } catch (error) {
    return uncaught('Uncaught Exception', error, 129);
  }
  const handle = handler[STREAMING] === 'response' ? stream : answer;
  const next = async () => {
    const event = await ask('GET', '/invocation/next');
    requestId = event.headers['lambda-runtime-aws-request-id'];
    if (event.headers['lambda-runtime-trace-id']) {
      env._X_AMZN_TRACE_ID = event.headers['lambda-runtime-trace-id'];
    } else {
      delete env._X_AMZN_TRACE_ID;
    }
    await handle(handler, event, next);
  };
  await next();
}

main();
