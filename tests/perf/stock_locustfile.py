"""What one writes with Locust alone: a user is spawned, connects and fires at once. For `bench_load`."""

from __future__ import annotations

import json
import os

from locust import FastHttpUser, HttpUser, constant, task

BODY = {"query": "mutation", "variables": {"params": json.loads(os.environ["BENCH_PARAMS"])}}


class StockFast(FastHttpUser):
    """With Locust's fast client, as the generator under test uses it."""

    wait_time = constant(3600)  # fires once; Locust would replace a user that stopped

    @task
    def launch(self) -> None:
        self.client.post("/graphql", json=BODY)


class StockDefault(HttpUser):
    """With Locust's default client."""

    wait_time = constant(3600)

    @task
    def launch(self) -> None:
        self.client.post("/graphql", json=BODY)
