"""Promotion: whether a release may go from staging to the registry that people pull from, and what for.

Pure: `wanted` says what a release gives to whom, `tested` what the records of a build say of it, `judging`
what registries answered and what is to be done.
"""
