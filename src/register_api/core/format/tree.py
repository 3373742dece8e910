"""The table of files: every kind in a register's tree, one row each.

URL path = file path below the store's ``public`` folder, written here without the leading slash
(docs/format/tree.md). Publishing, storing, serving, the API description, host configurations, fetching,
verifying and conformance tests use this table. A new kind of file needs a row here and a builder in
``publish``.
"""

from __future__ import annotations

from functools import partial

from register_api.core.changes import Diff
from register_api.core.documents import MAX_ENTRY_BYTES, Discovery, Entry, HeadFiles, KeyList, VersionList
from register_api.core.format.kind import KIB, MIB, FileKind, MediaType, Schema, Signature
from register_api.core.log.checkpoint import MAX_CHECKPOINT_BYTES
from register_api.core.model import Register
from register_api.core.upcoming_events import UpcomingEvents

FEED_PAGE_SIZE = 50
"""Versions on the newest page of a feed, and on each archive page (docs/format/feeds.md)."""

TRUST_FOLDER = "trust/"
TARGETS_FOLDER = "trust/targets/"
VERSION_FOLDER = "v1/versions/{version}/"

# ------------------------------------------------------------------ media types
_JSON = MediaType("application/json", compress=True)
_TINY_JSON = MediaType("application/json", compress=False)
_LINKSET = MediaType("application/linkset+json", compress=True)
_JSON_FEED = MediaType("application/feed+json", compress=True)
_ATOM = MediaType("application/atom+xml; charset=utf-8", compress=True)
_OPML = MediaType("text/x-opml; charset=utf-8", compress=True)
_HTML = MediaType("text/html; charset=utf-8", compress=True)
_TEXT = MediaType("text/plain; charset=utf-8", compress=False)
_SCRIPT = MediaType("text/javascript; charset=utf-8", compress=True)
_SVG = MediaType("image/svg+xml", compress=False)
_OCTETS = MediaType("application/octet-stream", compress=False)
_PEM = MediaType("application/x-pem-file", compress=False)
_CSV = MediaType("text/csv; charset=utf-8", compress=True)
_WORKBOOK = MediaType("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", compress=False)
_CYCLONEDX = MediaType("application/vnd.cyclonedx+json; version=1.6", compress=False)
_JSON_LD = MediaType("application/ld+json", compress=False)
_CALENDAR = MediaType("text/calendar; charset=utf-8", compress=True)
_TIME_STAMP = MediaType("application/timestamp-reply", compress=False)

# ------------------------------------------------------------------ signatures beside a document
RAW_SIGNATURE = Signature(".sig", "Signature", "Raw Ed25519 signature", "application/octet-stream", KIB)
JWS = Signature(".jws", "Jws", "Detached JWS", "application/jose", 4 * KIB)
XML_SIGNATURE = Signature(".dsig", "XmlSignature", "XML signature", "application/xml", 16 * KIB)

_BY_DOCUMENT_KEY = (JWS, RAW_SIGNATURE)
_BY_FEED_KEY_TOO = (JWS, RAW_SIGNATURE, XML_SIGNATURE)

# ------------------------------------------------------------------ documents with a JSON Schema
_REGISTER = Schema("register", Register, "One version of a register of sub-processors")
_DIFF = Schema("diff", Diff, "What changed between two versions of a register")
_ENTRY = Schema("entry", Entry, "The log's entry for one version")
_VERSIONS = Schema("versions", VersionList, "Every entry of the log, oldest first")
_KEYS = Schema("keys", KeyList, "Every document, log and feed key of a register")
_HEADS = Schema("heads", HeadFiles, "Digests of the files that each publication rewrites")
_UPCOMING = Schema("upcoming", UpcomingEvents, "Upcoming events: starts, ends, changes, objection deadlines")
_DISCOVERY = Schema("discovery", Discovery, "Which registers a site publishes")

