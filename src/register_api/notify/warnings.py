"""The mail to the owner of an endpoint that fails, or has been switched off."""

from __future__ import annotations

from register_api.core.instant import instant_of
from register_api.core.language.language import Language
from register_api.core.printable import escaped
from register_api.notify.endpoints import Endpoint


def warning(endpoint: Endpoint, base: str) -> tuple[str, list[str]]:
    """Return the subject and the paragraphs."""
    text = Language.of(endpoint.language).text
    who = text(
        "You are named as the owner of the endpoint {address} (id {id}), which is told of changes of the"
        " sub-processor register {register}.",
        address=endpoint.shown,
        id=endpoint.id,
        register=base,
    )
    last = text("The last attempt ended with: {reply}", reply=escaped(endpoint.reply))
    if endpoint.ended_at is not None:
        subject = text("Endpoint at {address} switched off", address=endpoint.shown)
        more = text("It is switched off and gets nothing any more.")
        again = text("Once it works again, ask whoever named you for another test message.")
        return subject, [who, more, last, again]
    since = Language.of(endpoint.language).instant(instant_of(endpoint.failing_since or 0))
    subject = text("Endpoint at {address} does not take messages", address=endpoint.shown)
    more = text("It has not taken any message since {instant}.", instant=since)
    ahead = text("Each message is repeated for three days. If it goes on failing, it is switched off.")
    return subject, [who, more, last, ahead]
