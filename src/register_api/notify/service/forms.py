"""What people fill in, judged against the register."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from register_api.core.language.language import ENGLISH, message, translations
from register_api.core.model import Register
from register_api.core.text import email_problem
from register_api.notify.contacts_file import address_of
from register_api.notify.subscriptions import Preferences
from register_api.web.asking import Form, one, plain


def languages() -> list[str]:
    """Return the languages that pages and mails come in."""
    return sorted({ENGLISH.tag, *translations()})


class Wish(NamedTuple):
    """A filled in form.

    Attributes:
        fault: What is wrong with it, as a message of the catalogue's.
    """

    address: str
    wanted: Preferences
    fault: str | None


def read_wish(form: Form, register: Register, *, asks_address: bool) -> Wish:
    """Read what somebody wants to hear; where it is wrong, what could be read of it is shown again."""
    address = address_of(plain(one(form, "address")))
    wanted, fault = _preferences(form, register)
    if asks_address and email_problem(address):
        fault = message("This is no e-mail address.")
    return Wish(address, wanted, fault)


def _preferences(form: Form, register: Register) -> tuple[Preferences, str | None]:
    known = [product.id for product in register.products]
    stated = {
        "products": " ".join(each for each in known if each in form.get("product", [])),
        "reminders": one(form, "reminders") == "yes",
        **{name: one(form, name) for name in ("language", "hears", "frequency") if one(form, name)},
    }
    try:
        wanted = msgspec.convert(stated, Preferences)
    except msgspec.ValidationError:
        return Preferences(), message("Something was chosen that cannot be chosen.")
    is_known = wanted.language in languages()
    return wanted, None if is_known else message("Something was chosen that cannot be chosen.")
