import koffi from 'koffi'

/*
 * TCP sockets for the relay, which never wait: one declaration a line, named as its man page in section 2. Memory is an address
 * (see memory.ts). Results fit 32 bits because no call here is given more than a megabyte.
 */
const libc = koffi.load(null)

export const socketOf: (domain: number, type: number, protocol: number) => number = libc.func('int socket(int domain, int type, int protocol)')
export const bindAt: (fd: number, address: number, length: number) => number = libc.func('int bind(int sockfd, uint64_t addr, uint32_t addrlen)')
export const listen: (fd: number, backlog: number) => number = libc.func('int listen(int sockfd, int backlog)')
export const accept4: (fd: number, address: number, length: number, flags: number) => number = libc.func('int accept4(int sockfd, uint64_t addr, uint64_t addrlen, int flags)')
export const connectAt: (fd: number, address: number, length: number) => number = libc.func('int connect(int sockfd, uint64_t addr, uint32_t addrlen)')
export const getsocknameAt: (fd: number, address: number, length: number) => number = libc.func('int getsockname(int sockfd, uint64_t addr, uint64_t addrlen)')
export const getsockoptAt: (fd: number, level: number, name: number, value: number, length: number) => number = libc.func('int getsockopt(int sockfd, int level, int optname, uint64_t optval, uint64_t optlen)')
export const setsockoptAt: (fd: number, level: number, name: number, value: number, length: number) => number = libc.func('int setsockopt(int sockfd, int level, int optname, uint64_t optval, uint32_t optlen)')
export const shutdown: (fd: number, how: number) => number = libc.func('int shutdown(int sockfd, int how)')
export const closeFd: (fd: number) => number = libc.func('int close(int fd)')
export const recvAt: (fd: number, to: number, sizeBytes: number, flags: number) => number = libc.func('int recv(int sockfd, uint64_t buf, size_t len, int flags)')
export const sendAt: (fd: number, from: number, sizeBytes: number, flags: number) => number = libc.func('int send(int sockfd, uint64_t buf, size_t len, int flags)')
export const eventfd: (count: number, flags: number) => number = libc.func('int eventfd(unsigned int initval, int flags)')
export const readAt: (fd: number, to: number, sizeBytes: number) => number = libc.func('int read(int fd, uint64_t buf, size_t count)')
export const writeAt: (fd: number, from: number, sizeBytes: number) => number = libc.func('int write(int fd, uint64_t buf, size_t count)')

export const AF_INET = 2
export const AF_INET6 = 10
export const SOCK_STREAM = 1
export const SOCK_NONBLOCK = 0o4000
export const SOCK_CLOEXEC = 0o2000000
export const SHUT_WR = 1
export const MSG_PEEK = 2
export const MSG_NOSIGNAL = 0x4000
/** eventfd(2) */
export const EFD_NONBLOCK = 0o4000
export const EFD_CLOEXEC = 0o2000000

/** Levels and names of socket options: socket(7), ip(7), ipv6(7), tcp(7), and linux/netfilter_ipv4.h for SO_ORIGINAL_DST. */
export const SOL_SOCKET = 1
export const SO_REUSEADDR = 2
export const SO_ERROR = 4
export const SO_KEEPALIVE = 9
export const SO_LINGER = 13
export const SO_REUSEPORT = 15
export const SO_MARK = 36
export const SOL_IP = 0
export const IP_TRANSPARENT = 19
export const SO_ORIGINAL_DST = 80
export const SOL_IPV6 = 41
export const IPV6_V6ONLY = 26
export const IPV6_TRANSPARENT = 75
export const SOL_TCP = 6
export const TCP_NODELAY = 1
export const TCP_CORK = 3

/** Numbers of errno(3) that a relay meets and treats apart; the same on x64 and arm64. */
export const EINTR = 4
export const EAGAIN = 11
export const ENFILE = 23
export const EMFILE = 24
export const EPIPE = 32
export const EADDRNOTAVAIL = 99
export const ECONNABORTED = 103
export const ECONNRESET = 104
export const ENOBUFS = 105
export const ENOMEM = 12
export const ETIMEDOUT = 110
export const ECONNREFUSED = 111
export const EINPROGRESS = 115
