"""Attacks on the list of keys and on the discovery document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from attack import Room, poll
from changes import put, signed
from publishers_to_attack import sister, with_an_ended_key

from feed_keys import THEIRS
from memory_log import MemoryLog
from memory_publisher import NAME, DocumentKey, MemoryPublisher, feed_jwk
from register_api.core.canonical import digest, encode
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.signature import public_pem, thumbprint
from register_api.core.strict_base64 import encode_url

if TYPE_CHECKING:
    from attack import Lie

    from register_api.core.documents import KeyRecord

ROOM = Room("keys", "The list of keys, their files, and where strangers begin.")


@ROOM.attack(12, "V24")
def pem_of_another_key(publisher: MemoryPublisher) -> None:
    """Serves a stranger's key under a known name."""
    path = tree.PUBLIC_KEY.path(publisher.records[0].kid)
    publisher.files[path] = publisher.files[tree.PUBLIC_KEY.path(publisher.records[1].kid)]


@ROOM.attack(14, "V25")
def ended_key_brought_back(publisher: MemoryPublisher) -> None:
    """Serves the list of keys from before a key was ended."""
    before = publisher.files[tree.KEYS.path()]
    publisher.rotate_document_key(62)
    publisher.publish()
    publisher.files[tree.KEYS.path()] = before


@ROOM.attack(12, "V25")
def strange_key_in_the_list(publisher: MemoryPublisher) -> None:
    """Serves a list of keys with one of the attacker's own."""
    publisher.rotate_document_key(63)
    publisher.files[tree.KEYS.path()] = encode(
        KeyList(register=publisher.name, keys=tuple(publisher.records))
    )


def _named(name: str) -> Lie:
    """Serve a register of another name, all of it rightly signed."""
    return lambda _: MemoryPublisher(name).publish().publish().files


for _does, _name in {
    "climbs": "a.example/../../x",
    "stays": "a.example/./x",
    "skips": "a.example//x",
}.items():
    _says = f"Signs a register and a log of the name {_name}."
    ROOM.add(f"register name that {_does}", _says, _named(_name), 11, "V03")


def exchange_keys(publisher: MemoryPublisher) -> None:
    """Put new document, log and feed keys in the place of all that there are, from version 1 on."""
    other = MemoryPublisher(publisher.name, keys=80)
    publisher.document, publisher.feed_signer, publisher.log.key = other.document, THEIRS, other.log.key
    feed = _feed_record(publisher.records[2])
    publisher.records = [*other.records[:2], feed]


def _feed_record(record: KeyRecord) -> KeyRecord:
    jwk = feed_jwk(THEIRS)
    return msgspec.structs.replace(record, jwk=jwk, kid=thumbprint(jwk), pem=public_pem(jwk))


def sign_history_anew(publisher: MemoryPublisher) -> None:
    """Sign each file of each version with the keys of today; the log's leaves stay as they are."""
    for register in publisher.registers:
        for kind in (tree.VERSION_DIFF, tree.VERSION_REGISTER):
            path = kind.path(register.version)
            publisher.write_signed(path, publisher.files[path])
        earlier = MemoryLog(origin=publisher.name, key=publisher.log.key)
        for entry in publisher.log.entries[: register.version]:
            earlier.append(entry)
        publisher.files[tree.VERSION_PROOF.path(register.version)] = earlier.proof(register.version - 1)
    publisher.files[tree.CHECKPOINT.path()] = publisher.log.checkpoint()
    publisher.write_heads()
    publisher.vouch()


@ROOM.attack(15, "V30", why="Not only TUF has to vouch for the list of keys, but the log's newest entry.")
def two_online_keys_stolen(publisher: MemoryPublisher) -> None:
    """Exchanges the whole list of keys and signs all history anew, with the targets and the online key."""
    exchange_keys(publisher)
    sign_history_anew(publisher)


_STOLEN = ROOM.attacks[-1]
ROOM.again(
    _STOLEN,
    "two online keys stolen, seen by who remembers",
    "The same, shown to a customer who has seen the list before.",
    remembers=True,
)
ROOM.again(
    _STOLEN,
    "two online keys stolen, seen by who polls",
    "The same, shown to a customer who looks at the newest version only.",
    arguments=poll,
)


