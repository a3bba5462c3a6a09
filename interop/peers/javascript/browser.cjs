// A client with the interface of browsers, which has no pings, and does not show the status of a response.
module.exports = function connect(Client, url) {
  let isOpen = false;
  const socket = new Client(url, ["other.v1", "echo.v1"]);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    isOpen = true;
    console.log("open", socket.protocol);
  };
  socket.onmessage = ({ data }) => {
    if (data === "close") socket.close(4001, "bye");
    else socket.send(data);
  };
  socket.onclose = ({ code, reason }) => {
    if (isOpen) console.log("closed", code, reason);
    else console.log("refused");
  };
  socket.onerror = (event) => console.error(event.message ?? "error");
};
