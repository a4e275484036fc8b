"""DC power modules on a CAN bus: `line` is the bus, `turns` who speaks next on it, `supply` what all modules share, the rest one each."""
