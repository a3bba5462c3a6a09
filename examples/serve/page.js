"use strict";
(() => {
  const MAX_LINES = 500; // Of messages, and of frames.
  const MAX_SHOWN = 120; // Characters of a text.
  const MAX_BYTES = 12; // Of a binary message.
  const MAX_REASON = 123; // A control frame carries 125 bytes, and the close code takes two.

  const encoder = new TextEncoder();
  const byId = (id) => document.getElementById(id);

  /** Data from the network becomes part of the page here, as text. */
  function element(tag, className, ...children) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.append(...children);
    return made;
  }

  const grouped = (number) => number.toLocaleString("en");
  const counted = (number, unit) => `${grouped(number)} ${unit}${number === 1 ? "" : "s"}`;
  const duration = (milliseconds) => `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
  const closeOf = (code, reason) => `${code}, ${reason === "" ? "no reason" : `reason “${reason}”`}`;

  /** Codes 1005 and 1006 are never in a frame (RFC 6455, section 7.4.1). */
  function endingOf({ code, reason, wasClean }) {
    if (code === 1006) return "no Close received (1006)";
    const received = code === 1005 ? "a Close without a code (1005)" : closeOf(code, reason);
    return `received ${received}, ${wasClean ? "clean" : "not clean"}`;
  }

  const clock = () => new Date().toTimeString().slice(0, 8);
  const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const bytesOf = (data) => (typeof data === "string" ? encoder.encode(data) : new Uint8Array(data));
  const urlOf = (name) => `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/${name}`;

  function append(list, item) {
    list.append(item);
    while (list.childElementCount > MAX_LINES) list.firstElementChild.remove();
  }

  /** Keeps the end of a box in view, unless the reader has scrolled back. */
  function follow(box) {
    let following = true;
    let height = 0;
    const settle = () => {
      if (following) box.scrollTop = box.scrollHeight;
      height = box.clientHeight;
    };
    box.addEventListener("scroll", () => {
      if (height !== box.clientHeight) return; // A new layout moved the lines, not the reader.
      following = box.scrollHeight - box.scrollTop - box.clientHeight < 24;
    });
    new MutationObserver(settle).observe(box, { childList: true, subtree: true, attributes: true });
    new ResizeObserver(settle).observe(box);
  }

  // ---- The frames channel --------------------------------------------------------------------

  /** The server reports here on the connections that have this channel's id in their query. */
  const channel = {
    opening: null,

    /** The id, or null if there is no channel. */
    ready() {
      this.opening ??= new Promise((resolve) => {
        const socket = new WebSocket(urlOf("frames"));
        socket.addEventListener("message", ({ data }) => {
          const report = JSON.parse(data);
          if ("id" in report) resolve(report.id);
          else connections[report.connection]?.report(report);
        });
        socket.addEventListener("close", () => {
          this.opening = null;
          resolve(null);
          for (const connection of Object.values(connections)) connection.unreported();
        });
      });
      return this.opening;
    },
  };

  // ---- Connections ---------------------------------------------------------------------------

  /** One WebSocket after another to the same path, and all that the page shows of it. */
  class Connection {
    constructor(name, { message, close, buttons }) {
      this.name = name;
      this.url = urlOf(name);
      this.handlers = { message, close };
      this.buttons = buttons;
      this.socket = null;
      this.state = "closed";
      this.frames = []; // As they were reported, since the latest opening handshake.

      const panel = byId("panel").content.cloneNode(true);
      for (const part of panel.querySelectorAll("[data-part]")) part.id = `${name}-${part.dataset.part}`;
      byId(name).prepend(panel);
      this.part("url").textContent = this.url;
      this.part("connect").addEventListener("click", () => this.open());
      this.part("close-form").addEventListener("input", () => this.checkClose());
      this.part("close-form").addEventListener("submit", (event) => {
        event.preventDefault();
        attempt(() => this.close(this.part("close-code").valueAsNumber, this.part("close-reason").value));
      });
    }

    part(name) {
      return byId(`${this.name}-${name}`);
    }

    async open() {
      if (this.state !== "closed") return;
      this.enter("connecting");
      const id = await channel.ready();
      if (id === null) this.unreported();
      const started = performance.now();
      const socket = new WebSocket(this.url + (id === null ? "" : `?frames=${id}`), [this.name]);
      socket.binaryType = "arraybuffer";
      this.socket = socket;
      this.sent = null;
      for (const part of ["protocol", "extensions", "ending"]) this.part(part).textContent = "–";
      socket.addEventListener("open", () => {
        this.part("protocol").textContent = socket.protocol || "none";
        this.part("extensions").textContent = socket.extensions || "none";
        this.note("open", `after ${duration(performance.now() - started)}`);
        this.enter("open");
      });
      socket.addEventListener("message", ({ data }) => this.handlers.message(data));
      socket.addEventListener("close", ({ code, reason, wasClean }) => {
        const ending = { code, reason, wasClean };
        const received = endingOf(ending);
        this.part("ending").textContent = this.sent === null ? received : `sent ${this.sent}; ${received}`;
        this.note("closed", this.part("ending").textContent);
        this.enter("closed");
        this.handlers.close(ending);
      });
    }

    send(data) {
      if (this.state !== "open") throw new Error(`The ${this.name} connection is not open.`);
      this.socket.send(data);
      this.show("sent", data);
    }

    close(code, reason) {
      if (this.state !== "open") throw new Error(`The ${this.name} connection is not open.`);
      this.socket.close(code, reason);
      this.sent = closeOf(code, reason);
      this.note("closing", `sent ${this.sent}`);
      this.enter("closing");
    }

    /** The rules for what a script may close with. */
    checkClose() {
      const code = this.part("close-code");
      const allowed = code.valueAsNumber === 1000 || code.valueAsNumber >= 3000;
      code.setCustomValidity(allowed ? "" : "A page may close with 1000, or with 3000 to 4999.");
      const reason = this.part("close-reason");
      const fits = encoder.encode(reason.value).length <= MAX_REASON;
      reason.setCustomValidity(fits ? "" : `A reason holds at most ${MAX_REASON} bytes.`);
    }

    enter(state) {
      this.state = state;
      this.part("state").textContent = state;
      this.part("state").dataset.state = state;
      const [shown, other] = state === "closed" ? ["connect", "close"] : ["close", "connect"];
      const hadFocus = document.activeElement === this.part(other);
      this.part(shown).hidden = false;
      this.part(other).hidden = true;
      for (const id of [...this.buttons, `${this.name}-close`]) byId(id).disabled = state !== "open";
      if (hadFocus) (this.part(shown).disabled ? this.part("close-reason") : this.part(shown)).focus();
    }

    // ---- Messages ----

    /** A line that is no message. */
    note(event, text) {
      this.line(event, "·", `${event}: ${text}`);
    }

    show(event, data, remark = "") {
      const bytes = bytesOf(data);
      const kind = `${typeof data === "string" ? "text" : "binary"}, ${counted(bytes.length, "byte")} · `;
      let shown = typeof data === "string" ? data : hex(bytes.subarray(0, MAX_BYTES));
      // A cut inside a surrogate pair would leave half of it.
      if (shown.length > MAX_SHOWN) shown = `${shown.slice(0, MAX_SHOWN).replace(/[\uD800-\uDBFF]$/, "")}…`;
      else if (typeof data !== "string" && bytes.length > MAX_BYTES) shown += " …";
      this.line(event, { sent: "→", received: "←" }[event], shown, kind, remark);
    }

    line(event, mark, text, kind = "", remark = "") {
      const said = element("span", "said", text);
      said.dir = "auto";
      const about = element("small", "", kind, element("time", "", clock()), element("b", remark.startsWith("✗") ? "bad" : "", remark));
      append(this.part("messages"), element("li", event, element("span", "mark", mark), said, about));
    }

    // ---- What the server reports ----

    report(report) {
      if ("request" in report) {
        this.seen = { client: { frames: 0, bytes: 0 }, server: { frames: 0, bytes: 0 } };
        this.frames = [];
        this.separate("opening handshake");
        this.head("request", report.request);
        this.part("response").replaceChildren();
      } else if ("response" in report) {
        this.head("response", report.response);
      } else {
        this.frame(report);
      }
    }

    head(name, head) {
      const [start, ...fields] = head.split("\r\n");
      const isNamed = (line) => /^(sec-websocket-[^:]*|upgrade|connection|host|origin):/i.test(line);
      const item = (line) => {
        const end = line.indexOf(":") + 1;
        return element("li", isNamed(line) ? "named" : "", element("b", "", line.slice(0, end)), line.slice(end));
      };
      const sorted = [...fields.filter(isNamed), ...fields.filter((line) => !isNamed(line))];
      this.part(name).replaceChildren(element("li", "start", start), ...sorted.map(item));
    }

    frame(report) {
      const { from, number, opcode, fin, rsv1, masked, length, header } = report;
      const seen = this.seen[from];
      const missing = number - seen.frames - 1;
      if (missing > 0) this.separate(`${counted(missing, "frame")} not reported`);
      seen.frames = number;
      seen.bytes += header.length / 2 + length;
      this.frames.push(report);
      if (this.frames.length > MAX_LINES) this.frames.shift();

      const sender = element("td", "from", from === "client" ? "→" : "←", element("span", "word", ` ${from}`));
      append(this.part("frames"), element("tr", from + (/^(close|ping|pong)$/.test(opcode) ? " control" : ""),
        sender,
        element("td", "opcode", opcode),
        element("td", "", fin ? "1" : "0"),
        element("td", rsv1 ? "compressed" : "", rsv1 ? "1" : "0", element("span", "word", rsv1 ? " compressed" : "")),
        element("td", "", masked ? header.slice(-8) : "none"),
        element("td", "number", grouped(length)),
        element("td", "wide", header.replace(/..(?=.)/g, "$& ")),
      ));
      const { client, server } = this.seen;
      const total = (arrow, { frames, bytes }) => element("span", "", `${arrow} ${counted(frames, "frame")}, ${counted(bytes, "byte")}`);
      this.part("total").replaceChildren(total("→", client), total("←", server));
    }

    /** A row between frames. */
    separate(text) {
      if (this.part("frames").lastElementChild?.textContent === text) return;
      const cell = element("td", "", text);
      cell.colSpan = 7;
      append(this.part("frames"), element("tr", "between", cell));
    }

    unreported() {
      this.separate("the frames channel is closed: frames are not reported until you connect again");
    }
  }

  /** Runs what a button asked for, and shows its failure. */
  async function attempt(action) {
    byId("failure").textContent = "";
    try {
      await action();
    } catch (error) {
      byId("failure").textContent = error.message;
    }
  }

  // ---- Chat ----------------------------------------------------------------------------------

  const chatLines = []; // For tests.

  const chat = new Connection("chat", {
    buttons: ["chat-send"],
    message(data) {
      chat.show("received", data);
      chatLines.push(data);
      if (chatLines.length > MAX_LINES) chatLines.shift();
    },
    close() {},
  });

  const pick = (words) => words[Math.floor(Math.random() * words.length)];
  byId("chat-name").value = `${pick(["Amber", "Brisk", "Calm", "Merry", "Quiet", "Silver"])} ${pick(["Badger", "Crane", "Finch", "Heron", "Lynx", "Otter"])}`;

  function sendChat(text) {
    chat.send(`${byId("chat-name").value.trim() || "Guest"}: ${text}`);
  }

  byId("chat-form").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(() => sendChat(byId("chat-input").value));
    byId("chat-input").select();
  });

  // ---- Echo ----------------------------------------------------------------------------------

  const awaited = []; // Echoes come back in the order in which the messages went out.
  let whenClosed = () => {};

  const echo = new Connection("echo", {
    buttons: ["echo-send-text", "echo-send-long", "echo-send-binary"],
    message(data) {
      const message = awaited.shift();
      const bytes = bytesOf(data);
      const match = typeof data === message.type && bytes.length === message.bytes.length
        && bytes.every((byte, index) => byte === message.bytes[index]);
      const milliseconds = performance.now() - message.sentAt;
      echo.show("received", data, `${match ? "✓ same" : "✗ not the same"}, ${duration(milliseconds)}`);
      message.resolve({ match, bytes: bytes.length, milliseconds });
    },
    close(ending) {
      whenClosed(ending);
      for (const { reject } of awaited.splice(0)) {
        reject(new Error(`The connection closed with code ${ending.code} before the echo came back.`));
      }
    },
  });

  /** Sends text or an array buffer; resolves when its echo is back and compared. */
  function sendEcho(data) {
    return new Promise((resolve, reject) => {
      const message = { type: typeof data, bytes: bytesOf(data), sentAt: performance.now(), resolve, reject };
      echo.send(data);
      awaited.push(message);
    });
  }

  function closeEcho(code = 1000, reason = "") {
    return new Promise((resolve) => {
      whenClosed = resolve;
      echo.close(code, reason);
    });
  }

  function textOfSize(size) {
    const pattern = "A frame has a header and a payload. ";
    return pattern.repeat(Math.ceil(size / pattern.length)).slice(0, size);
  }

  function binaryOfSize(size) {
    const bytes = new Uint8Array(size);
    const most = 65536; // One call of getRandomValues fills no more than this.
    for (let start = 0; start < size; start += most) crypto.getRandomValues(bytes.subarray(start, start + most));
    return bytes.buffer;
  }

  byId("echo-text-form").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(() => sendEcho(byId("echo-text").value));
  });
  byId("echo-size-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const make = event.submitter?.value === "binary" ? binaryOfSize : textOfSize;
    attempt(() => sendEcho(make(Number(byId("echo-size").value))));
  });

  // ---- What is shown -------------------------------------------------------------------------

  const connections = { chat, echo };

  function showChosen() {
    const chosen = document.querySelector("[name=connection]:checked").value;
    for (const part of document.querySelectorAll("[data-of]")) part.hidden = part.dataset.of !== chosen;
    document.querySelector("main").dataset.view = document.querySelector("[name=view]:checked").value;
  }

  for (const choice of document.querySelectorAll("[type=radio]")) choice.addEventListener("change", showChosen);
  showChosen();
  for (const id of ["chat-messages", "echo-messages", "frames-scroll"]) follow(byId(id));
  chat.open();
  echo.open();

  /** For tests. */
  window.hybiPage = {
    chatState: () => chat.state,
    echoState: () => echo.state,
    sendChat,
    chatLines: () => [...chatLines],
    echoText: (text) => sendEcho(text),
    echoBinary: (size) => sendEcho(binaryOfSize(size)),
    closeEcho,
    frames: (name) => [...connections[name].frames],
  };
})();
