"""The append-only log: what an entry is, its canonical bytes, the chain that binds them, and verifying it.

One log an organization. No PHI and no secret stands in an entry: ids, words and numbers only.
"""
