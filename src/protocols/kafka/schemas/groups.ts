import type { ApiSchema } from '../schema.ts'

/** Consumer groups and their offsets: notation of schema.ts. */
export const GROUPS: readonly ApiSchema[] = [
  {
    key: 8, name: 'OffsetCommit', maxVersion: 10, flexibleFrom: 8,
    request: `
      groupId:str generationIdOrMemberEpoch:i32@1+ memberId:str@1+ groupInstanceId:str?@7+ retentionTimeMs:i64@2-4 topics[ topic:str@0-9
      topicId:uuid@10+ partitions[ partition:i32 committedOffset:i64 commitTimestamp:i64@1 committedLeaderEpoch:i32@6+ committedMetadata:str?
      ] ]`,
    response: 'throttleTimeMs:i32@3+ topics[ topic:str@0-9 topicId:uuid@10+ partitions[ partition:i32 error:error ] ]',
  },
  {
    key: 9, name: 'OffsetFetch', maxVersion: 10, flexibleFrom: 6,
    request: `
      groupId:str@0-7 topics?2-7@0-7[ topic:str partitionIndexes:[i32] ] groups@8+[ groupId:str memberId:str?@9+ memberEpoch:i32@9+ topics?[
      topic:str@8-9 topicId:uuid@10+ partitionIndexes:[i32] ] ] requireStable:bool@7+`,
    response: `
      throttleTimeMs:i32@3+ topics@0-7[ topic:str partitions[ partition:i32 committedOffset:i64 committedLeaderEpoch:i32@5-7 metadata:str?
      error:error ] ] error:error@2-7 groups@8+[ groupId:str topics[ topic:str@8-9 topicId:uuid@10+ partitions[ partition:i32
      committedOffset:i64 committedLeaderEpoch:i32 metadata:str? error:error ] ] error:error ]`,
  },
  {
    key: 10, name: 'FindCoordinator', maxVersion: 6, flexibleFrom: 3,
    request: 'key:str@0-3 keyType:i8@1+ coordinatorKeys:[str]@4+',
    response: `
      throttleTimeMs:i32@1+ error:error@0-3 errorMessage:str?@1-3 nodeId:i32@0-3 host:str@0-3 port:i32@0-3 coordinators@4+[ key:str nodeId:i32
      host:str port:i32 error:error errorMessage:str? ]`,
  },
  {
    key: 11, name: 'JoinGroup', maxVersion: 9, flexibleFrom: 6,
    request: `
      groupId:str sessionTimeoutMs:i32 rebalanceTimeoutMs:i32@1+ memberId:str groupInstanceId:str?@5+ protocolType:str protocols[ name:str
      metadata:subscription ] reason:str?@8+`,
    response: `
      throttleTimeMs:i32@2+ error:error generationId:i32 protocolType:str?@7+ protocolName:str?7+ leader:str skipAssignment:bool@9+
      memberId:str members[ memberId:str groupInstanceId:str?@5+ metadata:subscription ]`,
  },
  {
    key: 12, name: 'Heartbeat', maxVersion: 4, flexibleFrom: 4,
    request: 'groupId:str generationId:i32 memberId:str groupInstanceId:str?@3+',
    response: 'throttleTimeMs:i32@1+ error:error',
  },
  {
    key: 13, name: 'LeaveGroup', maxVersion: 5, flexibleFrom: 4,
    request: 'groupId:str memberId:str@0-2 members@3+[ memberId:str groupInstanceId:str? reason:str?@5+ ]',
    response: 'throttleTimeMs:i32@1+ error:error members@3+[ memberId:str groupInstanceId:str? error:error ]',
  },
  {
    key: 14, name: 'SyncGroup', maxVersion: 5, flexibleFrom: 4,
    request: `
      groupId:str generationId:i32 memberId:str groupInstanceId:str?@3+ protocolType:str?@5+ protocolName:str?@5+ assignments[ memberId:str
      assignment:assignment ]`,
    response: 'throttleTimeMs:i32@1+ error:error protocolType:str?@5+ protocolName:str?@5+ assignment:assignment',
  },
  {
    key: 15, name: 'DescribeGroups', maxVersion: 6, flexibleFrom: 5,
    request: 'groups:[str] includeAuthorizedOperations:bool@3+',
    response: `
      throttleTimeMs:i32@1+ groups[ error:error errorMessage:str?@6+ groupId:str groupState:str protocolType:str protocolData:str members[
      memberId:str groupInstanceId:str?@4+ clientId:str clientHost:str memberMetadata:subscription memberAssignment:assignment ]
      authorizedOperations:i32@3+ ]`,
  },
  {
    key: 16, name: 'ListGroups', maxVersion: 5, flexibleFrom: 3,
    request: 'statesFilter:[str]@4+ typesFilter:[str]@5+',
    response: 'throttleTimeMs:i32@1+ error:error groups[ groupId:str protocolType:str groupState:str@4+ groupType:str@5+ ]',
  },
  {
    key: 42, name: 'DeleteGroups', maxVersion: 2, flexibleFrom: 2,
    request: 'groupsNames:[str]',
    response: 'throttleTimeMs:i32 results[ groupId:str error:error ]',
  },
  {
    key: 47, name: 'OffsetDelete', maxVersion: 0, flexibleFrom: undefined,
    request: 'groupId:str topics[ topic:str partitions[ partition:i32 ] ]',
    response: 'error:error throttleTimeMs:i32 topics[ topic:str partitions[ partition:i32 error:error ] ]',
  },
  {
    key: 68, name: 'ConsumerGroupHeartbeat', maxVersion: 1, flexibleFrom: 0,
    request: `
      groupId:str memberId:str memberEpoch:i32 instanceId:str? rackId:str? rebalanceTimeoutMs:i32 subscribedTopicNames:[str]?
      subscribedTopicRegex:str?@1+ serverAssignor:str? topicPartitions?[ topicId:uuid partitions:[i32] ]`,
    response: `
      throttleTimeMs:i32 error:error errorMessage:str? memberId:str? memberEpoch:i32 heartbeatIntervalMs:i32 assignment?{ topicPartitions[
      topicId:uuid partitions:[i32] ] }`,
  },
  {
    key: 69, name: 'ConsumerGroupDescribe', maxVersion: 1, flexibleFrom: 0,
    request: 'groupIds:[str] includeAuthorizedOperations:bool',
    response: `
      throttleTimeMs:i32 groups[ error:error errorMessage:str? groupId:str groupState:str groupEpoch:i32 assignmentEpoch:i32 assignorName:str
      members[ memberId:str instanceId:str? rackId:str? memberEpoch:i32 clientId:str clientHost:str subscribedTopicNames:[str]
      subscribedTopicRegex:str? assignment{ topicPartitions[ topicId:uuid topic:str partitions:[i32] ] } targetAssignment{ topicPartitions[
      topicId:uuid topic:str partitions:[i32] ] } memberType:i8@1+ ] authorizedOperations:i32 ]`,
  },
  {
    key: 88, name: 'StreamsGroupHeartbeat', maxVersion: 0, flexibleFrom: 0,
    request: `
      groupId:str memberId:str memberEpoch:i32 endpointInformationEpoch:i32 instanceId:str? rackId:str? rebalanceTimeoutMs:i32 topology?{
      epoch:i32 subtopologies[ subtopologyId:str sourceTopics:[str] sourceTopicRegex:[str] stateChangelogTopics[ topic:str partitions:i32
      replicationFactor:i16 topicConfigs[ key:str value:str ] ] repartitionSinkTopics:[str] repartitionSourceTopics[ topic:str partitions:i32
      replicationFactor:i16 topicConfigs[ key:str value:str ] ] copartitionGroups[ sourceTopics:[i16] sourceTopicRegex:[i16]
      repartitionSourceTopics:[i16] ] ] } activeTasks?[ subtopologyId:str partitions:[i32] ] standbyTasks?[ subtopologyId:str partitions:[i32]
      ] warmupTasks?[ subtopologyId:str partitions:[i32] ] processId:str? userEndpoint?{ host:str port:u16 } clientTags?[ key:str value:str ]
      taskOffsets?[ subtopologyId:str partition:i32 offset:i64 ] taskEndOffsets?[ subtopologyId:str partition:i32 offset:i64 ]
      shutdownApplication:bool`,
    response: `
      throttleTimeMs:i32 error:error errorMessage:str? memberId:str memberEpoch:i32 heartbeatIntervalMs:i32 acceptableRecoveryLag:i32
      taskOffsetIntervalMs:i32 status?[ statusCode:i8 statusDetail:str ] activeTasks?[ subtopologyId:str partitions:[i32] ] standbyTasks?[
      subtopologyId:str partitions:[i32] ] warmupTasks?[ subtopologyId:str partitions:[i32] ] endpointInformationEpoch:i32
      partitionsByUserEndpoint?[ userEndpoint{ host:str port:u16 } activePartitions[ topic:str partitions:[i32] ] standbyPartitions[ topic:str
      partitions:[i32] ] ]`,
  },
  {
    key: 89, name: 'StreamsGroupDescribe', maxVersion: 0, flexibleFrom: 0,
    request: 'groupIds:[str] includeAuthorizedOperations:bool',
    response: `
      throttleTimeMs:i32 groups[ error:error errorMessage:str? groupId:str groupState:str groupEpoch:i32 assignmentEpoch:i32 topology?{
      epoch:i32 subtopologies?[ subtopologyId:str sourceTopics:[str] repartitionSinkTopics:[str] stateChangelogTopics[ topic:str
      partitions:i32 replicationFactor:i16 topicConfigs[ key:str value:str ] ] repartitionSourceTopics[ topic:str partitions:i32
      replicationFactor:i16 topicConfigs[ key:str value:str ] ] ] } members[ memberId:str memberEpoch:i32 instanceId:str? rackId:str?
      clientId:str clientHost:str topologyEpoch:i32 processId:str userEndpoint?{ host:str port:u16 } clientTags[ key:str value:str ]
      taskOffsets[ subtopologyId:str partition:i32 offset:i64 ] taskEndOffsets[ subtopologyId:str partition:i32 offset:i64 ] assignment{
      activeTasks[ subtopologyId:str partitions:[i32] ] standbyTasks[ subtopologyId:str partitions:[i32] ] warmupTasks[ subtopologyId:str
      partitions:[i32] ] } targetAssignment{ activeTasks[ subtopologyId:str partitions:[i32] ] standbyTasks[ subtopologyId:str
      partitions:[i32] ] warmupTasks[ subtopologyId:str partitions:[i32] ] } isClassic:bool ] authorizedOperations:i32 ]`,
  },
]
