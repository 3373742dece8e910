"""Attacks on documents: forged and exchanged ones, and signatures that were made for something else."""

from __future__ import annotations

import datetime as dt

import msgspec
from attack import Room, poll, three_versions
from changes import put, signed
from publishers_to_attack import sister

from memory_publisher import FIRST, NOW, DocumentKey, MemoryPublisher
from register_api.core.canonical import decode, digest, encode, encoded
from register_api.core.field_forms import FORMAT_MINOR
from register_api.core.format import tree
from register_api.core.model import Announced, Engagement, Notice, Subprocessor
from register_api.core.notice_period import NoticeStatus
from register_api.core.upcoming_events import Upcoming, UpcomingEvents, upcoming_document

ROOM = Room("documents", "Registers, diffs, lists and feeds, and the signatures beside them.")


@ROOM.attack(12, "V17")
def signature_of_another_version(publisher: MemoryPublisher) -> None:
    """Puts the valid signatures of version 2 beside version 3."""
    for suffix in (".sig", ".jws"):
        publisher.files[tree.VERSION_REGISTER.path(3) + suffix] = publisher.files[
            tree.VERSION_REGISTER.path(2) + suffix
        ]


@ROOM.attack(12, "V05", arguments=poll)
def signature_of_another_version_at_the_head(publisher: MemoryPublisher) -> None:
    """Puts the valid signatures of version 2 beside the newest register."""
    for suffix in (".sig", ".jws"):
        publisher.files[tree.REGISTER.path() + suffix] = publisher.files[
            tree.VERSION_REGISTER.path(2) + suffix
        ]


@ROOM.attack(12, "V17")
def signature_of_a_diff_beside_a_register(publisher: MemoryPublisher) -> None:
    """Puts a diff's valid signatures beside the register of the same version."""
    for suffix in (".sig", ".jws"):
        publisher.files[tree.VERSION_REGISTER.path(3) + suffix] = publisher.files[
            tree.VERSION_DIFF.path(3) + suffix
        ]


@ROOM.attack(12, "V05", arguments=poll)
def signature_of_another_register(publisher: MemoryPublisher) -> None:
    """Puts signatures beside the newest register that the same key made for another register."""
    for suffix in (".sig", ".jws"):
        publisher.files[tree.REGISTER.path() + suffix] = sister().files[tree.REGISTER.path() + suffix]


@ROOM.attack(12, "V25", why="Under this register's keys nothing says that it was ever published here.")
def another_register_at_the_head(publisher: MemoryPublisher) -> None:
    """Serves another register of the same publisher, truly signed, as the newest."""
    for suffix in ("", ".sig", ".jws"):
        publisher.files[tree.REGISTER.path() + suffix] = sister().files[tree.REGISTER.path() + suffix]


@ROOM.attack(18, "V04", arguments=poll)
def another_register_vouched_for(publisher: MemoryPublisher) -> None:
    """Vouches for another register of the same publisher in this one's place."""
    publisher.write_signed(tree.REGISTER.path(), sister().files[tree.REGISTER.path()])
    publisher.vouch()


@ROOM.attack(18, "V16", why="The signature fits; it is the log's entry that names other bytes.")
def another_registers_version(publisher: MemoryPublisher) -> None:
    """Serves another register's version 2, truly signed, as version 2."""
    for suffix in ("", ".sig", ".jws"):
        path = tree.VERSION_REGISTER.path(2) + suffix
        publisher.files[path] = sister().files[path]


@ROOM.attack(12, "V05", why="A raw signature names no key, so it fits none.")
def raw_signature_by_a_stranger(publisher: MemoryPublisher) -> None:
    """Signs the newest register with a key of the attacker's own."""
    forged = DocumentKey(99).signatures(tree.REGISTER.path(), publisher.files[tree.REGISTER.path()])
    path = tree.RAW_SIGNATURE.of(tree.REGISTER.path())
    publisher.files[path] = forged[path]


