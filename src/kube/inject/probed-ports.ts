import type { Fields } from '../fields.ts'
import { fields, list } from '../fields.ts'

const PROBES = ['startupProbe', 'livenessProbe', 'readinessProbe']

/** Ports that the kubelet connects to by the address of the pod, in ascending order; names of ports are looked up in their container. */
export function probedPorts(containers: readonly Fields[]): number[] {
  const ports = containers.flatMap((container) => PROBES.flatMap((probe) => portOf(container, fields(container[probe])) ?? []))
  return [...new Set(ports)].sort((a, b) => a - b)
}

function portOf(container: Fields, probe: Fields): number | undefined {
  const port = ['httpGet', 'tcpSocket', 'grpc'].map((way) => fields(probe[way]).port).find((value) => value !== undefined)
  if (typeof port === 'number') return port
  const named = list(container.ports).find(({ name }) => name === port)?.containerPort
  return typeof port === 'string' && typeof named === 'number' ? named : undefined
}
