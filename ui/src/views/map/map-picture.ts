/** What of the page's styles a picture needs to look the same elsewhere. */
const PROPERTIES = ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'font-size', 'font-family', 'font-weight', 'opacity', 'color', 'text-anchor'] as const
const RASTER_SCALE = 2

/** The map as a file of its own: colours of the theme in sight, nothing of the page around it. */
export function pictureOf(svg: SVGSVGElement, width: number, height: number): Blob {
  const copy = svg.cloneNode(true) as SVGSVGElement
  const originals = svg.querySelectorAll('*')
  copy.querySelectorAll('*').forEach((element, at) => {
    const style = getComputedStyle(originals[at]!)
    for (const property of PROPERTIES) element.setAttribute(property, style.getPropertyValue(property))
    for (const name of ['class', 'tabindex', 'role', 'style']) element.removeAttribute(name)
  })
  copy.querySelector('g')?.removeAttribute('transform')
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  copy.setAttribute('viewBox', `0 0 ${width} ${height}`)
  copy.setAttribute('width', String(width))
  copy.setAttribute('height', String(height))
  copy.removeAttribute('class')
  const ground = document.createElementNS('http://www.w3.org/2000/svg', 'rect')
  ground.setAttribute('width', '100%')
  ground.setAttribute('height', '100%')
  ground.setAttribute('fill', getComputedStyle(document.body).backgroundColor)
  copy.prepend(ground)
  return new Blob([new XMLSerializer().serializeToString(copy)], { type: 'image/svg+xml' })
}

/** The same as PNG. */
export async function rasterOf(svg: SVGSVGElement, width: number, height: number): Promise<Blob> {
  const address = URL.createObjectURL(pictureOf(svg, width, height))
  try {
    const image = new Image()
    image.src = address
    await image.decode()
    const canvas = document.createElement('canvas')
    canvas.width = Math.ceil(width * RASTER_SCALE)
    canvas.height = Math.ceil(height * RASTER_SCALE)
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height)
    return await new Promise<Blob>((resolve, reject) => {
      canvas.toBlob((blob) => (blob === null ? reject(new Error('the browser makes no PNG of this size')) : resolve(blob)), 'image/png')
    })
  } finally {
    URL.revokeObjectURL(address)
  }
}
