import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { HOUR } from '../../clock.ts'

/** A story older than this no longer ends today, so the demo begins anew. */
const FRESH = 12 * HOUR

const markerSchema = z.object({
  bornAt: z.iso.datetime(),
  secretKey: z.string(),
  clientSecret: z.string(),
  oauthPort: z.int(),
  portalPort: z.int(),
  accountPort: z.int().default(0),
})

export type DemoHome = z.infer<typeof markerSchema> & { dir: string; isNew: boolean }

const markerOf = (dir: string): string => join(dir, 'demo.json')

const readMarker = (dir: string): z.infer<typeof markerSchema> | null => {
  try {
    return markerSchema.parse(JSON.parse(readFileSync(markerOf(dir), 'utf8')))
  } catch {
    return null
  }
}

/**
 * The demo's folder. A run within twelve hours goes on with the same portal and database; a later one
 * empties the folder first, but only if a demo had made it.
 */
export const openDemoHome = (dir: string, now: Date): DemoHome => {
  const before = readMarker(dir)
  if (before && now.getTime() - Date.parse(before.bornAt) < FRESH) return { ...before, dir, isNew: false }
  if (before) rmSync(dir, { recursive: true, force: true })
  if (!existsSync(dir)) mkdirSync(dir, { recursive: true, mode: 0o700 })
  return {
    dir,
    isNew: true,
    bornAt: now.toISOString(),
    secretKey: randomBytes(32).toString('base64'),
    clientSecret: randomBytes(24).toString('base64url'),
    oauthPort: 0,
    portalPort: 0,
    accountPort: 0,
  }
}

/** Writes down what the next run needs; it holds secrets of the demo, so nobody else may read it. */
export const keepDemoHome = ({ dir, isNew: _isNew, ...marker }: DemoHome): void => {
  writeFileSync(markerOf(dir), `${JSON.stringify(marker, null, 2)}\n`, { mode: 0o600 })
}
