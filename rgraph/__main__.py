"""`python -m rgraph`."""

from rgraph.cli.main import main

main()
