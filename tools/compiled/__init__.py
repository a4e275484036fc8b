"""Building the compiled codec, an optional part: `make compiled`, or `CHARGELOOP_COMPILED=1 pip install .` for a wheel with it."""
