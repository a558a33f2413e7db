/**
 * URL of the module `name` in the folder of the module that asks, for `new Worker()`. In `dist/` scripts/build.ts puts in its place where the module lies.
 * It is worker.ts where TypeScript runs as it is, and worker.js where it was compiled: the asking module's own extension.
 */
export function sibling(moduleUrl: string, name: string): URL {
  const extension = moduleUrl.slice(moduleUrl.lastIndexOf('.'))
  return new URL(`./${name}${extension}`, moduleUrl)
}
