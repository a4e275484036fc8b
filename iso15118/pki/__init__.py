"""Certificates, signatures and contracts: pure functions over octets, keys and a given time. No clock, no network, no files."""
