"""Hygiene of texts, ids and addresses: what is let through, and what is refused and why."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

import strategies
from programs import output_of
from register_api.core.field_forms import LANGUAGE_TAG
from register_api.core.text import (
    contact_problem,
    email_problem,
    is_register_name,
    is_slug,
    link_problem,
    text_problems,
    url_problem,
    without_any_invisible,
    without_invisible,
)
from tools import need

HIDDEN = [
    *(0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5),
    *range(0x180B, 0x1810),
    *range(0x200B, 0x2010),
    *range(0x2028, 0x202F),
    *range(0x2060, 0x2070),
    *(0x3164, 0xFEFF, 0xFFA0),
    *range(0xFE00, 0xFE10),
    *range(0xFFF0, 0xFFFC),
    *(0xFFFE, 0xFFFF),
    *range(0x1BCA0, 0x1BCA4),
    *range(0x1D173, 0x1D17B),
    *(0xE0000, 0xE0001, 0xE0041, 0xE007F, 0xE0100, 0xE01EF, 0xE0FFF),
]
CONTROLS = [*range(0x20), *range(0x7F, 0xA0)]


@pytest.mark.parametrize(
    "text",
    [
        "Hetzner Online GmbH",
        "two\nlines",
        "Zürich, Łódź, 漢字, 😀",
        "a < b, a<1 & R&D; AT&T, x & y;",
        "<3",
        "&;",
        "&#;",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\u0646\u0651\u200c\u0627",
        "\u0915\u094d\u200d\u0937, \u0915\u094d\u200c\u0937, \u09b0\u200d\u09cd\u09af",
        "\u0dc1\u0dca\u200d\u0dbb\u0dd3",
        "done \u2714\ufe0f",
        "\u845b\U000e0100\u57ce",
        "\u0600\u0661",
    ],
)
def test_text_is_text(text: str) -> None:
    """Umlauts, other scripts with the joiners they need, line feeds, bare < and & are fine."""
    assert list(text_problems(text)) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        (" a", "white space"),
        ("a\n", "white space"),
        ("\u00a0a", "white space"),
        ("u\u0308ber", "normalisation form C"),
        ("\u212b", "normalisation form C"),
        ("a\tb", "control character U+0009 in place 2"),
        ("a\ud800b", "surrogate character U+D800"),
        ("an <b>bold</b> claim", "HTML: <b in place 4"),
        ("a</p", "HTML: </"),
        ("a<!-- b", "HTML: <!"),
        ("a <?xml", "HTML: <?"),
        ("a<b", "HTML: <b"),
        ("R&amp;D", "HTML: &amp;"),
        ("&#38;", "HTML: &#38;"),
        ("&#x26;", "HTML: &#x26;"),
    ],
)
def test_text_is_refused(text: str, problem: str) -> None:
    """Each thing the format forbids is named, with its place."""
    assert any(problem in found.text and found.hint for found in text_problems(text))


@pytest.mark.parametrize("code", HIDDEN)
def test_no_invisible_character(code: int) -> None:
    """Every zero-width and bidirectional control that the format lists is refused."""
    assert [found.text for found in text_problems(f"a{chr(code)}b")] == [
        f"holds the invisible character U+{code:04X} in place 2"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Ac\u200dme",
        "\u0645\u200c",
        "\u200c\u0645",
        "\u0645\u200c\u200c\u0645",
        "\u0645\u200cA",
        "A\ufe0f",
        "\u2714\ufe0f\ufe0f",
        "\u845b\U000e0100\U000e0101",
        "\u0645\u200b\u0645",
    ],
)
def test_no_joiner_or_selector_where_no_script_needs_one(text: str) -> None:
    """Texts that look the same are equal; removing the characters leaves a clean text."""
    assert [found for found in text_problems(text) if "invisible" in found.text]
    assert not list(text_problems(without_invisible(text)))


def test_no_control_character_but_the_line_feed() -> None:
    """C0, delete and C1 are refused, each by its code."""
    refused = [code for code in CONTROLS if any(text_problems(f"a{chr(code)}b"))]
    assert refused == [code for code in CONTROLS if code != 0x0A]


@given(st.text())
def test_the_fast_way_agrees_with_the_slow_one(text: str) -> None:
    """Plain ASCII is waved through; a harmless letter from elsewhere takes the slow way to the same end."""
    assert list(text_problems(f"{text} é")) == list(text_problems(f"{text} e"))


@given(strategies.texts())
def test_the_strategy_draws_what_the_rule_accepts(text: str) -> None:
    """Texts of the test strategies obey the hygiene."""
    assert list(text_problems(text)) == []


@pytest.mark.parametrize("text", ["a", "0", "a-b", "openai", "a1-2-3b", "a" * 64])
def test_slug(text: str) -> None:
    """Groups of a-z and 0-9 joined by single hyphens."""
    assert is_slug(text)


@pytest.mark.parametrize("text", ["", "-", "a-", "-a", "a--b", "A", "a_b", "a.b", "ä", "a\n", "a" * 65, "²"])
def test_invalid_slugs_are_refused(text: str) -> None:
    """Anything else, and anything longer than 64 characters, is no id."""
    assert not is_slug(text)


@pytest.mark.parametrize(
    "name", ["example.com/sub-processors", "example.com", "a.b/c/d.e_f~1", "a.b/.c", "a.b/..c"]
)
def test_register_name(name: str) -> None:
    """A host and a path, as the origin of a log is written."""
    assert is_register_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/a",
        "https://a.b",
        "a.b/",
        "a.b//c",
        "A.b/c",
        "a.b/c+d",
        "a.b/c d",
        "a.b/é",
        "a.b:1/c",
        "a.b\n",
        "a.b/..",
        "a.b/../../x",
        "a.b/./c",
        "a.b/c/..",
        "a.b/...",
        "a.b//../x",
    ],
)
def test_invalid_register_names_are_refused(name: str) -> None:
    """No scheme, port, white space, plus sign or empty part: the log's key name cannot hold them."""
    assert not is_register_name(name)


