/** Colour of a status. Names of classes in theme.css; the number or word beside it always says the same. */
const TONES: Readonly<Record<string, string>> = {
  'info': 'tone-quiet', 'ok': 'tone-plain', 'redirect': 'tone-blue', 'client-error': 'tone-amber', 'server-error': 'tone-red', 'none': 'tone-quiet',
}

export function outcomeTone(outcome: string): string {
  return TONES[outcome] ?? 'tone-quiet'
}

/** In words, for those who do not see the colour. */
const WORDS: Readonly<Record<string, string>> = {
  'info': 'information', 'ok': 'success', 'redirect': 'redirect', 'client-error': 'error of the client', 'server-error': 'error of the server', 'none': 'no answer',
}

export function outcomeWord(outcome: string): string {
  return WORDS[outcome] ?? outcome
}
