import type { JSX } from 'react'
import { Fragment } from 'react'
import { Dialog } from './dialog.tsx'

const KEYS: readonly { readonly title: string, readonly keys: readonly (readonly [string, string])[] }[] = [
  {
    title: 'Everywhere',
    keys: [
      ['/', 'to the filter'], ['g l', 'list'], ['g m', 'map'], ['g c', 'check'], ['g s', 'statistics'], ['g a', 'catalog of APIs'], ['g h', 'health'],
      ['t', 'colours: of the system, light, dark'], ['?', 'these keys'], ['Esc', 'close what is open'],
    ],
  },
  {
    title: 'List',
    keys: [
      ['j k', 'next, previous message (also ↓ ↑)'], ['PgDn PgUp', 'a page'], ['Home End', 'oldest, newest'], ['Enter', 'open the message'], ['f', 'full width for the message, and back'],
      ['p', 'pause, follow'], ['a', 'all hops of each request, or each request once'], ['x', 'mark, to export or compare'], ['c', 'compare the two marked'], ['Shift ← →', 'on a title: the width of its column'], ['Enter', 'on a title: fit it'], ['Esc', 'close the message'],
    ],
  },
  {
    title: 'Message',
    keys: [
      ['1 … 7', 'request, response, both, stream, timing, TLS, packets'], ['[ ]', 'previous, next on the same connection'], ['y', 'copy its address'], ['r', 'replay'],
      ['click', 'on a value: add it to the filter'], ['Alt click', 'exclude it'],
    ],
  },
  {
    title: 'Filter',
    keys: [['Enter', 'apply'], ['Ctrl Space', 'fields and values'], ['↑ ↓', 'earlier filters, in an empty line'], ['Esc', 'back to the view']],
  },
]

export function KeysHelp({ onClose }: { onClose: () => void }): JSX.Element {
  return (
    <Dialog title="Keys" onClose={onClose} wide>
      <div className="keys">
        {KEYS.map(({ title, keys }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {keys.map(([key, what]) => (
                <Fragment key={key + what}>
                  <dt>{key.split(' ').map((part) => (part === '…' ? ' … ' : <kbd key={part}>{part}</kbd>))}</dt>
                  <dd>{what}</dd>
                </Fragment>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  )
}
