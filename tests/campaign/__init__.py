"""Faults at random moments of real experiments: nothing leaks, nothing is wrongly valid."""
