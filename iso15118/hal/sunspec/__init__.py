"""Inverters that speak SunSpec, models 701 to 715, over Modbus: the models by their points, the device, an outlet's path and its grid."""
