/** The beginning and the end of a text that is too long: what tells two paths apart is mostly at the end. */
export function cutMiddle(text: string, width: number): string {
  if (text.length <= width) return text
  const head = Math.ceil((width - 1) / 2)
  return `${text.slice(0, head)}…${text.slice(text.length - (width - 1 - head))}`
}

/** `1 482`: tabular, and the same in every locale. */
export function countText(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ' ')
}

/** `1 gap`, `1 482 packets`. */
export function plural(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? '' : 's'}`
}
