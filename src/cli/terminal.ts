/** Colour on a terminal, unless NO_COLOR says otherwise (https://no-color.org) or the terminal is dumb. */
export function useColour(stream: { isTTY?: boolean }): boolean {
  return stream.isTTY === true && (process.env.NO_COLOR ?? '') === '' && process.env.TERM !== 'dumb'
}
