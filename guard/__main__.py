"""``python -m guard``: the same command as ``guard``."""

from guard.cli.main import main

if __name__ == "__main__":
    main()
