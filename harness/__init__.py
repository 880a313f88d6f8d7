"""Measure how big a Dagster code server must be, instead of guessing."""

__version__ = "0.1.0"
