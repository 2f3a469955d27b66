"""Alerts: what somebody wants to be told of, found out and told.

reading    what a rule sees of one thing now
traffic, spend, providers, keys
           read it, one module for each kind of source
readers    which of them reads what
doubts     why nobody may ever hear of one
evaluator  opens and closes alerts, and has them told: each once, however many evaluators there are
message    an alert as people read it
telling    the ways to them: webhook and e-mail
"""