@ROOM.attack(16, "V05", arguments=poll)
def jws_by_a_stranger(publisher: MemoryPublisher) -> None:
    """Names a key of the attacker's own in the header, and signs with it."""
    forged = DocumentKey(99).signatures(tree.REGISTER.path(), publisher.files[tree.REGISTER.path()])
    path = tree.JWS.of(tree.REGISTER.path())
    publisher.files[path] = forged[path]


@ROOM.attack(12, "V05", arguments=poll)
def unknown_document_key(publisher: MemoryPublisher) -> None:
    """Signs a whole publication with a key that is not in the list."""
    publisher.document = DocumentKey(99)
    publisher.publish()


@ROOM.attack(16, "V05", arguments=poll)
def key_after_its_last_version(publisher: MemoryPublisher) -> None:
    """Signs on with a key whose range was closed."""
    old = publisher.document
    publisher.rotate_document_key(61)
    publisher.document = old
    publisher.publish()


@ROOM.attack(16, "V17")
def key_before_its_first_version(publisher: MemoryPublisher) -> None:
    """Signs version 2 with the key that is good from version 4."""
    publisher.rotate_document_key(61)
    publisher.publish()
    path = tree.VERSION_REGISTER.path(2)
    publisher.files |= publisher.document.signatures(path, publisher.files[path])


@ROOM.attack(14, "V25")
def older_register_at_the_head(publisher: MemoryPublisher) -> None:
    """Serves version 2 as the newest, with its signatures."""
    for suffix in ("", ".sig", ".jws"):
        publisher.files[tree.REGISTER.path() + suffix] = publisher.files[
            tree.VERSION_REGISTER.path(2) + suffix
        ]


@ROOM.attack(12, "V25")
def forged_register_at_the_head(publisher: MemoryPublisher) -> None:
    """Serves a register that nobody signed."""
    publisher.files[tree.REGISTER.path()] = put(publisher.files[tree.REGISTER.path()], b"Acme 3", b"Evil 3")


@ROOM.attack(12, "V25")
def forged_register_with_its_own_signatures(publisher: MemoryPublisher) -> None:
    """Serves a register of the attacker's own at the head, with signatures of his own."""
    forged = put(publisher.files[tree.REGISTER.path()], b"Acme 3", b"Evil 3")
    publisher.files |= {
        tree.REGISTER.path(): forged,
        **DocumentKey(99).signatures(tree.REGISTER.path(), forged),
    }


@ROOM.attack(18, "V16", why="The signature fits; it is the log's entry that names other bytes.")
def fixed_register_replaced_and_signed(publisher: MemoryPublisher) -> None:
    """Rewrites version 2, with the right key."""
    other = msgspec.structs.replace(publisher.registers[1], corrects=1)
    publisher.write_signed(tree.VERSION_REGISTER.path(2), encode(other))


@ROOM.attack(12, "V16")
def fixed_register_forged(publisher: MemoryPublisher) -> None:
    """Rewrites version 2 without a key."""
    path = tree.VERSION_REGISTER.path(2)
    publisher.files[path] = put(publisher.files[path], b"Acme 2", b"Evil 2")


@ROOM.attack(10, "V16")
def diff_missing(publisher: MemoryPublisher) -> None:
    """Withholds a diff that the log names."""
    del publisher.files[tree.VERSION_DIFF.path(2)]


@ROOM.attack(18, "V18")
def wrong_diff(publisher: MemoryPublisher) -> None:
    """Logs and signs a diff that does not give its version."""
    register = publisher.next_register()
    publisher.publish_made(register, msgspec.structs.replace(publisher.diff(register), patch=()))


@ROOM.attack(18, "V18")
def patch_that_cannot_be_applied(publisher: MemoryPublisher) -> None:
    """Logs and signs a patch of nonsense."""
    register = publisher.next_register()
    nonsense = ({"op": "remove", "path": "/nothing/here"},)
    publisher.publish_made(register, msgspec.structs.replace(publisher.diff(register), patch=nonsense))


