/** One method of AMQP 0-9-1 with RabbitMQ's extensions (§ 1.4 of the XML, https://www.rabbitmq.com/amqp-0-9-1-reference). */
export interface Method {
  /** Class in the upper, method in the lower 16 bits. */
  readonly id: number
  readonly name: string
  readonly fields: readonly { readonly name: string, readonly type: string }[]
  /** Header and body follow. */
  readonly hasContent: boolean
  /** Ids of the methods that answer it; empty where none does. */
  readonly replies: readonly number[]
}

/**
 * Class, then its methods: number, name, the numbers of the answers behind `>`, `+` where content follows, and the arguments.
 * Neighbouring `bit`s share a byte; names with `_` are reserved.
 */
const CLASSES: readonly (readonly [id: number, name: string, methods: string])[] = [
  [10, 'Connection', `
    10 Start >11 versionMajor:u8 versionMinor:u8 serverProperties:table mechanisms:long locales:long
    11 StartOk >20,30 clientProperties:table mechanism:short response:secret locale:short
    20 Secure >21 challenge:secret
    21 SecureOk >20,30 response:secret
    30 Tune >31 channelMax:u16 frameMax:u32 heartbeat:u16
    31 TuneOk channelMax:u16 frameMax:u32 heartbeat:u16
    40 Open >41 virtualHost:short _:short _:bit
    41 OpenOk _:short
    50 Close >51 replyCode:u16 replyText:short classId:u16 methodId:u16
    51 CloseOk
    60 Blocked reason:short
    61 Unblocked
    70 UpdateSecret >71 newSecret:secret reason:short
    71 UpdateSecretOk`],
  [20, 'Channel', `
    10 Open >11 _:short
    11 OpenOk _:long
    20 Flow >21 active:bit
    21 FlowOk active:bit
    40 Close >41 replyCode:u16 replyText:short classId:u16 methodId:u16
    41 CloseOk`],
  [40, 'Exchange', `
    10 Declare >11 _:u16 exchange:short type:short passive:bit durable:bit autoDelete:bit internal:bit noWait:bit arguments:table
    11 DeclareOk
    20 Delete >21 _:u16 exchange:short ifUnused:bit noWait:bit
    21 DeleteOk
    30 Bind >31 _:u16 destination:short source:short routingKey:short noWait:bit arguments:table
    31 BindOk
    40 Unbind >51 _:u16 destination:short source:short routingKey:short noWait:bit arguments:table
    51 UnbindOk`],
  [50, 'Queue', `
    10 Declare >11 _:u16 queue:short passive:bit durable:bit exclusive:bit autoDelete:bit noWait:bit arguments:table
    11 DeclareOk queue:short messageCount:u32 consumerCount:u32
    20 Bind >21 _:u16 queue:short exchange:short routingKey:short noWait:bit arguments:table
    21 BindOk
    30 Purge >31 _:u16 queue:short noWait:bit
    31 PurgeOk messageCount:u32
    40 Delete >41 _:u16 queue:short ifUnused:bit ifEmpty:bit noWait:bit
    41 DeleteOk messageCount:u32
    50 Unbind >51 _:u16 queue:short exchange:short routingKey:short arguments:table
    51 UnbindOk`],
  [60, 'Basic', `
    10 Qos >11 prefetchSize:u32 prefetchCount:u16 global:bit
    11 QosOk
    20 Consume >21 _:u16 queue:short consumerTag:short noLocal:bit noAck:bit exclusive:bit noWait:bit arguments:table
    21 ConsumeOk consumerTag:short
    30 Cancel >31 consumerTag:short noWait:bit
    31 CancelOk consumerTag:short
    40 Publish + _:u16 exchange:short routingKey:short mandatory:bit immediate:bit
    50 Return + replyCode:u16 replyText:short exchange:short routingKey:short
    60 Deliver + consumerTag:short deliveryTag:u64 redelivered:bit exchange:short routingKey:short
    70 Get >71,72 _:u16 queue:short noAck:bit
    71 GetOk + deliveryTag:u64 redelivered:bit exchange:short routingKey:short messageCount:u32
    72 GetEmpty _:short
    80 Ack deliveryTag:u64 multiple:bit
    90 Reject deliveryTag:u64 requeue:bit
    100 RecoverAsync requeue:bit
    110 Recover >111 requeue:bit
    111 RecoverOk
    120 Nack deliveryTag:u64 multiple:bit requeue:bit`],
  [85, 'Confirm', `
    10 Select >11 noWait:bit
    11 SelectOk`],
  [90, 'Tx', `
    10 Select >11
    11 SelectOk
    20 Commit >21
    21 CommitOk
    30 Rollback >31
    31 RollbackOk`],
]

export function methodId(classNumber: number, method: number): number {
  return classNumber * 0x10000 + method
}

function parseMethod(classNumber: number, className: string, line: string): Method {
  const [number, name, ...words] = line.trim().split(/\s+/)
  const replies = words.find((word) => word.startsWith('>'))?.slice(1).split(',') ?? []
  return {
    id: methodId(classNumber, Number(number)), name: `${className}.${name!}`, hasContent: words.includes('+'),
    replies: replies.map((reply) => methodId(classNumber, Number(reply))),
    fields: words.filter((word) => word.includes(':')).map((word) => ({ name: word.split(':')[0]!, type: word.split(':')[1]! })),
  }
}

const METHODS: ReadonlyMap<number, Method> = new Map(CLASSES.flatMap(([id, name, methods]) =>
  methods.trim().split('\n').map((line) => parseMethod(id, name, line)).map((method) => [method.id, method])))

export function methodOf(id: number): Method | undefined {
  return METHODS.get(id)
}

export const START = methodId(10, 10)
export const CONNECTION_CLOSE = methodId(10, 50)
export const CONNECTION_CLOSE_OK = methodId(10, 51)
export const CHANNEL_CLOSE = methodId(20, 40)
export const CHANNEL_CLOSE_OK = methodId(20, 41)
export const CONSUME_OK = methodId(60, 21)
export const PUBLISH = methodId(60, 40)
export const RETURN = methodId(60, 50)
export const DELIVER = methodId(60, 60)
export const GET = methodId(60, 70)
export const GET_EMPTY = methodId(60, 72)
export const ACK = methodId(60, 80)
export const REJECT = methodId(60, 90)
export const NACK = methodId(60, 120)
export const CONFIRM_SELECT = methodId(85, 10)
