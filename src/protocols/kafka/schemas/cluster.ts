import type { ApiSchema } from '../schema.ts'

/** What the cluster is made of, and who one is: notation of schema.ts. */
export const CLUSTER: readonly ApiSchema[] = [
  {
    key: 3, name: 'Metadata', maxVersion: 13, flexibleFrom: 9,
    request: `
      topics?1+[ topicId:uuid@10+ topic:str?10+ ] allowAutoTopicCreation:bool@4+ includeClusterAuthorizedOperations:bool@8-10
      includeTopicAuthorizedOperations:bool@8+`,
    response: `
      throttleTimeMs:i32@3+ brokers[ nodeId:i32 host:str port:i32 rack:str?@1+ ] clusterId:str?@2+ controllerId:i32@1+ topics[ error:error
      topic:str?12+ topicId:uuid@10+ isInternal:bool@1+ partitions[ error:error partition:i32 leaderId:i32 leaderEpoch:i32@7+
      replicaNodes:[i32] isrNodes:[i32] offlineReplicas:[i32]@5+ ] topicAuthorizedOperations:i32@8+ ] clusterAuthorizedOperations:i32@8-10
      error:error@13+`,
  },
  {
    key: 17, name: 'SaslHandshake', maxVersion: 1, flexibleFrom: undefined,
    request: 'mechanism:str',
    response: 'error:error mechanisms:[str]',
  },
  {
    key: 18, name: 'ApiVersions', maxVersion: 4, flexibleFrom: 3,
    request: 'clientSoftwareName:str@3+ clientSoftwareVersion:str@3+',
    response: `
      error:error apiKeys[ apiKey:i16 minVersion:i16 maxVersion:i16 ] throttleTimeMs:i32@1+ supportedFeatures@3+#0[ name:str minVersion:i16
      maxVersion:i16 ] finalizedFeaturesEpoch:i64@3+#1 finalizedFeatures@3+#2[ name:str maxVersionLevel:i16 minVersionLevel:i16 ]
      zkMigrationReady:bool@3+#3`,
  },
  {
    key: 36, name: 'SaslAuthenticate', maxVersion: 2, flexibleFrom: 2,
    request: 'authBytes:secret',
    response: 'error:error errorMessage:str? authBytes:secret sessionLifetimeMs:i64@1+',
  },
  {
    key: 55, name: 'DescribeQuorum', maxVersion: 2, flexibleFrom: 0,
    request: 'topics[ topic:str partitions[ partition:i32 ] ]',
    response: `
      error:error errorMessage:str?@2+ topics[ topic:str partitions[ partition:i32 error:error errorMessage:str?@2+ leaderId:i32
      leaderEpoch:i32 highWatermark:i64 currentVoters[ replicaId:i32 replicaDirectoryId:uuid@2+ logEndOffset:i64 lastFetchTimestamp:i64@1+
      lastCaughtUpTimestamp:i64@1+ ] observers[ replicaId:i32 replicaDirectoryId:uuid@2+ logEndOffset:i64 lastFetchTimestamp:i64@1+
      lastCaughtUpTimestamp:i64@1+ ] ] ] nodes@2+[ nodeId:i32 listeners[ name:str host:str port:u16 ] ]`,
  },
  {
    key: 57, name: 'UpdateFeatures', maxVersion: 2, flexibleFrom: 0,
    request: 'timeoutMs:i32 featureUpdates[ feature:str maxVersionLevel:i16 allowDowngrade:bool@0 upgradeType:i8@1+ ] validateOnly:bool@1+',
    response: 'throttleTimeMs:i32 error:error errorMessage:str? results@0-1[ feature:str error:error errorMessage:str? ]',
  },
  {
    key: 60, name: 'DescribeCluster', maxVersion: 2, flexibleFrom: 0,
    request: 'includeClusterAuthorizedOperations:bool endpointType:i8@1+ includeFencedBrokers:bool@2+',
    response: `
      throttleTimeMs:i32 error:error errorMessage:str? endpointType:i8@1+ clusterId:str controllerId:i32 brokers[ brokerId:i32 host:str
      port:i32 rack:str? isFenced:bool@2+ ] clusterAuthorizedOperations:i32`,
  },
  {
    key: 64, name: 'UnregisterBroker', maxVersion: 0, flexibleFrom: 0,
    request: 'brokerId:i32',
    response: 'throttleTimeMs:i32 error:error errorMessage:str?',
  },
  {
    key: 71, name: 'GetTelemetrySubscriptions', maxVersion: 0, flexibleFrom: 0,
    request: 'clientInstanceId:uuid',
    response: `
      throttleTimeMs:i32 error:error clientInstanceId:uuid subscriptionId:i32 acceptedCompressionTypes:[i8] pushIntervalMs:i32
      telemetryMaxBytes:i32 deltaTemporality:bool requestedMetrics:[str]`,
  },
  {
    key: 72, name: 'PushTelemetry', maxVersion: 0, flexibleFrom: 0,
    request: 'clientInstanceId:uuid subscriptionId:i32 terminating:bool compressionType:i8 metrics:bytes',
    response: 'throttleTimeMs:i32 error:error',
  },
  {
    key: 75, name: 'DescribeTopicPartitions', maxVersion: 0, flexibleFrom: 0,
    request: 'topics[ topic:str ] responsePartitionLimit:i32 cursor?{ topic:str partition:i32 }',
    response: `
      throttleTimeMs:i32 topics[ error:error topic:str? topicId:uuid isInternal:bool partitions[ error:error partition:i32 leaderId:i32
      leaderEpoch:i32 replicaNodes:[i32] isrNodes:[i32] eligibleLeaderReplicas:[i32]? lastKnownElr:[i32]? offlineReplicas:[i32] ]
      topicAuthorizedOperations:i32 ] nextCursor?{ topic:str partition:i32 }`,
  },
]
