"""Control boards: pilot, contactor, lock and inputs of an outlet, on a microcontroller at a serial line or on lines of the processor."""
