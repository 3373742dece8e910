"""A register of sub-processors that machines poll, people read and anyone can check.

The folders show how data flows and who may sign:

* ``core``: the pure heart (model, rules, timeline, diff, bytes, log, signatures to check).
* ``store``: where finished artefacts live.
* ``publish``: the only role that holds private keys.
* ``serve``: hands out finished replies; holds no private key.
* ``verify``: the customer's half; knows ``core`` and nothing of the publisher.
* ``cli``: parses, calls, prints.
"""

__version__ = "0.1.0"
