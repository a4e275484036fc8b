"""How much power may flow now, each way, whatever the kind of current: what the site grants, the chosen schedule and the channel."""

from __future__ import annotations

from iso15118.messages.v20.delivery import ChannelSelection, PowerDeliveryReq
from iso15118.procedures.transfer import granted
from iso15118.session.lenience import Deviation
from iso15118.session.secc.state import Session
from iso15118.session.services import BptChannel
from iso15118.session.snapshot import SeccSnapshot
from iso15118.units import Watt
from iso15118.value import replace


def allowance(session: Session, snapshot: SeccSnapshot) -> tuple[Watt, Watt]:
    """Charge and discharge (magnitudes), the strictest of each. Where each way has a channel of its own, nothing by the other one."""
    charge, back, _ = granted(snapshot.budget, snapshot.now)
    if session.chosen is not None:
        by_plan, back_by_plan = session.chosen.power(snapshot.clock)
        charge, back = min(charge, by_plan), min(back, back_by_plan)
    if session.channel is ChannelSelection.Charge:
        back = 0.0
    elif session.channel is ChannelSelection.Discharge:
        charge = 0.0
    return charge, back


def with_channel(session: Session, request: PowerDeliveryReq) -> Session:
    """The session by the channel that the car selects, where the variant has two; one that it does not name is that of charging."""
    if session.parameters is None or session.parameters.bpt_channel != BptChannel.SEPARATED:
        return session
    channel = request.bpt_channel_selection
    if channel is None:
        session, channel = session.deviates(Deviation.CHANNEL_MISSING), ChannelSelection.Charge
    return replace(session, channel=channel)
