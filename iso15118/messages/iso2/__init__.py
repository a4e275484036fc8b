"""Messages of ISO 15118-2, one module a subject; all of them travel as the body of one `V2G_Message`."""
