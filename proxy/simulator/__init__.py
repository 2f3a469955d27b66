"""A scriptable OpenAI-compatible provider for the demo, the tests and the benchmark.

It speaks the wire formats of OpenAI and of Anthropic, answers with the caller's own words, and
misbehaves on demand: `docs/simulator.md` lists the words of a script. Knows nothing of Django.
"""

from proxy.simulator.server import Simulator

__all__ = ["Simulator"]
