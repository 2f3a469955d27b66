"""Runs a relay for a long time under mixed traffic, breaks things on a timetable, and counts at the end.

python -m bench.soak ─┬─ manage.py serve, two simulated providers      (world)
                      ├─ python -m bench.soak.traffic                  (traffic, kinds, calls)
                      ├─ breaks and mends, as the timetable says       (faults, timetable)
                      ├─ memory, descriptors, threads every few s      (sampling)
                      ├─ reads the console and the file of events      (visitor, following)
                      └─ compares what everybody counted, and judges   (counts, verdict, summary)
"""
