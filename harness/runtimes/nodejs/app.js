// The workload `hello` in JavaScript: the same events, the same answers.
'use strict';

const LONGEST_NAME = 100;

/** The caller's mistake. */
class InvalidEvent extends Error {
  constructor(message) {
    super(message);
    this.name = 'InvalidEvent';
  }
}

function nameOf(event) {
  const wrong = 'the event is not one of workload hello';
  if (typeof event !== 'object' || event === null || Array.isArray(event)) {
    throw new InvalidEvent(`${wrong}: expected an object`);
  }
  for (const key of Object.keys(event)) {
    if (key !== 'name') {
      throw new InvalidEvent(`${wrong}: unknown field \`${key}\`, expected \`name\``);
    }
  }
  if (!('name' in event)) {
    throw new InvalidEvent(`${wrong}: missing field \`name\``);
  }
  if (typeof event.name !== 'string') {
    throw new InvalidEvent(`${wrong}: expected a string for \`name\``);
  }
  return event.name;
}

exports.handler = async (event) => {
  const name = nameOf(event).trim();
  const length = [...name].length;
  if (length === 0) {
    throw new InvalidEvent('name is empty');
  }
  if (length > LONGEST_NAME) {
    throw new InvalidEvent(`name has ${length} characters; at most ${LONGEST_NAME} are greeted`);
  }
  return { message: `Hello, ${name}!` };
};
