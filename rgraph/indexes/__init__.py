"""What indexes of packages say, as values: one file for each ecosystem's format.

Each gives the versions of the packages that are asked for. Which of them is the newest is the
ecosystem's order (`rgraph.outdated`); fetching is the engine's (`rgraph.engines.indexes`).
"""
