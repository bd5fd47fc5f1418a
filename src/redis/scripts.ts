import { createHash } from 'node:crypto'
import type { Connection } from './redis-client.ts'

/** A program that Redis runs as a whole, between all other commands. */
export interface Script {
  readonly text: string
  readonly sha: string
}

function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

/** Runs a script, and hands it over first when Redis does not know it yet. */
export async function run(
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
 * Keys: run, lease, name, newest of the name (or the lease once more, when it has none).
 * Arguments: id, lease, leaseMs, keepMs, owner, node, attended, has a name.
 */
export const START: Script = script(
  `
if ARGV[8] == '1' then
  if not redis.call('SET', KEYS[3], ARGV[1], 'NX', 'PX', ARGV[3]) then
    return redis.call('GET', KEYS[3])
  end
end
redis.call('HSET', KEYS[1], 'owner', ARGV[5], 'node', ARGV[6], 'attended', ARGV[7], 'values', 0, 'seq', 0)
redis.call('PEXPIRE', KEYS[1], ARGV[3] + ARGV[4])
if ARGV[8] == '1' then redis.call('SET', KEYS[4], ARGV[1], 'PX', ARGV[3] + ARGV[4]) end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
return ARGV[1]`,
)

/**
 * Keys: run, lease, name (or lease), log, readers, newest (or lease). Arguments: id, lease, leaseMs, keepMs, from, last, lines….
 * Gives kept, the newest position, stop, whether somebody reads it elsewhere.
 */
export const APPEND: Script = script(
  `
local seq = tonumber(redis.call('HGET', KEYS[1], 'seq') or '-1')
local from = tonumber(ARGV[5])
local count = #ARGV - 6
if redis.call('GET', KEYS[2]) ~= ARGV[2] then
  -- Its end was kept, and the answer to that was lost.
  local again = ARGV[6] == '1' and redis.call('HGET', KEYS[1], 'end') == ARGV[2]
  return { again and 1 or 0, seq, '', 0 }
end
if seq < 0 then return { 0, -1, '', 0 } end
if seq < from - 1 then return { 0, seq, 'gap', 0 } end
for i = 1, count do
  if from + i - 1 > seq then
    seq = from + i - 1
    redis.call('XADD', KEYS[4], '1-' .. string.format('%d', seq), 'l', ARGV[6 + i])
  end
end
redis.call('HSET', KEYS[1], 'seq', seq)
if ARGV[6] == '1' then
  redis.call('HSET', KEYS[1], 'end', ARGV[2], 'values', seq - 1)
  redis.call('DEL', KEYS[2])
  if redis.call('GET', KEYS[3]) == ARGV[1] then redis.call('DEL', KEYS[3]) end
else
  redis.call('HSET', KEYS[1], 'values', seq)
  redis.call('PEXPIRE', KEYS[2], ARGV[3])
  if redis.call('GET', KEYS[3]) == ARGV[1] then redis.call('PEXPIRE', KEYS[3], ARGV[3]) end
end
redis.call('PEXPIRE', KEYS[1], ARGV[3] + ARGV[4])
redis.call('PEXPIRE', KEYS[4], ARGV[3] + ARGV[4])
if redis.call('GET', KEYS[6]) == ARGV[1] then redis.call('PEXPIRE', KEYS[6], ARGV[3] + ARGV[4]) end
return { 1, seq, redis.call('HGET', KEYS[1], 'stop') or '', redis.call('EXISTS', KEYS[5]) }`,
)

/** Keys: run, lease, log. Arguments: line, keepMs. Gives whether there is such a run. */
export const INTERRUPT: Script = script(
  `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if redis.call('EXISTS', KEYS[2]) == 1 or redis.call('HEXISTS', KEYS[1], 'end') == 1 then return 1 end
local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
redis.call('XADD', KEYS[3], '1-' .. string.format('%d', seq), 'l', ARGV[1])
redis.call('HSET', KEYS[1], 'end', 'interrupted')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[3], ARGV[2])
return 1`,
)

/** Keys: run. Gives the node that makes the run, when it has to be told. */
export const STOP: Script = script(
  `
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('HEXISTS', KEYS[1], 'end') == 1 then return '' end
redis.call('HSET', KEYS[1], 'stop', '1')
return redis.call('HGET', KEYS[1], 'node')`,
)

/** Keys: the inbox of a node. Arguments: what it is told; nothing only wakes it. It is forgotten when nobody reads it. */
export const TELL: Script = script(
  `
redis.call('XADD', KEYS[1], 'MAXLEN', '~', '64', '*', 'l', ARGV[1])
return redis.call('PEXPIRE', KEYS[1], 60000)`,
)
