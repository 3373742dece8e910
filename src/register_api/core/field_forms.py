"""Forms: the required format of a text or number of the register, declared in the type of its field.

Only the publisher's ``check`` enforces them; readers accept any text, so that they can read newer registers
(docs/compatibility.md, Vocabularies).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from register_api.core import text
from register_api.core.text import quoted

MAX_TEXT = 4000
"""Maximum length of a text, in characters (R17)."""

_MAX_LATE_DAYS = 4_000_000
"""Maximum days by which a notice can be late: more than four-digit years allow."""

MAX_DAYS = 3650
"""Maximum days of notice in a promise (R17)."""

ASSIGNED = frozenset(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT
    BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH
    ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT
    HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS
    LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI
    NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG
    SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG
    UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
    """.split()  # noqa: SIM905  (249 codes read better as a block than as a list)
)
"""Officially assigned ISO 3166-1 alpha-2 codes, kept here because a library would read a file."""

WIDE_COUNTRIES = frozenset({"EU", "EEA", "worldwide", "varies"})
"""Values allowed for a place besides ISO 3166-1 alpha-2 codes."""


class Fault(msgspec.Struct, frozen=True):
    """Why a value does not match its form: the rule, the problem, and what to do."""

    rule: str
    message: str
    hint: str = ""


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """The format of a text.

    Attributes:
        words: Its name in docs/format/register.md.
        problem: Returns what is wrong with a clean text, as the end of the sentence "this text …".
        rule: The rule that such a problem violates.
        hint: What to write instead.
        schema: JSON Schema keywords that come closest.
        is_wording: Whether an editorial version may change it (R14).
        if_empty: The fault of an empty text; ``None`` if it depends on other fields (R08).
    """

    words: str = "string"
    problem: Callable[[str], str | None] | None = None
    rule: str = "R05"
    hint: str = ""
    schema: Mapping[str, Any] = {}
    is_wording: bool = False
    if_empty: Fault | None = Fault("R05", "the text is empty", "leave the field out if it is unknown")

    def fault(self, value: Any) -> Fault | None:
        """Return the first fault of a value, or ``None``."""
        # Under other rules ``problem`` itself rejects unclean characters, as in ids and codes.
        if self.rule == "R05":
            if not value:
                return self.if_empty
            unclean = next(text.text_problems(value), None)
            if unclean is not None:
                return Fault("R05", f"{quoted(value)} {unclean.text}", unclean.hint)
        if len(value) > MAX_TEXT:
            return Fault("R17", f"{len(value)} characters; at most {MAX_TEXT} fit", "shorten it")
        problem = self.problem(value) if self.problem is not None else None
        return Fault(self.rule, f"{quoted(value)} {problem}", self.hint) if problem else None


class Vocabulary(Form, frozen=True, kw_only=True):
    """An extensible list of codes, each with its other names in imported tables."""

    codes: Mapping[str, tuple[str, ...]]

    def fault(self, value: Any) -> Fault | None:
        """Return the fault of an unknown code, with the most similar known one as a hint, or ``None``."""
        if value in self.codes:
            return None
        near = text.nearest(value, self.codes)
        message = f"{quoted(value)} is not one of {', '.join(self.codes)}"
        return Fault("R01", message, f"did you mean {near}?" if near else "")


class Reference(Form, frozen=True, kw_only=True):
    """A reference to an entry of the register by id (R04)."""

    to: Literal["category", "product", "status", "vendor"]


class Number(Form, frozen=True, kw_only=True):
    """An integer within bounds; without ``most``, up to the largest exact integer in JSON."""

    least: int
    most: int | None = None

    def fault(self, value: Any) -> Fault | None:
        """Return the fault of a number out of bounds (R17), or ``None``."""
        if value >= self.least and (self.most is None or value <= self.most):
            return None
        most = "" if self.most is None else f" and at most {self.most}"
        return Fault("R17", f"{value} is out of bounds: at least {self.least}{most}")


def has_form(form: Form) -> Meta:
    """Return the metadata that declares a form in a field's type: ``Annotated[str, …]``."""
    return Meta(extra={"form": form}, extra_json_schema=dict(form.schema))


def spelled(words: str, pattern: str) -> Meta:
    """Return the metadata for a generated text, with its name and pattern."""
    return has_form(Form(words=words, schema={"pattern": pattern}))


