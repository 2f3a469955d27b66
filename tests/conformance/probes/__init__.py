"""What one SDK gets through a relay, asked by a script that needs nothing but that SDK.

A script prints a line of JSON for each question: `{"row": "files", "column": "whole", "verdict": "pass"}`,
with the error in `figure` where it failed. `RELAY_URL` (without `/v1`) and `RELAY_KEY` say where and who.
"""
