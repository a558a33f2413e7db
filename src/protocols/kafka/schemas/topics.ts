import type { ApiSchema } from '../schema.ts'

/** Topics, their configuration and where they lie: notation of schema.ts. */
export const TOPICS: readonly ApiSchema[] = [
  {
    key: 19, name: 'CreateTopics', maxVersion: 7, flexibleFrom: 5,
    request: `
      topics[ topic:str numPartitions:i32 replicationFactor:i16 assignments[ partition:i32 brokerIds:[i32] ] configs[ name:str value:str? ] ]
      timeoutMs:i32 validateOnly:bool@1+`,
    response: `
      throttleTimeMs:i32@2+ topics[ topic:str topicId:uuid@7+ error:error errorMessage:str?@1+ topicConfigErrorCode:i16@5+#0
      numPartitions:i32@5+ replicationFactor:i16@5+ configs?@5+[ name:str value:str? readOnly:bool configSource:i8 isSensitive:bool ] ]`,
  },
  {
    key: 20, name: 'DeleteTopics', maxVersion: 6, flexibleFrom: 4,
    request: 'topics@6+[ topic:str? topicId:uuid ] topicNames:[str]@0-5 timeoutMs:i32',
    response: 'throttleTimeMs:i32@1+ responses[ topic:str?6+ topicId:uuid@6+ error:error errorMessage:str?@5+ ]',
  },
  {
    key: 32, name: 'DescribeConfigs', maxVersion: 4, flexibleFrom: 4,
    request: 'resources[ resourceType:i8 resourceName:str configurationKeys:[str]? ] includeSynonyms:bool@1+ includeDocumentation:bool@3+',
    response: `
      throttleTimeMs:i32 results[ error:error errorMessage:str? resourceType:i8 resourceName:str configs[ name:str value:str? readOnly:bool
      isDefault:bool@0 configSource:i8@1+ isSensitive:bool synonyms@1+[ name:str value:str? source:i8 ] configType:i8@3+ documentation:str?@3+
      ] ]`,
  },
  {
    key: 33, name: 'AlterConfigs', maxVersion: 2, flexibleFrom: 2,
    request: 'resources[ resourceType:i8 resourceName:str configs[ name:str value:str? ] ] validateOnly:bool',
    response: 'throttleTimeMs:i32 responses[ error:error errorMessage:str? resourceType:i8 resourceName:str ]',
  },
  {
    key: 34, name: 'AlterReplicaLogDirs', maxVersion: 2, flexibleFrom: 2,
    request: 'dirs[ path:str topics[ topic:str partitions:[i32] ] ]',
    response: 'throttleTimeMs:i32 results[ topic:str partitions[ partition:i32 error:error ] ]',
  },
  {
    key: 35, name: 'DescribeLogDirs', maxVersion: 4, flexibleFrom: 2,
    request: 'topics?[ topic:str partitions:[i32] ]',
    response: `
      throttleTimeMs:i32 error:error@3+ results[ error:error logDir:str topics[ topic:str partitions[ partition:i32 partitionSize:i64
      offsetLag:i64 isFutureKey:bool ] ] totalBytes:i64@4+ usableBytes:i64@4+ ]`,
  },
  {
    key: 37, name: 'CreatePartitions', maxVersion: 3, flexibleFrom: 2,
    request: 'topics[ topic:str count:i32 assignments?[ brokerIds:[i32] ] ] timeoutMs:i32 validateOnly:bool',
    response: 'throttleTimeMs:i32 results[ topic:str error:error errorMessage:str? ]',
  },
  {
    key: 43, name: 'ElectLeaders', maxVersion: 2, flexibleFrom: 2,
    request: 'electionType:i8@1+ topicPartitions?[ topic:str partitions:[i32] ] timeoutMs:i32',
    response: `
      throttleTimeMs:i32 error:error@1+ replicaElectionResults[ topic:str partitionResult[ partitionId:i32 error:error errorMessage:str? ] ]`,
  },
  {
    key: 44, name: 'IncrementalAlterConfigs', maxVersion: 1, flexibleFrom: 1,
    request: 'resources[ resourceType:i8 resourceName:str configs[ name:str configOperation:i8 value:str? ] ] validateOnly:bool',
    response: 'throttleTimeMs:i32 responses[ error:error errorMessage:str? resourceType:i8 resourceName:str ]',
  },
  {
    key: 45, name: 'AlterPartitionReassignments', maxVersion: 1, flexibleFrom: 0,
    request: 'timeoutMs:i32 allowReplicationFactorChange:bool@1+ topics[ topic:str partitions[ partition:i32 replicas:[i32]? ] ]',
    response: `
      throttleTimeMs:i32 allowReplicationFactorChange:bool@1+ error:error errorMessage:str? responses[ topic:str partitions[ partition:i32
      error:error errorMessage:str? ] ]`,
  },
  {
    key: 46, name: 'ListPartitionReassignments', maxVersion: 0, flexibleFrom: 0,
    request: 'timeoutMs:i32 topics?[ topic:str partitionIndexes:[i32] ]',
    response: `
      throttleTimeMs:i32 error:error errorMessage:str? topics[ topic:str partitions[ partition:i32 replicas:[i32] addingReplicas:[i32]
      removingReplicas:[i32] ] ]`,
  },
  {
    key: 74, name: 'ListConfigResources', maxVersion: 1, flexibleFrom: 0,
    request: 'resourceTypes:[i8]@1+',
    response: 'throttleTimeMs:i32 error:error configResources[ resourceName:str resourceType:i8@1+ ]',
  },
]
