/**
 * Every error that an operation can end with. The key is the code; `exit` is what the command line returns
 * (1 failed, 2 usage, 3 not permitted here). Rendered to docs/errors.md by `npm run docs`.
 */
export const ERRORS = {
  'usage': { exit: 2, what: 'The command line cannot be understood.' },
  'no-such-interface': { exit: 2, what: 'An interface of that name does not exist in the namespace.' },
  'no-such-namespace': { exit: 2, what: 'A network namespace of that name, or a process of that number, does not exist.' },
  'not-permitted': { exit: 3, what: 'The kernel refused for want of a right; the hint names the capability.' },
  'not-supported': { exit: 3, what: 'This machine or kernel lacks a part that the operation needs.' },
  'missing-program': { exit: 3, what: 'A program that the operation starts is not installed.' },
  'not-a-capture': { exit: 1, what: 'The file is neither pcap nor pcapng.' },
  'capture-cut': { exit: 1, what: 'The capture file ends in the middle of a record or block; everything before is shown.' },
  'capture-malformed': { exit: 1, what: 'The capture file breaks its format at the byte that is named; everything before is shown.' },
  'cannot-read': { exit: 1, what: 'A file could not be opened or read.' },
  'cannot-listen': { exit: 1, what: 'An address to listen on is taken, not there, or not permitted.' },
  'cannot-write': { exit: 1, what: 'A file or the output could not be written.' },
  'bad-schema': { exit: 1, what: 'A .proto file or a descriptor set cannot be understood, or lacks a type; the message names file and line.' },
  'bad-config': { exit: 1, what: 'The configuration of a sidecar cannot be used; the message names line and column, or the variable.' },
  'bad-filter': { exit: 2, what: 'An address or port of a filter cannot be parsed, or the filter cannot hold.' },
  'no-workload-api': { exit: 1, what: 'A SPIFFE Workload API gave no identity; it is asked again.' },
  'bad-identity': { exit: 1, what: 'A private key, certificate chain or trust bundle cannot be understood, or they do not belong together.' },
  'bad-rules': { exit: 1, what: 'A text of iptables-save or nft cannot be understood; the message names line and column.' },
  'rules-refused': { exit: 1, what: 'Interception rules that would lock something out, or hold nothing: the message says why, and nothing was changed.' },
  'rules-failed': { exit: 1, what: 'Interception rules could not be applied; the message says what the namespace has now, the rules from before or none but a default deny.' },
  'rules-missing': { exit: 1, what: 'Nobody set the interception rules of a pod in the time that was waited for them.' },
  'bad-report': { exit: 2, what: 'A file given as a baseline is no JSON report of mtlscope check.' },
  'bad-packet': { exit: 2, what: 'The packet of mtlscope explain cannot be understood; the hint has an example.' },
  'system-call': { exit: 1, what: 'A system call failed in a way that has no better name.' },
  'child-failed': { exit: 1, what: 'A process that was started ended early or never became ready.' },
  'bad-kubeconfig': { exit: 2, what: 'A kubeconfig cannot be read or used, or has no such context.' },
  'kube-unreachable': { exit: 1, what: 'The API server of Kubernetes did not answer, or is not the one whose certificate is trusted.' },
  'kube-refused': { exit: 3, what: 'The API server does not know who asks, or the user may not do that; the message names the right that is missing.' },
  'kube-failed': { exit: 1, what: 'The API server answered with an error, or not as one does.' },
  'install-conflict': { exit: 1, what: 'Objects of others, or of another installation, are where mtlscope would be installed; nothing was changed.' },
  'install-failed': { exit: 1, what: 'A part did not become ready in Kubernetes; the message names the pod and why. What this run changed was undone, unless --keep.' },
  'uninstall-incomplete': { exit: 1, what: 'Some objects could not be removed from Kubernetes; the message names each, everything else is gone.' },
  'no-such-pod': { exit: 2, what: 'No pod of that name is there, or none that has a network of its own to be looked into.' },
  'agent-failed': { exit: 1, what: 'An agent in the cluster could not be started, or ended too early; the message names the node and why. What was made for it is removed.' },
  'bad-manifest': { exit: 1, what: 'A Kubernetes manifest or an annotation in it cannot be understood; the message names document and place.' },
  'agent-missing': { exit: 1, what: 'Agents of the cluster did not answer the hub, or not as agents do.' },
  'ca-exists': { exit: 1, what: 'There is a file or a CA already where one would be written; nothing was changed.' },
  'ca-state': { exit: 1, what: 'The folder of a CA, its token file or a certificate in it is missing, damaged, expired or readable for others.' },
  'ca-busy': { exit: 1, what: 'Another process is changing the same CA.' },
  'ca-refused': { exit: 1, what: 'The CA does not issue that: an identity, a name, a key or a lifetime outside its limits, or a token that it does not know.' },
  'ca-rotation': { exit: 1, what: 'The step of a root rotation is not due, or the CA is at another step.' },
  'ca-unreachable': { exit: 1, what: 'The CA did not answer in time, broke off, or is not the one whose bundle is trusted.' },
} as const satisfies Record<string, { exit: 1 | 2 | 3, what: string }>

export type ErrorCode = keyof typeof ERRORS

/** Values that make an error searchable: pid, path, byte offset, errno. */
export type Facts = Readonly<Record<string, string | number | boolean | undefined>>

export interface ErrorDetails { hint?: string, facts?: Facts, cause?: unknown }

/** An operation failed. `message` is lower case without a full stop; `hint` is the next thing to try. */
export class MtlscopeError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly facts: Facts

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'MtlscopeError'
    this.code = code
    this.hint = details.hint
    this.facts = details.facts ?? {}
  }

  get exitCode(): 1 | 2 | 3 {
    return ERRORS[this.code].exit
  }
}
