import type { Protocol } from '../protocol.ts'
import { KafkaConnection } from './connection.ts'
import { probe } from './probe.ts'

/** Apache Kafka, requests up to version 4.1: one message for each request with its answer. */
export const kafka: Protocol = {
  name: 'kafka',
  spec: 'https://kafka.apache.org/protocol',
  ports: [9092, 9093, 9094, 29092],
  probe,
  open: (sink, settings) => new KafkaConnection(sink, settings),
}
