"""Checks HAR files: their form, and that another program reads them."""

import json
import time
from datetime import datetime
from urllib.parse import urlsplit

# The form of HAR 1.2: the members that must be there, and their types.
NUMBER = (int, float)
PAIRS = [{"name": str, "value": str}]
ENTRY = {
    "startedDateTime": str, "time": NUMBER, "cache": dict,
    "timings": {"send": NUMBER, "wait": NUMBER, "receive": NUMBER},
    "request": {
        "method": str, "url": str, "httpVersion": str, "cookies": list, "headers": PAIRS,
        "queryString": PAIRS, "headersSize": int, "bodySize": int,
    },
    "response": {
        "status": int, "statusText": str, "httpVersion": str, "cookies": list, "headers": PAIRS,
        "content": {"size": int, "mimeType": str}, "redirectURL": str, "headersSize": int,
        "bodySize": int,
    },
}
MESSAGE = {"type": str, "time": NUMBER, "opcode": int, "data": str}


def faults(value, form, path):
    """Where a value does not have the form."""
    if isinstance(form, dict):
        if not isinstance(value, dict):
            return [path]
        return [fault for name, inner in form.items()
                for fault in ([f"{path}.{name}"] if name not in value
                              else faults(value[name], inner, f"{path}.{name}"))]
    if isinstance(form, list):
        if not isinstance(value, list):
            return [path]
        return [fault for item in value for fault in faults(item, form[0], f"{path}[]")]
    return [] if isinstance(value, form) else [path]


def read_har(report, path):
    """Checks the file. Returns the entries of WebSockets by their targets."""
    log = json.loads(path.read_text())["log"]
    check_with_haralyzer(report, path, log)
    report.check("har: version", log["version"], "1.2")
    found = faults(log, {"creator": {"name": str, "version": str}, "entries": [ENTRY]}, "log")
    report.check("har: form", found, [])
    entries = {}
    for entry in log["entries"]:
        started = datetime.fromisoformat(entry["startedDateTime"].replace("Z", "+00:00")).timestamp()
        report.check("har: a recent time", abs(time.time() - started) < 600, True)
        url = urlsplit(entry["request"]["url"])
        if entry.get("_resourceType") != "websocket":
            continue
        report.check("har: scheme", url.scheme, "ws")
        report.check("har: form of the messages", faults(entry["_webSocketMessages"], [MESSAGE], ""), [])
        times = [message["time"] for message in entry["_webSocketMessages"]]
        report.check("har: messages in order", times, sorted(times))
        entries[url.path + (f"?{url.query}" if url.query else "")] = entry
    return entries


def check_with_haralyzer(report, path, log):
    """Another program reads the same from the file."""
    from haralyzer import HarParser

    parser = HarParser.from_file(str(path))
    report.check("har: creator", parser.creator["name"], "hybi inspect")
    read = [entry for page in parser.pages for entry in page.entries]
    report.check("har: entries of haralyzer", len(read), len(log["entries"]))
    for entry in read:
        report.check("har: version of HTTP", entry.request.httpVersion, "HTTP/1.1")
        if entry.get("_resourceType") == "websocket":
            report.check("har: method", entry.request.method, "GET")
            report.check("har: status", entry.response.status, 101)
            report.check("har: upgrade", entry.response.get_header_value("Upgrade"), "websocket")
            is_same = urlsplit(entry.request.url).netloc == entry.request.host
            report.check("har: host", is_same, True)
