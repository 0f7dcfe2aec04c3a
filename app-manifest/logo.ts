/**
 * The product's sign, drawn: a board of three columns whose last card is ticked off. Shapes only, so that it
 * looks the same on a machine without fonts.
 */

const BLUE = '#0b66e4'
const PALE = '#bcd7ff'
const AMBER = '#f5a623'

/** The sign alone on a square of 100 units, for a light ground or on its own blue one. */
const sign = (onBlue: boolean): string => {
  const line = onBlue ? '#ffffff' : BLUE
  const pale = onBlue ? '#8fbcff' : PALE
  const card = (x: number, y: number, height: number, fill: string) =>
    `<rect x="${x}" y="${y}" width="18" height="${height}" rx="3.5" fill="${fill}"/>`
  return [
    card(17, 24, 15, pale),
    card(17, 43, 15, pale),
    card(17, 62, 15, AMBER),
    card(41, 24, 15, pale),
    card(41, 43, 22, line),
    card(65, 24, 30, line),
    `<path d="m69 38 4 4.6 7-8.4" fill="none" stroke="${onBlue ? BLUE : '#ffffff'}" stroke-width="3.4" stroke-linecap="round" stroke-linejoin="round"/>`,
  ].join('')
}

/**
 * @param width and height of the picture in pixels
 * @returns an SVG document with the sign in the middle; wide pictures get the pulse of a working team beside it
 */
export const logoSvg = (width: number, height: number): string => {
  const size = Math.min(width, height)
  const isWide = width / height > 1.5
  const left = isWide ? size * 0.12 : (width - size) / 2
  const pulse = isWide
    ? `<g transform="translate(${size * 1.15} ${height * 0.2}) scale(${(width - size * 1.35) / 100} ${(height * 0.6) / 100})">${heat()}</g>`
    : ''
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><rect width="${width}" height="${height}" fill="#ffffff"/><g transform="translate(${left} ${(height - size) / 2}) scale(${size / 100})"><rect x="8" y="8" width="84" height="84" rx="20" fill="${BLUE}"/>${sign(true)}</g>${pulse}</svg>`
}

/** A small heat map that deepens from left to right: a habit forming. */
const heat = (): string => {
  const shades = ['#e8f1ff', '#cfe2ff', '#8fbcff', BLUE]
  const cells: string[] = []
  for (let row = 0; row < 4; row += 1)
    for (let column = 0; column < 8; column += 1) {
      const depth = Math.min(3, Math.floor((column + ((row * 3) % 4) * 0.6) / 2.4))
      cells.push(
        `<rect x="${column * 12.6}" y="${row * 26}" width="10.6" height="22" rx="2" fill="${shades[depth]}"/>`,
      )
    }
  return cells.join('')
}

/** A square icon without transparency. */
export const iconSvg = (size: number): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 100 100"><rect width="100" height="100" fill="${BLUE}"/>${sign(true)}</svg>`