@ROOM.attack(18, "V18")
def diff_from_another_version(publisher: MemoryPublisher) -> None:
    """Logs and signs a diff that says to begin at version 1."""
    register = publisher.next_register()
    start = msgspec.structs.replace(publisher.diff(publisher.registers[1]).older, version=1)
    publisher.publish_made(register, msgspec.structs.replace(publisher.diff(register), older=start))


@ROOM.attack(18, "V19")
def published_before_the_last(publisher: MemoryPublisher) -> None:
    """Sets the clock back between two versions."""
    register = publisher.next_register(published_at=publisher.registers[0].published_at)
    publisher.publish_made(register, publisher.diff(register))


@ROOM.attack(18, "V19")
def wrong_previous(publisher: MemoryPublisher) -> None:
    """Names another version before."""
    previous = msgspec.structs.replace(publisher.next_register().previous, sha256="0" * 64)
    register = publisher.next_register(previous=previous)
    publisher.publish_made(register, publisher.diff(register))


@ROOM.attack(18, "V19", why="A digest in another spelling is not the digest of any bytes.")
def previous_in_capital_letters(publisher: MemoryPublisher) -> None:
    """Spells the digest of the version before in capital letters."""
    known = publisher.next_register().previous
    register = publisher.next_register(previous=msgspec.structs.replace(known, sha256=known.sha256.upper()))
    publisher.publish_made(register, publisher.diff(register))


@ROOM.attack(11, "V04", arguments=poll)
def published_without_time_zone(publisher: MemoryPublisher) -> None:
    """Signs an instant that cannot be compared with others."""
    register = publisher.next_register(published_at=NOW.replace(tzinfo=None))
    publisher.publish_made(register, publisher.diff(register, ()))


@ROOM.attack(11, "V04", arguments=poll)
def published_in_year_one_elsewhere(publisher: MemoryPublisher) -> None:
    """Signs an instant that has no form in UTC."""
    zone = dt.timezone(dt.timedelta(hours=23))
    register = publisher.next_register(published_at=dt.datetime(1, 1, 1, tzinfo=zone))
    publisher.publish_made(register, publisher.diff(register, ()))


@ROOM.attack(18, "V12")
def versions_list_short(publisher: MemoryPublisher) -> None:
    """Signs a list of versions that leaves one out."""
    left_out = publisher.registers.pop()
    publisher.write_signed(tree.VERSIONS.path(), publisher.versions())
    publisher.registers.append(left_out)
    publisher.vouch()


@ROOM.attack(18, "V12")
def versions_list_other(publisher: MemoryPublisher) -> None:
    """Signs a list of versions with another digest in it."""
    known = digest(publisher.files[tree.VERSION_DIFF.path(1)]).encode()
    publisher.write_signed(tree.VERSIONS.path(), put(publisher.files[tree.VERSIONS.path()], known, b"0" * 64))
    publisher.vouch()


@ROOM.attack(18, "V12")
def versions_list_of_another_register(publisher: MemoryPublisher) -> None:
    """Puts another register's list of versions, truly signed, in this one's place."""
    for suffix in ("", ".sig", ".jws"):
        publisher.files[tree.VERSIONS.path() + suffix] = sister().files[tree.VERSIONS.path() + suffix]
    publisher.vouch()


_FORMAT = b'"format":"sub-processor-register/1",'
ROOM.add(
    "register without format",
    "Signs and vouches for a register that does not say what it is.",
    signed(tree.REGISTER.path(), lambda data: put(data, _FORMAT, b"")),
    11,
    "V04",
    arguments=poll,
)
_MINOR = f'"format_minor":{FORMAT_MINOR},'.encode("ascii")
for minor, value in {
    "no": b"",
    "a negative": b'"format_minor":-1,',
    "no integer as": b'"format_minor":"1",',
}.items():
    ROOM.add(
        f"register with {minor} minor number",
        "Signs and vouches for a register that does not say by which minor number it was written.",
        signed(tree.REGISTER.path(), lambda data, value=value: put(data, _MINOR, value)),
        11,
        "V04",
        arguments=poll,
    )
