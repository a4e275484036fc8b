"""How fast: `python -m tools.bench`. Every figure stands beside a baseline measured in the same run, since machines differ and wander.

`codec` a message to octets and back, `answer` a request over loopback, `start` the charger's process, `pair` an hour in virtual time.
"""
