"""Attacks on feeds: forged ones, entries left out, XML that two programs read in two ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attack import Room
from changes import damaged, flip, missing, put, signed
from publishers_to_attack import forty_nine_versions

from feed_keys import OURS, THEIRS
from register_api.core.format import tree
from register_api.publish.signing.keyring import sign_feed

if TYPE_CHECKING:
    from collections.abc import Callable

    from attack import Lie

    from memory_publisher import MemoryPublisher

DSIG = tree.XML_SIGNATURE.of(tree.FEED_ATOM.path())
ROOM = Room("feed", "The Atom feed and the JSON Feed.")


def _forged(publisher: MemoryPublisher) -> bytes:
    """Return a feed that hides the newest version."""
    return publisher.atom(publisher.registers[:2][::-1])


@ROOM.attack(12, "V25", why="Nobody signed these bytes; whatever lies beside them.")
def forged_feed(publisher: MemoryPublisher) -> None:
    """Serves a feed that hides the newest version, with signatures of the attacker's own."""
    data = _forged(publisher)
    publisher.files |= {tree.FEED_ATOM.path(): data, DSIG: sign_feed(data, "feed.atom", THEIRS)}


@ROOM.attack(14, "V25")
def older_feed_at_the_head(publisher: MemoryPublisher) -> None:
    """Serves the feed of the version before, with all its signatures."""
    publisher.write_feed(tree.FEED_ATOM.path(), _forged(publisher))


@ROOM.attack(18, "V22")
def feed_without_a_version(publisher: MemoryPublisher) -> None:
    """Leaves a change out of the feed, with all signatures."""
    publisher.write_feed(
        tree.FEED_ATOM.path(), publisher.atom([publisher.registers[2], publisher.registers[0]])
    )
    publisher.vouch()


@ROOM.attack(18, "V22")
def feed_with_a_version_twice(publisher: MemoryPublisher) -> None:
    """Tells a change twice, with all signatures."""
    registers = publisher.registers[::-1]
    publisher.write_feed(tree.FEED_ATOM.path(), publisher.atom([registers[0], *registers]))
    publisher.vouch()


@ROOM.attack(18, "V22")
def feed_with_a_version_to_come(publisher: MemoryPublisher) -> None:
    """Tells a change that is not published, with all signatures."""
    publisher.write_feed(
        tree.FEED_ATOM.path(), publisher.atom([publisher.next_register(), *publisher.registers[:0:-1]])
    )
    publisher.vouch()


@ROOM.attack(18, "V22")
def feed_of_another_register(publisher: MemoryPublisher) -> None:
    """Serves another register's feed, with all signatures."""
    name, publisher.name = publisher.name, "other.example/list"
    publisher.write_feed(tree.FEED_ATOM.path(), publisher.atom(publisher.registers[::-1]))
    publisher.name = name
    publisher.vouch()


@ROOM.attack(18, "V22")
def json_feed_without_a_version(publisher: MemoryPublisher) -> None:
    """Leaves a change out of the JSON Feed alone, with its signatures."""
    publisher.write_signed(tree.FEED_JSON.path(), publisher.json_feed(publisher.registers[::-1][:2]))
    publisher.vouch()


@ROOM.attack(18, "V22")
def feed_by_interest_without_a_version(publisher: MemoryPublisher) -> None:
    """Leaves a change out of the feed of a vendor alone, and has it vouched for."""
    path = tree.FEED_SUBPROCESSOR.path("acme")
    publisher.files[path] = publisher.interest_feed(path, [])
    publisher.vouch()


@ROOM.attack(18, "V22")
def feed_by_interest_that_is_not_listed(publisher: MemoryPublisher) -> None:
    """Takes the feed of a vendor out of the tree and of the list of head files."""
    del publisher.files[tree.FEED_SUBPROCESSOR.path("acme")]
    publisher.vouch()


@ROOM.attack(12, "V34")
def feed_by_interest_that_nobody_signs(publisher: MemoryPublisher) -> None:
    """Tells a change that is not published in the feed of what is important, on the host alone."""
    path = tree.FEED_IMPORTANT.path()
    publisher.files[path] = publisher.interest_feed(path, [(publisher.next_register(), ["added"])])


@ROOM.attack(
    12, "V34", why="The document key alone speaks for no head file: the list of them is a TUF target."
)
def json_feed_by_the_document_key_alone(publisher: MemoryPublisher) -> None:
    """Says something else in an entry of the JSON Feed, and signs it with the stolen document key."""
    data = publisher.files[tree.FEED_JSON.path()]
    publisher.write_signed(tree.FEED_JSON.path(), put(data, b'"content_html":""', b'"content_html":"evil"'))


@ROOM.attack(12, "V25")
def list_of_head_files_by_the_document_key_alone(publisher: MemoryPublisher) -> None:
    """Says something else in the JSON Feed, and signs it and the list of head files with the document key."""
    json_feed_by_the_document_key_alone(publisher)
    publisher.list_heads()


