// Deno: its server and its client.
import connect from "./browser.cjs";

function handle(request) {
  const offered = request.headers.get("sec-websocket-protocol") ?? "";
  const options = offered.includes("echo.v1") ? { protocol: "echo.v1" } : {};
  const { socket, response } = Deno.upgradeWebSocket(request, options);
  socket.binaryType = "arraybuffer";
  socket.onmessage = ({ data }) => {
    if (data === "close") socket.close(4001, "bye");
    else socket.send(data);
  };
  socket.onclose = ({ code, reason }) => console.log("closed", code, reason);
  return response;
}

const [role, argument] = Deno.args;
const options = { hostname: "127.0.0.1", port: Number(argument), onListen() {} };
if (role === "serve") Deno.serve(options, handle);
else connect(WebSocket, argument);
