"""Simulated devices as programs of their own, each on its real bus: what a charger's drivers are tried against.

They share a simulated world by `wires`: the plant writes what there is, each device what it does with it.
"""
