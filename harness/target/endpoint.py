"""Where the code under test is found: its webserver, and the code location that it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.target.graphql import GraphQLClient


@dataclass(frozen=True)
class Endpoint:
    """One code location behind one webserver."""

    url: str
    """GraphQL endpoint; ends with `/graphql`."""
    location: str
    """Name of the code location."""
    repository: str
    """Name of its repository."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent with every request, such as a token; never shown."""
    through_proxy: bool = False
    """Whether the environment's proxy and certificates count, as for a remote server."""

    def client(self, timeout_seconds: float = 30.0) -> GraphQLClient:
        """A client of its webserver; `timeout_seconds` to connect, and between two pieces of an answer."""
        return GraphQLClient(self.url, timeout_seconds, self.headers, self.through_proxy)
