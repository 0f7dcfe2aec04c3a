import { InvalidArgumentError } from 'commander'
import { z } from 'zod'

/** As the API reads one: no thirtieth of February, no twenty-fourth hour. */
const INSTANT = z.iso.datetime({ offset: true })

/** @throws InvalidArgumentError when it names no instant, or no zone */
export const instant = (text: string): string => {
  if (!INSTANT.safeParse(text).success)
    throw new InvalidArgumentError('Give an instant with a zone, such as 2026-11-23T00:00:00Z.')
  return new Date(text).toISOString()
}
