"""``python -m register_api`` is the command ``register-api``."""

from register_api.cli.main import main

main()
