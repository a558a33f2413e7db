// What is known of commands by their names (https://redis.io/docs/latest/commands/).

/** Every command of Redis 7 and 8 by first letter, those of the usual modules without. */
const NAMES = `acl append asking auth bgrewriteaof bgsave bitcount bitfield bitfield_ro bitop bitpos blmove blmpop blpop brpop brpoplpush bzmpop bzpopmax
bzpopmin client cluster command config copy dbsize debug decr decrby del discard dump echo eval eval_ro evalsha evalsha_ro exec exists expire expireat
expiretime failover fcall fcall_ro flushall flushdb function geoadd geodist geohash geopos georadius georadius_ro georadiusbymember georadiusbymember_ro
geosearch geosearchstore get getbit getdel getex getrange getset hdel hello hexists hexpire hexpireat hexpiretime hget hgetall hgetdel hgetex hincrby
hincrbyfloat hkeys hlen hmget hmset hpersist hpexpire hpexpireat hpexpiretime hpttl hrandfield hscan hset hsetex hsetnx hstrlen httl hvals incr incrby
incrbyfloat info keys lastsave latency lcs lindex linsert llen lmove lmpop lolwut lpop lpos lpush lpushx lrange lrem lset ltrim memory mget migrate module
monitor move mset msetnx multi object persist pexpire pexpireat pexpiretime pfadd pfcount pfdebug pfmerge pfselftest ping psetex psubscribe psync pttl
publish pubsub punsubscribe quit randomkey readonly readwrite rename renamenx replconf replicaof reset restore restore-asking role rpop rpoplpush rpush
rpushx sadd save scan scard script sdiff sdiffstore select sentinel set setbit setex setnx setrange shutdown sinter sintercard sinterstore sismember slaveof slowlog
smembers smismember smove sort sort_ro spop spublish srandmember srem sscan ssubscribe strlen subscribe substr sunion sunionstore sunsubscribe swapdb sync
time touch ttl type unlink unsubscribe unwatch vadd vsim wait waitaof watch xack xackdel xadd xautoclaim xclaim xdel xdelex xgroup xinfo xlen xpending xrange
xread xreadgroup xrevrange xsetid xtrim zadd zcard zcount zdiff zdiffstore zincrby zinter zintercard zinterstore zlexcount zmpop zmscore zpopmax zpopmin
zrandmember zrange zrangebylex zrangebyscore zrangestore zrank zrem zremrangebylex zremrangebyrank zremrangebyscore zrevrange zrevrangebylex
zrevrangebyscore zrevrank zscan zscore zunion zunionstore`

const KNOWN: ReadonlySet<string> = new Set(NAMES.split(/\s+/))

/** Their first argument is the name of what they do. */
const CONTAINERS: ReadonlySet<string> = new Set(['acl', 'client', 'cluster', 'command', 'config', 'debug', 'function', 'latency', 'memory', 'module',
  'object', 'pubsub', 'script', 'sentinel', 'slowlog', 'xgroup', 'xinfo'])

/** What follows their first argument are values, or long: only that one is shown. */
const VALUED: ReadonlySet<string> = new Set(['append', 'bitfield', 'fcall', 'fcall_ro', 'geoadd', 'getset', 'hmset', 'hset', 'hsetex', 'hsetnx', 'linsert', 'lpos', 'lpush',
  'lpushx', 'lrem', 'lset', 'mset', 'msetnx', 'pfadd', 'psetex', 'publish', 'restore', 'restore-asking', 'rpush', 'rpushx', 'sadd', 'set', 'setex', 'setnx', 'setrange',
  'sismember', 'smismember', 'smove', 'spublish', 'srem', 'vadd', 'vsim', 'xadd', 'zadd', 'migrate', 'hello', 'echo'])

const SCRIPTED: ReadonlySet<string> = new Set(['eval', 'eval_ro', 'evalsha', 'evalsha_ro'])

/** A name in any case. */
export function isKnownCommand(name: string): boolean {
  return KNOWN.has(name.toLowerCase())
}

export function isContainer(lower: string): boolean {
  return CONTAINERS.has(lower)
}

export function isValued(lower: string): boolean {
  return VALUED.has(lower)
}

/** Runs a script: the first argument is the script or its hash, the second the number of keys that follow. */
export function isScripted(lower: string): boolean {
  return SCRIPTED.has(lower)
}

// What a command does to the connection.
export const ORDINARY = 0
export const SUBSCRIBE = 1
export const UNSUBSCRIBE = 2
export const MULTI = 3
export const EXEC = 4
export const DISCARD = 5
export const MONITOR = 6
export const SYNC = 7
export const RESET = 8
export const CLIENT_COMMAND = 9
export const REPLCONF = 10

const KINDS: ReadonlyMap<string, number> = new Map([
  ['subscribe', SUBSCRIBE], ['psubscribe', SUBSCRIBE], ['ssubscribe', SUBSCRIBE], ['unsubscribe', UNSUBSCRIBE], ['punsubscribe', UNSUBSCRIBE],
  ['sunsubscribe', UNSUBSCRIBE], ['multi', MULTI], ['exec', EXEC], ['discard', DISCARD], ['monitor', MONITOR], ['sync', SYNC], ['psync', SYNC],
  ['reset', RESET], ['client', CLIENT_COMMAND], ['replconf', REPLCONF],
])

const LOWER = 0x20
const FIRST_LETTERS = new Set([...KINDS.keys()].map((name) => name.length << 8 | name.charCodeAt(0)))

/** The kind of the command whose name stands in `text` from `from` to `to`, in any case. Nearly all are refused by length and first letter. */
export function kindOf(text: string, from: number, to: number): number {
  if (!FIRST_LETTERS.has(to - from << 8 | text.charCodeAt(from) | LOWER)) return ORDINARY
  return KINDS.get(text.slice(from, to).toLowerCase()) ?? ORDINARY
}
