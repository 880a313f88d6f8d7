"""A small webserver that stands in for dagster-webserver where the load generator itself is tested.

Each launch says in its variables how it wants to be treated (`behave`), so one server serves all cases.
Run as `python -m tests.launch_server [IDLE_SECONDS]` it prints its port, then every event as a JSON line.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

CONNECTIONS = itertools.count()
REFUSAL = {
    "__typename": "RunConfigValidationInvalid",
    "errors": [{"message": 'Missing entry "ops"\nat root.'}],
}
ANSWERS = {
    "refuse": (200, json.dumps({"data": {"launchRun": REFUSAL}})),
    "python-error": (
        200,
        json.dumps({"data": {"launchRun": {"__typename": "PythonError", "message": "down"}}}),
    ),
    "graphql-error": (400, json.dumps({"errors": [{"message": "Cannot query field x"}]})),
    "not-json": (502, "<html>bad gateway</html>"),
}


class LaunchServer:
    """Answers keep-alive connections; closes those that are idle for `idle_seconds`."""

    def __init__(self, idle_seconds: float) -> None:
        self.idle_seconds = idle_seconds
        self.held = 0
        self.all_held = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from open to close."""
        connection = next(CONNECTIONS)
        tell("open", connection)
        try:
            while True:
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), self.idle_seconds)
                at = time.time()
                if head.startswith(b"GET"):
                    tell("get", connection, at)
                    status, answer = 200, "{}"
                else:
                    lines = head.decode().lower().split("\r\n")
                    length = next(int(line[15:]) for line in lines if line.startswith("content-length:"))
                    params = json.loads(await reader.readexactly(length))["variables"]["params"]
                    tell("post", connection, at, params.get("number"))
                    status, answer = await self.launch(params)
                text = answer.encode()
                writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(text)}\r\n\r\n".encode() + text)
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError):
            writer.close()

    async def launch(self, params: dict[str, Any]) -> tuple[int, str]:
        """HTTP status and body for a launch that asks for `behave`."""
        behave = params.get("behave", "launch")
        if behave == "hang-up":
            raise ConnectionError
        if behave == "silent":
            await asyncio.sleep(600)
        if behave == "hold":  # nobody is answered before all have asked
            self.held += 1
            if self.held == params["together"]:
                self.all_held.set()
            await self.all_held.wait()
        success = {"__typename": "LaunchRunSuccess", "run": {"runId": f"run-{params.get('number')}"}}
        return ANSWERS.get(behave, (200, json.dumps({"data": {"launchRun": success}})))


class RunningServer:
    """A server in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self._process = process
        self.url = f"http://127.0.0.1:{int(process.stdout.readline())}/graphql"

    def stop(self) -> list[dict[str, Any]]:
        """Kill the server; returns all events in the order they happened."""
        self._process.kill()
        output, _ = self._process.communicate()
        return [json.loads(line) for line in output.splitlines()]


@contextmanager
def running_server(idle_seconds: float = 600) -> Iterator[RunningServer]:
    """A server that is there until the context is left."""
    command = [sys.executable, "-m", "tests.launch_server", str(idle_seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield RunningServer(process)
        finally:
            process.kill()


def tell(kind: str, connection: int, at: float | None = None, number: int | None = None) -> None:
    """Print one event."""
    event = {"kind": kind, "connection": connection, "at": at or time.time(), "number": number}
    print(json.dumps(event), flush=True)


async def main() -> None:
    """Serve on a free port until killed."""
    server = await asyncio.start_server(LaunchServer(float(sys.argv[1])).serve, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
