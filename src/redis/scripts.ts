import { createHash } from 'node:crypto'
import type { Connection } from './client.ts'

/** A Lua script, which Redis runs atomically. */
interface Script {
  readonly text: string
  readonly sha: string
}

function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

/** Runs a script, and uploads it if Redis does not know it yet. */
export async function runScript(
  connection: Connection,
  { sha, text }: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  const rest = [String(keys.length), ...keys, ...args.map(String)]
  try {
    return await connection.send(['EVALSHA', sha, ...rest])
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
    return connection.send(['EVAL', text, ...rest])
  }
}

/**
 * Keys: run, lease, running run of the key, newest run of the key (without a key: the lease twice).
 * Arguments: id, lease, leaseMs, keepMs, owner, node, needs subscribers, has a key. Out: id of the running run.
 */
export const START: Script = script(`
if ARGV[8] == '1' then
  if not redis.call('SET', KEYS[3], ARGV[1], 'NX', 'PX', ARGV[3]) then
    return redis.call('GET', KEYS[3])
  end
end
redis.call('HSET', KEYS[1], 'owner', ARGV[5], 'node', ARGV[6], 'needsSubscribers', ARGV[7],
  'keepMs', ARGV[4], 'values', 0, 'seq', 0)
redis.call('PEXPIRE', KEYS[1], ARGV[3] + ARGV[4])
if ARGV[8] == '1' then
  redis.call('HSET', KEYS[1], 'before', redis.call('GET', KEYS[4]) or '')
  redis.call('HSET', KEYS[1], 'beforeMs', redis.call('PTTL', KEYS[4]))
  redis.call('SET', KEYS[4], ARGV[1], 'PX', ARGV[3] + ARGV[4])
end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
return ARGV[1]`)

/**
 * Keys: run, lease, running run of the key (or lease), log, subscribers, newest run of the key (or lease).
 * Arguments: id, lease, leaseMs, keepMs, from, last, lines…. Out: status, stored lines, stop, has subscribers.
 */
export const APPEND: Script = script(`
local seq = tonumber(redis.call('HGET', KEYS[1], 'seq') or '-1')
local from = tonumber(ARGV[5])
local last = ARGV[6] == '1'
if redis.call('GET', KEYS[2]) ~= ARGV[2] then
  -- The end was stored before, and the response was lost.
  local retried = last and redis.call('HGET', KEYS[1], 'end') == ARGV[2]
  return { retried and 'ok' or 'fenced', seq, '', 0 }
end
if seq < 0 then return { 'fenced', seq, '', 0 } end
if seq < from - 1 then return { 'gap', seq, '', 0 } end
for i = 1, #ARGV - 6 do
  if from + i - 1 > seq then
    seq = from + i - 1
    redis.call('XADD', KEYS[4], '1-' .. string.format('%d', seq), 'l', ARGV[6 + i])
  end
end
local isRunning = redis.call('GET', KEYS[3]) == ARGV[1]
if last then
  redis.call('HSET', KEYS[1], 'seq', seq, 'values', seq - 1, 'end', ARGV[2])
  redis.call('DEL', KEYS[2])
  if isRunning then redis.call('DEL', KEYS[3]) end
else
  redis.call('HSET', KEYS[1], 'seq', seq, 'values', seq)
  redis.call('PEXPIRE', KEYS[2], ARGV[3])
  if isRunning then redis.call('PEXPIRE', KEYS[3], ARGV[3]) end
end
local keepMs = ARGV[3] + ARGV[4]
redis.call('PEXPIRE', KEYS[1], keepMs)
redis.call('PEXPIRE', KEYS[4], keepMs)
if redis.call('GET', KEYS[6]) == ARGV[1] then redis.call('PEXPIRE', KEYS[6], keepMs) end
return { 'ok', seq, redis.call('HGET', KEYS[1], 'stop') or '', redis.call('EXISTS', KEYS[5]) }`)

/**
 * Removes a run that never began; its key means the run before again.
 * Keys: run, lease, running run of the key (or lease), newest run of the key (or lease). Arguments: id, lease.
 */
export const FORGET: Script = script(`
if redis.call('GET', KEYS[2]) ~= ARGV[2] then return 0 end
local before = redis.call('HGET', KEYS[1], 'before')
local beforeMs = tonumber(redis.call('HGET', KEYS[1], 'beforeMs') or '0')
if redis.call('GET', KEYS[4]) == ARGV[1] then
  if before and before ~= '' and beforeMs > 0 then redis.call('SET', KEYS[4], before, 'PX', beforeMs)
  else redis.call('DEL', KEYS[4]) end
end
if redis.call('GET', KEYS[3]) == ARGV[1] then redis.call('DEL', KEYS[3]) end
return redis.call('DEL', KEYS[1], KEYS[2])`)

/** Keys: run, lease, log. Arguments: line. Out: 1 if the run exists. */
export const INTERRUPT: Script = script(`
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if redis.call('EXISTS', KEYS[2]) == 1 or redis.call('HEXISTS', KEYS[1], 'end') == 1 then return 1 end
local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
local keepMs = redis.call('HGET', KEYS[1], 'keepMs')
redis.call('XADD', KEYS[3], '1-' .. string.format('%d', seq), 'l', ARGV[1])
redis.call('HSET', KEYS[1], 'end', 'interrupted')
redis.call('PEXPIRE', KEYS[1], keepMs)
redis.call('PEXPIRE', KEYS[3], keepMs)
return 1`)

/** Keys: run. Out: the node that produces the run, empty if it has ended. */
export const STOP: Script = script(`
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('HEXISTS', KEYS[1], 'end') == 1 then return '' end
redis.call('HSET', KEYS[1], 'stop', '1')
return redis.call('HGET', KEYS[1], 'node')`)

/** Keys: control channel of a node. Arguments: message; an empty one only wakes it. Unread, it expires. */
export const SEND: Script = script(`
redis.call('XADD', KEYS[1], 'MAXLEN', '~', '64', '*', 'l', ARGV[1])
return redis.call('PEXPIRE', KEYS[1], 60000)`)
