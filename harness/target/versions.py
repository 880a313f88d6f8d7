"""Which version of Dagster a webserver is."""

from __future__ import annotations

from harness.target.graphql import GraphQLClient, NotGraphQLError


def dagster_version(client: GraphQLClient) -> str:
    """Version of the webserver that answers, such as `1.13.27`.

    Raises:
        GraphQLError: it did not answer, or not with a version.
    """
    version = client.execute("query Version { version }").get("version")
    if not isinstance(version, str) or not version:
        raise NotGraphQLError("no version of Dagster in the answer")
    return version
