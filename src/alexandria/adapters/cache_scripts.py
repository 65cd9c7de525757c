"""The cache's Lua scripts: each call is one round trip, and nothing comes between its steps.

Every family of keys has a *generation*, eight random bytes that its values carry: a new one
makes all of them stale at once. A reader that misses gets a *lease* for the key; whoever
invalidates the key takes the lease away, and a value whose lease is gone is not stored.

A generation belongs to an *epoch*, which stands behind its eight bytes. Who knows of a later epoch
begins a new generation; who knows only of an earlier one is told of no value and stores none.
"""

LEASE_MILLISECONDS = 60_000
MAX_LEASES = 10_000
"""Per family; beyond it all of them are dropped, which costs some values their place."""

_GENERATION = """
local function generation_of(key, random, epoch)
  local stored = redis.call('GET', key)
  local known = stored and tonumber(string.sub(stored, 9)) or -1
  if known > tonumber(epoch) then
    return nil
  end
  if known < tonumber(epoch) then
    stored = random .. epoch
    redis.call('SET', key, stored)
  end
  return string.sub(stored, 1, 8)
end
"""
"""Gives the generation that serves the epoch; nil if the epoch is over."""

READ = f"""{_GENERATION}
-- KEYS: value, generation, leases
-- ARGV: name, eight random bytes, "1" to lease even on a hit, epoch
local generation = generation_of(KEYS[2], ARGV[2], ARGV[4])
if not generation then
  return {{'-'}}
end
local value = redis.call('GET', KEYS[1])
local fresh = value and string.sub(value, 2, 9) == generation
if fresh and ARGV[3] ~= '1' then
  return value
end
if value and not fresh then
  redis.call('UNLINK', KEYS[1])
end
local lease = redis.call('HGET', KEYS[3], ARGV[1])
if not lease then
  lease = ARGV[2]
  if redis.call('HLEN', KEYS[3]) >= {MAX_LEASES} then
    redis.call('UNLINK', KEYS[3])
  end
  redis.call('HSET', KEYS[3], ARGV[1], lease)
end
redis.call('PEXPIRE', KEYS[3], {LEASE_MILLISECONDS})
return {{generation .. lease}}
"""
"""Gives the stored value, or [generation and lease] on a miss."""

STORE = f"""{_GENERATION}
-- KEYS: value, generation, leases, live
-- ARGV: name, kind, revision, content, milliseconds, lease or '', eight random bytes, tracked, epoch
local generation = generation_of(KEYS[2], ARGV[7], ARGV[9])
if not generation then
  return 0
end
if ARGV[6] ~= '' then
  local lease = redis.call('HGET', KEYS[3], ARGV[1])
  if not lease or generation .. lease ~= ARGV[6] then
    return 0
  end
end
local content, metadata = struct.unpack('>I4I4', ARGV[3])
if content > 0 then
  local head = redis.call('GETRANGE', KEYS[1], 0, 16)
  if #head == 17 and string.sub(head, 2, 9) == generation then
    local known_content, known_metadata = struct.unpack('>I4I4', string.sub(head, 10, 17))
    if known_content > content or (known_content == content and known_metadata > metadata) then
      return 0
    end
  end
end
redis.call('SET', KEYS[1], ARGV[2] .. generation .. ARGV[3] .. ARGV[4], 'PX', ARGV[5])
redis.call('HDEL', KEYS[3], ARGV[1])
if ARGV[8] == '1' then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now)
  redis.call('ZADD', KEYS[4], now + ARGV[5], ARGV[1])
  if redis.call('PTTL', KEYS[4]) < tonumber(ARGV[5]) then
    redis.call('PEXPIRE', KEYS[4], ARGV[5])
  end
end
return 1
"""
"""Gives 1 if the value was stored, 0 if something newer is known."""

DELETE = """
-- KEYS: value, generation, leases, live; ARGV: name
local head = redis.call('GETRANGE', KEYS[1], 0, 8)
local generation = redis.call('GET', KEYS[2])
local fresh = #head == 9 and generation and string.sub(head, 2, 9) == string.sub(generation, 1, 8)
redis.call('UNLINK', KEYS[1])
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[1])
return fresh and 1 or 0
"""
"""Gives how many living values were deleted: 1 or 0."""

FLUSH = """
-- KEYS: generation, leases, live; ARGV: eight random bytes
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local count = redis.call('ZCOUNT', KEYS[3], '(' .. now, '+inf')
local known = redis.call('GET', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1] .. (known and string.sub(known, 9) or '0'))
redis.call('UNLINK', KEYS[2], KEYS[3])
return count
"""
"""Gives how many living values of a tracked family became stale."""
