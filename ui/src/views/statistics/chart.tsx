import type { JSX } from 'react'
import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { Zone } from '../../model/instant.ts'
import { clockText, dayText } from '../../model/instant.ts'
import { useCell } from '../../services/cell.ts'
import { theme } from '../../services/theme.ts'

export interface Line {
  readonly label: string
  /** Name of a colour of theme.css. */
  readonly colour: string
  readonly values: readonly (number | null)[]
  readonly isFilled?: boolean
  /** For those who do not tell colours apart. */
  readonly dash?: number[]
}

interface Props {
  readonly title: string
  readonly atMicros: readonly number[]
  readonly lines: readonly Line[]
  readonly zone: Zone
  readonly text: (value: number) => string
  /** Between two lines of the grid; where those of decimals make odd numbers. */
  readonly steps?: readonly number[]
  readonly onRange: (fromMicros: number, toMicros: number) => void
}

const HEIGHT_PX = 170
const MOST_POINTS = 40
/** Seconds that people count in. */
const TIME_STEPS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800]
/** 1, 2, 5, 10 … 500 of each binary unit. */
export const BYTE_STEPS: readonly number[] = [0, 1, 2, 3, 4].flatMap((power) => [1, 2, 5, 10, 20, 50, 100, 200, 500].map((step) => step * 1024 ** power))

/** Lines over time. Dragging over it chooses that range for all views. */
export function Chart({ title, atMicros, lines, steps, zone, text, onRange }: Props): JSX.Element {
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | undefined>(undefined)
  const colours = useCell(theme)
  const latest = useRef({ text, onRange, zone })
  latest.current = { text, onRange, zone }
  const data: uPlot.AlignedData = [atMicros.map((micros) => micros / 1e6), ...lines.map((line) => [...line.values])]
  const shown = useRef(data)
  shown.current = data
  const shape = lines.map((line) => `${line.label} ${line.colour}`).join('\n')
  useEffect(() => {
    const element = host.current!
    const made = new uPlot(optionsOf(lines, steps, element.clientWidth, latest), shown.current, element)
    plot.current = made
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT_PX }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
    }
  }, [shape, colours, zone])
  useEffect(() => plot.current?.setData(shown.current))
  return (
    <figure className="chart" aria-label={title}>
      <figcaption>
        {title}
        {lines.map((line) => <span key={line.label} className="chart-key quiet"><span style={{ borderColor: `var(${line.colour})`, borderTopStyle: line.dash === undefined ? 'solid' : 'dashed' }} />{line.label}</span>)}
      </figcaption>
      <div ref={host} />
    </figure>
  )
}

function optionsOf(lines: readonly Line[], steps: readonly number[] | undefined, width: number, latest: { readonly current: Pick<Props, 'text' | 'onRange' | 'zone'> }): uPlot.Options {
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string): string => style.getPropertyValue(name).trim()
  const axis: uPlot.Axis = {
    stroke: colour('--quiet'), font: '11px system-ui', grid: { stroke: colour('--line'), width: 1 }, ticks: { stroke: colour('--line'), width: 1 },
  }
  return {
    width, height: HEIGHT_PX, padding: [8, 8, 0, 0],
    legend: { show: true, live: true, isolate: false },
    cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 5 } },
    scales: { x: { time: false }, y: { range: (_, least, most) => [Math.min(0, least ?? 0), (most ?? 0) > 0 ? most * 1.1 : 1] } },
    axes: [
      { ...axis, size: 26, values: (_, seconds) => axisTimes(seconds, latest.current.zone), space: 90, incrs: TIME_STEPS },
      { ...axis, size: 74, ...steps === undefined ? {} : { incrs: [...steps] }, values: (_, values) => values.map((value) => latest.current.text(value)) },
    ],
    series: [
      { label: 'at', value: (_, seconds) => (seconds === null ? '' : `${dayText(seconds * 1e6, latest.current.zone)} ${clockText(seconds * 1e6, latest.current.zone)}`) },
      ...lines.map((line): uPlot.Series => ({
        label: line.label, stroke: colour(line.colour), width: 1.5, spanGaps: false, points: { size: 4, show: (plot, series) => isSparse(plot.data[series]!) },
        ...line.dash === undefined ? {} : { dash: line.dash },
        ...line.isFilled === true ? { fill: `${colour(line.colour)}22` } : {},
        value: (_, value) => (value === null ? '' : latest.current.text(value)),
      })),
    ],
    hooks: {
      setSelect: [(plot) => {
        const { left, width: chosen } = plot.select
        if (chosen < 4) return
        latest.current.onRange(Math.floor(plot.posToVal(left, 'x') * 1e6), Math.ceil(plot.posToVal(left + chosen, 'x') * 1e6))
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
      }],
    },
  }
}

/** Few values stand alone: without points they would not be seen. */
function isSparse(values: ArrayLike<number | null | undefined>): boolean {
  let count = 0
  for (let at = 0; at < values.length && count <= MOST_POINTS; at++) if (typeof values[at] === 'number') count++
  return count <= MOST_POINTS
}

/** Clock times; with milliseconds where the axis is that fine. */
function axisTimes(seconds: readonly number[], zone: Zone): string[] {
  const isFine = seconds.length > 1 && seconds[1]! - seconds[0]! < 1
  return seconds.map((at) => clockText(at * 1e6, zone).slice(0, isFine ? 12 : 8))
}