@ROOM.attack(15, "V30", why="The lists of two versions contradict each other, and the log holds both.")
def list_of_keys_exchanged_with_a_version(publisher: MemoryPublisher) -> None:
    """Exchanges the whole list of keys with the next version, and signs all history anew."""
    exchange_keys(publisher)
    publisher.publish()
    sign_history_anew(publisher)


@ROOM.attack(15, "V30", remembers=True, begin=with_an_ended_key)
def ended_key_is_good_again(publisher: MemoryPublisher) -> None:
    """Vouches for a list in which a key is good beyond its end, and signs the newest version with it."""
    ended, _, _, following = publisher.records
    publisher.records[0] = msgspec.structs.replace(ended, last_version=3)
    publisher.records[3] = msgspec.structs.replace(following, first_version=4)
    publisher.document = DocumentKey(11)
    sign_history_anew(publisher)


@ROOM.attack(16, "V33", remembers=True, says=("The publisher has disowned versions 2 to 3.",))
def versions_disowned(publisher: MemoryPublisher) -> None:
    """Ends the key of versions that the customer has seen, and publishes the next one."""
    publisher.disown_after(1, 62)
    publisher.publish()


_DISOWNED = ROOM.attacks[-1]
ROOM.again(
    _DISOWNED, "versions disowned, seen by who polls", "The same, seen by the newest version.", arguments=poll
)
ROOM.again(
    _DISOWNED,
    "versions disowned, seen by a quick run",
    "The same, seen by a quick run.",
    arguments=lambda _: ("--quick",),
)
ROOM.again(
    _DISOWNED,
    "versions disowned, and acknowledged",
    "The same, shown to a customer who says that this is known.",
    code=0,
    check="",
    why="The report goes on to name them; all the rest of history is checked as before.",
    arguments=lambda _: ("--history", "all", "--acknowledge", "2-3"),
    says=("Acknowledged.",),
)


@ROOM.attack(16, "V33", remembers=True, arguments=lambda _: ("--acknowledge", "2"))
def more_disowned_than_is_acknowledged(publisher: MemoryPublisher) -> None:
    """Disowns two versions, of which the customer knows one."""
    versions_disowned(publisher)


@ROOM.attack(12, "V16", remembers=True, arguments=lambda _: ("--history", "all", "--acknowledge", "2-3"))
def acknowledged_version_forged(publisher: MemoryPublisher) -> None:
    """Rewrites a version that the customer knows to be disowned."""
    versions_disowned(publisher)
    path = tree.VERSION_REGISTER.path(2)
    publisher.files[path] = put(publisher.files[path], b"Acme 2", b"Evil 2")


@ROOM.attack(12, "V16")
def list_of_keys_of_an_earlier_version(publisher: MemoryPublisher) -> None:
    """Serves, as the list of keys of version 2, one that its entry does not name."""
    path = tree.VERSION_KEYS.path(2)
    publisher.files[path] = put(publisher.files[path], b'"last_version":null', b'"last_version":1')


@ROOM.attack(16, "V03", arguments=poll)
def overlapping_ranges(publisher: MemoryPublisher) -> None:
    """Vouches for a list in which two keys are good for one version."""
    publisher.records.append(msgspec.structs.replace(publisher.records[0]))
    publisher.publish()


@ROOM.attack(16, "V03", arguments=poll)
def gap_in_the_ranges(publisher: MemoryPublisher) -> None:
    """Vouches for a list in which no key is good for version 1."""
    publisher.records[0] = msgspec.structs.replace(publisher.records[0], first_version=2)
    publisher.publish()


@ROOM.attack(16, "V03", arguments=poll)
def one_key_for_two_uses(publisher: MemoryPublisher) -> None:
    """Vouches for a list in which the log's key signs documents, too."""
    publisher.document.private = publisher.log.key
    publisher.records[0] = msgspec.structs.replace(publisher.records[1], use="document", note_key=None)
    publisher.publish()


def _public(publisher: MemoryPublisher, public: bytes) -> None:
    """Vouch for a list in which the document key is any 32 bytes."""
    record = publisher.records[0]
    jwk = {**record.jwk, "x": encode_url(public)}
    publisher.records[0] = msgspec.structs.replace(record, jwk=jwk)
    publisher.publish()


