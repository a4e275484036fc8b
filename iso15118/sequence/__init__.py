"""What may follow what, and how long it may take: tables that both roles read. No behaviour lives here."""
