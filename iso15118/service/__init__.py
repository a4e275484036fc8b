"""The asyncio shell, the only floor that waits: it performs what sessions say and feeds them what happens.

`conversation` one connection, `actuate` the way to the guard, `discovery` SDP, `station` a charger, `vehicle` a car, `pair` both in one
process, `recorder` the inputs for later, `config` the files people write, `virtual` and `memory` time and links without either.
Everything here is supervised: an error ends the session it belongs to, in the safe state and with one log line, and nothing else.
"""
