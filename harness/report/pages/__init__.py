"""Self-contained HTML pages: they open from disk, and fetch nothing."""
