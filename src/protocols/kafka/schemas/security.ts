import type { ApiSchema } from '../schema.ts'

/** Rights, tokens, quotas and passwords: notation of schema.ts. */
export const SECURITY: readonly ApiSchema[] = [
  {
    key: 29, name: 'DescribeAcls', maxVersion: 3, flexibleFrom: 2,
    request: `
      resourceTypeFilter:i8 resourceNameFilter:str? patternTypeFilter:i8@1+ principalFilter:str? hostFilter:str? operation:i8
      permissionType:i8`,
    response: `
      throttleTimeMs:i32 error:error errorMessage:str? resources[ resourceType:i8 resourceName:str patternType:i8@1+ acls[ principal:str
      host:str operation:i8 permissionType:i8 ] ]`,
  },
  {
    key: 30, name: 'CreateAcls', maxVersion: 3, flexibleFrom: 2,
    request: 'creations[ resourceType:i8 resourceName:str resourcePatternType:i8@1+ principal:str host:str operation:i8 permissionType:i8 ]',
    response: 'throttleTimeMs:i32 results[ error:error errorMessage:str? ]',
  },
  {
    key: 31, name: 'DeleteAcls', maxVersion: 3, flexibleFrom: 2,
    request: `
      filters[ resourceTypeFilter:i8 resourceNameFilter:str? patternTypeFilter:i8@1+ principalFilter:str? hostFilter:str? operation:i8
      permissionType:i8 ]`,
    response: `
      throttleTimeMs:i32 filterResults[ error:error errorMessage:str? matchingAcls[ error:error errorMessage:str? resourceType:i8
      resourceName:str patternType:i8@1+ principal:str host:str operation:i8 permissionType:i8 ] ]`,
  },
  {
    key: 38, name: 'CreateDelegationToken', maxVersion: 3, flexibleFrom: 2,
    request: 'ownerPrincipalType:str?@3+ ownerPrincipalName:str?@3+ renewers[ principalType:str principalName:str ] maxLifetimeMs:i64',
    response: `
      error:error principalType:str principalName:str tokenRequesterPrincipalType:str@3+ tokenRequesterPrincipalName:str@3+
      issueTimestampMs:i64 expiryTimestampMs:i64 maxTimestampMs:i64 tokenId:str hmac:secret throttleTimeMs:i32`,
  },
  {
    key: 39, name: 'RenewDelegationToken', maxVersion: 2, flexibleFrom: 2,
    request: 'hmac:secret renewPeriodMs:i64',
    response: 'error:error expiryTimestampMs:i64 throttleTimeMs:i32',
  },
  {
    key: 40, name: 'ExpireDelegationToken', maxVersion: 2, flexibleFrom: 2,
    request: 'hmac:secret expiryTimePeriodMs:i64',
    response: 'error:error expiryTimestampMs:i64 throttleTimeMs:i32',
  },
  {
    key: 41, name: 'DescribeDelegationToken', maxVersion: 3, flexibleFrom: 2,
    request: 'owners?[ principalType:str principalName:str ]',
    response: `
      error:error tokens[ principalType:str principalName:str tokenRequesterPrincipalType:str@3+ tokenRequesterPrincipalName:str@3+
      issueTimestamp:i64 expiryTimestamp:i64 maxTimestamp:i64 tokenId:str hmac:secret renewers[ principalType:str principalName:str ] ]
      throttleTimeMs:i32`,
  },
  {
    key: 48, name: 'DescribeClientQuotas', maxVersion: 1, flexibleFrom: 1,
    request: 'components[ entityType:str matchType:i8 match:str? ] strict:bool',
    response: 'throttleTimeMs:i32 error:error errorMessage:str? entries?[ entity[ entityType:str entityName:str? ] values[ key:str value:f64 ] ]',
  },
  {
    key: 49, name: 'AlterClientQuotas', maxVersion: 1, flexibleFrom: 1,
    request: 'entries[ entity[ entityType:str entityName:str? ] ops[ key:str value:f64 remove:bool ] ] validateOnly:bool',
    response: 'throttleTimeMs:i32 entries[ error:error errorMessage:str? entity[ entityType:str entityName:str? ] ]',
  },
  {
    key: 50, name: 'DescribeUserScramCredentials', maxVersion: 0, flexibleFrom: 0,
    request: 'users?[ name:str ]',
    response: `
      throttleTimeMs:i32 error:error errorMessage:str? results[ user:str error:error errorMessage:str? credentialInfos[ mechanism:i8
      iterations:i32 ] ]`,
  },
  {
    key: 51, name: 'AlterUserScramCredentials', maxVersion: 0, flexibleFrom: 0,
    request: 'deletions[ name:str mechanism:i8 ] upsertions[ name:str mechanism:i8 iterations:i32 salt:secret saltedPassword:secret ]',
    response: 'throttleTimeMs:i32 results[ user:str error:error errorMessage:str? ]',
  },
]
