"""Bring a code server up and down: as processes on this host, or (later) as containers."""
