"""A PKI on disk: reading, writing, renewing, and taking over what other programs have laid out.

`folder` is the layout and what is checked of it before anything starts; what certificates mean is `iso15118.pki`.
"""