@ROOM.attack(12, "V34", begin=forty_nine_versions)
def archive_page_by_stolen_keys(publisher: MemoryPublisher) -> None:
    """Writes a finished archive page anew, with all its signatures by the stolen document and feed keys."""
    path = tree.FEED_ARCHIVE.path(1)
    publisher.publish()
    publisher.write_feed(path, put(publisher.files[path], b"<entry>", b"<entry><title>evil</title>"))


@ROOM.attack(18, "V34")
def head_file_of_another_size(publisher: MemoryPublisher) -> None:
    """Lists a head file with its digest and another size, all signed and vouched for."""
    data = publisher.files[tree.HEADS.path()]
    publisher.write_signed(tree.HEADS.path(), put(data, b'"size":', b'"size":1'))
    publisher.vouch(relist=False)


@ROOM.attack(
    0,
    says=("Served, but not listed in /v1/heads.json: /.well-known/security.txt.",),
    why="A host may have a security contact of its own; the customer is told that nobody vouches for it.",
)
def head_file_that_is_not_listed(publisher: MemoryPublisher) -> None:
    """Adds a security contact of the attacker's to the tree."""
    publisher.files[tree.SECURITY_TXT.path()] = b"Contact: mailto:mallory@example.com\n"


@ROOM.attack(12, "V34")
def head_file_that_nobody_signs(publisher: MemoryPublisher) -> None:
    """Says of another register's folder that it is this one's, in the discovery document."""
    path = tree.DISCOVERY.path()
    publisher.files[path] = put(publisher.files[path], b"../trust/", b"../evil/")


@ROOM.attack(10, "V34")
def listed_file_withheld(publisher: MemoryPublisher) -> None:
    """Withholds the discovery document."""
    del publisher.files[tree.DISCOVERY.path()]


@ROOM.attack(16, "V20")
def feed_key_that_has_ended(publisher: MemoryPublisher) -> None:
    """Signs on with a feed key whose range was closed."""
    publisher.rotate_feed_key(THEIRS)
    publisher.feed_signer = OURS
    publisher.publish()


_LAUGHS = (
    b'<!DOCTYPE feed [<!ENTITY a "'
    + b"a" * 1000
    + b'"><!ENTITY b "'
    + b"&a;" * 100
    + b'"><!ENTITY c "'
    + b"&b;" * 100
    + b'"><!ENTITY d "'
    + b"&c;" * 100
    + b'"><!ENTITY e "'
    + b"&d;" * 100
    + b'">]>'
)

FEEDS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "not XML": ("Is no XML.", lambda _: b"<feed"),
    "empty": ("Is empty.", lambda _: b""),
    "HTML": ("Is a page.", lambda _: b"<!DOCTYPE html><title>It works!</title>"),
    "RSS": ("Is another kind of feed.", lambda _: b'<rss version="2.0"><channel/></rss>'),
    "DOCTYPE": ("Names a document type.", lambda data: put(data, b"<feed", b"<!DOCTYPE feed><feed")),
    "DOCTYPE in UTF-16": (
        "Names a document type in an encoding in which nobody looks for it.",
        lambda data: (
            put(data, b"<feed", b"<!DOCTYPE feed><feed").decode().replace("UTF-8", "UTF-16").encode("utf-16")
        ),
    ),
    "entities that grow": (
        "Holds a text that grows when it is read.",
        lambda data: put(put(data, b"<feed", _LAUGHS + b"<feed"), b"<id>", b"<title>&e;</title><id>"),
    ),
    "entity of a file": (
        "Holds an entity that names a file of the customer.",
        lambda data: put(
            put(data, b"<feed", b'<!DOCTYPE feed [<!ENTITY e SYSTEM "file:///etc/hostname">]><feed'),
            b"<id>",
            b"<title>&e;</title><id>",
        ),
    ),
    "entity of an address": (
        "Holds an entity that is fetched from elsewhere.",
        lambda data: put(
            put(data, b"<feed", b'<!DOCTYPE feed [<!ENTITY e SYSTEM "http://127.0.0.1:1/">]><feed'),
            b"<id>",
            b"<title>&e;</title><id>",
        ),
    ),
    "comment in an id": (
        "Cuts an id by a comment: some readers read on, others stop there.",
        lambda data: put(data, b"/versions/3<", b"/versions/3<!-- -->0<"),
    ),
    "comment within an id": (
        "Puts a comment into an id, which some readers drop.",
        lambda data: put(data, b"/versions/3<", b"/versions/<!-- 1 -->3<"),
    ),
    "processing instruction in an instant": (
        "Cuts an instant by an instruction.",
        lambda data: put(data, b"Z</updated>", b"Z<?x y?></updated>"),
    ),
    "element in an id": (
        "Puts an element into an id.",
        lambda data: put(data, b"/versions/3<", b"/versions/3<b>0</b><"),
    ),
    "two ids in an entry": (
        "Gives an entry a second id.",
        lambda data: put(data, b"<updated>", b"<id>urn:x</id><updated>"),
    ),
    "two ids of the feed": (
        "Gives the feed a second id.",
        lambda data: put(data, b"<entry>", b"<id>urn:x</id><entry>"),
    ),
    "entry without id": ("Leaves an id out.", lambda data: put(data, b"<entry><id>", b"<entry><id/><id>")),
    "100,000 elements deep": ("Is nested deep.", lambda data: put(data, b"<id>", b"<a>" * 100_000 + b"<id>")),
    "byte that is not UTF-8": (
        "Holds a byte of no character.",
        lambda data: put(data, b"<id>", b"<title>\xff</title><id>"),
    ),
    "NUL": ("Holds a NUL.", lambda data: put(data, b"<id>", b"<title>\0</title><id>")),
}


