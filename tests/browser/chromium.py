"""A real browser for the tests: Chromium without a window, spoken to over a pipe in its own protocol.

No library and no network: the messages are JSON ended by a zero byte. `Page` runs scripts in the page, presses keys,
and keeps what the console said and what was requested.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from select import select
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
PATIENCE = 60.0
SWITCHES = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions", "--hide-scrollbars",
    "--disable-dev-shm-usage", "--disable-background-networking", "--remote-debugging-pipe",
)  # fmt: skip


def find_chromium() -> str | None:
    """The browser's path: `CHROMIUM` where that is set, else where Debian and others put it; None without one."""
    given = os.environ.get("CHROMIUM")
    return given or next((path for path in map(shutil.which, NAMES) if path), None)


START = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
os.dup2(ends[0], 3)
os.dup2(ends[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""The browser reads its commands from descriptor 3 and answers on 4."""


class Browser:
    """A running Chromium."""

    def __init__(self, program: str, folder: Path) -> None:
        to_read, our_write = os.pipe()
        our_read, to_write = os.pipe()
        start = [sys.executable, "-c", START, str(to_read), str(to_write)]
        words = [*start, program, *SWITCHES, f"--user-data-dir={folder}", "about:blank"]
        self._process = subprocess.Popen(
            words, pass_fds=(to_read, to_write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(to_read)
        os.close(to_write)
        self._read, self._write = our_read, our_write
        self._held = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []

    def send(self, method: str, session: str | None = None, **params: Any) -> Any:
        """What the browser answers to a command; events that come meanwhile are kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive(PATIENCE)
            if answer is None:
                raise TimeoutError(f"no answer to {method}")
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def receive(self, patience: float) -> dict[str, Any] | None:
        """The next message, or None where none comes in that many seconds."""
        until = time.monotonic() + patience
        while b"\0" not in self._held:
            if not select([self._read], [], [], max(until - time.monotonic(), 0))[0]:
                return None
            piece = os.read(self._read, 1 << 20)
            if not piece:
                raise RuntimeError("the browser has ended")
            self._held += piece
        message, _, self._held = self._held.partition(b"\0")
        return dict(json.loads(message))

    def close(self) -> None:
        """End the browser."""
        try:
            self.send("Browser.close")
        except (RuntimeError, TimeoutError, OSError):
            self._process.kill()
        self._process.wait(PATIENCE)
        os.close(self._read)
        os.close(self._write)


class Page:
    """One tab."""

    def __init__(self, browser: Browser, target: str = "") -> None:
        self.browser = browser
        own = target or browser.send("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.send("Target.attachToTarget", targetId=own, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **params: Any) -> Any:
        """What the tab answers to a command."""
        return self.browser.send(method, self.session, **params)

    def open(self, address: str) -> None:
        """Load an address and wait until it is there."""
        self.browser.events.clear()
        self.send("Page.navigate", url=address)
        until = time.monotonic() + PATIENCE
        while not any(event.get("method") == "Page.loadEventFired" for event in self.browser.events):
            message = self.browser.receive(max(until - time.monotonic(), 0))
            if message is None:
                raise TimeoutError(address)
            self.browser.events.append(message)

    def run(self, script: str) -> Any:
        """The value of an expression in the page; a promise's once it is kept."""
        found = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise RuntimeError(json.dumps(found["exceptionDetails"])[:2000])
        return found["result"].get("value")

    def texts(self) -> str:
        """All text that is drawn, with or without scripts."""
        tree = self.send("Accessibility.getFullAXTree")["nodes"]
        return "\n".join(str(node["name"]["value"]) for node in tree if "name" in node and not node.get("ignored"))

    def press(self, key: str) -> None:
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
            self.send("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=CODES[key], **text)

    def click(self, selector: str) -> None:
        """Click in the middle of the first element that a selector finds, as a hand does."""
        x, y = self.run(
            f"(e => {{ e.scrollIntoView({{block: 'center'}}); const r = e.getBoundingClientRect();"
            f" return [r.x + r.width / 2, r.y + r.height / 2] }})(document.querySelector({json.dumps(selector)}))"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def frame(self) -> Page:
        """The tab's only frame of another origin, as soon as it is there."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            for target in self.browser.send("Target.getTargets")["targetInfos"]:
                if target["type"] == "iframe":
                    return Page(self.browser, target["targetId"])
        raise TimeoutError("there is no frame")

    def appear(self, *, width: int = 1200, height: int = 900, dark: bool = False, scripts: bool = True) -> None:
        """Set the window's size, the colours the reader wants, and whether scripts run."""
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        wanted = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.send("Emulation.setEmulatedMedia", features=wanted)
        self.send("Emulation.setScriptExecutionDisabled", value=not scripts)

    def picture(self, *, whole: bool = False) -> bytes:
        """What is seen, as PNG; the whole page rather than the window if asked."""
        return base64.b64decode(self.send("Page.captureScreenshot", captureBeyondViewport=whole)["data"])

    def printed(self) -> bytes:
        """The page printed, as PDF."""
        return base64.b64decode(self.send("Page.printToPDF", printBackground=True)["data"])

    def complaints(self) -> list[str]:
        """What the console has said since the page was opened: warnings, errors, what the policy refused."""
        self.run("0")  # so that every earlier message has come
        return [json.dumps(e["params"]) for e in self.browser.events if e.get("method") in COMPLAINTS]

    def requests(self) -> list[str]:
        """The addresses requested since the page was opened."""
        self.run("0")
        sent = (e["params"] for e in self.browser.events if e.get("method") == "Network.requestWillBeSent")
        return [str(params["request"]["url"]) for params in sent]


CODES = {"ArrowLeft": 37, "ArrowRight": 39, "Home": 36, "End": 35, "Enter": 13, "Tab": 9}
COMPLAINTS = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")


@contextmanager
def browsing(program: str) -> Iterator[Page]:
    """A tab in a browser of its own, which is ended and whose folder is removed afterwards."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(program, Path(folder))
        try:
            yield Page(browser)
        finally:
            browser.close()
