"""Releases: the ledger of what was published, and the tags that follow from it. Values only."""
