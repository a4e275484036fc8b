"""TLS 1.3 as ISO 15118-20 asks for it: an engine for the cryptography, and a link between socket and conversation.

`engine` says what an engine is and which one is used; `link` lets a conversation speak through it.
"""
