"""An echo for ASGI servers. They have no interface for pings."""


async def app(scope, receive, send):
    if scope["type"] != "websocket":
        return
    subprotocol = "echo.v1" if "echo.v1" in scope["subprotocols"] else None
    while (event := await receive())["type"] != "websocket.disconnect":
        if event["type"] == "websocket.connect":
            await send({"type": "websocket.accept", "subprotocol": subprotocol})
        elif event.get("text") == "close":
            await send({"type": "websocket.close", "code": 4001, "reason": "bye"})
            return
        elif event.get("text") is not None:
            await send({"type": "websocket.send", "text": event["text"]})
        else:
            await send({"type": "websocket.send", "bytes": event["bytes"]})
    print("closed", event["code"], event.get("reason") or "", flush=True)