SCHEMAS = (_REGISTER, _DIFF, _ENTRY, _VERSIONS, _KEYS, _HEADS, _UPCOMING, _DISCOVERY)


_listed = partial(FileKind, listed=True, checks=("V34",))
"""A row of a file that is covered only by the signed list of head files."""

_page = partial(FileKind, media=_HTML, cache="mutable", unchecked="it shows what the signed register says")
"""A row of a page for people."""

# Order within a row: what it is, its bytes, what covers them.
# fmt: off

# ------------------------------------------------------------------ the register and its versions
REGISTER = FileKind(
    "v1/register.json", "getRegister", "The newest register", _JSON, "mutable", schema=_REGISTER,
    signatures=_BY_DOCUMENT_KEY, target="register.json", checks=("V04", "V05", "V25"),
)
VERSIONS = FileKind(
    "v1/versions.json", "getVersions", "Every entry of the log, oldest first",
    _JSON, "mutable", schema=_VERSIONS, relation="version-history", max_bytes=64 * MIB,
    signatures=_BY_DOCUMENT_KEY, listed=True, checks=("V12", "V34"),
)
HEADS = FileKind(
    "v1/heads.json", "getHeads", "Digest and size of every other file that publications rewrite",
    _JSON, "mutable", schema=_HEADS, signatures=_BY_DOCUMENT_KEY, target="heads.json", checks=("V25", "V34"),
)
UPCOMING = FileKind(
    "v1/upcoming.json", "getUpcoming", "What lies ahead, by day: starts, ends, changes, objection deadlines",
    _JSON, "mutable", schema=_UPCOMING, relation="alternate", max_bytes=64 * MIB,
    signatures=_BY_DOCUMENT_KEY, listed=True, checks=("V21", "V29", "V34"),
)
VERSION_REGISTER = FileKind(
    VERSION_FOLDER + "register.json", "getVersionRegister", "The register as of a version",
    _JSON, "immutable", schema=_REGISTER,
    signatures=_BY_DOCUMENT_KEY, in_entry=True, checks=("V16", "V17", "V19"),
)
VERSION_DIFF = FileKind(
    VERSION_FOLDER + "diff.json", "getVersionDiff", "What a version changed",
    _JSON, "immutable", schema=_DIFF,
    signatures=_BY_DOCUMENT_KEY, in_entry=True, checks=("V16", "V17", "V18"),
)
VERSION_KEYS = FileKind(
    VERSION_FOLDER + "keys.json", "getVersionKeys", "The list of keys as of a version",
    _JSON, "immutable", schema=_KEYS, max_bytes=MIB, in_entry=True, checks=("V16", "V30"),
)
VERSION_ENTRY = FileKind(
    VERSION_FOLDER + "entry.json", "getVersionEntry",
    "The log's entry for a version: its files with their digests",
    _JSON, "immutable", schema=_ENTRY, max_bytes=MAX_ENTRY_BYTES, checks=("V13",),
)
VERSION_PROOF = FileKind(
    VERSION_FOLDER + "entry.tlog-proof", "getVersionProof", "Proof that the log holds the entry",
    _TEXT, "immutable", max_bytes=64 * KIB, checks=("V15",),
)

# ------------------------------------------------------------------ keys and schemas
KEYS = FileKind(
    "v1/keys.json", "getKeys", "All document, log and feed keys, current and former",
    _JSON, "mutable", schema=_KEYS, max_bytes=MIB, target="keys.json", checks=("V03", "V25"),
)
PUBLIC_KEY = FileKind(
    "v1/keys/{kid}.pem", "getPublicKey", "One of these keys", _PEM, "immutable", max_bytes=4 * KIB,
    checks=("V24",),
)
SCHEMA_OF_MINOR = _listed(
    "v1/schema/{name}-1.{minor}.json", "getSchemaOfMinor",
    "JSON Schema of a kind of document, as a minor number of the format has it", _JSON, "immutable",
)
SCHEMA = _listed(
    "v1/schema/{name}.json", "getSchema", "JSON Schema of a kind of document, the newest", _JSON, "mutable",
)

