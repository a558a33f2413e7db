import type { JSX } from 'react'
import type { HealthAnswer } from '../../../src/model/api.ts'
import { CopyButton } from './copy-button.tsx'

const SIGNS = { error: ['✕', 'tone-red'], warning: ['!', 'tone-amber'], note: ['i', 'tone-blue'] } as const

/** What is wrong or worth knowing, and the next thing to do. */
export function Advice({ advice }: { advice: HealthAnswer['advice'] }): JSX.Element {
  return (
    <ul className="advice">
      {advice.map(({ severity, text, next }) => (
        <li key={text}>
          <span className={`sign ${SIGNS[severity][1]}`} title={severity}>{SIGNS[severity][0]}<span className="unseen">{severity}: </span></span>
          <span>
            {text}
            {next !== undefined && <div className="next"><code>{next}</code><CopyButton text={next} what="the command" /></div>}
          </span>
        </li>
      ))}
    </ul>
  )
}
