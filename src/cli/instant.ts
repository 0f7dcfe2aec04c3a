import { InvalidArgumentError } from 'commander'

/** @throws InvalidArgumentError when it names no instant, or no zone */
export const instant = (text: string): string => {
  const at = new Date(text)
  if (Number.isNaN(at.getTime()) || !/[zZ]|[+-]\d\d:?\d\d$/.test(text))
    throw new InvalidArgumentError('Give an instant with a zone, such as 2026-11-23T00:00:00Z.')
  return at.toISOString()
}
