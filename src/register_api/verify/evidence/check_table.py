"""What ``verify --offline`` checks, as data: numbers for ever, as for ``verify``."""

from __future__ import annotations

from register_api.verify.checks.check_table import Check

CHECKS: tuple[Check, ...] = (
    Check(
        "E01", "The file is a ZIP within bounds, with one reading, of one version", "docs/format.md, Evidence"
    ),
    Check("E02", "Trust begins from a known root", "TUF 1.0 section 5.2"),
    Check("E03", "Each root is signed by the one before and by itself", "TUF 1.0 section 5.3"),
    Check(
        "E04", "Timestamp, snapshot and targets are signed and fit together", "TUF 1.0 sections 5.4 to 5.6"
    ),
    Check(
        "E05", "The list of keys was vouched for and makes sense", "TUF 1.0 section 5.7, RFC 7517, RFC 7638"
    ),
    Check("E06", "The register is in its one form and of this version", "RFC 8785"),
    Check("E07", "The register is signed by a key good for this version", "RFC 8032, RFC 7515 appendix F"),
    Check("E08", "The diff is signed and leads to this register", "RFC 8032, RFC 7515 appendix F, RFC 6902"),
    Check("E09", "The entry names these files", "FIPS 180-4 (SHA-256)"),
    Check("E10", "The log held the entry when it had this size", "C2SP tlog-proof, RFC 6962 section 2.1.1"),
    Check(
        "E11",
        "The log of the newest checkpoint begins with that log",
        "C2SP tlog-checkpoint, C2SP tlog-tiles",
    ),
    Check("E12", "What vouches for the keys was good after the version was published", "TUF 1.0 section 5"),
    Check("E13", "Every key's PEM file is that of the list of keys", "RFC 7468"),
    Check("E14", "Witnesses have seen the same log", "C2SP tlog-cosignature"),
    Check("E15", "README.txt says what the package shows", "docs/format.md, Evidence"),
    Check("E16", "An independent authority stamped the log's checkpoint", "RFC 3161, RFC 5816"),
)
