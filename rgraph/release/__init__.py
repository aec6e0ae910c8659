"""Releases: cutting them. Values only."""
