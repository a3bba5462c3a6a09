// websocket: its server and its client. It has no compression.
const http = require("http");
const { client: Client, server: Server } = require("websocket");

function echo(connection) {
  connection.on("message", ({ type, utf8Data, binaryData }) => {
    if (type === "binary") connection.sendBytes(binaryData);
    else if (utf8Data === "ping") connection.ping("hello");
    else if (utf8Data === "close") connection.sendCloseFrame(4001, "bye");
    else connection.sendUTF(utf8Data);
  });
  connection.on("close", (code, reason) => console.log("closed", code, reason));
  connection.on("error", (error) => console.error(error.message));
}

const [role, argument] = process.argv.slice(2);
const limits = { maxReceivedFrameSize: 1 << 24, maxReceivedMessageSize: 1 << 24 };
if (role === "serve") {
  const httpServer = http.createServer();
  httpServer.listen(Number(argument), "127.0.0.1");
  const server = new Server({ httpServer, ...limits });
  server.on("request", (request) => {
    const protocol = request.requestedProtocols.includes("echo.v1") ? "echo.v1" : null;
    echo(request.accept(protocol, request.origin));
  });
} else {
  const client = new Client(limits);
  client.on("connect", (connection) => {
    console.log("open", connection.protocol);
    echo(connection);
  });
  client.on("connectFailed", (error) => console.log("refused", error.message));
  client.connect(argument, ["other.v1", "echo.v1"]);
}
