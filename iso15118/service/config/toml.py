"""A TOML file as a table of typed keys; whatever is wrong with it as one line: file, key, what stands there, what is allowed."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # looking for plug-ins costs a charger's start 10 ms and finds none

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from iso15118.errors import LocalError
from iso15118.service.links import link

M = TypeVar("M", bound=BaseModel)

_MAGNITUDE = "a finite number >= 0"
_PERCENT = "a number of 0..100"

Magnitude = Annotated[float, Field(ge=0, allow_inf_nan=False, description=_MAGNITUDE)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False, description="a finite number > 0")]
Percent = Annotated[float, Field(ge=0, le=100, description=_PERCENT)]
LoopTimeout = Annotated[float, Field(ge=0.5, le=60, description="0.5..60 s; the standard says 0.5")]
Identity = Annotated[
    str, Field(min_length=1, max_length=255, pattern=r"^[!-~]+$", description="1 to 255 printable characters without spaces")
]
Text = Annotated[str, Field(min_length=1, description="a text")]
Flag = Annotated[bool, Field(description="true or false")]

ServiceName = Literal["AC", "AC_BPT", "AC_DER_IEC", "AC_DER_SAE", "DC", "DC_BPT", "MCS", "MCS_BPT"]
ModeName = Literal["scheduled", "dynamic"]
LevelName = Literal["debug", "info", "warning", "error"]
Services = Annotated[
    list[ServiceName],
    Field(
        min_length=1,
        max_length=8,
        description='a list of "AC", "AC_BPT", "AC_DER_IEC", "AC_DER_SAE", "DC", "DC_BPT", "MCS" and "MCS_BPT", the preferred one first',
    ),
]
Modes = Annotated[
    list[ModeName], Field(min_length=1, max_length=2, description='a list of "scheduled" and "dynamic", the preferred one first')
]


def both_services() -> list[ServiceName]:
    """The default."""
    return ["DC_BPT", "DC"]


def both_modes() -> list[ModeName]:
    """The default."""
    return ["scheduled", "dynamic"]


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


def interface(path: Path, key: str, name: str) -> None:
    try:
        link(name)
    except LocalError as error:
        raise LocalError(f"{path}: {key}: {error}") from None


def read(path: Path, kind: type[M]) -> M:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LocalError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LocalError(f"{path}: not TOML: {error}") from None
    try:
        return kind.model_validate(data)
    except ValidationError as wrong:
        error_details = wrong.errors(include_url=False, include_context=False)[0]
        raise LocalError(f"{path}: {_told(kind, error_details['type'], error_details['loc'], error_details['input'])}") from None


def _told(kind: type[BaseModel], what: str, loc: tuple[str | int, ...], found: object) -> str:
    """The first error in one line: key, what stands there, what is allowed."""
    key, words = "", "a table"
    model: type[BaseModel] | None = kind
    for part in loc:
        if isinstance(part, int):
            key += f"[{part}]"
            continue
        if model is not None and part in model.model_fields:
            field = model.model_fields[part]
            words = allowed(field)
            model = table_of(field.annotation) or model
        elif not (model is not None and what == "extra_forbidden" and part == loc[-1]):
            continue  # pydantic's name for a branch of a union
        key += f".{part}" if key else part
    if what == "extra_forbidden" and model is not None:
        return f"{key}: unknown key; allowed: {', '.join(sorted(model.model_fields))}"
    return f"{key}: {'missing' if what == 'missing' else repr(found)}; allowed: {words}"


def allowed(field: FieldInfo) -> str:
    """What may stand in a field."""
    return field.description or _described(field.annotation) or "a table"


def table_of(annotation: Any) -> type[BaseModel] | None:
    """The table a field holds, alone, in a list, or as an option."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((table for part in getattr(annotation, "__args__", ()) if (table := table_of(part)) is not None), None)


def _described(annotation: Any) -> str | None:
    """What is allowed in an optional field stands inside its option."""
    words = (
        getattr(facet, "description", None) for part in getattr(annotation, "__args__", ()) for facet in getattr(part, "__metadata__", ())
    )
    return next((word for word in words if word), None)
