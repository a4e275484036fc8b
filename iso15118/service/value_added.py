"""Who serves value-added services at an outlet: the door through which others add their own.

A provider says what is offered, as a value, and hears when a car takes it and lets go of it; what it does then is its own business. The
session knows the values only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from iso15118.session.value_added import Selected, ValueAddedService, Variant


class Provider(Protocol):
    """Serves one value-added service at one outlet.

    It is called on the loop, where nothing may wait: what takes long is to be started, not done.
    """

    @property
    def service(self) -> ValueAddedService:
        """What is offered, always the same."""
        ...

    def begin(self, variant: Variant) -> None:
        """A car has taken the service so; a car may take it in several ways."""
        ...

    def end(self, variant: Variant) -> None:
        """The car has let go of it, or is gone."""
        ...


def provision(providers: Sequence[Provider]) -> Callable[[tuple[Selected, ...]], None]:
    """What tells the providers, of each list of services taken, what has begun and what has ended since the last one."""
    known = {provider.service.id: (provider, provider.service) for provider in providers}
    running: set[Selected] = set()

    def provide(selected: tuple[Selected, ...]) -> None:
        ended, begun = running.difference(selected), [each for each in selected if each not in running]
        running.intersection_update(selected)
        running.update(selected)
        for each, begins in (*((each, False) for each in sorted(ended)), *((each, True) for each in begun)):
            if each.service in known:
                provider, service = known[each.service]
                variant = service.variant(each.variant)
                if variant is not None:
                    (provider.begin if begins else provider.end)(variant)

    return provide
