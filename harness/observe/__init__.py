"""Reads what a code server costs: its cgroup, its process tree, and the histories of its runs."""
