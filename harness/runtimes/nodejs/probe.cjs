// Says which Node.js this is, whether AWS's runtime interface client works in it, and what it reads when it starts.
'use strict';

const path = require('node:path');
const { pathToFileURL } = require('node:url');

async function client() {
  try {
    const manifest = require.resolve('aws-lambda-ric/package.json', { paths: [process.cwd()] });
    const { version, main, bin } = require(manifest);
    const folder = path.dirname(manifest);
    await import(pathToFileURL(path.join(folder, main)).href);
    return { version, program: path.join(folder, bin['aws-lambda-ric']) };
  } catch {
    return null;
  }
}

client().then((client) => {
  const reads = [process.execPath, ...(client ? [path.dirname(path.dirname(client.program))] : [])];
  console.log(JSON.stringify({ program: process.execPath, version: process.versions.node, client, reads }));
  process.exit(0);
});