@pytest.mark.parametrize(
    ("tag", "good"),
    [("en", True), ("de-AT", True), ("zh-Hant-TW", True), ("e", False), ("en_US", False), ("", False)],
)
def test_language_tag(tag: str, good: bool) -> None:
    """The form of BCP 47, not its registry."""
    assert (LANGUAGE_TAG.fault(tag) is None) is good


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com/a/b?c=d&e=f#g",
        "https://xn--bcher-kva.example:8443/%C3%BC",
        "https://localhost?x",
        "https://a.example/@user",
    ],
)
def test_url(url: str) -> None:
    """Absolute https with a host."""
    assert url_problem(url) is None


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://example.com", "https://"),
        ("HTTPS://example.com", "https://"),
        ("//example.com", "https://"),
        ("/privacy", "https://"),
        ("javascript:alert(1)", "https://"),
        ("https://", "host"),
        ("https:///a", "host"),
        ("https://-a.example", "host"),
        ("https://a..example", "host"),
        ("https://[::1]/", "host"),
        (f"https://{'a' * 64}.example", "host"),
        ("https://user@example.com", "user"),
        ("https://example.com\\@evil.example", "user"),
        ("https://example.com:0", "port"),
        ("https://example.com:65536", "port"),
        ("https://example.com:", "port"),
        ("https://example.com/a b", "space"),
        ("https://example.com/\ta", "space"),
        ("https://example.com/ü", "ASCII"),
        ("https://example.com/%zz", "%XX"),
        ('https://example.com/"<>', "%XX"),
        ("https://example.com/#a#b", "%XX"),
    ],
)
def test_url_is_refused(url: str, problem: str) -> None:
    """Other schemes, user info, missing hosts and characters that no URL holds are named."""
    assert problem in (url_problem(url) or "")


@pytest.mark.parametrize("address", ["privacy@example.com", "first.last+tag@mail.example.co"])
def test_email(address: str) -> None:
    """Plain addresses, bare, as mailto link and as contact."""
    assert email_problem(address) is None
    assert link_problem(f"mailto:{address}?subject=Notices%20please") is None
    assert contact_problem(address) is None


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "@b.example",
        "a@",
        "a@b",
        "a b@c.example",
        "a@b@c.example",
        ".a@b.example",
        "a@b.example\n",
        "a@" + "b" * 260 + ".example",
    ],
)
def test_email_is_refused(address: str) -> None:
    """What could not be delivered is no address."""
    assert email_problem(address)
    assert link_problem(f"mailto:{address}")


@pytest.mark.parametrize(
    "contact", ["Data protection officer", "Tel: +49 30 123", "https://a.example/contact", "a@b.example"]
)
def test_contact(contact: str) -> None:
    """A contact may be words, an https link or an address."""
    assert contact_problem(contact) is None


@pytest.mark.parametrize(
    "contact", ["javascript:alert(1)", "http://a.example", "a@b", "mailto:a", "data:text/html,x"]
)
def test_contact_is_refused(contact: str) -> None:
    """A contact that looks like a link or an address must be a valid one."""
    assert contact_problem(contact)


@pytest.mark.parametrize("link", ["ftp://a.example", "mailto:a@b.example?subject=a b", "tel:+49"])
def test_link_is_refused(link: str) -> None:
    """Only https and mailto."""
    assert link_problem(link)


@pytest.mark.parametrize(
    "text",
    [
        "https://a.example/" + "?" * 50_000 + " ",
        "https://a.example/" + "/?#" * 20_000 + "\\",
        "https://" + "a." * 50_000 + "-",
        "a." * 50_000 + "@b",
        "&" * 100_000,
    ],
)
def test_hostile_text_takes_no_time(text: str) -> None:
    """The patterns read in linear time whatever they are given."""
    started = time.process_time()
    assert [list(text_problems(text)), url_problem(text), email_problem(text), contact_problem(text)]
    assert time.process_time() - started < 1


def test_every_invisible_or_bidirectional_character_of_unicode_is_refused_and_folded() -> None:
    """Default_Ignorable_Code_Point and Bidi_Control as ICU has them: no name hides or turns anything."""
    script = r"""
        const found = [];
        for (let code = 0; code < 0x110000; code++) {
            if (code >= 0xd800 && code < 0xe000) continue;
            if (/[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}]/u.test(String.fromCodePoint(code)))
                found.push(code);
        }
        console.log(found.join(" "));
    """
    codes = [int(code) for code in output_of(need("node"), "-e", script).split()]
    assert len(codes) > 4000
    assert [hex(code) for code in codes if not [*text_problems(f"Ac{chr(code)}me")]] == []
    assert [hex(code) for code in codes if without_any_invisible(f"Ac{chr(code)}me") != "Acme"] == []
