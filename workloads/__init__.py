"""The project's own code location: synthetic jobs of known cost, for Dagster 1.8 to 1.13."""
