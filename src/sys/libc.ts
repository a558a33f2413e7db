import koffi from 'koffi'

/*
 * The C library that the running node is linked to (glibc or musl). One declaration a line, named as its man page in section 2 or 3.
 * Structures are passed as typed arrays in the machine's own byte order; the package runs on x64 and arm64, both little-endian.
 * Loading this module costs some 10 ms, so nothing that reads files only may import it.
 */
const libc = koffi.load(null)

/** An address in this process. Only ever handed back to another call here. */
export type Address = bigint
/** Memory that a call reads or writes before it returns. */
export type Memory = Uint8Array | Int32Array | Uint32Array | Address | null

export const setns: (fd: number, type: number) => number = libc.func('int setns(int fd, int nstype)')
export const unshare: (flags: number) => number = libc.func('int unshare(int flags)')
export const socket: (domain: number, type: number, protocol: number) => number = libc.func('int socket(int domain, int type, int protocol)')
export const bind: (fd: number, address: Memory, length: number) => number = libc.func('int bind(int sockfd, const void *addr, uint32_t addrlen)')
export const close: (fd: number) => number = libc.func('int close(int fd)')
export const setsockopt: (fd: number, level: number, name: number, value: Memory, length: number) => number = libc.func('int setsockopt(int sockfd, int level, int optname, const void *optval, uint32_t optlen)')
export const getsockopt: (fd: number, level: number, name: number, value: Memory, length: Memory) => number = libc.func('int getsockopt(int sockfd, int level, int optname, void *optval, void *optlen)')
export const mmap: (address: Address | null, length: number, protection: number, flags: number, fd: number, offset: number) => Address = libc.func('void *mmap(void *addr, size_t length, int prot, int flags, int fd, int64_t offset)')
export const munmap: (address: Address, length: number) => number = libc.func('int munmap(void *addr, size_t length)')
export const poll: (fds: Memory, count: number, timeoutMs: number) => number = libc.func('int poll(void *fds, size_t nfds, int timeout)')
export const send: (fd: number, data: Memory, length: number, flags: number) => number = libc.func('int64_t send(int sockfd, const void *buf, size_t len, int flags)')
export const recv: (fd: number, data: Memory, length: number, flags: number) => number = libc.func('int64_t recv(int sockfd, void *buf, size_t len, int flags)')
export const prctl: (option: number, arg2: number, arg3: number, arg4: number, arg5: number) => number = libc.func('int prctl(int option, size_t arg2, size_t arg3, size_t arg4, size_t arg5)')
export const inetNtop: (family: number, source: Memory, text: Memory, sizeBytes: number) => string | null = libc.func('const char *inet_ntop(int af, const void *src, void *dst, uint32_t size)')
export const abort: () => void = libc.func('void abort()')

/** Why the last call on this thread failed; read it before anything else is called. */
export function errno(): number {
  return koffi.errno()
}

/** mmap's answer when it failed. */
export const MAP_FAILED: Address = 0xffff_ffff_ffff_ffffn

/** Bytes at an address, not copied: touching them after they were unmapped ends the process. */
export function viewMemory(address: Address, sizeBytes: number): ArrayBuffer {
  return koffi.view(address, sizeBytes)
}

/** Where the bytes of a typed array are; valid while the array is reachable. */
export function addressOf(memory: Uint8Array): Address {
  return koffi.address(memory)
}
