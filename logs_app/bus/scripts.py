"""What happens in Redis in one step.

There is a stream for each subscriber and node whose ids are the numbers of the records, `<seq>-0`. So its
last id is how far it was filled, however often and by however many that was tried, and a Redis that lost
everything is filled again from the cursor in the database.
"""

from __future__ import annotations

PREFIX = "relay:events:"
GROUP = "dispatchers"

_SEQ = """
local function seq(id) return tonumber(string.match(id, '^(%d+)')) end
local function read(flat)
  local found = {}
  for i = 1, #flat, 2 do found[flat[i]] = flat[i + 1] end
  return found
end
"""

# stream; group, how far all is settled, the newest number, how many a stream may hold. What is settled is not
# told again when Redis went back in time, or kept a stream of somebody who had the name before.
FILL = (
    _SEQ
    + """
local settled, newest, room = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local start, given = ARGV[2] .. '-0', nil
if redis.call('EXISTS', KEYS[1]) == 1 then
  for _, flat in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    local group = read(flat)
    if group.name == ARGV[1] then given = seq(group['last-delivered-id']) end
  end
end
if not given then
  redis.call('XGROUP', 'CREATE', KEYS[1], ARGV[1], start, 'MKSTREAM')
elseif given < settled then
  redis.call('XGROUP', 'SETID', KEYS[1], ARGV[1], start)
end
for _, entry in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], '-', start, 1000)) do
  redis.call('XACK', KEYS[1], ARGV[1], entry[1])
end
local last = seq(read(redis.call('XINFO', 'STREAM', KEYS[1]))['last-generated-id'])
if last < settled then
  redis.call('XSETID', KEYS[1], start)
  last = settled
end
newest = math.min(newest, last + room - redis.call('XLEN', KEYS[1]))
for number = last + 1, newest do redis.call('XADD', KEYS[1], number .. '-0', 'seq', number) end
return math.max(newest, last)
"""
)

# stream; group, milliseconds. Forgets consumers that have nothing and were silent for so long: every process
# is a new one.
TIDY = (
    _SEQ
    + """
for _, flat in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local consumer = read(flat)
  if consumer.pending == 0 and consumer.idle > tonumber(ARGV[2]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer.name)
  end
end
"""
)

# stream; group, ids. Acknowledges, trims behind the slowest group, and says up to which number all of this
# group is settled: -1 when the stream is not there any more.
SETTLE = (
    _SEQ
    + """
if redis.call('EXISTS', KEYS[1]) == 0 then return -1 end
if #ARGV > 1 then redis.call('XACK', KEYS[1], ARGV[1], unpack(ARGV, 2)) end
local own, slowest = -1, nil
for _, flat in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local group = read(flat)
  local upto = seq(group['last-delivered-id'])
  local pending = redis.call('XPENDING', KEYS[1], group.name)
  if pending[1] > 0 then upto = seq(pending[2]) - 1 end
  if group.name == ARGV[1] then own = upto end
  slowest = math.min(slowest or upto, upto)
end
if slowest then redis.call('XTRIM', KEYS[1], 'MINID', (slowest + 1) .. '-0') end
return own
"""
)
