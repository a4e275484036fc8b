"""What charging is, free of any edition of the protocol: authorise, isolate, pre-charge, transfer, wind down.

Pure functions over `power` and `energy`.
"""
