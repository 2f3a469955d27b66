"""What `docs/conformance.md` says, and how it comes to say it: every cell is what a run found.

`findings.py` is one thing found, `gathering.py` listens to pytest for them, `versions.py` asks through other
versions of the SDKs than the installed ones, `page.py` writes the page. `make conformance` runs all of it.
"""
