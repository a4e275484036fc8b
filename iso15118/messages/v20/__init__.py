"""ISO 15118-20: the messages of CommonMessages and of each energy transfer type, one module a subject."""
