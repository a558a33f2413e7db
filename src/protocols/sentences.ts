/** What was noticed about a message, one bit each, with the sentence that tells it; in the order in which they are told. */
export type Sentences = readonly (readonly [bit: number, sentence: string])[]

/** `request: bytes of the body were lost` for every bit that is set. */
export function addSentences(notes: string[], sentences: Sentences, whose: string, bits: number): void {
  if (bits === 0) return
  for (const [bit, sentence] of sentences) if ((bits & bit) !== 0) notes.push(`${whose}: ${sentence}`)
}

export function sentencesOf(sentences: Sentences, bits: number): string[] {
  return sentences.filter(([bit]) => (bits & bit) !== 0).map(([, sentence]) => sentence)
}
