import { readFileSync } from 'node:fs'
import { ROOT } from '../checkout.ts'

interface LockedPackage { dev?: boolean, devOptional?: boolean, os?: string[], cpu?: string[], libc?: string[] }

/** Folders of node_modules/, from the checkout's root, that the published program needs on a machine: what package-lock.json says, dev-dependencies left out. */
export function productionPackages(cpu: string, lock: string = readFileSync(`${ROOT}package-lock.json`, 'utf8')): string[] {
  const { packages } = JSON.parse(lock) as { packages: Record<string, LockedPackage> }
  return Object.entries(packages)
    .filter(([path, entry]) => path !== '' && entry.dev !== true && entry.devOptional !== true && fits(entry, cpu))
    .map(([path]) => path)
}

function fits({ os, cpu, libc }: LockedPackage, wanted: string): boolean {
  return (os?.includes('linux') ?? true) && (cpu?.includes(wanted) ?? true) && (libc?.includes('glibc') ?? true)
}
