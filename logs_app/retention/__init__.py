"""How long records are kept, and their end.

What was said (payloads, previews, searched texts) and that it was said (everything else of a record) have
terms of their own, for all records in the settings and for a project in its own columns. Statistics are kept.
"""
