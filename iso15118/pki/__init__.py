"""Chains, signatures, contracts and responses about revocation: pure functions over octets, a trust store and a given time.

Keys are made at random; nothing else here depends on anything but its arguments. Not here: TLS (`service.tls`), files and networks.
"""
