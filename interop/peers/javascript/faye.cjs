// faye-websocket: its server and its client.
const http = require("http");
const WebSocket = require("faye-websocket");
const deflate = require("permessage-deflate");

function echo(socket) {
  socket.on("message", ({ data }) => {
    if (data === "ping") socket.ping("hello");
    else if (data === "close") socket.close(4001, "bye");
    else socket.send(data);
  });
  socket.on("close", ({ code, reason }) => console.log("closed", code, reason));
  socket.on("error", ({ message }) => console.error(message));
}

const [role, argument] = process.argv.slice(2);
const options = { extensions: [deflate] };
if (role === "serve") {
  const server = http.createServer();
  server.on("upgrade", (request, stream, head) => {
    echo(new WebSocket(request, stream, head, ["echo.v1"], options));
  });
  server.listen(Number(argument), "127.0.0.1");
} else {
  const socket = new WebSocket.Client(argument, ["other.v1", "echo.v1"], options);
  socket.on("open", () => console.log("open", socket.protocol));
  socket.on("error", ({ message }) => console.log("refused", message));
  echo(socket);
}
