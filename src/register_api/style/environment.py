"""How pages are made from templates: everything is escaped, and nothing undefined passes."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from register_api.style.sheet import CONTENT_SECURITY_POLICY, STYLE


def page_environment(package: str) -> Environment:
    """Return an environment for the templates of a package, which know style sheet and policy.

    Args:
        package: Name of the package; its templates lie in the folder ``templates``.
    """
    environment = Environment(
        loader=PackageLoader(package, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.globals.update(style=Markup(STYLE), content_security_policy=Markup(CONTENT_SECURITY_POLICY))  # noqa: S704 - our own constants
    return environment
