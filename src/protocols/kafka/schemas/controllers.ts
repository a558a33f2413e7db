import type { ApiSchema } from '../schema.ts'

/** What brokers and controllers say to each other: notation of schema.ts. */
export const CONTROLLERS: readonly ApiSchema[] = [
  {
    key: 52, name: 'Vote', maxVersion: 2, flexibleFrom: 0,
    request: `
      clusterId:str? voterId:i32@1+ topics[ topic:str partitions[ partition:i32 replicaEpoch:i32 replicaId:i32 replicaDirectoryId:uuid@1+
      voterDirectoryId:uuid@1+ lastOffsetEpoch:i32 lastOffset:i64 preVote:bool@2+ ] ]`,
    response: `
      error:error topics[ topic:str partitions[ partition:i32 error:error leaderId:i32 leaderEpoch:i32 voteGranted:bool ] ]
      nodeEndpoints@1+#0[ nodeId:i32 host:str port:u16 ]`,
  },
  {
    key: 53, name: 'BeginQuorumEpoch', maxVersion: 1, flexibleFrom: 1,
    request: `
      clusterId:str? voterId:i32@1+ topics[ topic:str partitions[ partition:i32 voterDirectoryId:uuid@1+ leaderId:i32 leaderEpoch:i32 ] ]
      leaderEndpoints@1+[ name:str host:str port:u16 ]`,
    response: `
      error:error topics[ topic:str partitions[ partition:i32 error:error leaderId:i32 leaderEpoch:i32 ] ] nodeEndpoints@1+#0[ nodeId:i32
      host:str port:u16 ]`,
  },
  {
    key: 54, name: 'EndQuorumEpoch', maxVersion: 1, flexibleFrom: 1,
    request: `
      clusterId:str? topics[ topic:str partitions[ partition:i32 leaderId:i32 leaderEpoch:i32 preferredSuccessors:[i32]@0
      preferredCandidates@1+[ candidateId:i32 candidateDirectoryId:uuid ] ] ] leaderEndpoints@1+[ name:str host:str port:u16 ]`,
    response: `
      error:error topics[ topic:str partitions[ partition:i32 error:error leaderId:i32 leaderEpoch:i32 ] ] nodeEndpoints@1+#0[ nodeId:i32
      host:str port:u16 ]`,
  },
  {
    key: 56, name: 'AlterPartition', maxVersion: 3, flexibleFrom: 0,
    request: `
      brokerId:i32 brokerEpoch:i64 topics[ topicId:uuid@2+ partitions[ partition:i32 leaderEpoch:i32 newIsr:[i32]@0-2 newIsrWithEpochs@3+[
      brokerId:i32 brokerEpoch:i64 ] leaderRecoveryState:i8@1+ partitionEpoch:i32 ] ]`,
    response: `
      throttleTimeMs:i32 error:error topics[ topicId:uuid@2+ partitions[ partition:i32 error:error leaderId:i32 leaderEpoch:i32 isr:[i32]
      leaderRecoveryState:i8@1+ partitionEpoch:i32 ] ]`,
  },
  {
    key: 58, name: 'Envelope', maxVersion: 0, flexibleFrom: 0,
    request: 'requestData:bytes requestPrincipal:bytes? clientHostAddress:bytes',
    response: 'responseData:bytes? error:error',
  },
  {
    key: 59, name: 'FetchSnapshot', maxVersion: 1, flexibleFrom: 0,
    request: `
      clusterId:str?#0 replicaId:i32 maxBytes:i32 topics[ topic:str partitions[ partition:i32 currentLeaderEpoch:i32 snapshotId{ endOffset:i64
      epoch:i32 } position:i64 replicaDirectoryId:uuid@1+#0 ] ]`,
    response: `
      throttleTimeMs:i32 error:error topics[ topic:str partitions[ partition:i32 error:error snapshotId{ endOffset:i64 epoch:i32 }
      currentLeader#0{ leaderId:i32 leaderEpoch:i32 } size:i64 position:i64 unalignedRecords:bytes ] ] nodeEndpoints@1+#0[ nodeId:i32 host:str
      port:u16 ]`,
  },
  {
    key: 62, name: 'BrokerRegistration', maxVersion: 4, flexibleFrom: 0,
    request: `
      brokerId:i32 clusterId:str incarnationId:uuid listeners[ name:str host:str port:u16 securityProtocol:i16 ] features[ name:str
      minSupportedVersion:i16 maxSupportedVersion:i16 ] rack:str? isMigratingZkBroker:bool@1+ logDirs:[uuid]@2+ previousBrokerEpoch:i64@3+`,
    response: 'throttleTimeMs:i32 error:error brokerEpoch:i64',
  },
  {
    key: 63, name: 'BrokerHeartbeat', maxVersion: 1, flexibleFrom: 0,
    request: 'brokerId:i32 brokerEpoch:i64 currentMetadataOffset:i64 wantFence:bool wantShutDown:bool offlineLogDirs:[uuid]@1+#0',
    response: 'throttleTimeMs:i32 error:error isCaughtUp:bool isFenced:bool shouldShutDown:bool',
  },
  {
    key: 67, name: 'AllocateProducerIds', maxVersion: 0, flexibleFrom: 0,
    request: 'brokerId:i32 brokerEpoch:i64',
    response: 'throttleTimeMs:i32 error:error producerIdStart:i64 producerIdLen:i32',
  },
  {
    key: 70, name: 'ControllerRegistration', maxVersion: 0, flexibleFrom: 0,
    request: `
      controllerId:i32 incarnationId:uuid zkMigrationReady:bool listeners[ name:str host:str port:u16 securityProtocol:i16 ] features[
      name:str minSupportedVersion:i16 maxSupportedVersion:i16 ]`,
    response: 'throttleTimeMs:i32 error:error errorMessage:str?',
  },
  {
    key: 73, name: 'AssignReplicasToDirs', maxVersion: 0, flexibleFrom: 0,
    request: 'brokerId:i32 brokerEpoch:i64 directories[ id:uuid topics[ topicId:uuid partitions[ partition:i32 ] ] ]',
    response: 'throttleTimeMs:i32 error:error directories[ id:uuid topics[ topicId:uuid partitions[ partition:i32 error:error ] ] ]',
  },
  {
    key: 80, name: 'AddRaftVoter', maxVersion: 0, flexibleFrom: 0,
    request: 'clusterId:str? timeoutMs:i32 voterId:i32 voterDirectoryId:uuid listeners[ name:str host:str port:u16 ]',
    response: 'throttleTimeMs:i32 error:error errorMessage:str?',
  },
  {
    key: 81, name: 'RemoveRaftVoter', maxVersion: 0, flexibleFrom: 0,
    request: 'clusterId:str? voterId:i32 voterDirectoryId:uuid',
    response: 'throttleTimeMs:i32 error:error errorMessage:str?',
  },
  {
    key: 82, name: 'UpdateRaftVoter', maxVersion: 0, flexibleFrom: 0,
    request: `
      clusterId:str? currentLeaderEpoch:i32 voterId:i32 voterDirectoryId:uuid listeners[ name:str host:str port:u16 ] kRaftVersionFeature{
      minSupportedVersion:i16 maxSupportedVersion:i16 }`,
    response: 'throttleTimeMs:i32 error:error currentLeader#0{ leaderId:i32 leaderEpoch:i32 host:str port:i32 }',
  },
]
