'use strict';
// Runs the Node package `ws`. Each input line is a job. Each output line is a reply to the job with the
// same id: the port of a server, or the result of a connection.

const readline = require('node:readline');
const fs = require('node:fs');
const { WebSocket, WebSocketServer } = require('ws');

const messages = JSON.parse(fs.readFileSync(process.argv[2], 'utf8')).map((message) => ({
  ...message,
  parts: message.parts.map((part) => Buffer.from(part, 'base64')),
}));

function print(id, line) {
  process.stdout.write(`${JSON.stringify({ id, ...line })}\n`);
}

// Returns a function that resolves to the next message, and rejects at the end of the connection.
function reader(socket) {
  const waiting = [];
  const arrived = [];
  let ended = null;
  const settle = () => {
    while (waiting.length && arrived.length) waiting.shift().resolve(arrived.shift());
    while (waiting.length && ended) waiting.shift().reject(ended);
  };
  socket.on('message', (data, isBinary) => {
    arrived.push({ data, isBinary });
    settle();
  });
  socket.on('error', (error) => {
    ended = error;
    settle();
  });
  socket.on('close', (code) => {
    ended = ended || new Error(`closed with ${code}`);
    settle();
  });
  return () =>
    new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      settle();
    });
}

function send(socket, { binary, parts }) {
  parts.forEach((part, index) => socket.send(part, { binary, fin: index === parts.length - 1 }));
}

function direction(params, side) {
  return {
    window: params[`${side}_max_window_bits`] || 15,
    takeover: !params[`${side}_no_context_takeover`],
  };
}

function agreed(socket) {
  const extension = socket._extensions['permessage-deflate'];
  if (!extension) return null;
  const { params } = extension;
  return { server: direction(params, 'server'), client: direction(params, 'client') };
}

async function converse(socket, read) {
  const report = JSON.parse((await read()).data.toString());
  const unequal = [];
  for (const message of messages) {
    send(socket, message);
    const { data, isBinary } = await read();
    const equal = data.equals(Buffer.concat(message.parts)) && isBinary === message.binary;
    if (!equal) unequal.push(message.name);
  }
  const closed = new Promise((resolve) => socket.on('close', resolve));
  socket.close(1000);
  return { report, agreed: agreed(socket), unequal, code: await closed };
}

async function finish(id, socket) {
  try {
    print(id, { result: await converse(socket, reader(socket)) });
  } catch (error) {
    print(id, { result: { error: error.message } });
    socket.terminate();
  }
}

function listen({ id, options }) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: options });
  server.on('listening', () => print(id, { port: server.address().port }));
  server.on('connection', async (socket) => {
    await finish(id, socket);
    server.close();
  });
  // A refused handshake.
  server.on('wsClientError', (error, socket) => {
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    print(id, { result: { error: error.message } });
    server.close();
  });
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const job = JSON.parse(line);
  if (job.url) finish(job.id, new WebSocket(job.url, { perMessageDeflate: job.options }));
  else listen(job);
});
