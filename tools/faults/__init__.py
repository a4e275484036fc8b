"""Every fault in every phase of a session, charging and discharging: what becomes of metal, in virtual time. `python -m tools.faults`."""
