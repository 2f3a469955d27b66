"""Where requests, model tokens and streams are counted: a table in DATA_DIR, or Redis.

It lies in `accounts` because two apps count here. The lane (`proxy.limits`) takes before a call; the
recorder (`logs_app`), which may not import the lane, settles the tokens after it. The journal carries what
was reserved from one to the other, so that a worker's death costs no settlement.
"""
