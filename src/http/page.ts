import { readFile } from 'node:fs/promises'
import type { Response } from 'express'
import { AppError } from '../errors.ts'
import type { VendorId } from '../vendors/vendor.ts'

export type PageFacts = {
  vendor: VendorId
  mode: 'install' | 'app'
  ticket: string | null
  language: 'ru' | 'en' | null
  theme: 'light' | 'dark' | null
  /** Screen that the placement asks for. */
  view: string | null
}

const PLACE = '<!--planerka-meta-->'

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)

const metas = (facts: PageFacts): string =>
  Object.entries(facts)
    .filter((entry): entry is [string, string] => entry[1] !== null)
    .map(([name, value]) => `<meta name="planerka-${name}" content="${escaped(value)}" />`)
    .join('\n    ')

/** What a frame page may load and who may frame it. */
export const pagePolicy = (frameAncestors: readonly string[]): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    // Charts and the kit set style attributes.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "object-src 'none'",
    `frame-ancestors ${frameAncestors.length === 0 ? "'none'" : frameAncestors.join(' ')}`,
  ].join('; ')

/** Answers with the widget's page, its facts in meta tags; nobody keeps it. */
export const createPages = (indexFile: string) => {
  let template: string | null = null
  const read = async (): Promise<string> => {
    template ??= await readFile(indexFile, 'utf8').catch(cause => {
      throw new AppError(503, 'widget_not_built', 'The widget is not built; run npm run build', { cause })
    })
    return template
  }
  return async (res: Response, facts: PageFacts, frameAncestors: readonly string[]): Promise<void> => {
    const html = (await read()).replace(PLACE, () => metas(facts))
    res
      .set('Content-Security-Policy', pagePolicy(frameAncestors))
      .set('Cache-Control', 'no-store')
      .set('Referrer-Policy', 'origin')
      .type('html')
      .send(facts.language === 'en' ? html.replace('<html lang="ru"', '<html lang="en"') : html)
  }
}

export type SendPage = ReturnType<typeof createPages>
