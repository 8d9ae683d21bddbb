// Says which Node.js this is, whether AWS's runtime interface client works in it, and what it reads when it starts.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { Module } = require('node:module');

const NAME = 'aws-lambda-ric';

function client() {
  // The folder that is named, then what a program in the current folder would find.
  const bases = [...process.argv.slice(1, 2), process.cwd()];
  const folders = [...bases.flatMap((base) => Module._nodeModulePaths(base)), ...Module.globalPaths];
  const folder = folders.map((folder) => path.join(folder, NAME)).find((folder) => fs.existsSync(path.join(folder, 'package.json')));
  if (!folder) {
    return {};
  }
  try {
    const { version, bin } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
    // What was compiled for this interpreter, which reads the variable; where it is depends on the version.
    process.env.AWS_LAMBDA_RUNTIME_API = '127.0.0.1:9';
    const native = ['dist', ''].map((place) => path.join(folder, place, 'rapid-client.node'));
    require(native.find((file) => fs.existsSync(file)) ?? native[0]);
    return { client: { version, program: fs.realpathSync(path.join(folder, bin[NAME])) }, folder };
  } catch (error) {
    return { why: `${error}` };
  }
}

const { client: found = null, why = null, folder } = client();
const reads = [process.execPath, ...(folder ? [folder] : [])];
console.log(JSON.stringify({ program: process.execPath, version: process.versions.node, client: found, why, reads }));
process.exit(0);
