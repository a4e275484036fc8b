"""Doors to metal: what a device must do (`protocols`), who has the last word over it (`guard`), where families are found
(`registry`), what a board is (`board`), and one folder a device family (`simulated`).

The session never comes here; it meets metal as values of `power` only.
"""
