import { CodePoints } from './code-points.ts'

/** IANA registry "TLS Supported Groups", and the drafts of hybrid groups that were deployed before it had them. */
export const GROUPS = new CodePoints(`
0001 sect163k1 sect163r1 sect163r2 sect193r1 sect193r2 sect233k1 sect233r1 sect239k1 sect283k1 sect283r1 sect409k1 sect409r1
000d sect571k1 sect571r1 secp160k1 secp160r1 secp160r2 secp192k1 secp192r1 secp224k1 secp224r1 secp256k1 secp256r1 secp384r1
0019 secp521r1 brainpoolP256r1 brainpoolP384r1 brainpoolP512r1 x25519 x448 brainpoolP256r1tls13 brainpoolP384r1tls13
0021 brainpoolP512r1tls13 GC256A GC256B GC256C GC256D GC512A GC512B GC512C curveSM2
0100 ffdhe2048 ffdhe3072 ffdhe4096 ffdhe6144 ffdhe8192
0200 MLKEM512 MLKEM768 MLKEM1024
11eb SecP256r1MLKEM768 X25519MLKEM768 SecP384r1MLKEM1024 curveSM2MLKEM768
4138 CECPQ2
6399 X25519Kyber768Draft00 SecP256r1Kyber768Draft00
ff01 arbitrary_explicit_prime_curves arbitrary_explicit_char2_curves
`)

/** Whether a recording of today stays closed to a quantum computer of tomorrow: ML-KEM or one of its drafts takes part. */
export function isPostQuantum(group: number): boolean {
  return (group >= 0x11eb && group <= 0x11ee) || (group >= 0x0200 && group <= 0x0202)
    || group === 0x6399 || group === 0x639a || group === 0x4138
}
