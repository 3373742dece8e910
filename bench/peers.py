"""Peers that the service is compared with: bare ASGI, FastAPI with a model, compression on the fly."""

from __future__ import annotations

import typing
import warnings
from typing import Any

import msgspec
import pydantic
from fastapi import FastAPI, Header, Response
from starlette.middleware.gzip import GZipMiddleware

from register_api.core.canonical import decode
from register_api.core.model import Register


def bare(replies: dict[bool, bytes]) -> Any:
    """Return an ASGI callable with prepared replies: 304 to a request with an entity tag, else 200.

    Args:
        replies: Complete replies, by whether the request has an entity tag.
    """
    ready = {tagged: _messages(reply) for tagged, reply in replies.items()}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            start, body = ready[any(name == b"if-none-match" for name, _ in scope["headers"])]
            await send(start)
            await send(body)
            return
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return

    return app


def _messages(reply: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    head, _, body = reply.partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    headers = [tuple(line.split(b": ", 1)) for line in lines]
    kept = tuple(item for item in headers if item[0] not in {b"date", b"connection"})
    start = {"type": "http.response.start", "status": int(status.split()[1]), "headers": kept}
    return start, {"type": "http.response.body", "body": body}


def on_the_fly(reply: bytes) -> Any:
    """Return an ASGI callable with prepared bytes, behind a middleware that gzips each reply (level 9)."""
    start, body = _messages(reply)
    lifespan = bare({})

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await lifespan(scope, receive, send)
            return
        # The middleware modifies messages, so it gets a copy each time.
        await send({**start, "headers": list(start["headers"])})
        await send(dict(body))

    return GZipMiddleware(app)


def fastapi(document: bytes, etag: str) -> FastAPI:
    """Return a straightforward FastAPI application: the register as a model, and 304 by hand.

    Args:
        document: Bytes of a register.
        etag: Its entity tag, compared by hand.
    """
    register = decode(document, Register)
    model = pydantic_model(Register)
    content = model.model_validate(msgspec.to_builtins(register, builtin_types=(), str_keys=True))
    app = FastAPI(openapi_url=None)

    @app.get("/model", response_model=model)
    async def answer(response: Response, if_none_match: typing.Annotated[str | None, Header()] = None) -> Any:
        if if_none_match == etag:
            return Response(status_code=304, headers={"ETag": etag})
        response.headers["ETag"] = etag
        return content

    return app


def pydantic_model(struct: type, known: dict[type, Any] | None = None) -> Any:
    """Return a Pydantic model with the same fields as a msgspec struct, recursively."""
    known = {} if known is None else known
    if struct not in known:
        hints = typing.get_type_hints(struct, include_extras=True)
        fields: Any = {
            field.encode_name: (_translated(hints[field.name], known), ...)
            for field in msgspec.structs.fields(struct)
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `register` is a method of a base class of all models
            known[struct] = pydantic.create_model(struct.__name__, **fields)
    return known[struct]


def _translated(hint: Any, known: dict[type, Any]) -> Any:
    """Return a type with every struct replaced by its model."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return pydantic_model(hint, known)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return _translated(arguments[0], known)
    if origin is None or origin is typing.Literal:
        return hint
    parts = tuple(part if part is ... else _translated(part, known) for part in arguments)
    if origin in {tuple, list, dict}:
        return origin[parts]
    return typing.Union[parts]  # noqa: UP007 - built from parts that are known at run time only
