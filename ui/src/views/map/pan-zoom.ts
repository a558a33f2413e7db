import type { RefObject } from 'react'
import { useCallback, useEffect, useState } from 'react'

const LEAST = 0.1
const MOST = 4
/** Less than this is a click, more is a drag. */
const DRAG_PX = 4

/** Room for the buttons above and the legend below. */
const TOP_PX = 40
const BOTTOM_PX = 44
/** A picture too large to be read as a whole begins with its left side. */
const READABLE = 0.6

interface View { readonly x: number, readonly y: number, readonly scale: number }

/** Moves a picture by dragging and scales it with the wheel; `fit` brings all of it into sight. */
export function usePanZoom(svg: RefObject<SVGSVGElement | null>, width: number, height: number): { transform: string, fit: () => void, zoom: (factor: number) => void } {
  const [view, setView] = useState<View>({ x: 0, y: 0, scale: 1 })
  const fit = useCallback(() => {
    const box = svg.current?.getBoundingClientRect()
    if (box === undefined || width === 0 || height === 0) return
    setView(fitted(box.width, box.height, width, height, LEAST))
  }, [svg, width, height])
  const zoomAt = useCallback((factor: number, x: number, y: number) => {
    setView((old) => {
      const scale = Math.max(LEAST, Math.min(MOST, old.scale * factor))
      return { scale, x: x - (x - old.x) / old.scale * scale, y: y - (y - old.y) / old.scale * scale }
    })
  }, [])
  const zoom = useCallback((factor: number) => {
    const box = svg.current?.getBoundingClientRect()
    if (box !== undefined) zoomAt(factor, box.width / 2, box.height / 2)
  }, [svg, zoomAt])
  useEffect(() => {
    const box = svg.current?.getBoundingClientRect()
    if (box !== undefined && width > 0 && height > 0) setView(fitted(box.width, box.height, width, height, READABLE))
  }, [svg, width, height])
  useEffect(() => {
    const element = svg.current
    return element === null ? undefined : listen(element, zoomAt, setView)
  }, [svg, zoomAt])
  return { transform: `translate(${view.x} ${view.y}) scale(${view.scale})`, fit, zoom }
}

/** In the middle of what lies between buttons and legend, not smaller than `least`; where that is too large, from its left edge on. */
function fitted(boxWidth: number, boxHeight: number, width: number, height: number, least: number): View {
  const room = Math.max(1, boxHeight - TOP_PX - BOTTOM_PX)
  const scale = Math.max(least, Math.min(1, boxWidth / width, room / height))
  return { scale, x: Math.max(0, (boxWidth - width * scale) / 2), y: TOP_PX + (room - height * scale) / 2 }
}

function listen(element: SVGSVGElement, zoomAt: (factor: number, x: number, y: number) => void, setView: (change: (old: View) => View) => void): () => void {
  let isDown = false
  let movedPx = 0
  const onWheel = (event: WheelEvent): void => {
    event.preventDefault()
    const box = element.getBoundingClientRect()
    zoomAt(Math.exp(-event.deltaY / 400), event.clientX - box.left, event.clientY - box.top)
  }
  const onDown = (): void => {
    isDown = true
    movedPx = 0
  }
  const onMove = (event: PointerEvent): void => {
    if (!isDown) return
    movedPx += Math.abs(event.movementX) + Math.abs(event.movementY)
    if (movedPx > DRAG_PX) setView((old) => ({ ...old, x: old.x + event.movementX, y: old.y + event.movementY }))
  }
  const onUp = (): void => {
    isDown = false
  }
  const onClick = (event: MouseEvent): void => {
    if (movedPx > DRAG_PX) event.stopPropagation()
  }
  const stop = new AbortController()
  const { signal } = stop
  element.addEventListener('wheel', onWheel, { passive: false, signal })
  element.addEventListener('pointerdown', onDown, { signal })
  window.addEventListener('pointermove', onMove, { signal })
  window.addEventListener('pointerup', onUp, { signal })
  element.addEventListener('click', onClick, { capture: true, signal })
  return () => stop.abort()
}
