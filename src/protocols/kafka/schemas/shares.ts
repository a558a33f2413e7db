import type { ApiSchema } from '../schema.ts'

/** Share groups: notation of schema.ts. */
export const SHARES: readonly ApiSchema[] = [
  {
    key: 76, name: 'ShareGroupHeartbeat', maxVersion: 1, flexibleFrom: 0,
    request: 'groupId:str memberId:str memberEpoch:i32 rackId:str? subscribedTopicNames:[str]?',
    response: `
      throttleTimeMs:i32 error:error errorMessage:str? memberId:str? memberEpoch:i32 heartbeatIntervalMs:i32 assignment?{ topicPartitions[
      topicId:uuid partitions:[i32] ] }`,
  },
  {
    key: 77, name: 'ShareGroupDescribe', maxVersion: 1, flexibleFrom: 0,
    request: 'groupIds:[str] includeAuthorizedOperations:bool',
    response: `
      throttleTimeMs:i32 groups[ error:error errorMessage:str? groupId:str groupState:str groupEpoch:i32 assignmentEpoch:i32 assignorName:str
      members[ memberId:str rackId:str? memberEpoch:i32 clientId:str clientHost:str subscribedTopicNames:[str] assignment{ topicPartitions[
      topicId:uuid topic:str partitions:[i32] ] } ] authorizedOperations:i32 ]`,
  },
  {
    key: 78, name: 'ShareFetch', maxVersion: 1, flexibleFrom: 0,
    request: `
      groupId:str? memberId:str? shareSessionEpoch:i32 maxWaitMs:i32 minBytes:i32 maxBytes:i32 maxRecords:i32@1+ batchSize:i32@1+ topics[
      topicId:uuid partitions[ partition:i32 partitionMaxBytes:i32@0 acknowledgementBatches[ firstOffset:i64 lastOffset:i64
      acknowledgeTypes:[i8] ] ] ] forgottenTopics[ topicId:uuid partitions:[i32] ]`,
    response: `
      throttleTimeMs:i32 error:error errorMessage:str? acquisitionLockTimeoutMs:i32@1+ topics[ topicId:uuid partitions[ partition:i32
      error:error errorMessage:str? acknowledgeErrorCode:i16 acknowledgeErrorMessage:str? currentLeader{ leaderId:i32 leaderEpoch:i32 }
      records:records?0 acquiredRecords[ firstOffset:i64 lastOffset:i64 deliveryCount:i16 ] ] ] nodeEndpoints[ nodeId:i32 host:str port:i32
      rack:str? ]`,
  },
  {
    key: 79, name: 'ShareAcknowledge', maxVersion: 1, flexibleFrom: 0,
    request: `
      groupId:str? memberId:str? shareSessionEpoch:i32 topics[ topicId:uuid partitions[ partition:i32 acknowledgementBatches[ firstOffset:i64
      lastOffset:i64 acknowledgeTypes:[i8] ] ] ]`,
    response: `
      throttleTimeMs:i32 error:error errorMessage:str? topics[ topicId:uuid partitions[ partition:i32 error:error errorMessage:str?
      currentLeader{ leaderId:i32 leaderEpoch:i32 } ] ] nodeEndpoints[ nodeId:i32 host:str port:i32 rack:str? ]`,
  },
  {
    key: 83, name: 'InitializeShareGroupState', maxVersion: 0, flexibleFrom: 0,
    request: 'groupId:str topics[ topicId:uuid partitions[ partition:i32 stateEpoch:i32 startOffset:i64 ] ]',
    response: 'results[ topicId:uuid partitions[ partition:i32 error:error errorMessage:str? ] ]',
  },
  {
    key: 84, name: 'ReadShareGroupState', maxVersion: 0, flexibleFrom: 0,
    request: 'groupId:str topics[ topicId:uuid partitions[ partition:i32 leaderEpoch:i32 ] ]',
    response: `
      results[ topicId:uuid partitions[ partition:i32 error:error errorMessage:str? stateEpoch:i32 startOffset:i64 stateBatches[
      firstOffset:i64 lastOffset:i64 deliveryState:i8 deliveryCount:i16 ] ] ]`,
  },
  {
    key: 85, name: 'WriteShareGroupState', maxVersion: 0, flexibleFrom: 0,
    request: `
      groupId:str topics[ topicId:uuid partitions[ partition:i32 stateEpoch:i32 leaderEpoch:i32 startOffset:i64 stateBatches[ firstOffset:i64
      lastOffset:i64 deliveryState:i8 deliveryCount:i16 ] ] ]`,
    response: 'results[ topicId:uuid partitions[ partition:i32 error:error errorMessage:str? ] ]',
  },
  {
    key: 86, name: 'DeleteShareGroupState', maxVersion: 0, flexibleFrom: 0,
    request: 'groupId:str topics[ topicId:uuid partitions[ partition:i32 ] ]',
    response: 'results[ topicId:uuid partitions[ partition:i32 error:error errorMessage:str? ] ]',
  },
  {
    key: 87, name: 'ReadShareGroupStateSummary', maxVersion: 0, flexibleFrom: 0,
    request: 'groupId:str topics[ topicId:uuid partitions[ partition:i32 leaderEpoch:i32 ] ]',
    response: 'results[ topicId:uuid partitions[ partition:i32 error:error errorMessage:str? stateEpoch:i32 leaderEpoch:i32 startOffset:i64 ] ]',
  },
  {
    key: 90, name: 'DescribeShareGroupOffsets', maxVersion: 0, flexibleFrom: 0,
    request: 'groups[ groupId:str topics?[ topic:str partitions:[i32] ] ]',
    response: `
      throttleTimeMs:i32 groups[ groupId:str topics[ topic:str topicId:uuid partitions[ partition:i32 startOffset:i64 leaderEpoch:i32
      error:error errorMessage:str? ] ] error:error errorMessage:str? ]`,
  },
  {
    key: 91, name: 'AlterShareGroupOffsets', maxVersion: 0, flexibleFrom: 0,
    request: 'groupId:str topics[ topic:str partitions[ partition:i32 startOffset:i64 ] ]',
    response: `
      throttleTimeMs:i32 error:error errorMessage:str? responses[ topic:str topicId:uuid partitions[ partition:i32 error:error
      errorMessage:str? ] ]`,
  },
  {
    key: 92, name: 'DeleteShareGroupOffsets', maxVersion: 0, flexibleFrom: 0,
    request: 'groupId:str topics[ topic:str ]',
    response: 'throttleTimeMs:i32 error:error errorMessage:str? responses[ topic:str topicId:uuid error:error errorMessage:str? ]',
  },
]
