"""`python -m harness` is the same as `dagster-sizing`."""

from harness.cli.main import main

main()
