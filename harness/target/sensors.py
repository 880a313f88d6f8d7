"""Sensors that the daemon evaluates by itself: turned on and off, and what their ticks came to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.target.endpoint import Endpoint
from harness.target.first_cause import ERROR_FIELDS, first_cause
from harness.target.graphql import GraphQLClient, GraphQLError

TICKS_PER_SENSOR = 1000
"""More than any sensor has in a window: the daemon looks every 5 s for those that are due."""

_START = f"""
mutation Start($selector: SensorSelector!) {{
  startSensor(sensorSelector: $selector) {{
    __typename
    ... on Sensor {{ sensorState {{ id }} }}
    ... on SensorNotFoundError {{ message }}
    ... on UnauthorizedError {{ message }}
    ... on PythonError {{ {ERROR_FIELDS} }}
  }}
}}
"""

_STOP = f"""
mutation Stop($id: String!) {{
  stopSensor(id: $id) {{
    __typename
    ... on UnauthorizedError {{ message }}
    ... on PythonError {{ {ERROR_FIELDS} }}
  }}
}}
"""

_TICKS = f"""
query Ticks($selector: SensorSelector!, $after: Float!, $limit: Int!) {{
  sensorOrError(sensorSelector: $selector) {{
    __typename
    ... on Sensor {{
      sensorState {{
        ticks(afterTimestamp: $after, limit: $limit) {{
          timestamp
          status
          error {{ {ERROR_FIELDS} }}
        }}
      }}
    }}
    ... on SensorNotFoundError {{ message }}
    ... on PythonError {{ {ERROR_FIELDS} }}
  }}
}}
"""


@dataclass(frozen=True)
class DaemonTick:
    """One evaluation of a sensor by the daemon."""

    sensor: str
    began_epoch_seconds: float
    status: str
    """`STARTED` while it goes on, `SKIPPED`, `SUCCESS` or `FAILURE`."""
    failure: str = ""
    """Why it failed; empty where it did not."""


class Sensors:
    """The sensors of one code location, by name; GraphQLError where the webserver refuses."""

    def __init__(self, client: GraphQLClient, endpoint: Endpoint) -> None:
        self._client = client
        self._endpoint = endpoint
        self._states: dict[str, str] = {}
        """Ids of what was turned on, by sensor."""

    def start(self, names: Iterable[str]) -> None:
        """Turn them on: the daemon evaluates them from now on."""
        for name in names:
            answer = self._client.execute(_START, {"selector": self._selector(name)})["startSensor"]
            if answer["__typename"] != "Sensor":
                raise GraphQLError(f"sensor {name} could not be turned on: {first_cause(answer)}")
            self._states[name] = answer["sensorState"]["id"]

    def stop(self) -> None:
        """Turn all off again that `start` turned on."""
        while self._states:
            name, state = self._states.popitem()
            answer = self._client.execute(_STOP, {"id": state})["stopSensor"]
            if answer["__typename"] != "StopSensorMutationResult":
                raise GraphQLError(f"sensor {name} could not be turned off: {first_cause(answer)}")

    def ticks(self, names: Iterable[str], since: float) -> list[DaemonTick]:
        """Their evaluations that began after `since`, in epoch seconds."""
        found = []
        for name in names:
            variables = {"selector": self._selector(name), "after": since, "limit": TICKS_PER_SENSOR}
            answer = self._client.execute(_TICKS, variables)["sensorOrError"]
            if answer["__typename"] != "Sensor":
                raise GraphQLError(f"the ticks of sensor {name} are not known: {first_cause(answer)}")
            found += [
                DaemonTick(
                    sensor=name,
                    began_epoch_seconds=float(tick["timestamp"]),
                    status=tick["status"],
                    failure=first_cause(tick["error"]) if tick["error"] else "",
                )
                for tick in answer["sensorState"]["ticks"]
            ]
        return found

    def _selector(self, name: str) -> dict[str, str]:
        return {
            "repositoryLocationName": self._endpoint.location,
            "repositoryName": self._endpoint.repository,
            "sensorName": name,
        }
