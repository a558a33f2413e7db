import type { Protocol } from '../protocol.ts'
import { AmqpConnection } from './connection.ts'
import { probe } from './probe.ts'

/** AMQP 0-9-1: one message for each method with what answers it. AMQP 1.0 is recognised and named. */
export const amqp: Protocol = {
  name: 'amqp',
  spec: 'https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf',
  ports: [5672, 5673],
  probe,
  open: (sink, settings) => new AmqpConnection(sink, settings),
}
