"""Breaking the codec: mutated frames by the million, and a coverage-guided target."""