# ------------------------------------------------------------------ feeds
FEED_ATOM = FileKind(
    "feed.atom", "getAtomFeed", "The changes as an Atom feed", _ATOM, "mutable", relation="alternate",
    signatures=_BY_FEED_KEY_TOO, target="feed.atom", checks=("V20", "V21", "V22", "V25"),
)
FEED_JSON = FileKind(
    "feed.json", "getJsonFeed", "The changes as a JSON Feed", _JSON_FEED, "mutable", relation="alternate",
    signatures=_BY_DOCUMENT_KEY, listed=True, checks=("V21", "V22", "V34"),
)
FEED_ARCHIVE = FileKind(
    "feed/{page}.atom", "getAtomArchive", "An archive page of the Atom feed", _ATOM, "immutable",
    signatures=_BY_FEED_KEY_TOO, listed=True, checks=("V23", "V34"),
)

FEED_IMPORTANT = FileKind(
    "feed/important.atom", "getImportantFeed",
    "Of the changes those that need notice or are as important, as an Atom feed",
    _ATOM, "mutable", relation="alternate", listed=True, checks=("V22", "V34"),
)
FEED_CATEGORY = FileKind(
    "feed/categories/{category}.atom", "getCategoryFeed", "The changes in one category, as an Atom feed",
    _ATOM, "mutable", listed=True, checks=("V22", "V34"),
)
FEED_SUBPROCESSOR = FileKind(
    "feed/subprocessors/{subprocessor}.atom", "getSubprocessorFeed",
    "The changes that concern one sub-processor, as an Atom feed", _ATOM, "mutable",
    listed=True, checks=("V22", "V34"),
)
FEEDS_OPML = _listed(
    "feeds.opml", "getFeedList", "Every feed, for readers to import (OPML), if the register has an address",
    _OPML, "mutable", optional=True, max_bytes=MIB,
)

# ------------------------------------------------------------------ exports
EXPORT_FOLDER = "v1/exports/"

USES_CSV = _listed(
    EXPORT_FOLDER + "uses.csv", "getUsesCsv", "A row for each use and place, as CSV",
    _CSV, "mutable", relation="alternate", max_bytes=256 * MIB,
)
USES_SCHEMA = _listed(
    EXPORT_FOLDER + "uses.schema.json", "getUsesSchema", "Table Schema of that CSV",
    _JSON, "mutable", max_bytes=MIB,
)
WORKBOOK = _listed(
    EXPORT_FOLDER + "register.xlsx", "getWorkbook", "The register as a workbook for spreadsheet programs",
    _WORKBOOK, "mutable", relation="alternate", max_bytes=256 * MIB,
)
CYCLONEDX = _listed(
    EXPORT_FOLDER + "cyclonedx.json", "getCyclonedx", "The uses as services of a CycloneDX bill of materials",
    _CYCLONEDX, "mutable", relation="alternate", max_bytes=256 * MIB,
)
DPV = _listed(
    EXPORT_FOLDER + "dpv.jsonld", "getDpv", "The uses in terms of the W3C Data Privacy Vocabulary",
    _JSON_LD, "mutable", relation="alternate", max_bytes=256 * MIB,
)
DORA_PROVIDERS = _listed(
    EXPORT_FOLDER + "dora/b_05.01.csv", "getDoraProviders",
    "Providers for a DORA register of information (B_05.01)", _CSV, "mutable", max_bytes=64 * MIB,
)
DORA_CHAIN = _listed(
    EXPORT_FOLDER + "dora/b_05.02.csv", "getDoraChain",
    "Supply chain for a DORA register of information (B_05.02)", _CSV, "mutable", max_bytes=64 * MIB,
)

