/** Which figure of the process is open: it lives in the route, so that a copied link reaches it. */
export type Figure =
  | { of: 'edge'; from: string; to: string }
  | { of: 'lost'; from: string }
  | { of: 'stage'; stage: string }
  | { of: 'path'; key: string }
  | { of: 'rest' }

export const writeFigure = (figure: Figure): string => {
  const { of, ...rest } = figure
  return [of, ...Object.values(rest)].map(encodeURIComponent).join('~')
}

export const readFigure = (text: unknown): Figure | null => {
  if (typeof text !== 'string') return null
  const [of, a, b] = text.split('~').map(decodeURIComponent)
  if (of === 'rest') return { of }
  if (a === undefined) return null
  if (of === 'edge') return b === undefined ? null : { of, from: a, to: b }
  if (of === 'lost') return { of, from: a }
  if (of === 'stage') return { of, stage: a }
  return of === 'path' ? { of, key: a } : null
}
