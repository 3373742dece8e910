"""``python -m register_api`` is the command ``register-api``."""

from register_api.cli.main import main

if __name__ == "__main__":  # the process that computes answers loads this module as well
    main()