CALENDAR = _listed(
    "calendar.ics", "getCalendar", "Starts, ends, planned changes and objection deadlines, as a calendar",
    _CALENDAR, "mutable", relation="alternate", max_bytes=64 * MIB,
)
SUBPROCESSOR_CALENDAR = _listed(
    "calendar/{subprocessor}.ics", "getSubprocessorCalendar",
    "The same for one sub-processor, if there is anything to put down",
    _CALENDAR, "mutable", optional=True, max_bytes=MIB,
)

# ------------------------------------------------------------------ the log
CHECKPOINT = FileKind(
    "log/checkpoint", "getCheckpoint", "Size and root of the log, signed",
    _TEXT, "mutable", max_bytes=MAX_CHECKPOINT_BYTES, written="checkpoint",
    target="checkpoint", checks=("V08", "V09", "V25"),
)
TIME_STAMP = FileKind(
    "log/checkpoints/{size}.tsr", "getTimestampReply",
    "Trusted timestamp of the checkpoint of a size, where there is one",
    _TIME_STAMP, "immutable", optional=True, max_bytes=64 * KIB, checks=("V28",),
)
_TILE_BYTES = 256 * 32
_BUNDLE_BYTES = 256 * (MAX_ENTRY_BYTES + 2)

TILE = FileKind(
    "log/tile/{level}/{tile}", "getTile", "A full tile of the log",
    _OCTETS, "immutable", max_bytes=_TILE_BYTES, checks=("V11", "V13", "V14"),
)
PARTIAL_TILE = FileKind(
    "log/tile/{level}/{tile}.p/{width}", "getPartialTile", "A partial tile, until the full one is there",
    _OCTETS, "immutable", max_bytes=_TILE_BYTES, checks=("V11", "V13", "V14"),
)
BUNDLE = FileKind(
    "log/tile/entries/{tile}", "getEntryBundle", "A full bundle of entries",
    _OCTETS, "immutable", max_bytes=_BUNDLE_BYTES, checks=("V14",),
)
PARTIAL_BUNDLE = FileKind(
    "log/tile/entries/{tile}.p/{width}", "getPartialEntryBundle",
    "A partial bundle, until the full one is there", _OCTETS, "immutable", max_bytes=_BUNDLE_BYTES,
    checks=("V14",),
)

# ------------------------------------------------------------------ TUF metadata
ROOT = FileKind(
    TRUST_FOLDER + "{metadata_version}.root.json", "getTrustRoot", "TUF root: who may sign what",
    _JSON, "immutable", max_bytes=512 * KIB, checks=("V01", "V02"),
)
TARGETS = FileKind(
    TRUST_FOLDER + "{metadata_version}.targets.json", "getTrustTargets",
    "TUF targets: digests of the newest files", _JSON, "immutable", max_bytes=64 * KIB, written="trust",
    checks=("V02",),
)
SNAPSHOT = FileKind(
    TRUST_FOLDER + "{metadata_version}.snapshot.json", "getTrustSnapshot",
    "TUF snapshot: which targets metadata is the newest",
    _JSON, "immutable", max_bytes=64 * KIB, written="trust", checks=("V02",),
)
TIMESTAMP = FileKind(
    TRUST_FOLDER + "timestamp.json", "getTrustTimestamp", "TUF timestamp: signed freshness",
    _TINY_JSON, "no-cache", max_bytes=16 * KIB, written="timestamp", checks=("V02",),
)

# ------------------------------------------------------------------ pages for people
INDEX = _page("index.html", "getRegisterPage", "The register", relation="alternate", loads=True)
CHANGES_PAGE = _page("changes/index.html", "getChangesPage", "All changes, by month")
SUBSCRIBE_PAGE = _page("subscribe/index.html", "getSubscribePage", "Ways to be notified of changes")
ANNEX_PAGE = _page(
    "annex/index.html", "getAnnexPage", "Engaged sub-processors, to print and attach to a contract",
)
VERSION_PAGE = _page("versions/{version}/index.html", "getVersionPage", "What a version changed")
SUBPROCESSOR_PAGE = _page(
    "subprocessors/{subprocessor}/index.html", "getSubprocessorPage", "One sub-processor",
)

