"""The `lenience` table of a charger's or a car's file: known deviations of peers by name, each accepted or refused."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, create_model

from iso15118.service.config.toml import Table
from iso15118.session.lenience import KNOWN, USUAL, Deviation, Lenience

Judgement = Annotated[Literal["accept", "refuse"], Field(description='"accept" or "refuse"')]


def _table(reader: str) -> type[Table]:
    """The table of the deviations that this role reads, all of them optional."""
    fields: dict[str, Any] = {
        str(deviation): (Judgement | None, None) for deviation in Deviation if KNOWN[deviation].reader in (reader, "both")
    }
    return create_model(f"{reader.title()}Lenience", __base__=Table, **fields)


ChargerLenience: Final = _table("charger")
CarLenience: Final = _table("car")


def lenience(table: Table) -> Lenience:
    """What is accepted usually, with the table's changes."""
    judged = {Deviation(name): word == "accept" for name, word in table.model_dump().items() if word is not None}
    return Lenience(frozenset(deviation for deviation in Deviation if judged.get(deviation, deviation in USUAL.accepted)))
