"""A vehicle as a distributed energy resource: the words of a grid code (`words`), and what an inverter makes of them (`follow`).

Not here: how they are said on the wire (`session.der_iec`, `session.der_sae`), and who decides them (configuration, a back-end).
"""

from __future__ import annotations
