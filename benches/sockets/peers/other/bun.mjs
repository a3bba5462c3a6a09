// `bun run bun.mjs PORT`: the server of Bun, which contains uWebSockets.
Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.argv[2]),
  fetch: (request, server) => (server.upgrade(request) ? undefined : new Response("", { status: 400 })),
  websocket: {
    perMessageDeflate: true,
    maxPayloadLength: 64 * 1024 * 1024,
    backpressureLimit: 64 * 1024 * 1024,
    message: (socket, data) => void socket.send(data, true),
  },
});