ROOM.add(
    "another major format",
    "Signs and vouches for a register of a format to come.",
    signed(
        tree.REGISTER.path(), lambda data: put(data, b"sub-processor-register/1", b"sub-processor-register/2")
    ),
    11,
    "V04",
    arguments=poll,
)
ROOM.add(
    "a diff as register",
    "Signs and vouches for a diff where the register should be.",
    signed(tree.REGISTER.path(), lambda _: three_versions().files[tree.VERSION_DIFF.path(3)]),
    11,
    "V04",
    arguments=poll,
)


@ROOM.attack(10, "V25")
def copy_missing(publisher: MemoryPublisher) -> None:
    """Withholds a target's copy, which stock TUF clients read."""
    del publisher.files[f"trust/targets/{digest(publisher.files[tree.KEYS.path()])}.keys.json"]


@ROOM.attack(18, "V29", why="The register says what lies ahead; this says something else.")
def change_that_nobody_announced(publisher: MemoryPublisher) -> None:
    """Names a deadline for objections, truly signed, that follows from nothing in the register."""
    path = tree.UPCOMING.path()
    said = decode(publisher.files[path], UpcomingEvents)
    deadline = Upcoming(
        day=NOW.date(),
        what="objection_deadline",
        subprocessor="acme",
        type="added",
        notice=NoticeStatus(required=True, objection_until=NOW.date()),
    )
    publisher.write_signed(path, encode(msgspec.structs.replace(said, upcoming=(deadline,))))
    publisher.vouch()


@ROOM.attack(18, "V29", why="It is genuine, but it speaks of a version that is no longer the newest.")
def old_list_of_what_lies_ahead(publisher: MemoryPublisher) -> None:
    """Serves what lay ahead of the version before, with its own valid signatures."""
    before = upcoming_document(encoded(publisher.registers[-2]), dt.UTC)
    publisher.write_signed(tree.UPCOMING.path(), encode(before))
    publisher.vouch()


@ROOM.attack(18, "V31", why="All is signed and logged as it should be; the two registers say otherwise.")
def change_passed_over(publisher: MemoryPublisher) -> None:
    """Renames a vendor, and signs a diff that tells of no change."""
    register = publisher.next_register()
    publisher.publish_made(register, publisher.diff(register, ()))


@ROOM.attack(18, "V31", why="The dates of the registers and the promise before decide what was given.")
def notice_embellished(publisher: MemoryPublisher) -> None:
    """Announces a vendor that has begun, and says that notice was given and the promise kept."""
    following = publisher.next_register()
    kept = Announced(
        version=following.version,
        at=following.published_at,
        required=True,
        promised_days=30,
        days=45,
        day_count="calendar",
        met=True,
    )
    use = Engagement(
        id="mail", category="hosting", status="active", starts_on=FIRST.date(), announced=kept, purpose="Mail"
    )
    late = Subprocessor(id="late", name="Late", engagements=(use,))
    listed = (*following.subprocessors, late)
    register = publisher.next_register(subprocessors=listed, notice=publisher.registers[-1].notice)
    publisher.publish_made(register, publisher.diff(register))


@ROOM.attack(18, "V31", why="Whatever a promise covers besides: days lie between two dates, whoever counts.")
def notice_embellished_by_a_promise_of_tomorrow(publisher: MemoryPublisher) -> None:
    """Promises notice of what no reader knows yet, so that notice is not judged, and lies about its days."""
    publisher.publish(notice=Notice(days=30, applies_to=("addition", "event_of_tomorrow")))
    notice_embellished(publisher)


@ROOM.attack(18, "V31", why="An id that was published stays (R03), whatever the diff says.")
def vendor_vanished(publisher: MemoryPublisher) -> None:
    """Leaves a vendor out, and says so in an honest diff."""
    register = publisher.next_register(subprocessors=())
    publisher.publish_made(register, publisher.diff(register))
