// undici: its client, which is the one of Node.
const { WebSocket } = require("undici");

require("./browser.cjs")(WebSocket, process.argv[3]);
