"""What the charger tells of energy: the meter's reading of this session."""

from __future__ import annotations

from iso15118.messages.v20.common import MeterInfo
from iso15118.session.secc.state import Session
from iso15118.session.snapshot import SeccSnapshot


def meter_info(session: Session, snapshot: SeccSnapshot, *, requested: bool) -> MeterInfo | None:
    """The reading of this session only, in whole Wh [V2G20-902].

    It is told on request [V2G20-1082] and in the first turn of the loop [V2G20-1833].
    """
    if not requested and not (session.loops == 1 and session.config.meter_at_start):
        return None
    reading = snapshot.reading
    charged, discharged = session.meter_base or (0.0, 0.0)
    back = max(0, int(reading.discharged.value - discharged)) if session.bidirectional else None
    return MeterInfo(
        meter_id=session.config.meter_id,
        charged_energy_reading_wh=max(0, int(reading.charged.value - charged)),
        bpt_discharged_energy_reading_wh=back,
    )
