"""Names of ministack that the overlay replaces, each checked before it is touched.

The overlay changes private functions of one exact ministack version. A release that renamed one of them, or changed
what it takes, would otherwise make the local AWS wrong in silence.
"""

import importlib.metadata
import inspect

VERSION = "1.5.33"


class Gone(Exception):
    """Says which name of ministack is not what the overlay was written for."""


def check_version():
    """Refuses every ministack but the one the overlay was written for."""
    found = importlib.metadata.version("ministack")
    if found != VERSION:
        raise Gone(f"the overlay is written for ministack {VERSION}, found {found}: install requirements.txt")


def need(owner, name, parameters):
    """Returns the function `name` of a module or class if it takes exactly `parameters` (names, space-separated)."""
    function = getattr(owner, name, None)
    if not callable(function):
        raise Gone(f"ministack {VERSION}: function {_label(owner)}.{name} is gone")
    found = " ".join(inspect.signature(function).parameters)
    if found != parameters:
        raise Gone(f"ministack {VERSION}: {_label(owner)}.{name} takes ({found}), the overlay needs ({parameters})")
    return function


def replace(owner, name, parameters, replacement):
    """Puts `replacement` in the place of a checked function, in every table that points at it, and returns the old."""
    old = need(owner, name, parameters)
    setattr(owner, name, replacement)
    for table in vars(owner).values() if inspect.ismodule(owner) else ():
        if isinstance(table, dict):
            _repoint(table, old, replacement)
    return old


def need_value(owner, name, kind):
    """Returns the module value `name` if it is of the type `kind`."""
    value = getattr(owner, name, None)
    if not isinstance(value, kind):
        raise Gone(f"ministack {VERSION}: {_label(owner)}.{name} is no {kind.__name__} any more")
    return value


def replace_value(owner, name, kind, value):
    """Puts `value` in the place of a checked module value."""
    need_value(owner, name, kind)
    setattr(owner, name, value)


def _repoint(table, old, new):
    for key, value in list(table.items()):
        if value is old:
            table[key] = new
        elif isinstance(value, dict):
            for inner, target in list(value.items()):
                if target is old:
                    value[inner] = new


def _label(owner):
    return getattr(owner, "__qualname__", None) or owner.__name__
