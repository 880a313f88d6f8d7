"""The result folder on disk: versioned schema, atomic writes, resume, validity."""
