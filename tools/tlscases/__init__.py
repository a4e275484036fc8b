"""The cases of the TLS 1.3 scripts of tlsfuzzer that apply to a charger of ISO 15118-20, rebuilt with tlslite-ng.

`client` is a client that says whatever it is told to, `cases` what it says and what has to come of it, `scripts` which script each case
belongs to and why some have none, `bench` a charger to say it to. `python -m tools.tlscases`.
"""
