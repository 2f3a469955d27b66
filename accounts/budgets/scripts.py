"""Counting in Redis: one script, so one trip, for all budgets of a call, by the clock of the server.

A window is a hash: its entries, numbered, as "time amount", and n their sum, h and l the numbers of the
first and last, s when the last one began, t its time. Streams are a sorted set of leases by the time they
end unless they are renewed. Windows are kept as in `row`, entry by entry. Times are microseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from accounts.budgets.budget import MINUTE_US, STREAMS, Budget, of_tokens

PREFIX = "relay:limits:"
# A process that died renews its leases no more.
LEASE_SECONDS, RENEWAL_SECONDS = 20, 5

_WINDOW = """
local function now_us()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end
local function entry(w, number)
  local at, amount = string.match(redis.call('HGET', w.key, number), '(%d+) (%d+)')
  return tonumber(at), tonumber(amount)
end
local function open(key, now, window)
  local f = redis.call('HMGET', key, 'n', 'h', 'l', 's', 't')
  local w = {key = key, n = tonumber(f[1] or 0), h = tonumber(f[2] or 1), l = tonumber(f[3] or 0),
             s = tonumber(f[4] or 0), t = tonumber(f[5] or 0)}
  if w.t > now + window then -- the server's clock was set back: nobody waits for it to catch up
    redis.call('DEL', key)
    w = {key = key, n = 0, h = 1, l = 0, s = 0, t = 0}
  end
  w.now = math.max(now, w.t)
  local first = w.h
  while w.h <= w.l do
    local at, amount = entry(w, w.h)
    if at > w.now - window then break end
    redis.call('HDEL', key, w.h)
    w.n, w.h = w.n - amount, w.h + 1
  end
  if w.h > first then redis.call('HSET', key, 'n', w.n, 'h', w.h) end
  return w
end
local function add(w, amount, window, grain)
  if w.h <= w.l and w.now - w.s < grain then
    local _, held = entry(w, w.l)
    amount, w.n = amount + held, w.n + amount
  else
    w.l, w.s, w.n = w.l + 1, w.now, w.n + amount
  end
  w.t = w.now
  redis.call('HSET', w.key, w.l, string.format('%.0f %.0f', w.now, amount),
             'n', w.n, 'h', w.h, 'l', w.l, 's', w.s, 't', w.t)
  redis.call('PEXPIRE', w.key, math.ceil(window / 1000) + 1000)
end
"""

# KEYS: a budget each. ARGV: lease, how long it holds, how long a refused stream waits, and for each budget
# is_stream, limit, amount, window, grain. An amount of 0 only looks.
# Answers now, the number of the refusing budget or 0, its wait, and for each budget used, reset.
TAKE = (
    _WINDOW
    + """
local now = now_us()
local opened, answer = {}, {now, 0, 0}
for i, key in ipairs(KEYS) do
  local at = 3 + (i - 1) * 5
  local limit, amount, window = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
  local wait, used = -1, 0
  if ARGV[at + 1] == '1' then
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
    used = redis.call('ZCARD', key)
    if used + amount > limit then wait = tonumber(ARGV[3]) end
  else
    local w = open(key, now, window)
    opened[i], used = w, w.n
    local excess, number = used + amount - limit, w.h
    if amount > 0 and excess > 0 then
      wait = window
      while number <= w.l do
        local time, held = entry(w, number)
        excess, number = excess - held, number + 1
        if excess <= 0 then wait = time + window - w.now; break end
      end
    end
  end
  if wait >= 0 and (answer[2] == 0 or wait > answer[3]) then answer[2], answer[3] = i, wait end
  answer[#answer + 1] = used
  answer[#answer + 1] = 0
end
for i, key in ipairs(KEYS) do
  local at, w = 3 + (i - 1) * 5, opened[i]
  local amount, window = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
  if answer[2] == 0 and amount > 0 then
    if w then
      add(w, amount, window, tonumber(ARGV[at + 5]))
    else
      redis.call('ZADD', key, now + tonumber(ARGV[2]), ARGV[1])
      redis.call('PEXPIRE', key, math.ceil(tonumber(ARGV[2]) / 1000) + 1000)
    end
  end
  if w and w.h <= w.l then answer[3 + i * 2] = w.t + window - w.now end
end
return answer
"""
)

# KEYS: a budget of tokens. ARGV: when it was reserved, how much, how much was used, window, grain.
SETTLE = (
    _WINDOW
    + """
local at, reserved, used = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local window = tonumber(ARGV[4])
for _, key in ipairs(KEYS) do
  local w = open(key, now_us(), window)
  if used > reserved then
    add(w, used - reserved, window, tonumber(ARGV[5]))
  elseif at > w.now - window then
    for number = w.h, w.l do
      local time, held = entry(w, number)
      if time >= at then
        local back = math.min(reserved - used, held)
        redis.call('HSET', key, number, string.format('%.0f %.0f', time, held - back), 'n', w.n - back)
        break
      end
    end
  end
end
"""
)

# KEYS: a budget of streams each, ARGV: how long a lease holds, and the lease of each.
RENEW = """
local time = redis.call('TIME')
local ends = time[1] * 1000000 + time[2] + ARGV[1]
for i, key in ipairs(KEYS) do
  redis.call('ZADD', key, ends, ARGV[i + 1])
  redis.call('PEXPIRE', key, math.ceil(tonumber(ARGV[1]) / 1000) + 1000)
end
"""


def keys(budgets: Iterable[Budget]) -> list[str]:
    return [PREFIX + budget.name for budget in budgets]


def take_arguments(budgets: Iterable[Budget], amounts: Iterable[int], lease: str, wait_us: int) -> list[Any]:
    arguments: list[Any] = [lease, LEASE_SECONDS * 1_000_000, wait_us]
    for budget, amount in zip(budgets, amounts, strict=True):
        is_stream = int(budget.unit == STREAMS)
        arguments += (is_stream, budget.limit, amount, budget.window_us, budget.grain_us)
    return arguments


def renew_arguments(leases: Sequence[str]) -> list[Any]:
    return [LEASE_SECONDS * 1_000_000, *leases]


def settle_arguments(at_us: int, reserved: int, used: int) -> list[Any]:
    return [at_us, reserved, used, MINUTE_US, of_tokens("").grain_us]
