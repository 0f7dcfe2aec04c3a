/** Width of a text in bold at a font size, in pixels. */
export type Measure = (text: string, size: number) => number

export const NODE_FONT = 12
/** Smaller letters are not read any more. */
export const NODE_FONT_MIN = 10
/** Border and padding of both sides, and a pixel to round. */
export const NODE_INSET = 9

/** A line may break after a hyphen, never inside of a word. */
const wordsOf = (name: string): string[] => name.split(/\s+|(?<=-)/).filter(word => word !== '')

/** The largest font at which every word of every name fits; below the smallest, null: some word does not. */
export const fontFor = (names: readonly string[], nodeWidth: number, measure: Measure): number | null => {
  const longest = Math.max(0, ...names.flatMap(wordsOf).map(word => measure(word, NODE_FONT)))
  const room = nodeWidth - NODE_INSET
  const size = longest <= room ? NODE_FONT : Math.floor((20 * NODE_FONT * room) / longest) / 20
  return size < NODE_FONT_MIN ? null : size
}

/** Words that do not fit end in an ellipsis: a cut is seen, a letter on the next line is misread. */
export const fitWords = (name: string, nodeWidth: number, size: number, measure: Measure): string => {
  const room = nodeWidth - NODE_INSET
  return name
    .split(/(\s+|(?<=-))/)
    .map(word => {
      if (measure(word, size) <= room) return word
      let kept = word
      while (kept.length > 1 && measure(`${kept}…`, size) > room) kept = kept.slice(0, -1)
      return `${kept}…`
    })
    .join('')
}

/** Lines that a name takes when words go to the next line, none of them broken. */
export const linesOf = (name: string, nodeWidth: number, size: number, measure: Measure): number => {
  const room = nodeWidth - NODE_INSET
  let lines = 1
  let line = ''
  for (const word of wordsOf(name)) {
    const longer = line === '' ? word : `${line}${line.endsWith('-') ? '' : ' '}${word}`
    if (line !== '' && measure(longer, size) > room) {
      lines += 1
      line = word
    } else line = longer
  }
  return lines
}
