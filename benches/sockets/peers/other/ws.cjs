// `node ws.cjs PORT`: ws of npm. It writes each message by itself; with `cork`, the replies to what
// arrived together.
const { WebSocketServer } = require("ws");

const [port, form] = process.argv.slice(2);
const options = {
  host: "127.0.0.1",
  port: Number(port),
  perMessageDeflate: { serverNoContextTakeover: true, clientNoContextTakeover: true },
};
new WebSocketServer(options).on("connection", (socket, request) => {
  let corked = false;
  socket.on("message", (data, binary) => {
    if (form === "cork" && !corked) {
      corked = true;
      request.socket.cork();
      setImmediate(() => {
        corked = false;
        request.socket.uncork();
      });
    }
    socket.send(data, { binary });
  });
  socket.on("error", () => {});
});
