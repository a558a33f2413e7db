import { plural } from '../../base/text.ts'
import type { Outcome } from '../expectation.ts'
import { outcomeLines } from '../expectation.ts'
import type { CheckReport, EdgeReport, EdgeVerdict } from '../verdict.ts'
import { VERDICTS } from '../verdict.ts'
import { edgeMap } from './edge-map.ts'
import { markup } from './markup.ts'
import { STYLE } from './html-style.ts'
import { pathText } from './path-text.ts'
import { SIGNS, classOf, identityText, placeText } from './signs.ts'
import { edgeText, spanText } from './text.ts'
import { tlsText } from './tls-text.ts'

/** One page with everything in it: no script, nothing is loaded, and it may be printed. */
export function htmlReport(report: CheckReport, outcome: Outcome): string {
  return [
    '<!doctype html>', '<html lang="en">', '<head>', '<meta charset="utf-8">', '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'">', '<meta name="referrer" content="no-referrer">',
    `<title>mTLS check · ${markup(report.source)}</title>`, `<style>${STYLE}</style>`, '</head>', '<body>',
    '<header>', '<h1>mTLS check</h1>', `<p class="meta">${markup(report.source)} · ${spanText(report)} · ${plural(report.packets, 'packet')} · mtlscope ${markup(report.version)}</p>`,
    ...outcomeSection(outcome), countsSection(report), '</header>', '<main>',
    '<section>', '<h2>Map</h2>', edgeMap(report.edges), '</section>',
    '<section>', '<h2>Edges</h2>', ...report.edges.map(edgeSection), ...(report.edges.length === 0 ? ['<p>No edges were seen.</p>'] : []), '</section>',
    ...notesSection(report), '</main>', legend(), '</body>', '</html>', '',
  ].join('\n')
}

function outcomeSection(outcome: Outcome): string[] {
  const lines = outcomeLines(outcome)
  if (lines.length === 0) return []
  return [`<ul class="outcome ${outcome.holds ? 'holds' : 'fails'}">`, ...lines.map((line) => `<li>${markup(line)}</li>`), '</ul>']
}

function countsSection({ edges, clearHops }: CheckReport): string {
  const counts = VERDICTS.flatMap((verdict) => {
    const count = edges.filter((edge) => edge.verdict === verdict).length
    return count === 0 ? [] : [`<li class="${classOf(verdict)}"><b>${count}</b> ${signOf(verdict)} ${verdict}</li>`]
  })
  const clear = clearHops === 0 ? '' : `<li class="clear"><b>${clearHops}</b> clear on the loopback, as it should be</li>`
  return `<ul class="counts">${counts.join('')}${clear}</ul>`
}

function edgeSection(edge: EdgeReport): string {
  const count = Object.values(edge.connections).reduce((sum, n) => sum + n, 0)
  return [
    `<details class="edge ${classOf(edge.verdict)}" open>`,
    `<summary>${signOf(edge.verdict)} <span class="verdict">${edge.verdict}</span> <span class="name">${markup(edgeText(edge))}</span> <span class="count">${plural(count, 'connection')}</span></summary>`,
    `<p class="because">${markup(edge.because)}</p>`,
    ...facts(edge), ...evidenceList(edge), ...findingList(edge), ...whyList(edge), '</details>',
  ].join('\n')
}

function facts(edge: EdgeReport): string[] {
  const rows: [string, string][] = []
  if (edge.leftOut !== undefined) rows.push(['Left out', edge.leftOut])
  if (edge.path !== undefined) rows.push(['Way', pathText(edge.path)])
  if (edge.tls !== undefined) rows.push(['TLS', tlsText(edge.tls)])
  if (edge.clientIdentity !== undefined) rows.push(['Client', identityText(edge.clientIdentity)])
  if (edge.serverIdentity !== undefined) rows.push(['Server', identityText(edge.serverIdentity)])
  rows.push(['Addresses', `${edge.addresses.client.join(', ')} → ${edge.addresses.server.join(', ')}`])
  if (edge.refused > 0) rows.push(['Failed', plural(edge.refused, 'handshake')])
  if (edge.forProof !== undefined) rows.push(['For proof', edge.forProof])
  if (edge.allowed !== undefined) rows.push(['Allowed by', edge.allowed])
  return ['<dl>', ...rows.map(([term, text]) => `<dt>${term}</dt><dd>${markup(text)}</dd>`), '</dl>']
}

function evidenceList({ evidence }: EdgeReport): string[] {
  if (evidence.length === 0) return []
  return ['<h3>Evidence</h3>', '<ol class="evidence">', ...evidence.map((one) => `<li>${markup(one.what)}${place(one)}</li>`), '</ol>']
}

function findingList({ findings }: EdgeReport): string[] {
  if (findings.length === 0) return []
  return ['<h3>Findings</h3>', '<ul class="findings">', ...findings.map((one) => `<li class="${one.severity}"><b>${one.severity}</b> ${markup(one.what)}${place(one)}<p class="fix">${markup(one.fix)}</p></li>`), '</ul>']
}

function whyList({ why }: EdgeReport): string[] {
  if (why.length === 0) return []
  return ['<h3>Why not mTLS</h3>', '<ul class="why">', ...why.map(({ what, fix }) => `<li>${markup(what)}<p class="fix">${markup(fix)}</p></li>`), '</ul>']
}

function place(one: { frame?: number, atMicros?: number }): string {
  const text = placeText(one)
  return text === '' ? '' : ` <span class="place">${text}</span>`
}

function notesSection({ notes }: CheckReport): string[] {
  return notes.length === 0 ? [] : ['<section>', '<h2>What limits the claim</h2>', '<ul>', ...notes.map((note) => `<li>${markup(note)}</li>`), '</ul>', '</section>']
}

function legend(): string {
  return `<footer><ul class="legend">${VERDICTS.map((verdict) => `<li class="${classOf(verdict)}">${signOf(verdict)} ${verdict}: ${MEANINGS[verdict]}</li>`).join('')}</ul></footer>`
}

const MEANINGS: Readonly<Record<EdgeVerdict, string>> = {
  'mtls': 'both sides proved who they are', 'mtls (inferred)': 'what was seen fits a client certificate, and does not prove it', 'tls': 'encrypted, no client certificate',
  'mixed': 'connections differ', 'unknown': 'too little was seen', 'plaintext': 'readable on the wire',
}

function signOf(verdict: EdgeVerdict): string {
  return `<span class="sign">${SIGNS[verdict].sign}</span>`
}
