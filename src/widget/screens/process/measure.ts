const ruler = document.createElement('canvas').getContext('2d')
const family = getComputedStyle(document.body).fontFamily

/** Width of a bold text on the screen, in pixels. */
export const measure = (text: string, size: number): number => {
  if (ruler === null) return (text.length * size) / 2
  ruler.font = `600 ${size}px ${family}`
  return ruler.measureText(text).width
}
