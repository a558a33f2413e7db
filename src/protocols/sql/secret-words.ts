import { slipsBetween } from '../../base/nearest.ts'

/** `password`, `MASTER_PASSWORD`, `OLD_PASSWORD`, `secret`, in quotes or not. */
const SECRET_NAME = /^[`"]?[\w$]*(?:passw(?:or)?d|secret)[`"]?$/i
/** Its last part is what it names. */
const LAST_PART = /p[a-z]{5,9}(?=[`"]?$)/i
const IDENTIFIED = 'identified'
const PASSWORD = 'password'
const MAX_SLIPS_OF_IDENTIFIED = 2
const MAX_SLIPS_OF_PASSWORD = 1
/** Words of their own that are as close as a slip. */
const NOT_IDENTIFIED = /^identif(?:iers?|ies|y)$/i
/** What may be a slip in one of the words, and most statements do not have. */
const MAY_BE_SLIP = /\bi[den][a-z]{5,10}\b|p[aosw]{1,4}[a-z]{0,3}d|p[as]{1,3}wor/i

/** A name behind which a password is set, slips of the pen among them: PASWORD, PASSWROD. */
export function namesSecret(token: string): boolean {
  if (SECRET_NAME.test(token)) return true
  const part = LAST_PART.exec(token)?.[0]
  return part !== undefined && slipsBetween(part.toLowerCase(), PASSWORD, MAX_SLIPS_OF_PASSWORD + 1) <= MAX_SLIPS_OF_PASSWORD
}

/** IDENTIFIED, as it should be written or nearly so. */
export function isIdentified(token: string): boolean {
  const lower = token.toLowerCase()
  if (lower === IDENTIFIED) return true
  if (!lower.startsWith('i') || NOT_IDENTIFIED.test(lower)) return false
  return slipsBetween(lower, IDENTIFIED, MAX_SLIPS_OF_IDENTIFIED + 1) <= MAX_SLIPS_OF_IDENTIFIED
}

/** False: no word of the text is nearly one of them. */
export function mayHaveSlips(text: string): boolean {
  return MAY_BE_SLIP.test(text)
}
