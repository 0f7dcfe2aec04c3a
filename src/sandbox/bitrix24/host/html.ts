/** A piece of HTML that is already safe. */
export type Html = { readonly html: string }

type Part = Html | Html[] | string | number | null | undefined | false

const escapeText = (text: string): string =>
  text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)

const render = (part: Part): string => {
  if (part === null || part === undefined || part === false) return ''
  if (Array.isArray(part)) return part.map(render).join('')
  return typeof part === 'object' ? part.html : escapeText(String(part))
}

/** Escapes everything put into it, except what is HTML already. */
export const html = (strings: TemplateStringsArray, ...parts: Part[]): Html => ({
  html: strings.reduce((text, piece, index) => text + render(parts[index - 1]) + piece),
})

/** Data for a script, safe inside a script element. */
export const json = (value: unknown): Html => ({
  html: JSON.stringify(value)
    .replace(/</g, '\\u003c')
    .replace(/\u2028/g, '\\u2028')
    .replace(/\u2029/g, '\\u2029'),
})
