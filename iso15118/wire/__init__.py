"""Bytes on links, without I/O: framing (`v2gtp`), finding the charger (`sdp`).

Nothing here opens a socket, reads a clock or logs. Octets and the time come in as arguments, octets and values go out.
What the payload of a frame means is the business of `exi` and `messages`; what to do about it, of `session`.
"""
