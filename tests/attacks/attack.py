"""What an attack is: a lie, the exit code that ``verify`` must end with, and the check that finds it.

Attacks are data. A room holds those of one kind; ``test_attacks`` runs every attack of every room, and
``listing`` writes them into the README.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from memory_publisher import MemoryPublisher

if TYPE_CHECKING:
    from pathlib import Path

    from hostile_server import Answer

Files = Mapping[str, bytes]
Lie = Callable[[MemoryPublisher], "Files | None"]
"""Changes a publisher's files, or returns others to be served in their place."""

NOWHERE = dt.timedelta(0)


@functools.cache
def three_versions() -> MemoryPublisher:
    """Return the honest publisher that most attacks begin with: three versions, one key a role."""
    return MemoryPublisher().publish().publish().publish()


@functools.cache
def two_versions() -> MemoryPublisher:
    """Return an honest publisher of two versions, for attacks that need the whole history and are many."""
    return MemoryPublisher().publish().publish()


@dataclass(frozen=True, kw_only=True)
class Attack:
    """One attack.

    Attributes:
        room: The room it stands in.
        name: Its name, unlike any other's.
        sentence: What the attacker does.
        lie: Carries it out.
        code: What ``verify`` must end with (docs/format/commands.md).
        check: The check that must find it; empty where the report is not reached, or nothing is found.
        why: Why this code, where another could be argued for; or what becomes of a lie that is not found.
        begin: Returns the honest publisher, of whom the attacker takes a copy.
        remembers: Whether the customer has seen the honest tree before, with ``--state``.
        seen: Returns the honest publisher whose tree the customer has seen instead.
        later: How far the customer's clock is from the instant of publication.
        arguments: Further arguments of the customer, from what the honest publisher gave out.
        brings: Writes files into the customer's folder, and returns the arguments that name them.
        memory: Happens to the customer's state folder before the run that is judged.
        answers: Path to answer of a hostile server, for what is done on the way; every other path is
            answered from the tree, and ``"*"`` stands for every path.
        tls: Whether the hostile server speaks TLS, with a certificate of its own making.
        knows: Whether the customer takes that certificate for good.
        says: Words that the customer must be told.
    """

    room: str
    name: str
    sentence: str
    lie: Lie
    code: int
    check: str = ""
    why: str = ""
    begin: Callable[[], MemoryPublisher] = three_versions
    remembers: bool = False
    seen: Callable[[], MemoryPublisher] | None = None
    later: dt.timedelta = NOWHERE
    arguments: Callable[[MemoryPublisher], Sequence[str]] = lambda _: ()
    brings: Callable[[Path], Sequence[str]] = lambda _: ()
    memory: Callable[[Path], None] | None = None
    answers: Mapping[str, Answer] | None = None
    tls: bool = False
    knows: bool = False
    says: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Room and name."""
        return f"{self.room}: {self.name}"

    @property
    def seen_before(self) -> Callable[[], MemoryPublisher]:
        """What returns the publisher whose tree a customer who remembers has seen."""
        return self.seen or self.begin

    @property
    def hosts(self) -> tuple[str, ...]:
        """What the attack is run against."""
        return ("hostile server",) if self.answers is not None else ("service", "static host")


class Room:
    """Attacks of one kind.

    Attributes:
        name: Its name.
        about: What is lied about, in a sentence for the README.
        attacks: What stands in it, in order.
    """

    def __init__(self, name: str, about: str) -> None:
        self.name = name
        self.about = about
        self.attacks: list[Attack] = []

    def attack(self, code: int, check: str = "", **more: Any) -> Callable[[Lie], Lie]:
        """Take a function as an attack; its name and its docstring are those of the attack."""

        def take(lie: Lie) -> Lie:
            name = lie.__name__.replace("_", " ")
            self.add(name, (lie.__doc__ or "").strip(), lie, code, check, **more)
            return lie

        return take

    def add(self, name: str, sentence: str, lie: Lie, code: int, check: str = "", **more: Any) -> Attack:
        """Put an attack into the room."""
        made = Attack(room=self.name, name=name, sentence=sentence, lie=lie, code=code, check=check, **more)
        self.attacks.append(made)
        return made

    def again(self, made: Attack, name: str, sentence: str, **changed: Any) -> None:
        """Put an attack into the room once more, with something changed."""
        self.attacks.append(replace(made, room=self.name, name=name, sentence=sentence, **changed))


def honest(_: MemoryPublisher) -> None:
    """Change nothing that is served: the lie is elsewhere."""


def poll(_: MemoryPublisher) -> Sequence[str]:
    """Return the arguments of a customer who looks at the newest version only."""
    return ("--history", "none")
