"""python -m responder - the same program as the ``responder`` command."""

from responder.cli.main import main

if __name__ == "__main__":
    main()
