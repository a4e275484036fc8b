"""All element names of each schema set, also of those that nobody sends: they decide the event codes of the root.

`ELEMENTS` are the global elements of the set and of all it imports, `FRAGMENT_ELEMENTS` all elements, global and local. Sorted by
local name, then by namespace; the index is the event code. A name that stands twice belongs to two namespaces.
"""
