// ws: its server and its client.
const { WebSocket, WebSocketServer } = require("ws");

function echo(socket) {
  socket.on("message", (data, isBinary) => {
    const text = isBinary ? undefined : data.toString();
    if (text === "ping") socket.ping("hello");
    else if (text === "close") socket.close(4001, "bye");
    else socket.send(data, { binary: isBinary });
  });
  socket.on("close", (code, reason) => console.log("closed", code, reason.toString()));
  socket.on("error", (error) => console.error(error.message));
}

const [role, argument] = process.argv.slice(2);
const perMessageDeflate = { threshold: 0 };
if (role === "serve") {
  const handleProtocols = (protocols) => (protocols.has("echo.v1") ? "echo.v1" : false);
  const options = { host: "127.0.0.1", port: Number(argument), perMessageDeflate, handleProtocols };
  new WebSocketServer(options).on("connection", (socket) => echo(socket));
} else {
  const socket = new WebSocket(argument, ["other.v1", "echo.v1"], { perMessageDeflate });
  socket.on("open", () => console.log("open", socket.protocol));
  socket.on("unexpected-response", (request, response) => {
    console.log("refused", response.statusCode);
    request.destroy();
  });
  echo(socket);
}
