import type { FastifyReply } from 'fastify'
import { jsonText } from '../base/json-text.ts'
import type { Outcome } from '../check/expectation.ts'
import { judgeReport } from '../check/expectation.ts'
import { htmlReport } from '../check/report/html.ts'
import { jsonReport } from '../check/report/json.ts'
import { junitReport } from '../check/report/junit.ts'
import { mdReport } from '../check/report/md.ts'
import { sarifReport } from '../check/report/sarif.ts'
import { textReport } from '../check/report/text.ts'
import type { CheckReport } from '../check/verdict.ts'
import type { CheckReportQuery } from '../model/api.ts'
import { printable } from '../tap/printable.ts'
import { checkReport } from './check-answer.ts'
import type { Hub } from './hub.ts'
import { badRequest } from './problem.ts'
import type { Query } from './query.ts'
import { selectionOf } from './query.ts'

interface ReportFormat {
  readonly mediaType: string
  readonly ending: string
  /** `artifact`: the capture file, where it was one. */
  readonly write: (report: CheckReport, outcome: Outcome, artifact: string | undefined) => string
}

const FORMATS: Readonly<Record<CheckReportQuery['format'], ReportFormat>> = {
  text: { mediaType: 'text/plain', ending: 'txt', write: (report, outcome) => textReport(report, outcome, { safe: printable, paint: (_, text) => text }) },
  json: { mediaType: 'application/json', ending: 'json', write: (report, outcome) => `${jsonText(jsonReport(report, outcome))}\n` },
  html: { mediaType: 'text/html', ending: 'html', write: htmlReport },
  junit: { mediaType: 'application/xml', ending: 'xml', write: junitReport },
  sarif: { mediaType: 'application/sarif+json', ending: 'sarif', write: (report, outcome, artifact) => `${jsonText(sarifReport(report, outcome, artifact))}\n` },
  md: { mediaType: 'text/markdown', ending: 'md', write: mdReport },
}

export const CHECK_REPORT_TYPES: readonly string[] = Object.values(FORMATS).map(({ mediaType }) => mediaType)

/** Always to be saved and never shown by the browser: the guard's sandbox holds for what is opened all the same. */
export async function sendCheckReport(hub: Hub, query: Query, reply: FastifyReply): Promise<FastifyReply> {
  const format = query.format ?? ''
  if (!Object.hasOwn(FORMATS, format)) throw badRequest(`format is one of ${Object.keys(FORMATS).join(', ')}`)
  const { mediaType, ending, write } = FORMATS[format as CheckReportQuery['format']]
  const report = await checkReport(hub, selectionOf(query))
  const [file, ...others] = hub.files
  const text = write(report, judgeReport(report, undefined, []), others.length === 0 ? file?.name : undefined)
  return reply.type(`${mediaType}; charset=utf-8`).header('content-disposition', `attachment; filename="mtls-check.${ending}"`).send(text)
}
