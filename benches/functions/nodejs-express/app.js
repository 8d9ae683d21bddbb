// An API in Express, behind serverless-http.
const express = require('express');
const serverless = require('serverless-http');

const app = express();
app.use(express.json());
app.get('/users/:name', (request, response) => {
  response.set('x-powered-by', 'express').json({ name: request.params.name, q: request.query.q });
});
app.post('/users', (request, response) => response.status(201).json(request.body));
app.get('/fails', () => {
  throw new Error('as asked');
});

module.exports.handler = serverless(app);