def one_of(*plain: str, **codes: tuple[str, ...]) -> Meta:
    """Return the metadata for an open vocabulary; keyword arguments add other names for a code in tables."""
    known = {**dict.fromkeys(plain, ()), **codes}
    return has_form(Vocabulary(codes=known, schema={"minLength": 1, "examples": list(known)}))


def within(least: int, most: int | None = None) -> Meta:
    """Return the metadata for the bounds of a number."""
    if most is None:
        return has_form(Number(words=f"integer, at least {least}", least=least, schema={"minimum": least}))
    schema = {"minimum": least, "maximum": most}
    return has_form(Number(words=f"integer, {least} to {most}", least=least, most=most, schema=schema))


def _unless(good: Callable[[str], object], problem: str) -> Callable[[str], str | None]:
    return lambda value: None if good(value) else problem


_SLUG_SCHEMA = {"pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": text.MAX_SLUG}
_TEXT_SCHEMA = {"minLength": 1, "maxLength": MAX_TEXT}
_ZONES = (
    r"^((Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Brazil|Canada|Chile|Etc|Europe|Indian|Mexico"
    r"|Pacific|US)(/[A-Za-z0-9_+-]+)+|CET|CST6CDT|Cuba|EET|EST|EST5EDT|Egypt|Eire|Factory|GB|GB-Eire|GMT"
    r"|GMT\+0|GMT-0|GMT0|Greenwich|HST|Hongkong|Iceland|Iran|Israel|Jamaica|Japan|Kwajalein|Libya|MET|MST"
    r"|MST7MDT|NZ|NZ-CHAT|Navajo|PRC|PST8PDT|Poland|Portugal|ROC|ROK|Singapore|Turkey|UCT|UTC|Universal|W-SU"
    r"|WET|Zulu)$"
)
"""Names of the tz database: any name in one of its areas, and its fixed set of other names."""

# Registered languages have two or three letters (RFC 5646 section 2.2.1): "german" is a mistake.
_LANGUAGE = "[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*"
_CODE_HINT = "an ISO 3166-1 alpha-2 code such as FI; the United Kingdom is GB, Greece is GR, the USA are US"

_NO_REASON = Fault(
    "R11", "short notice without a reason", "say why the promise could not be kept; the reason is public"
)

# fmt: off
TEXT = Form(schema=_TEXT_SCHEMA)
WORDING = Form(is_wording=True, schema=_TEXT_SCHEMA)
PURPOSE = Form(is_wording=True, if_empty=None, schema={"maxLength": MAX_TEXT})
URL = Form(
    words="https URL", problem=text.url_problem, hint="write the whole address, e.g. https://example.com/privacy",
    schema={"format": "uri", "pattern": "^https://[A-Za-z0-9][!-~]*$"},
)
LINK = Form(
    words="`mailto:` or https URL", problem=text.link_problem,
    hint="write mailto:privacy@example.com, or an https address",
    schema={"format": "uri", "pattern": "^(https://[A-Za-z0-9]|mailto:[!-?A-~]+@)[!-~]*$"},
)
EMAIL = Form(
    words="email address", problem=text.email_problem,
    hint="write the bare address, e.g. privacy@example.com",
    schema={"format": "email", "pattern": "^[!-?A-~]+@[A-Za-z0-9.-]+$"},
)
CONTACT = Form(
    words="email address, `mailto:` or https URL, or words", problem=text.contact_problem,
    hint="write an email address, mailto:, an https address, or words", schema=_TEXT_SCHEMA,
)
SLUG = Form(
    words="slug", rule="R02",
    problem=_unless(text.is_slug, f"is not a valid id of at most {text.MAX_SLUG} characters"),
    hint="lower-case letters, digits and single hyphens, such as acme-cloud", schema=_SLUG_SCHEMA,
)
REGISTER_NAME = Form(
    words="host and path", problem=_unless(text.is_register_name, "cannot name a register"), rule="R02",
    hint="your domain, a slash, a word: example.com/sub-processors; no part is empty, . or ..",
    schema={"pattern": r"^[a-z0-9][a-z0-9.-]*(/\.*[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$"},
)
COUNTRY = Form(
    words="ISO 3166-1 alpha-2", problem=_unless(ASSIGNED.__contains__, "is not an assigned country code"),
    rule="R06", hint=_CODE_HINT, schema={"pattern": "^[A-Z]{2}$"},
)
PLACE = Form(
    words="ISO 3166-1 alpha-2, or `EU`, `EEA`, `worldwide`, `varies`",
    problem=_unless((ASSIGNED | WIDE_COUNTRIES).__contains__, "is not an assigned country code"), rule="R06",
    hint=f"{_CODE_HINT}; or one of {', '.join(sorted(WIDE_COUNTRIES))}",
    schema={"pattern": "^([A-Z]{2}|EEA|worldwide|varies)$"},
)
LANGUAGE_TAG = Form(
    words="BCP 47 tag", problem=_unless(re.compile(_LANGUAGE).fullmatch, "is not a valid language tag"),
    hint="write e.g. en or de-AT (BCP 47)", schema={"pattern": f"^{_LANGUAGE}$"},
)
TIME_ZONE = Form(words="IANA name", schema={"pattern": _ZONES})
BASE_URL = Form(
    words="https URL that ends in a slash", problem=text.base_url_problem,
    hint="write the address of the tree's root, e.g. https://trust.example.com/",
    schema={
        "format": "uri",
        "pattern": r"""^(https://[A-Za-z0-9][!"$->@-~]*|http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]*)?(/[!"$->@-~]*)?)/$""",
    },
)
DOMAIN = Form(
    words="domain", problem=_unless(text.is_host, "is not a valid domain"),
    hint="the registrable domain in lower case, such as example.com; not a whole address",
    schema={"pattern": "^[a-z0-9-]+(\\.[a-z0-9-]+)+$"},
)
LICENSE = Form(
    words="SPDX identifier or https URL", problem=text.license_problem,
    hint="an SPDX identifier such as CC0-1.0 or CC-BY-4.0, or the https address of a licence",
    schema={"pattern": "^([A-Za-z0-9][A-Za-z0-9.+-]*|https://[A-Za-z0-9][!-~]*)$"},
)
SHA256 = Form(words="64 hex digits", schema={"pattern": "^[0-9a-f]{64}$"})
# fmt: on

