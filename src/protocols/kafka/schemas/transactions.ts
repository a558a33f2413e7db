import type { ApiSchema } from '../schema.ts'

/** Producers and transactions: notation of schema.ts. */
export const TRANSACTIONS: readonly ApiSchema[] = [
  {
    key: 22, name: 'InitProducerId', maxVersion: 6, flexibleFrom: 2,
    request: 'transactionalId:str? transactionTimeoutMs:i32 producerId:i64@3+ producerEpoch:i16@3+ enable2Pc:bool@6+ keepPreparedTxn:bool@6+',
    response: 'throttleTimeMs:i32 error:error producerId:i64 producerEpoch:i16 ongoingTxnProducerId:i64@6+ ongoingTxnProducerEpoch:i16@6+',
  },
  {
    key: 24, name: 'AddPartitionsToTxn', maxVersion: 5, flexibleFrom: 3,
    request: `
      transactions@4+[ transactionalId:str producerId:i64 producerEpoch:i16 verifyOnly:bool topics[ topic:str partitions:[i32] ] ]
      v3AndBelowTransactionalId:str@0-3 v3AndBelowProducerId:i64@0-3 v3AndBelowProducerEpoch:i16@0-3 v3AndBelowTopics@0-3[ topic:str
      partitions:[i32] ]`,
    response: `
      throttleTimeMs:i32 error:error@4+ resultsByTransaction@4+[ transactionalId:str topicResults[ topic:str resultsByPartition[ partition:i32
      partitionErrorCode:i16 ] ] ] resultsByTopicV3AndBelow@0-3[ topic:str resultsByPartition[ partition:i32 partitionErrorCode:i16 ] ]`,
  },
  {
    key: 25, name: 'AddOffsetsToTxn', maxVersion: 4, flexibleFrom: 3,
    request: 'transactionalId:str producerId:i64 producerEpoch:i16 groupId:str',
    response: 'throttleTimeMs:i32 error:error',
  },
  {
    key: 26, name: 'EndTxn', maxVersion: 5, flexibleFrom: 3,
    request: 'transactionalId:str producerId:i64 producerEpoch:i16 committed:bool',
    response: 'throttleTimeMs:i32 error:error producerId:i64@5+ producerEpoch:i16@5+',
  },
  {
    key: 27, name: 'WriteTxnMarkers', maxVersion: 1, flexibleFrom: 1,
    request: 'markers[ producerId:i64 producerEpoch:i16 transactionResult:bool topics[ topic:str partitionIndexes:[i32] ] coordinatorEpoch:i32 ]',
    response: 'markers[ producerId:i64 topics[ topic:str partitions[ partition:i32 error:error ] ] ]',
  },
  {
    key: 28, name: 'TxnOffsetCommit', maxVersion: 5, flexibleFrom: 3,
    request: `
      transactionalId:str groupId:str producerId:i64 producerEpoch:i16 generationId:i32@3+ memberId:str@3+ groupInstanceId:str?@3+ topics[
      topic:str partitions[ partition:i32 committedOffset:i64 committedLeaderEpoch:i32@2+ committedMetadata:str? ] ]`,
    response: 'throttleTimeMs:i32 topics[ topic:str partitions[ partition:i32 error:error ] ]',
  },
  {
    key: 61, name: 'DescribeProducers', maxVersion: 0, flexibleFrom: 0,
    request: 'topics[ topic:str partitionIndexes:[i32] ]',
    response: `
      throttleTimeMs:i32 topics[ topic:str partitions[ partition:i32 error:error errorMessage:str? activeProducers[ producerId:i64
      producerEpoch:i32 lastSequence:i32 lastTimestamp:i64 coordinatorEpoch:i32 currentTxnStartOffset:i64 ] ] ]`,
  },
  {
    key: 65, name: 'DescribeTransactions', maxVersion: 0, flexibleFrom: 0,
    request: 'transactionalIds:[str]',
    response: `
      throttleTimeMs:i32 transactionStates[ error:error transactionalId:str transactionState:str transactionTimeoutMs:i32
      transactionStartTimeMs:i64 producerId:i64 producerEpoch:i16 topics[ topic:str partitions:[i32] ] ]`,
  },
  {
    key: 66, name: 'ListTransactions', maxVersion: 2, flexibleFrom: 0,
    request: 'stateFilters:[str] producerIdFilters:[i64] durationFilter:i64@1+ transactionalIdPattern:str?@2+',
    response: `
      throttleTimeMs:i32 error:error unknownStateFilters:[str] transactionStates[ transactionalId:str producerId:i64 transactionState:str ]`,
  },
]
