// nodejs-websocket: its server and its client. It has no compression.
const library = require("nodejs-websocket");

function echo(connection) {
  connection.on("text", (text) => {
    if (text === "ping") connection.sendPing("hello");
    else if (text === "close") connection.close(4001, "bye");
    else connection.sendText(text);
  });
  connection.on("binary", (stream) => {
    const parts = [];
    stream.on("data", (part) => parts.push(part));
    stream.on("end", () => connection.sendBinary(Buffer.concat(parts)));
  });
  connection.on("close", (code, reason) => console.log("closed", code, reason));
  connection.on("error", (error) => console.error(error.message));
}

const [role, argument] = process.argv.slice(2);
if (role === "serve") {
  const options = { selectProtocol: (_, protocols) => protocols.find((name) => name === "echo.v1") };
  library.createServer(options, echo).listen(Number(argument), "127.0.0.1");
} else {
  const connection = library.connect(argument, { protocols: ["other.v1", "echo.v1"] });
  connection.on("connect", () => console.log("open", connection.protocol));
  connection.on("error", (error) => connection.readyState === connection.CONNECTING && console.log("refused", error.message));
  echo(connection);
}