for _name, (_sentence, _change) in FEEDS.items():
    ROOM.add(
        f"feed: {_name}",
        f"{_sentence} Signed and vouched for.",
        signed(tree.FEED_ATOM.path(), _change),
        11,
        "V22",
        remembers=True,
    )
ROOM.add(
    "feed: comment in a title",
    "Writes a comment into a title. Signed and vouched for.",
    signed(
        tree.FEED_ATOM.path(), lambda data: put(data, b"<id>", b"<title>All <!-- not --> well</title><id>")
    ),
    0,
    why="Harmless here: titles are not read by verify, and the publisher itself has signed this one.",
)
ROOM.add(
    "feed: comment in a title, added on the way",
    "Writes a comment into what is signed.",
    damaged(tree.FEED_ATOM.path(), lambda data: put(data, b"<id>", b"<!-- --><id>")),
    12,
    "V25",
)
ROOM.add(
    "feed: a path as version",
    "Names a version by a path that leads out. Signed and vouched for.",
    signed(tree.FEED_ATOM.path(), lambda data: put(data, b"/versions/3<", b"/versions/../../3<")),
    11,
    "V22",
)
ROOM.add(
    "feed: a percent-encoded version",
    "Names a version by an escape. Signed and vouched for.",
    signed(tree.FEED_ATOM.path(), lambda data: put(data, b"/versions/3<", b"/versions/%33<")),
    11,
    "V22",
)
ROOM.add(
    "JSON Feed: a path as version",
    "Names a version by a path that leads out, with its signatures.",
    signed(tree.FEED_JSON.path(), lambda data: put(data, b'/versions/3"', b'/versions/..\\\\3"')),
    11,
    "V22",
)
ROOM.add(
    "feed by interest: not XML",
    "Is no XML. Vouched for.",
    signed(tree.FEED_IMPORTANT.path(), lambda _: b"<feed"),
    11,
    "V22",
)
ROOM.add(
    "feed by interest: with the id of the main feed",
    "Has the id of the main feed, so that an id has two contents. Vouched for.",
    signed(tree.FEED_IMPORTANT.path(), lambda data: put(data, b"/feed/important<", b"<")),
    18,
    "V22",
)
ROOM.add(
    "JSON Feed: items that are none",
    "Gives a text for the items, with its signatures.",
    signed(tree.FEED_JSON.path(), lambda _: b'{"items":"x"}'),
    11,
    "V22",
)


def _archive(change_it: Lie) -> Lie:
    """Return the lie of a publisher who completes an archive page, and then changes it."""

    def lie(publisher: MemoryPublisher) -> None:
        publisher.publish()
        change_it(publisher)

    return lie


def _page_without_a_version(publisher: MemoryPublisher) -> None:
    publisher.write_feed(PAGE, publisher.atom(publisher.registers[:48][::-1]))
    publisher.vouch()


def _page_with_the_feeds_signature(publisher: MemoryPublisher) -> None:
    publisher.files[PAGE + ".dsig"] = publisher.files[DSIG]


PAGE = tree.FEED_ARCHIVE.path(1)
ARCHIVES: tuple[tuple[str, str, Lie, int], ...] = (
    ("forged", "Changes a bit of it.", damaged(PAGE, lambda data: flip(data, len(data) // 2)), 12),
    ("missing", "Withholds it.", missing(PAGE), 10),
    ("without two versions", "Leaves changes out, with all signatures.", _page_without_a_version, 18),
    ("signed as the feed", "Puts the feed's signature beside it.", _page_with_the_feeds_signature, 12),
    ("without signature", "Withholds its signature.", missing(PAGE + ".dsig"), 10),
)
for _name, _sentence, _change_it, _code in ARCHIVES:
    ROOM.add(
        f"archive page: {_name}",
        _sentence,
        _archive(_change_it),
        _code,
        "V23",
        begin=forty_nine_versions,
        remembers=True,
    )
