"""The code locations of a webserver's workspace, and the repository of one whose jobs are run."""

from __future__ import annotations

from typing import Any

from harness.errors import CodeLocationError
from harness.target.first_cause import ERROR_FIELDS, first_cause
from harness.target.graphql import NOT_AS_EXPECTED, GraphQLClient, NotGraphQLError

WORKSPACE = f"""
query Workspace {{
  workspaceOrError {{
    __typename
    ... on PythonError {{ message }}
    ... on Workspace {{
      locationEntries {{
        name
        loadStatus
        locationOrLoadError {{
          __typename
          ... on PythonError {{ {ERROR_FIELDS} }}
          ... on RepositoryLocation {{ repositories {{ name }} }}
        }}
      }}
    }}
  }}
}}
"""


def location_entries(client: GraphQLClient) -> list[dict[str, Any]]:
    """All of them, as GraphQL type `WorkspaceLocationEntry`."""
    return client.execute(WORKSPACE)["workspaceOrError"].get("locationEntries") or []


def repository_of(loaded: dict[str, Any], wanted: str | None) -> str:
    """Name of the repository of a loaded location that is wanted, or of its only one.

    Raises:
        CodeLocationError: it has not that one, or several and none is wanted.
    """
    names = sorted(repository["name"] for repository in loaded["repositories"])
    found = ", ".join(names) or "none"
    if wanted is not None and wanted not in names:
        raise CodeLocationError(f"location.repository: {wanted} does not exist; the code has {found}")
    if wanted is None and len(names) != 1:
        raise CodeLocationError(f"location.repository: say which one is meant; the code has {found}")
    return wanted or str(names[0])


def find_location(client: GraphQLClient, wanted: str | None, repository: str | None) -> tuple[str, str]:
    """Names of a code location of a deployment that runs already, and of its repository.

    Args:
        client: of its webserver.
        wanted: the location; None for the only one.
        repository: which one, where the location has several.

    Raises:
        CodeLocationError: there is no such location, or several and none is wanted, or it is not loaded.
        GraphQLError: the webserver did not answer.
    """
    try:
        entries = {entry["name"]: entry["locationOrLoadError"] for entry in location_entries(client)}
        known = ", ".join(sorted(entries)) or "none"
        if wanted is not None and wanted not in entries:
            raise CodeLocationError(f"--location {wanted}: does not exist; the deployment has {known}")
        if wanted is None and len(entries) != 1:
            raise CodeLocationError(f"--location: say which one is meant; the deployment has {known}")
        [name] = [wanted] if wanted is not None else entries
        loaded = entries[name]
        if not loaded or loaded["__typename"] != "RepositoryLocation":
            why = first_cause(loaded) if loaded else "it is being loaded"
            raise CodeLocationError(f"--location {name}: is not loaded: {why}")
        return name, repository_of(loaded, repository)
    except NOT_AS_EXPECTED as error:
        raise NotGraphQLError(f"a workspace as no Dagster tells of it: {error}") from None