Instant = Annotated[dt.datetime, Meta(tz=True)]
Text = Annotated[str, has_form(TEXT)]
Wording = Annotated[str, has_form(WORDING)]
PurposeText = Annotated[str, has_form(PURPOSE)]
ReasonText = Annotated[str, has_form(Form(if_empty=_NO_REASON, schema=_TEXT_SCHEMA))]
Labels = dict[Text, Text]
Url = Annotated[str, has_form(URL)]
Link = Annotated[str, has_form(LINK)]
BaseUrl = Annotated[str, has_form(BASE_URL)]
Domain = Annotated[str, has_form(DOMAIN)]
License = Annotated[str, has_form(LICENSE)]
Email = Annotated[str, has_form(EMAIL)]
ContactText = Annotated[str, has_form(CONTACT)]
Slug = Annotated[str, has_form(SLUG)]
RegisterName = Annotated[str, has_form(REGISTER_NAME)]
CategoryId = Annotated[str, has_form(Reference(to="category", words="id of a Category", schema=_SLUG_SCHEMA))]
ProductId = Annotated[str, has_form(Reference(to="product", words="id of a Product", schema=_SLUG_SCHEMA))]
VendorId = Annotated[str, has_form(Reference(to="vendor", words="id of a Subprocessor", schema=_SLUG_SCHEMA))]
Country = Annotated[str, has_form(COUNTRY)]
Place = Annotated[str, has_form(PLACE)]
LanguageTag = Annotated[str, has_form(LANGUAGE_TAG)]
TimeZone = Annotated[str, has_form(TIME_ZONE)]
Sha256 = Annotated[str, has_form(SHA256)]
Days = Annotated[int, within(0, MAX_DAYS)]
VersionNumber = Annotated[int, within(1)]
Size = Annotated[int, within(0)]
NoticeDays = Annotated[int, within(-_MAX_LATE_DAYS)]


FORMAT_MINOR = 0
"""The minor number written by this program."""

JOINED = "Joined the format with minor number"

FormatMinor = Annotated[int, Meta(ge=0), within(0)]
"""The minor number of a document, which may be newer than this program's."""


def since(minor: int) -> Meta:
    """Return the metadata for a field that a later minor number adds to the format.

    It needs a default and is optional in schemas: ``dpa_url: Annotated[Url | None, since(1)] = None``.
    """
    return Meta(extra={"since": minor}, extra_json_schema={"$comment": f"{JOINED} {minor}"})
