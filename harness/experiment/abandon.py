"""Giving up the runs that a code server took with it.

Dagster goes on holding them to be in progress: in a queue they would keep their places, and no run of the
next burst would ever start.
"""

from __future__ import annotations

import pandas as pd

from harness.target.graphql import GraphQLClient
from harness.target.run_histories import TERMINAL

_CANCEL = """
mutation Cancel($runId: String!) {
  terminateRun(runId: $runId, terminatePolicy: MARK_AS_CANCELED_IMMEDIATELY) {
    __typename
    ... on PythonError { message }
  }
}
"""


def abandon(client: GraphQLClient, runs: pd.DataFrame) -> None:
    """Mark every run that has not ended as canceled; those in the queue first, lest they take freed places.

    Args:
        runs: histories of a burst, with columns `run_id` and `status`.

    Raises:
        GraphQLError: the webserver did not answer.
    """
    left = runs[~runs["status"].isin(TERMINAL)]
    queued = left["status"] == "QUEUED"
    for run_id in (*left.loc[queued, "run_id"], *left.loc[~queued, "run_id"]):
        client.execute(_CANCEL, {"runId": run_id})