@ROOM.attack(16, "V03", arguments=poll)
def key_of_small_order(publisher: MemoryPublisher) -> None:
    """Vouches for a document key under which anybody can sign."""
    _public(publisher, b"\1" + bytes(31))


@ROOM.attack(11, "V03", arguments=poll)
def key_spelled_beyond_the_prime(publisher: MemoryPublisher) -> None:
    """Vouches for a document key that is spelled in a second way."""
    _public(publisher, (2**255 - 19 + 3).to_bytes(32, "little"))


@ROOM.attack(11, "V03", arguments=poll)
def key_under_a_name_of_its_own(publisher: MemoryPublisher) -> None:
    """Vouches for a key whose name leads out of the folder of keys."""
    publisher.records[0] = msgspec.structs.replace(publisher.records[0], kid="../../etc/passwd")
    publisher.publish()
    del publisher.files[tree.PUBLIC_KEY.path("../../etc/passwd")]


@ROOM.attack(11, "V03", arguments=poll)
def pem_in_the_list_of_another_key(publisher: MemoryPublisher) -> None:
    """Vouches for a list whose PEM is not the key of its JWK."""
    publisher.records[0] = msgspec.structs.replace(publisher.records[0], pem=publisher.records[1].pem)
    publisher.publish()


@ROOM.attack(18, "V04", arguments=poll)
def keys_of_another_register(publisher: MemoryPublisher) -> None:
    """Vouches for another register's list of keys."""
    publisher.files[tree.KEYS.path()] = sister().files[tree.KEYS.path()]
    publisher.vouch()


@ROOM.attack(18, "V26")
def discovery_of_another_root(publisher: MemoryPublisher) -> None:
    """Lets strangers begin from another root."""
    known = digest(publisher.files["trust/1.root.json"]).encode()
    publisher.files[tree.DISCOVERY.path()] = put(publisher.files[tree.DISCOVERY.path()], known, b"0" * 64)
    publisher.vouch()


@ROOM.attack(18, "V26")
def discovery_of_another_register(publisher: MemoryPublisher) -> None:
    """Names only another register."""
    publisher.files[tree.DISCOVERY.path()] = publisher.files[tree.DISCOVERY.path()].replace(
        NAME.encode(), b"evil.example/x"
    )
    publisher.vouch()


ROOM.add(
    "discovery leads elsewhere",
    "Names an address for the register that is not below its base.",
    signed(tree.DISCOVERY.path(), lambda data: put(data, b"/v1/register.json", b"/v1/registry.json")),
    18,
    "V26",
)


def _based(base: str) -> Lie:
    """Return the lie that gives another base, and addresses that are below it."""
    return signed(tree.DISCOVERY.path(), lambda data: data.replace(b'"../', f'"{base}'.encode()))


for _name, _base in (
    ("leads up", "../../../"),
    ("leads up from an address", "https://register.example/a/../../"),
    ("leads up, percent-encoded", "https://register.example/%2e%2e/"),
    ("leads up by backslashes", "https://register.example/..\\\\..\\\\"),
    ("is a file", "file:///etc/"),
    ("is a script", "javascript:alert(1)//"),
    ("has a user", "https://register.example@evil.example/"),
    ("has a query", "https://register.example/?x=/"),
):
    ROOM.add(
        f"discovery whose base {_name}",
        "Sends those who discover the register elsewhere.",
        _based(_base),
        11,
        "V26",
        remembers=True,
    )


@ROOM.attack(11, "V26", remembers=True)
def discovery_with_a_digest_in_capital_letters(publisher: MemoryPublisher) -> None:
    """Spells the root's digest in capital letters."""
    known = digest(publisher.files["trust/1.root.json"]).encode()
    publisher.files[tree.DISCOVERY.path()] = put(publisher.files[tree.DISCOVERY.path()], known, known.upper())
    publisher.vouch()


ROOM.add(
    "discovery leads to another host",
    "Gives a base on another host, and addresses below it.",
    _based("https://evil.example/"),
    0,
    why="Allowed: the publisher may name any address; who follows it begins from the same root.",
)
