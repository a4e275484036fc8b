"""Devices on Modbus, TCP or RTU: what stands in which register is a map, a TOML file in hw/; the line has a thread of its own."""
