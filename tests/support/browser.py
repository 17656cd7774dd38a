"""A real Chromium that tests drive: opens pages, runs expressions in them, hears what they say and fetch."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.programs import program

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")


@dataclass
class Browser:
    """A tab of Chromium at the end of two pipes, spoken to by the DevTools protocol.

    Args:
        commands, answers: file descriptors that are written and read, a message ending with a zero byte.
        complaints: errors and warnings of the page. requests: addresses that it asked for, beyond its own.
    """

    commands: int
    answers: int
    session: str = ""
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    _asked: int = 0
    _heard: bytes = b""
    _events: set[str] = field(default_factory=set)

    def ask(self, method: str, **params: Any) -> Any:
        """The result of a command."""
        self._asked += 1
        message: dict[str, Any] = {"id": self._asked, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._asked:
            self._note(answer)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._heard:
            part = os.read(self.answers, 1 << 20)
            assert part, "the browser has ended"
            self._heard += part
        message, _, self._heard = self._heard.partition(b"\0")
        heard: dict[str, Any] = json.loads(message)
        return heard

    def _note(self, event: dict[str, Any]) -> None:
        params = event.get("params", {})
        match event.get("method"):
            case "Log.entryAdded" if params["entry"]["level"] in ("error", "warning"):
                self.complaints.append(params["entry"]["text"])
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(params["exceptionDetails"]))
            case "Runtime.consoleAPICalled":
                self.complaints.append(json.dumps(params["args"]))
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])
            case name:
                self._events.add(str(name))

    def open(self, path: Path, width: int = 1280, height: int = 800) -> None:
        """Show a page in a window of a size."""
        self.complaints.clear()
        self.resize(width, height)
        self._events.clear()
        self.ask("Page.navigate", url=path.as_uri())
        while "Page.loadEventFired" not in self._events:
            self._note(self._next())
        self.requests[:] = [url for url in self.requests if not url.startswith((path.as_uri(), "data:"))]

    def resize(self, width: int, height: int = 800) -> None:
        """Another size of the window."""
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def media(self, media: str = "", scheme: str = "light") -> None:
        """As in print, or in the dark."""
        scheme_of_page = {"name": "prefers-color-scheme", "value": scheme}
        self.ask("Emulation.setEmulatedMedia", media=media, features=[scheme_of_page])

    def value(self, expression: str) -> Any:
        """The value of an expression of JavaScript in the page; promises are waited for."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def photograph(self, whole: bool = True) -> bytes:
        """The page as PNG."""
        answer = self.ask("Page.captureScreenshot", captureBeyondViewport=whole)
        return base64.b64decode(answer["data"])


@contextmanager
def browsing(profile: Path) -> Iterator[Browser]:
    """A browser with a profile of its own, closed at the end."""
    (commands_out, commands_in), (answers_out, answers_in) = os.pipe(), os.pipe()

    def connect() -> None:
        """The browser reads from descriptor 3 and writes to 4."""
        reads, writes = os.dup(commands_out), os.dup(answers_in)
        os.dup2(reads, 3)
        os.dup2(writes, 4)

    command = [
        program("chromium", "chromium"),
        *FLAGS,
        "--remote-debugging-pipe",
        f"--user-data-dir={profile}",
    ]
    process = subprocess.Popen(
        [*command, "about:blank"],
        preexec_fn=connect,
        close_fds=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(commands_out)
    os.close(answers_in)
    try:
        browser = Browser(commands_in, answers_out)
        target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
        browser.session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            browser.ask(f"{domain}.enable")
        yield browser
        browser.session = ""
        browser.ask("Browser.close")
        process.wait(timeout=20)
    finally:
        process.kill()
        process.wait()
        os.close(commands_in)
        os.close(answers_out)
