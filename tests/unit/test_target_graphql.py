"""The GraphQL client and connections that break under it, on a real socket."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from harness.target.graphql import GraphQLClient, UnreachableError


class Closing(BaseHTTPRequestHandler):
    """Answers the first request of each connection, and drops the connection at the second."""

    protocol_version = "HTTP/1.1"
    asked: list[str]

    def setup(self) -> None:
        super().setup()
        self.answered = False

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.asked.append(body["query"].split()[0])
        if self.answered:
            self.close_connection = True
            return
        self.answered = True
        answer = json.dumps({"data": {"version": "1"}}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def client(asked: list[str]) -> Iterator[GraphQLClient]:
    handler = type("Handler", (Closing,), {"asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    found = GraphQLClient(f"http://127.0.0.1:{server.server_port}/graphql", 5.0)
    yield found
    found.close()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_question_is_asked_again_where_a_kept_connection_breaks(
    client: GraphQLClient, asked: list[str]
) -> None:
    assert client.execute("query Version { version }") == {"version": "1"}
    assert client.execute("query Version { version }") == {"version": "1"}
    assert asked == ["query"] * 3


def test_what_changes_something_is_never_sent_twice(client: GraphQLClient, asked: list[str]) -> None:
    client.execute("mutation Launch { launch }")
    with pytest.raises(UnreachableError):
        client.execute("\nmutation Launch { launch }")
    assert asked == ["mutation"] * 2


def test_nobody_there_is_said_at_once() -> None:
    client = GraphQLClient("http://127.0.0.1:9/graphql", 5.0)
    with pytest.raises(UnreachableError):
        client.execute("query Version { version }")
    client.close()
