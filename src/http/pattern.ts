import type { Response } from 'express'

/** The route's pattern, never the path itself: a path may carry a secret. */
export const patternOf = (res: Response): string => (res.locals?.pattern as string | undefined) ?? 'unmatched'
