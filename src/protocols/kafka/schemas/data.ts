import type { ApiSchema } from '../schema.ts'

/** Reading and writing records: notation of schema.ts. */
export const DATA: readonly ApiSchema[] = [
  {
    key: 0, name: 'Produce', maxVersion: 13, flexibleFrom: 9,
    request: `
      transactionalId:str?@3+ acks:i16 timeoutMs:i32 topics[ topic:str@0-12 topicId:uuid@13+ partitions[ partition:i32 records:records? ] ]`,
    response: `
      topics[ topic:str@0-12 topicId:uuid@13+ partitions[ partition:i32 error:error baseOffset:i64 logAppendTimeMs:i64@2+
      logStartOffset:i64@5+ recordErrors@8+[ batchIndex:i32 batchIndexErrorMessage:str? ] errorMessage:str?@8+ currentLeader@10+#0{
      leaderId:i32 leaderEpoch:i32 } ] ] throttleTimeMs:i32@1+ nodeEndpoints@10+#0[ nodeId:i32 host:str port:i32 rack:str? ]`,
  },
  {
    key: 1, name: 'Fetch', maxVersion: 18, flexibleFrom: 12,
    request: `
      clusterId:str?@12+#0 replicaId:i32@0-14 replicaState@15+#1{ replicaId:i32 replicaEpoch:i64 } maxWaitMs:i32 minBytes:i32 maxBytes:i32@3+
      isolationLevel:i8@4+ sessionId:i32@7+ sessionEpoch:i32@7+ topics[ topic:str@0-12 topicId:uuid@13+ partitions[ partition:i32
      currentLeaderEpoch:i32@9+ fetchOffset:i64 lastFetchedEpoch:i32@12+ logStartOffset:i64@5+ partitionMaxBytes:i32
      replicaDirectoryId:uuid@17+#0 highWatermark:i64@18+#1 ] ] forgottenTopics@7+[ topic:str@7-12 topicId:uuid@13+ partitions:[i32] ]
      rackId:str@11+`,
    response: `
      throttleTimeMs:i32@1+ error:error@7+ sessionId:i32@7+ topics[ topic:str@0-12 topicId:uuid@13+ partitions[ partition:i32 error:error
      highWatermark:i64 lastStableOffset:i64@4+ logStartOffset:i64@5+ divergingEpoch@12+#0{ epoch:i32 endOffset:i64 } currentLeader@12+#1{
      leaderId:i32 leaderEpoch:i32 } snapshotId@12+#2{ endOffset:i64 epoch:i32 } abortedTransactions?@4+[ producerId:i64 firstOffset:i64 ]
      preferredReadReplica:i32@11+ records:records? ] ] nodeEndpoints@16+#0[ nodeId:i32 host:str port:i32 rack:str? ]`,
  },
  {
    key: 2, name: 'ListOffsets', maxVersion: 10, flexibleFrom: 6,
    request: `
      replicaId:i32 isolationLevel:i8@2+ topics[ topic:str partitions[ partition:i32 currentLeaderEpoch:i32@4+ timestamp:i64
      maxNumOffsets:i32@0 ] ] timeoutMs:i32@10+`,
    response: `
      throttleTimeMs:i32@2+ topics[ topic:str partitions[ partition:i32 error:error offsets:[i64]@0 timestamp:i64@1+ offset:i64@1+
      leaderEpoch:i32@4+ ] ]`,
  },
  {
    key: 21, name: 'DeleteRecords', maxVersion: 2, flexibleFrom: 2,
    request: 'topics[ topic:str partitions[ partition:i32 offset:i64 ] ] timeoutMs:i32',
    response: 'throttleTimeMs:i32 topics[ topic:str partitions[ partition:i32 lowWatermark:i64 error:error ] ]',
  },
  {
    key: 23, name: 'OffsetForLeaderEpoch', maxVersion: 4, flexibleFrom: 4,
    request: 'replicaId:i32@3+ topics[ topic:str partitions[ partition:i32 currentLeaderEpoch:i32@2+ leaderEpoch:i32 ] ]',
    response: 'throttleTimeMs:i32@2+ topics[ topic:str partitions[ error:error partition:i32 leaderEpoch:i32@1+ endOffset:i64 ] ]',
  },
]