CHECK_PAGE = _listed(
    "check.html", "getCheckPage", "A file to keep, which checks any register in the browser",
    _HTML, "mutable", runs=True,
)

SCRIPT = _listed(
    "script/{sha256}.js", "getScript", "What filters the page of the register",
    _SCRIPT, "immutable", max_bytes=64 * KIB,
)
ICON = _listed("favicon.svg", "getIcon", "The icon of all pages", _SVG, "mutable", max_bytes=4 * KIB,
)

# ------------------------------------------------------------------ discovery by software
DISCOVERY = FileKind(
    ".well-known/sub-processors.json", "getDiscovery", "Registers that are published here",
    _JSON, "mutable", schema=_DISCOVERY, relation="service-meta", max_bytes=256 * KIB,
    listed=True, checks=("V26", "V34"),
)
API_CATALOG = _listed(
    ".well-known/api-catalog", "getApiCatalog", "API catalog (RFC 9727)",
    _LINKSET, "mutable", max_bytes=256 * KIB,
)
SECURITY_TXT = _listed(
    ".well-known/security.txt", "getSecurityTxt", "Security contact (RFC 9116), if the register names one",
    _TEXT, "mutable", optional=True, max_bytes=256 * KIB,
)

ROBOTS_TXT = FileKind(
    "robots.txt", "getRobotsTxt", "What crawlers may read (RFC 9309): everything",
    _TEXT, "mutable", max_bytes=4 * KIB,
    unchecked="a host may have one of its own, and no program believes it",
)
OPENAPI = _listed(
    "openapi.json", "getOpenapi", "OpenAPI description of the protocol, the same for every register",
    _JSON, "mutable", relation="service-desc", max_bytes=MIB,
)

FEED_ALIASES: dict[str, FileKind] = dict.fromkeys(
    ("feed", "feed/", "rss.xml", "atom.xml", "feed.xml"), FEED_ATOM
)
"""URLs at which feed readers look for a feed, and the file to which hosts redirect them."""

GROUPS: dict[str, tuple[FileKind, ...]] = {
    "Register": (REGISTER, HEADS, UPCOMING),
    "Pages": (
        INDEX, CHANGES_PAGE, SUBSCRIBE_PAGE, ANNEX_PAGE, VERSION_PAGE, SUBPROCESSOR_PAGE, CHECK_PAGE,
        SCRIPT, ICON,
    ),
    "Versions": (VERSIONS, VERSION_REGISTER, VERSION_DIFF, VERSION_KEYS, VERSION_ENTRY, VERSION_PROOF),
    "Keys": (KEYS, PUBLIC_KEY),
    "Feeds": (
        FEED_ATOM, FEED_JSON, FEED_ARCHIVE, FEED_IMPORTANT, FEED_CATEGORY, FEED_SUBPROCESSOR, FEEDS_OPML,
    ),
    "Exports": (USES_CSV, USES_SCHEMA, WORKBOOK, CYCLONEDX, DPV, DORA_PROVIDERS, DORA_CHAIN),
    "Calendars": (CALENDAR, SUBPROCESSOR_CALENDAR),
    "Log": (CHECKPOINT, TIME_STAMP, TILE, PARTIAL_TILE, BUNDLE, PARTIAL_BUNDLE),
    "Trust": (TIMESTAMP, ROOT, SNAPSHOT, TARGETS),
    "Discovery": (SCHEMA, SCHEMA_OF_MINOR, DISCOVERY, API_CATALOG, SECURITY_TXT, ROBOTS_TXT, OPENAPI),
}
"""All rows by heading, as in the API description."""
# fmt: on
