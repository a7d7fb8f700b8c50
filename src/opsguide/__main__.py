"""`python -m opsguide`."""

from opsguide.cli.main import main

main()
