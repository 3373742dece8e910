"""What stands at the end of a mail for one recipient alone: links to confirm, to manage, to answer.

Contract contacts get no link to leave: notice is owed to them until another one comes in their place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from markupsafe import escape

from register_api.core.language.language import Language, message
from register_api.notify import links
from register_api.notify.contacts import Recipient
from register_api.notify.deliveries import Due
from register_api.publish.feed.mail import wrapped
from register_api.sending.database import Database

_LABELS: dict[links.Purpose, str] = {
    "confirm": message("Confirm the subscription"),
    "manage": message("Change the subscription or end it"),
    "answer": message("Accept, object, or say that it does not concern you"),
}


class Personal(NamedTuple):
    """The end of a mail, in both forms, and headers that go with it."""

    text: str
    html: str
    headers: Mapping[str, str]


def purpose_of(due: Due, recipient: Recipient, *, can_object: bool) -> links.Purpose | None:
    """Return what a mail lets its recipient do."""
    if due.kind == "confirmation":
        return "confirm" if recipient.state == "pending" else "manage"
    if due.kind == "warning" or recipient.channel != "mail":
        return None
    if recipient.kind == "subscriber":
        return "manage"
    return "answer" if can_object and due.kind != "digest" else None


def personal(
    database: Database, service: str, purpose: links.Purpose, due: Due, recipient: Recipient, now: int
) -> Personal:
    """Make a link for a mail and keep its hash."""
    token = links.new_token()
    with database.transaction() as run:
        links.keep(run, token, purpose, recipient.id, due.version if purpose == "answer" else None, now)
    label = Language.of(recipient.language).template(_LABELS[purpose])
    address = f"{service}{purpose}/{token}"
    headers = {}
    if recipient.kind == "subscriber" and purpose == "manage":  # RFC 8058
        headers["List-Unsubscribe"] = f"<{service}leave/{token}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return Personal(
        text=f"\n{wrapped(f'{label}:')}  {address}\n\n",
        html=f'<p><a href="{escape(address)}">{escape(label)}</a></p>\n',
        headers=headers,
    )
