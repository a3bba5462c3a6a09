// Bun: its server and its client.
import connect from "./browser.cjs";

const [role, argument] = process.argv.slice(2);
if (role === "connect") {
  connect(WebSocket, argument);
} else {
  Bun.serve({
    hostname: "127.0.0.1",
    port: Number(argument),
    fetch(request, server) {
      const offered = request.headers.get("sec-websocket-protocol") ?? "";
      const headers = offered.includes("echo.v1") ? { "Sec-WebSocket-Protocol": "echo.v1" } : {};
      if (server.upgrade(request, { headers })) return undefined;
      return new Response("", { status: 400 });
    },
    websocket: {
      perMessageDeflate: true,
      message(socket, data) {
        if (data === "ping") socket.ping("hello");
        else if (data === "close") socket.close(4001, "bye");
        else socket.send(data, true);
      },
      close: (_, code, reason) => console.log("closed", code, reason),
    },
  });
}
